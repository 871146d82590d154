"""How far values lie from the middle of their column, against numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from tests.core.quality.answers import answer, found

RANDOM = np.random.default_rng(7)
NUMBERS = np.round(RANDOM.standard_t(2, 190), 3)
FRAME = pd.DataFrame({"x": NUMBERS, "k": range(190), "same": 4.5, "none": None}).astype({"none": "float64"})
FRAME.loc[::19, "x"] = None


@pytest.fixture(params=["frame", "parquet", "csv", "sqlite"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, dict[str, Any]]:
    """The numbers, wherever they live, and the options to check them there."""
    if request.param == "sqlite":
        database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        FRAME.to_sql("t", database, index=False)
        return "t", {"connection": database}
    if request.param == "frame":
        return FRAME, {}
    path = tmp_path / f"data.{request.param}"
    if request.param == "csv":
        FRAME.to_csv(path, index=False)
    else:
        FRAME.to_parquet(path)
    return path, {}


def _of(values: pd.Series, bad: Any) -> list[float]:
    return sorted(values[bad].tolist())


@pytest.mark.parametrize("condition", [None, "k < 100"])
@pytest.mark.parametrize("double_sided", [True, False])
def test_z_scores_are_those_of_numpy(
    source: tuple[Any, dict[str, Any]],
    double_sided: bool,
    condition: str | None,
) -> None:
    """Mean and deviation are of the rows that the check looks at, missing values left out."""
    data, options = source
    options = {"result_format": "COMPLETE", **options}
    kwargs = {"column": "x", "threshold": 1.5, "double_sided": double_sided, "row_condition": condition}
    result = found(data, "column_value_z_scores_to_be_less_than", options=options, **kwargs)
    values = (FRAME if condition is None else FRAME.query(condition))["x"].dropna()
    scores = (values - np.mean(values)) / np.std(values, ddof=1)
    assert sorted(result["unexpected_list"]) == _of(values, (scores.abs() if double_sided else scores) >= 1.5)


@pytest.mark.parametrize("multiplier", [0, 1.5, 3])
@pytest.mark.parametrize("method", ["iqr", "std"])
def test_outliers_are_those_of_numpy(source: tuple[Any, dict[str, Any]], method: str, multiplier: float) -> None:
    """A value on a fence is none; one at exactly so many deviations is."""
    data, options = source
    options = {"result_format": "COMPLETE", **options}
    kwargs = {"column": "x", "method": method, "multiplier": multiplier}
    result = found(data, "column_values_to_not_be_outliers", options=options, **kwargs)
    values = FRAME["x"].dropna()
    low, high = np.quantile(values, [0.25, 0.75])
    reach = multiplier * (high - low)
    bad = (values < low - reach) | (values > high + reach)
    if method == "std":
        distance, reach = (values - np.mean(values)).abs(), multiplier * np.std(values, ddof=1)
        bad = distance >= reach if reach else distance > 0
    assert sorted(result["unexpected_list"]) == _of(values, bad)


@pytest.mark.parametrize("column", ["same", "none"])
def test_without_spread_there_is_no_outlier(source: tuple[Any, dict[str, Any]], column: str) -> None:
    """Equal values, and none at all, give nothing to measure against."""
    data, options = source
    scores = {"column": column, "threshold": 0.5, "double_sided": True}
    assert answer(data, "column_value_z_scores_to_be_less_than", options=options, **scores).success
    for method in ("iqr", "std"):
        assert answer(data, "column_values_to_not_be_outliers", options=options, column=column, method=method).success


def test_infinity_leaves_nothing_to_measure_with() -> None:
    """A mean that is infinite calls no value an outlier; quartiles that are finite do."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, float("inf")]})
    kwargs = {"column": "x", "threshold": 0.1, "double_sided": True}
    assert answer(frame, "column_value_z_scores_to_be_less_than", **kwargs).success
    assert answer(frame, "column_values_to_not_be_outliers", column="x", method="std").success
    fences = found(frame, "column_values_to_not_be_outliers", column="x")
    assert fences["partial_unexpected_index_list"] == [8]


def test_two_checks_of_one_column_measure_each_its_own_rows() -> None:
    """The figures of one check are not mistaken for those of another on the same scan."""
    frame = pd.DataFrame({"x": [0, 0, 1, 100, 100, 101], "part": [*"aaabbb"], "mean": range(6)})
    from airflow_provider_dpq.core.quality import check

    suite = [
        {
            "type": "expect_column_value_z_scores_to_be_less_than",
            "kwargs": {"column": "x", "threshold": 1, "double_sided": True, "row_condition": f"part == {part!r}"},
        }
        for part in ("a", "b")
    ]
    results = check(frame, suite).results
    assert [result.result["partial_unexpected_index_list"] for result in results] == [[2], [5]]


def test_malformed_values_have_no_mean(tmp_path: Path) -> None:
    """A figure of CSV numbers with text among them would be a wrong one."""
    (tmp_path / "data.csv").write_text("\n".join(["n", *map(str, range(30_000)), "x"]))
    result = answer(tmp_path / "data.csv", "column_values_to_not_be_outliers", column="n")
    assert result.error is not None
    assert result.error.reason == "malformed_values"


@pytest.mark.parametrize("kind", ["column_values_to_not_be_outliers", "column_value_z_scores_to_be_less_than"])
def test_text_has_no_middle(kind: str) -> None:
    """Nobody can average texts, so that Great Expectations is not asked."""
    kwargs = {"threshold": 1, "double_sided": True} if "z_scores" in kind else {}
    result = answer(pd.DataFrame({"s": ["a", "b"]}), kind, column="s", **kwargs)
    assert result.error is not None
    assert (result.error.reason, result.evaluated_by) == ("incomparable", "scan")
