"""Columns by whatever name: it is never syntax, and never one of the scan's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found

NAMES = [
    *[
        'x"y',
        "x'y",
        "x y",
        "x.y",
        "x:y",
        "x,y",
        "x\\y",
        "x\ny",
        "x\xa0y",
        "größe",
        "x%y",
        "%s",
        "%(x)s",
        "?",
        "1",
        "select",
    ],
    *[
        "count",
        "rank",
        "rowid",
        "dpq_position",
        "dpq_key",
        "f0",
        "f1",
        "c0",
        "c0_0",
        "key_0",
        "anon_1",
        "value",
        "repeated",
    ],
]
Source = Callable[[pd.DataFrame, pd.DataFrame, Path], tuple[Any, dict[str, Any]]]


def _frame(*names: str) -> pd.DataFrame:
    """Five rows with a repeated value and a missing one in each column of those names, and one column beside them."""
    columns = {name: pd.array([1, 2, 2, None, 5], dtype="Int64") for name in names}
    return pd.DataFrame(columns | {"other": pd.array([1, 1, 1, 3, 9], dtype="Int64")})


def _suite(name: str) -> list[dict[str, Any]]:
    column = {"column": name}
    at_least_two = {"type": "comparison", "column": {"name": name}, "operator": ">=", "parameter": 2}
    checks: list[tuple[str, dict[str, Any]]] = [
        ("column_to_exist", column),
        ("column_values_to_be_unique", column),
        ("column_values_to_be_between", {**column, "min_value": 3, "row_condition": at_least_two}),
        ("column_values_to_be_in_set", {**column, "value_set": [1, 2]}),
        ("column_median_to_be_between", {**column, "min_value": 0}),
        ("column_unique_value_count_to_be_between", {**column, "min_value": 0}),
        ("compound_columns_to_be_unique", {"column_list": [name, "other"]}),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": name, "column_B": "other"}),
        ("column_values_to_exist_in_other_table", {**column, "other_table": "keys"}),
    ]
    return [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in checks]


def _pandas(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    return frame, {"references": {"keys": keys}}


def _polars(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    return pl.from_pandas(frame), {"references": {"keys": pl.from_pandas(keys)}}


def _arrow(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    return pa.Table.from_pandas(frame), {"references": {"keys": pa.Table.from_pandas(keys)}}


def _parquet(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    frame.to_parquet(directory / "data.parquet")
    keys.to_parquet(directory / "keys.parquet")
    return directory / "data.parquet", {"references": {"keys": directory / "keys.parquet"}}


def _csv(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    frame.to_csv(directory / "data.csv", index=False)
    keys.to_csv(directory / "keys.csv", index=False)
    return directory / "data.csv", {"references": {"keys": directory / "keys.csv"}}


def _json(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    frame.to_json(directory / "data.jsonl", orient="records", lines=True)
    keys.to_json(directory / "keys.jsonl", orient="records", lines=True)
    return directory / "data.jsonl", {"references": {"keys": directory / "keys.jsonl"}}


def _sqlite(frame: pd.DataFrame, keys: pd.DataFrame, directory: Path) -> tuple[Any, dict[str, Any]]:
    database = sa.create_engine(f"sqlite:///{directory / 'data.db'}", poolclass=sa.NullPool)
    frame.to_sql("data", database, index=False)
    keys.to_sql("keys", database, index=False)
    return "data", {"connection": database}


def _plain(result: CheckResult, name: str) -> Any:
    assert result.error is None, (name, result.type, result.error)
    shown = {field: value for field, value in result.result.items() if field != "unexpected_index_query"}
    for field in ("partial_unexpected_list", "unexpected_list"):
        values = shown.get(field)
        if isinstance(values, list) and result.type == "expect_compound_columns_to_be_unique":
            shown[field] = [{"x": row.get(name), "other": row["other"]} for row in values if isinstance(row, dict)]
    return result.type, result.success, result.evaluated_by, shown


@pytest.mark.parametrize("source", [_pandas, _polars, _parquet, _csv, _json, _sqlite])
def test_name_of_a_column_does_not_matter_to_what_is_found(source: Source, tmp_path: Path) -> None:
    """Quotes, keywords, blanks, signs of parameters and our own internal names are names like any other."""
    answers = {}
    for number, name in enumerate(["x", *NAMES]):
        directory = tmp_path / str(number)
        directory.mkdir()
        frame = _frame(name)
        data, options = source(frame, frame.iloc[[0, 4]], directory)
        results = check(data, _suite(name), result_format="COMPLETE", **options).results
        answers[name] = [_plain(result, name) for result in results]
    assert {by for _, _, by, _ in answers["x"]} == {"scan"}
    assert [success for _, success, _, _ in answers["x"]].count(False) == 6
    assert {name: answer for name, answer in answers.items() if answer != answers["x"]} == {}


@pytest.mark.parametrize("source", [_pandas, _polars, _arrow])
def test_columns_of_frames_that_differ_in_case_alone_are_two(source: Source, tmp_path: Path) -> None:
    """A frame may hold `a` and `A`: each check looks at the one that it names."""
    frame = pd.DataFrame({"a": [1, 2], "A": [3, 4]})
    data, _ = source(frame, frame, tmp_path)
    assert found(data, "column_max_to_be_between", column="a", max_value=9)["observed_value"] == 2
    assert found(data, "column_max_to_be_between", column="A", max_value=9)["observed_value"] == 4
    assert found(data, "compound_columns_to_be_unique", column_list=["a", "A"])["unexpected_count"] == 0
    assert answer(data, "table_columns_to_match_ordered_list", column_list=["a", "A"]).success


@pytest.mark.parametrize("source", [_pandas, _polars, _arrow, _parquet, _csv, _json])
def test_column_is_found_in_another_case_where_that_is_one_column(source: Source, tmp_path: Path) -> None:
    """As in Great Expectations, `ORIGIN` means `origin` where nothing else could be meant."""
    frame = pd.DataFrame({"origin": [1, None]})
    data, _ = source(frame, frame, tmp_path)
    assert found(data, "column_values_to_not_be_null", column="ORIGIN")["unexpected_count"] == 1


@pytest.mark.parametrize("source", [_pandas, _polars, _arrow, _parquet, _csv, _json, _sqlite])
def test_missing_column_is_an_error_of_its_check_that_names_the_columns(source: Source, tmp_path: Path) -> None:
    """A check of a column that is not there was not evaluated: it neither holds nor fails, and the others stand."""
    data, options = source(_frame("x"), _frame("x"), tmp_path)
    suite = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}} for name in ("nowhere", "x")]
    missing, there = check(data, suite, **options).results
    assert missing.error is not None
    assert missing.error.reason == "missing_column"
    assert "'nowhere'" in missing.error.message
    assert "Its columns are 'x', 'other'" in missing.error.message
    assert missing.verdict == "error"
    assert there.error is None
