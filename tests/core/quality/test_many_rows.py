"""Tables of many rows are answered in other ways than those of a few, with the same answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.compile import quantile
from airflow_provider_dpq.core.table import duck
from airflow_provider_dpq.core.table.scan import Scan

VALUES = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([0.0, -0.0, 0.1, 2.5, 1e300, math.inf, -math.inf]))
KEYS = st.one_of(st.none(), st.sampled_from(["", "a", "A", "ä", "日本", "a "]))


WAYS: Mapping[str, Mapping[tuple[Any, str], Any]] = {
    "hashes": {},
    "slices": {(duck, "_AT_ONCE"): 2},
    "too many": {(duck, "_MOST"): 0},
    "misled": {(quantile, "_BAND"): "[0.9, 0.95]"},
}
"""What makes a table of many rows go each of its ways."""


@contextmanager
def many(way: str) -> Iterator[None]:
    """Take a few rows for many."""
    with pytest.MonkeyPatch.context() as patched:
        for (module, name), value in {(duck, "_MANY"): 1, (duck, "_NEAR"): 3, **WAYS[way]}.items():
            patched.setattr(module, name, value)
        yield


def _suite(condition: str | None = None) -> list[dict[str, Any]]:
    kwargs = {} if condition is None else {"row_condition": condition, "condition_parser": "great_expectations"}
    return [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n", **kwargs}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "s", **kwargs}},
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["n", "s"], **kwargs}},
        {"type": "expect_column_median_to_be_between", "kwargs": {"column": "n", "min_value": 0, **kwargs}},
    ]


def _answers(data: Any, condition: str | None) -> list[Any]:
    return [
        (
            result.success,
            [(name, "NaN" if repr(value) == "nan" else value) for name, value in result.result.items()],
            result.error,
        )
        for wanted in ("COMPLETE", "SUMMARY")
        for result in check(data, _suite(condition), result_format=wanted).results
    ]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=10)
@given(drawn=st.lists(st.tuples(VALUES, KEYS), max_size=12), condition=st.sampled_from([None, 'col("n") > 0']))
def test_answers_are_those_of_a_few_rows(way: str, drawn: list[tuple[Any, Any]], condition: str | None) -> None:
    """What is repeated and what is in the middle is found, whatever is found on the way."""
    frame = pd.DataFrame(drawn, columns=["n", "s"]).astype({"n": "float64", "s": "str"})
    expected = _answers(frame, condition)
    with many(way):
        assert _answers(frame, condition) == expected


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_files_are_answered_as_frames_are(tmp_path: Path, way: str, suffix: str) -> None:
    """A Parquet file numbers its rows itself, so that a sample is looked for among the first ones first."""
    frame = pd.DataFrame({"n": [5.0, 1, 1, 2, 3, 3, 9, 9], "s": list("abacabad")})
    path = tmp_path / f"many.{suffix}"
    frame.to_parquet(path) if suffix == "parquet" else frame.to_csv(path, index=False)
    expected = _answers(frame, None)
    with many(way):
        assert _answers(path, None) == expected


def test_no_more_rows_are_grouped_than_share_a_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB is given the hashes of what is repeated, and nothing of the rest."""
    monkeypatch.setattr(duck, "_MANY", 1)
    given_hashes: list[Any] = []
    run = Scan.run

    def spy(scan: Scan, text: str, parameters: Any, subject: str) -> Any:
        given_hashes.extend(parameters if "unnest" in text else ())
        return run(scan, text, parameters, subject)

    monkeypatch.setattr(Scan, "run", spy)
    path = tmp_path / "keys.parquet"
    pd.DataFrame({"n": [*range(1000), 7, 7, 40], "s": "x"}).to_parquet(path)
    assert check(path, _suite()[:1]).results[0].result["unexpected_count"] == 5
    assert [len(found) for found in given_hashes] == [2]


def test_a_sixth_of_the_values_is_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 400,000 values, the tenth that is sampled says between which two the median lies."""
    monkeypatch.setattr(duck, "_MANY", 1)
    monkeypatch.setattr(quantile, "_SAMPLED_ROWS", 40_000)
    asked: list[str] = []
    fetch = duck.DuckTable.fetch
    monkeypatch.setattr(duck.DuckTable, "fetch", lambda table, query: asked.append(str(query)) or fetch(table, query))
    values = np.random.default_rng(3).permutation(400_000).astype("float64")
    path = tmp_path / "values.parquet"
    pd.DataFrame({"n": values}).to_parquet(path)
    assert check(path, _suite()[3:]).results[0].result["observed_value"] == np.median(values)
    assert not [text for text in asked if "median(" in text]


@given(
    st.lists(st.text("aé日😀", max_size=6), max_size=8),
    st.integers(0, 5),
    st.integers(0, 6),
    st.booleans(),
    st.booleans(),
)
def test_lengths_are_numbers_of_characters(
    texts: list[str], low: int, high: int, strict_min: bool, strict_max: bool
) -> None:
    """Characters of one to four bytes count as one each."""
    kwargs = {"column": "s", "min_value": low, "max_value": low + high}
    suite = [
        {
            "type": "expect_column_value_lengths_to_be_between",
            "kwargs": {**kwargs, "strict_min": strict_min, "strict_max": strict_max},
        }
    ]
    (result,) = check(pd.DataFrame({"s": texts}, dtype="str"), suite).results
    above = [len(text) > low if strict_min else len(text) >= low for text in texts]
    below = [len(text) < low + high if strict_max else len(text) <= low + high for text in texts]
    assert result.result["unexpected_count"] == sum(not (a and b) for a, b in zip(above, below, strict=True))


def test_frequent_key_is_left_to_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows of a key fall into one slice, of which no more is fetched than there is room for."""
    monkeypatch.setattr(duck, "_MANY", 1)
    monkeypatch.setattr(duck, "_AT_ONCE", 100)
    path = tmp_path / "keys.parquet"
    pd.DataFrame({"n": [7] * 900 + [*range(100)], "s": "x"}).to_parquet(path)
    fetched: list[int] = []
    sort = np.count_nonzero
    monkeypatch.setattr(np, "count_nonzero", lambda array: fetched.append(len(array)) or sort(array))
    assert check(path, _suite()[:1]).results[0].result["unexpected_count"] == 901
    assert not [rows for rows in fetched if rows > 100]


def test_median_that_most_rows_share_is_not_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sample's two values are one, it is the median."""
    monkeypatch.setattr(duck, "_MANY", 1)
    asked: list[str] = []
    fetch = duck.DuckTable.fetch
    monkeypatch.setattr(duck.DuckTable, "fetch", lambda table, query: asked.append(str(query)) or fetch(table, query))
    path = tmp_path / "values.parquet"
    pd.DataFrame({"n": [0.5] * 900 + [*range(100)]}).to_parquet(path)
    assert check(path, _suite()[3:]).results[0].result["observed_value"] == 0.5
    assert not [text for text in asked if "quantile_disc" in text or "median(" in text]
