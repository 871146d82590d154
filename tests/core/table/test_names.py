"""Names of columns: odd ones are served, and two that an engine cannot tell apart are never confused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, SourceError
from airflow_provider_dpq.core.quality import check


def _unique(column: str) -> list[dict[str, Any]]:
    return [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": column}}]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_names_that_differ_in_case_are_different_columns(make: Callable[[dict[str, Any]], Any]) -> None:
    """The column that is asked for is the one that is checked, whatever the engine thinks of case."""
    frame = make({"A": [1, 2], "a": [3, 3]})
    assert check(frame, _unique("A")).results[0].success
    assert check(frame, _unique("a")).results[0].result["unexpected_count"] == 2


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize(
    "name", ["select", "a b", 'say "hi"', "it's", "日本", "100%", "a:b", "x; drop table y; --", "["]
)
def test_odd_names_are_served(make: Callable[[dict[str, Any]], Any], name: str) -> None:
    """Keywords, quotes, signs and other scripts are names like any other."""
    assert check(make({name: [1, 1]}), _unique(name)).results[0].result["unexpected_count"] == 2


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame({1: [1]}), pa.table([[1], [2]], names=["a", "a"])],
)
def test_names_that_are_no_distinct_texts_are_refused(frame: Any) -> None:
    """A column that cannot be named cannot be asked for."""
    with pytest.raises(DeclarationError) as caught:
        check(frame, _unique("a"))
    assert caught.value.reason == "invalid_frame"


@pytest.mark.parametrize("data", [pd.Series([1, 2]), [1, 2], {"a": [1]}, pa.table({"a": [1]}).to_reader()])
def test_what_is_no_table_is_refused(data: Any) -> None:
    """A series, a list or a stream that is read once is no table."""
    with pytest.raises(DeclarationError) as caught:
        check(data, _unique("a"))
    assert caught.value.reason == "unknown_data"


def test_columns_of_a_csv_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    """DuckDB would read the first in the place of the second."""
    path = tmp_path / "twins.csv"
    path.write_text("a,A\n1,2\n")
    with pytest.raises(SourceError) as caught:
        check(path, _unique("A"))
    assert caught.value.reason == "ambiguous_columns"


def test_columns_of_a_parquet_file_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    """The same for Parquet."""
    path = tmp_path / "twins.parquet"
    pa.parquet.write_table(pa.table({"a": [1], "A": [2]}), path)
    with pytest.raises(SourceError) as caught:
        check(path, _unique("A"))
    assert caught.value.reason == "ambiguous_columns"
