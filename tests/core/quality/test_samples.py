"""Which failing rows a result shows, on tables of many row groups and threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airflow_provider_dpq.core.quality import check

ROWS = 400_000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Numbers of which one in 4,000 is negative."""
    numbers = np.random.default_rng(1).integers(-1, 3999, ROWS)
    return pd.DataFrame({"n": numbers, "key": np.arange(ROWS)})


@pytest.mark.parametrize("source", ["file", "frame"])
def test_sample_is_the_first_failing_rows_in_order(frame: pd.DataFrame, source: str, tmp_path: Path) -> None:
    """A scan by several threads that ends at the limit still shows the first rows, and a whole list every one."""
    data: object = frame
    if source == "file":
        data = tmp_path / "numbers.parquet"
        frame.to_parquet(data, row_group_size=10_000)
    suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0}}]
    expected = np.flatnonzero(frame["n"] < 0).tolist()
    for level, field in (("SUMMARY", "partial_unexpected_index_list"), ("COMPLETE", "unexpected_index_list")):
        result = check(data, suite, result_format=level, threads=4).results[0].result
        assert result[field] == (expected if level == "COMPLETE" else expected[:20])


def test_sample_of_repeated_values_is_in_order(frame: pd.DataFrame, tmp_path: Path) -> None:
    """Rows found by their repeated values stand in the order of the file, too."""
    path = tmp_path / "numbers.parquet"
    repeated = frame.assign(key=frame["key"].where(frame["n"] >= 0, ROWS + frame["key"] % 3))
    repeated.to_parquet(path, row_group_size=10_000)
    suite = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "key"}}]
    result = check(path, suite, result_format="COMPLETE", threads=4).results[0].result
    assert result["unexpected_index_list"] == np.flatnonzero(repeated["key"].duplicated(keep=False)).tolist()


def test_column_named_as_duckdbs_row_number_is_a_column(tmp_path: Path) -> None:
    """A file may hold a column of the name that DuckDB gives its own row numbers."""
    path = tmp_path / "numbers.parquet"
    pd.DataFrame({"File_Row_Number": [7, 8, 9], "n": [1, -1, -2]}).to_parquet(path)
    suite = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "File_Row_Number", "max_value": 9}},
    ]
    rows, most = check(path, suite).results
    assert rows.result["partial_unexpected_index_list"] == [1, 2]
    assert most.result["observed_value"] == 9
