"""The same data through every kind of file and frame: the same answers, but for what the reference states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from airflow_provider_dpq.core.quality import check

FRAME: Final = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 5],
        "amount": [1.5, 2.25, None, -7.0, 1e6, 2.25],
        "fee": [0.5, 2.5, 1.0, None, 3.25, 0.0],
        "name": ["anna", "Bjørn", None, "c d", "eé", "anna"],
        "flag": [True, False, True, True, False, True],
        "day": [date(2024, 1, number) for number in (1, 2, 3, 4, 5, 5)],
        "clock": ["09:30", "10:45", "nine", "11:00", None, "12:15"],
        "document": ['{"a": 1}', '{"a": "x"}', "{", "[]", None, "{}"],
    }
)
SOURCES: Final[dict[str, Callable[[Path], Any]]] = {
    "parquet": lambda folder: _written(FRAME.write_parquet, folder / "data.parquet"),
    "csv": lambda folder: _written(FRAME.write_csv, folder / "data.csv"),
    "json": lambda folder: _written(FRAME.write_ndjson, folder / "data.jsonl"),
    "pandas": lambda _: FRAME.to_pandas(),
    "polars": lambda _: FRAME,
    "arrow": lambda _: FRAME.to_arrow(),
}
ARGUMENTS: Final[dict[str, list[dict[str, Any]]]] = {
    "column_values_to_not_be_null": [{"column": name} for name in FRAME.columns],
    "column_values_to_be_null": [{"column": name} for name in FRAME.columns],
    "column_values_to_be_unique": [{"column": name} for name in ("id", "amount", "name", "flag", "day")],
    "column_unique_value_count_to_be_between": [{"column": name} for name in ("id", "amount", "name", "flag", "day")],
    "column_proportion_of_unique_values_to_be_between": [{"column": name} for name in ("id", "amount", "name")],
    "column_proportion_of_non_null_values_to_be_between": [{"column": "amount"}, {"column": "name"}],
    "column_values_to_be_between": [
        {"column": "id", "min_value": 2},
        {"column": "amount", "min_value": 0, "max_value": 10, "mostly": 0.5},
        {"column": "fee", "max_value": 3, "row_condition": "amount > 2", "condition_parser": "pandas"},
    ],
    "column_values_to_be_in_set": [
        {"column": "id", "value_set": [1, 2, 3]},
        {"column": "name", "value_set": ["anna", "eé"]},
        {"column": "amount", "value_set": [2.25]},
    ],
    "column_values_to_not_be_in_set": [{"column": "name", "value_set": ["anna"]}, {"column": "id", "value_set": [5]}],
    "column_values_to_match_regex": [{"column": "name", "regex": "^[a-z]"}],
    "column_values_to_not_match_regex": [{"column": "name", "regex": "n{2}"}],
    "column_values_to_match_regex_list": [{"column": "name", "regex_list": ["^a", "d$"]}],
    "column_values_to_not_match_regex_list": [{"column": "name", "regex_list": ["^a", "d$"]}],
    "column_value_lengths_to_be_between": [{"column": "name", "min_value": 3, "max_value": 4}],
    "column_value_lengths_to_equal": [{"column": "name", "value": 4}],
    "column_values_to_be_increasing": [{"column": "id"}, {"column": "id", "strictly": True}],
    "column_values_to_be_decreasing": [{"column": "id"}],
    "column_values_to_match_strftime_format": [{"column": "clock", "strftime_format": "%H:%M"}],
    "column_values_to_be_dateutil_parseable": [{"column": "clock"}],
    "column_values_to_be_json_parseable": [{"column": "document"}],
    "column_values_to_match_json_schema": [{"column": "document", "json_schema": {"type": "object"}}],
    "column_value_z_scores_to_be_less_than": [{"column": "amount", "threshold": 1, "double_sided": True}],
    "column_values_to_not_be_outliers": [{"column": "amount", "method": "iqr", "multiplier": 1.5}],
    "column_min_to_be_between": [{"column": "id"}, {"column": "amount"}],
    "column_max_to_be_between": [{"column": "id"}, {"column": "amount", "max_value": 10}],
    "column_mean_to_be_between": [{"column": "id"}, {"column": "amount"}],
    "column_median_to_be_between": [{"column": "id"}, {"column": "fee"}],
    "column_stdev_to_be_between": [{"column": "id"}, {"column": "fee"}],
    "column_sum_to_be_between": [{"column": "id"}, {"column": "fee"}],
    "column_pair_values_a_to_be_greater_than_b": [{"column_A": "amount", "column_B": "fee"}],
    "column_pair_values_to_be_equal": [{"column_A": "amount", "column_B": "fee"}],
    "column_pair_values_to_be_in_set": [{"column_A": "id", "column_B": "fee", "value_pairs_set": [(1, 0.5)]}],
    "compound_columns_to_be_unique": [{"column_list": ["id", "name"]}, {"column_list": ["id", "day"]}],
    "select_column_values_to_be_unique_within_record": [{"column_list": ["amount", "fee"]}],
    "multicolumn_sum_to_equal": [{"column_list": ["id", "fee"], "sum_total": 1.5}],
    "multicolumn_values_to_be_equal": [{"column_list": ["amount", "fee"]}],
    "table_row_count_to_be_between": [{"min_value": 1}],
    "table_row_count_to_equal": [{"value": 6}],
    "table_column_count_to_be_between": [{"min_value": 1}],
    "table_column_count_to_equal": [{"value": 8}],
    "column_to_exist": [{"column": "name", "column_index": 3}],
    "table_columns_to_match_set": [{"column_set": ["id"]}],
    "table_columns_to_match_ordered_list": [{"column_list": FRAME.columns}],
    "column_distinct_values_to_be_in_set": [{"column": "id", "value_set": [1, 2, 3, 4, 5]}],
    "column_distinct_values_to_contain_set": [{"column": "name", "value_set": ["anna", "zoe"]}],
    "column_distinct_values_to_equal_set": [{"column": "id", "value_set": [1, 2]}],
    "column_most_common_value_to_be_in_set": [{"column": "id", "value_set": [5]}],
    "column_quantile_values_to_be_between": [
        {"column": "fee", "quantile_ranges": {"quantiles": [0.25, 0.5], "value_ranges": [[0, 1], [0, 2]]}}
    ],
    "column_values_to_exist_in_other_table": [{"column": "id", "other_table": "known"}],
    "row_condition_to_hold": [{"expression": "amount > fee"}],
}
KNOWN: Final = pl.DataFrame({"id": [1, 2, 3]})
SUITE: Final = [{"type": f"expect_{name}", "kwargs": kwargs} for name, every in ARGUMENTS.items() for kwargs in every]


def _written(write: Callable[[Path], None], path: Path) -> Path:
    write(path)
    return path


def _plain(value: Any) -> Any:
    """Return a value to twelve digits, and a moment at midnight as the day: pandas has no type for days."""
    if isinstance(value, str):
        return value.removesuffix("T00:00:00")
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _answers(data: Any) -> dict[str, Any]:
    found = check(data, SUITE, references={"known": KNOWN})
    return {r.name: (r.success, r.error and r.error.reason, _plain(dict(r.result))) for r in found.results}


@pytest.fixture(scope="module")
def of_parquet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the Parquet file gives."""
    return _answers(SOURCES["parquet"](tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "parquet"])
def test_every_source_gives_the_same_answers(of_parquet: dict[str, Any], source: str, tmp_path: Path) -> None:
    """Whether it held, its counts, its figure and its samples are those of the Parquet file."""
    answers = _answers(SOURCES[source](tmp_path))
    different = {name: (answers[name], of_parquet[name]) for name in answers if answers[name] != of_parquet[name]}
    assert different == {}
