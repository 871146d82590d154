"""A table checked by partition: the answers of the whole, at the price of what is new."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError, SourceError
from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, Report, parse_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import SuiteResult, check, partitioned
from airflow_provider_dpq.core.quality.evaluate import Outcome
from airflow_provider_dpq.core.quality.gate import judge_suite
from tests.bucket import open_bucket

DAYS = 6


def _expect(type_: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{type_}", "kwargs": kwargs}


AMOUNT_HIGH = {"row_condition": "amount > 50", "condition_parser": "pandas"}
EXACT = [
    _expect("column_values_to_not_be_null", column="amount", mostly=0.9),
    _expect("column_values_to_be_null", column="amount"),
    _expect("column_values_to_be_between", column="amount", min_value=2, max_value=90, mostly=0.8),
    _expect("column_values_to_be_in_set", column="status", value_set=["paid", "open"]),
    _expect("column_values_to_match_regex", column="status", regex="^p"),
    _expect("column_value_lengths_to_equal", column="status", value=4),
    _expect("column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="fee"),
    _expect(
        "column_values_to_be_between", column="fee", max_value=3, row_condition="amount > 50", condition_parser="pandas"
    ),
    _expect("table_row_count_to_be_between", min_value=10),
    _expect("table_row_count_to_equal", value=10),
    _expect("column_min_to_be_between", column="amount", min_value=0),
    _expect("column_max_to_be_between", column="amount", max_value=1),
    _expect("column_max_to_be_between", column="at", max_value="2024-01-03"),
    _expect("column_sum_to_be_between", column="number", min_value=1),
]
CLOSE = [
    _expect("column_mean_to_be_between", column="amount", min_value=40, max_value=60),
    _expect("column_mean_to_be_between", column="amount", row_condition="fee > 2", condition_parser="pandas"),
    _expect("column_stdev_to_be_between", column="amount", max_value=1),
    _expect("column_sum_to_be_between", column="amount", min_value=1),
]
NOT_NULL = [_expect("column_values_to_not_be_null", column="amount")]


def _frame(day: int, rows: int = 50) -> pl.DataFrame:
    """Rows of one day, of which the last day has a single one and the first no amount at all."""
    chance = random.Random(day)
    count = 1 if day == DAYS else rows
    return pl.DataFrame(
        {
            "at": [date(2024, 1, day)] * count,
            "number": range(count),
            "amount": [None if day == 1 or chance.random() < 0.1 else chance.uniform(0, 100) for _ in range(count)],
            "fee": [chance.uniform(0, 5) for _ in range(count)],
            "status": [chance.choice(["paid", "open", "lost"]) for _ in range(count)],
        },
        schema_overrides={"amount": pl.Float64},
    )


def _write(folder: Path, day: int, frame: pl.DataFrame) -> Path:
    path = folder / f"day=2024-01-{day:02}" / "part.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return path


@pytest.fixture
def orders(tmp_path: Path) -> str:
    """A folder for each day, as a pattern."""
    for day in range(1, DAYS + 1):
        _write(tmp_path, day, _frame(day))
    return str(tmp_path / "day=*" / "*.parquet")


class Gate:
    """A gate that keeps its reports as the store does, in their written form."""

    def __init__(self) -> None:
        self.reports: list[str] = []

    def history(self, limit: int) -> Sequence[Report]:
        """Return the newest reports first."""
        return [parse_report(text) for text in reversed(self.reports[-limit:])]

    def run(self, data: Any, suite: Any, **options: Any) -> tuple[SuiteResult, Report]:
        """Check, and keep the report."""
        found = check(data, suite, history=self.history, **{"partition_by": "day", **options})
        report = judge_suite(found, gate="orders", provenance=Provenance(run_id=str(len(self.reports))))
        self.reports.append(report.to_json())
        return found, report


def _of(result: CheckResult) -> Any:
    names = ("element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent")
    names += ("unexpected_percent_total", "unexpected_percent_nonmissing", "observed_value")
    return result.success, result.verdict, {name: result.result[name] for name in names if name in result.result}


def _compared(found: SuiteResult) -> list[Any]:
    return list(map(_of, found.results))


@pytest.mark.parametrize("form", ["folders", "frame", "csv", "sqlite"])
def test_merged_results_are_those_of_the_whole(orders: str, tmp_path: Path, form: str) -> None:
    """Counts, extremes and whole sums are the same to the last digit, means and deviations to rounding."""
    whole = pl.read_parquet(orders)
    options: dict[str, Any] = {"partition_by": "day" if form == "folders" else "at"}
    data: Any = orders
    if form == "frame":
        data = whole
    elif form == "csv":
        data = tmp_path / "orders.csv"
        whole.write_csv(data)
    elif form == "sqlite":
        options["connection"] = sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}")
        whole.to_pandas().to_sql("orders", options["connection"], index=False)
        data, options["partition_by"] = "orders", "number"
    at_once = {name: value for name, value in options.items() if name != "partition_by"}
    suite = [item for item in EXACT if form != "sqlite" or item["kwargs"].get("column") != "at"]
    one, many = check(data, suite, **at_once), check(data, suite, **options)
    assert many.row_count == one.row_count == len(whole)
    assert _compared(many) == _compared(one)
    one, many = check(data, CLOSE, **at_once), check(data, CLOSE, **options)
    for merged, direct in zip(many.results, one.results, strict=True):
        assert merged.result["observed_value"] == pytest.approx(direct.result["observed_value"], rel=1e-12)
        assert (merged.success, merged.result["scope"]) == (direct.success, "all partitions")


@pytest.mark.parametrize("infinite", [[float("inf")], [float("-inf"), float("inf")]])
def test_infinite_numbers_of_a_partition_are_kept(infinite: list[float], tmp_path: Path) -> None:
    """Also of one that was measured in another run: the figures are those of the whole."""
    for day, values in enumerate(([1.0, 2.0], infinite, [3.0]), start=1):
        _write(tmp_path, day, pl.DataFrame({"amount": values}))
    data = str(tmp_path / "day=*" / "*.parquet")
    suite = [
        _expect(f"column_{name}_to_be_between", column="amount", max_value=9)
        for name in ("sum", "mean", "max", "min", "stdev")
    ]
    whole = check(data, suite)
    gate = Gate()
    for _ in range(2):
        found, _ = gate.run(data, suite)
        assert [(one.success, one.result["observed_value"]) for one in found.results] == [
            (one.success, one.result["observed_value"]) for one in whole.results
        ]


@pytest.mark.parametrize("bounds", [{"max_value": 0.4}, {"min_value": 0.4}, {"min_value": 0.4, "strict_min": True}])
def test_mean_of_floating_numbers_is_one(bounds: dict[str, Any], tmp_path: Path) -> None:
    """Also where it is put together: 0.4 is neither more nor less than 0.4, in the next run too."""
    for day, values in enumerate(([0.1, 0.2], [0.3], [1.0]), start=1):
        _write(tmp_path, day, pl.DataFrame({"amount": values}))
    data = str(tmp_path / "day=*" / "*.parquet")
    suite = [_expect("column_mean_to_be_between", column="amount", **bounds)]
    (whole,) = check(data, suite).results
    gate = Gate()
    for _ in range(2):
        (merged,) = gate.run(data, suite)[0].results
        assert (merged.success, merged.result["observed_value"]) == (whole.success, 0.4)


def test_only_new_partitions_are_scanned(orders: str, tmp_path: Path) -> None:
    """A second run reads nothing, a new day is read alone, and both report on the whole table."""
    gate = Gate()
    assert gate.run(orders, EXACT)[0].scanned_partition_count == DAYS
    again = gate.run(orders, EXACT)[0]
    assert (again.scanned_partition_count, again.partition_count) == (0, DAYS)
    assert _compared(again) == _compared(check(orders, EXACT))
    _write(tmp_path, DAYS + 1, _frame(3, rows=7))
    third, report = gate.run(orders, EXACT)
    assert (third.scanned_partition_count, third.partition_count) == (1, DAYS + 1)
    assert _compared(third) == _compared(check(orders, EXACT))
    metrics = {metric.name: metric.value for metric in report.metrics if not metric.tags}
    assert (metrics["partition_count"], metrics["scanned_partition_count"]) == (DAYS + 1, 1)


def test_file_that_was_replaced_within_its_size_and_time_is_seen(tmp_path: Path) -> None:
    """A program may set a file's time, and no program the time at which its record changed, or its content."""
    path = tmp_path / "day=1" / "a.csv"
    path.parent.mkdir()
    path.write_text("amount\n1\n")
    gate, pattern = Gate(), str(tmp_path / "*" / "a.csv")
    suite = [_expect("column_max_to_be_between", column="amount", max_value=1)]
    assert gate.run(pattern, suite)[1].verdict is Verdict.PASS
    assert gate.run(pattern, suite)[0].scanned_partition_count == 0
    stat = path.stat()
    path.write_text("amount\n2\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert gate.run(pattern, suite)[1].verdict is Verdict.FAIL


def test_late_and_removed_rows_are_seen(orders: str, tmp_path: Path) -> None:
    """A partition that was written again is scanned again, and one that is gone no longer counts."""
    gate = Gate()
    gate.run(orders, NOT_NULL)
    _write(tmp_path, 2, _frame(2, rows=80))
    (tmp_path / "day=2024-01-03" / "part.parquet").unlink()
    found, _ = gate.run(orders, NOT_NULL)
    assert (found.scanned_partition_count, found.partition_count) == (1, DAYS - 1)
    assert _compared(found) == _compared(check(orders, NOT_NULL))


def test_late_rows_are_seen_by_their_number(orders: str) -> None:
    """Where a column makes the partitions, one with another number of rows is scanned again, one without rows too."""
    gate, whole = Gate(), pl.read_parquet(orders)
    gate.run(whole, NOT_NULL, partition_by="at")
    nowhere = _frame(2, rows=1).with_columns(at=pl.lit(None, pl.Date))
    found, report = gate.run(pl.concat([whole, _frame(4, rows=1), nowhere]), NOT_NULL, partition_by="at")
    assert (found.scanned_partition_count, found.partition_count) == (2, DAYS + 1)
    assert found.row_count == len(whole) + 2
    assert {"at": None} in [dict(part.key) for part in report.parts]


@pytest.mark.parametrize(
    "options",
    [
        {"suite": [_expect("column_values_to_not_be_null", column="fee")]},
        {"suite": [_expect("column_values_to_not_be_null", column="amount", mostly=0.5)]},
        {"row_condition": "fee > 1"},
        {"null_values": ["x"]},
    ],
    ids=["column", "argument", "row_condition", "null_values"],
)
def test_what_is_asked_otherwise_is_measured_anew(orders: str, options: dict[str, Any]) -> None:
    """An earlier measurement answers only the question that was asked."""
    gate = Gate()
    gate.run(orders, NOT_NULL)
    arguments = {"suite": NOT_NULL, **options}
    found, _ = gate.run(orders, **arguments)
    assert found.scanned_partition_count == DAYS
    assert gate.run(orders, NOT_NULL)[0].scanned_partition_count == 0, "the older report still answers"


def test_partition_in_error_stays_to_be_done(orders: str, tmp_path: Path) -> None:
    """A partition that cannot be read makes the report an error and is read again; the others are not."""
    gate = Gate()
    broken = tmp_path / "day=2024-01-04" / "part.parquet"
    broken.write_bytes(b"no parquet")
    found, report = gate.run(orders, NOT_NULL)
    assert report.verdict is Verdict.ERROR
    assert found.results[0].error is not None
    assert "2024-01-04" in found.results[0].error.message
    assert gate.run(orders, NOT_NULL)[1].verdict is Verdict.ERROR, "still not measured"
    _write(tmp_path, 4, _frame(4))
    found, report = gate.run(orders, NOT_NULL)
    assert (found.scanned_partition_count, report.verdict) == (1, Verdict.FAIL)
    assert _compared(found) == _compared(check(orders, NOT_NULL))


def test_check_that_errs_in_one_partition_is_an_error_alone(orders: str, tmp_path: Path) -> None:
    """A figure that one day has none of is an error of its check; the others count that day's rows too."""
    csv = tmp_path / "csv"
    for day in range(1, DAYS + 1):
        frame = _frame(day).with_columns(fee=pl.lit("none") if day == 4 else pl.col("fee").cast(pl.String))
        (csv / f"day={day}").mkdir(parents=True)
        frame.write_csv(csv / f"day={day}" / "part.csv")
    suite = [*NOT_NULL, _expect("column_mean_to_be_between", column="fee")]
    found, report = Gate().run(str(csv / "*" / "*.csv"), suite)
    assert [result.verdict for result in found.results] == [Verdict.FAIL, Verdict.ERROR]
    assert found.results[0].result["element_count"] == 50 * (DAYS - 1) + 1
    assert len(report.parts) == DAYS - 1


def test_column_that_a_partition_lacks_is_missing_there(orders: str, tmp_path: Path) -> None:
    """As in a scan of everything: its rows have no value, and the check is no error."""
    _write(tmp_path, 1, _frame(1).drop("fee"))
    suite = [*NOT_NULL, _expect("column_values_to_not_be_null", column="fee")]
    found, _ = Gate().run(orders, suite)
    assert _compared(found) == _compared(check(orders, suite))
    assert found.results[1].result["unexpected_count"] == 50


KINDS = {
    "integer": "1,17,-3",
    "wide": "9007199254740993,12345678901234567890,1",
    "float": "1.0,2.5,1",
    "nan": "nan,1.5,2",
    "decimal": "12345678901234567.25,1.10,0.1",
    "text": "a,007,1",
    "boolean": "true,False,true",
    "day": "2024-01-01,2024-02-29,",
    "moment": "2024-01-01 10:00:00,2024-01-02T00:00,",
    "instant": "2024-03-01T10:00:00Z,2024-03-01T09:30:00-01:00,",
    "nothing": ",,",
}
"""Values of each kind, as they are written."""
PAIRS = [
    *[("integer", kind) for kind in ("wide", "float", "decimal", "text", "boolean", "nothing")],
    *[("float", kind) for kind in ("wide", "decimal", "text")],
    *[("nan", kind) for kind in ("integer", "decimal")],
    *[("text", kind) for kind in ("boolean", "instant")],
    *[("day", kind) for kind in ("moment", "instant", "text", "integer")],
    ("moment", "instant"),
]


def _of_kinds(column: str) -> list[dict[str, Any]]:
    """Checks whose answers depend on how a column is read."""
    return [
        _expect("column_values_to_not_be_null", column=column),
        _expect("column_values_to_match_regex", column=column, regex="^[0-9]+$"),
        _expect("column_value_lengths_to_equal", column=column, value=1),
        _expect("column_values_to_be_in_set", column=column, value_set=[1, 2.5, 9007199254740992]),
        _expect("column_values_to_be_in_set", column=column, value_set=["1", "a", "2024-01-01"]),
        _expect("column_values_to_be_between", column=column, min_value=0, max_value=9007199254740992),
        _expect("column_pair_values_to_be_equal", column_A=column, column_B="y"),
        _expect("row_condition_to_hold", expression=f"{column} > 1"),
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_are_read_alike_in_all_partitions(tmp_path: Path, form: str) -> None:
    """Numbers, texts, truth values, days and moments mean in each partition what they mean in the whole table.

    There is a column for each pair of kinds, of which the first partition holds the one and the second the other.
    """
    names = [f"{first}_{second}" for first, second in PAIRS]
    suite = [one for name in names for one in _of_kinds(name)]
    gate, pattern = Gate(), str(tmp_path / "*" / f"a.{form}")
    for day in range(2):
        (tmp_path / f"day={day}").mkdir()
        values = [KINDS[pair[day]].split(",") for pair in PAIRS]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        (tmp_path / f"day={day}" / f"a.{form}").write_text(_table(rows) if form == "csv" else _objects(rows))
        found, _ = gate.run(pattern, suite, sample_rows=0)
    whole = check(pattern, suite, sample_rows=0)
    for merged, direct in zip(found.results, whole.results, strict=True):
        assert _of(merged) == _of(direct), direct.name
    assert found.scanned_partition_count == 2
    assert _compared(gate.run(pattern, suite, sample_rows=0)[0]) == _compared(found)


def _table(rows: list[dict[str, str]]) -> str:
    lines = [[*rows[0], "y"], *([*row.values(), "1"] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def _objects(rows: list[dict[str, str]]) -> str:
    """Objects of JSON: a number or a truth value where the text is one, or else a string."""

    def value(text: str) -> str:
        plain = text[-1:].isdigit() and "-" not in text[1:] and text != "007"
        return {"False": "false", "": "null", "true": text}.get(text, text if plain else f'"{text}"')

    lines = ({**row, "y": "1"} for row in rows)
    return "".join("{" + ", ".join(f'"{name}": {value(text)}' for name, text in line.items()) + "}\n" for line in lines)


@pytest.mark.parametrize("later", ["float", "text", "nothing"])
def test_types_of_parquet_are_those_of_all_partitions(tmp_path: Path, later: str) -> None:
    """A column of whole numbers is of floating ones, or of texts, where it is so in another partition."""
    other = {"float": pl.Series([2.5]), "text": pl.Series(["a"]), "nothing": pl.Series([None], dtype=pl.Int32)}[later]
    _write(tmp_path, 1, pl.DataFrame({"x": [1, 17], "y": [1, 1]}))
    gate, pattern, suite = Gate(), str(tmp_path / "*" / "*.parquet"), _of_kinds("x")[:8]
    gate.run(pattern, suite)
    _write(tmp_path, 2, pl.DataFrame({"x": other, "y": [1]}))
    found, _ = gate.run(pattern, suite)
    assert _compared(found) == _compared(check(pattern, suite))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_empty_file_is_a_partition_without_rows(tmp_path: Path, form: str) -> None:
    """Nothing is written in it, as in an empty file among those of a whole table."""
    written = _table if form == "csv" else _objects
    for day, text in enumerate(["", written([{"x": "1"}]), ""]):
        (tmp_path / f"day={day}").mkdir()
        (tmp_path / f"day={day}" / f"a.{form}").write_text(text)
    suite = [_expect("column_values_to_not_be_null", column="x"), _expect("table_row_count_to_equal", value=1)]
    found, _ = Gate().run(str(tmp_path / "*" / f"a.{form}"), suite)
    assert [result.verdict for result in found.results] == [Verdict.PASS] * 2
    assert (found.row_count, found.partition_count) == (1, 3)


def test_partition_is_read_alike_after_another_one_is_gone(tmp_path: Path) -> None:
    """A column was text because of one partition: without it, the others hold numbers again."""
    for day, value in enumerate(["1", "2", "N/A"]):
        (tmp_path / f"day={day}").mkdir()
        (tmp_path / f"day={day}" / "a.csv").write_text(_table([{"x": value}]))
    gate, pattern = Gate(), str(tmp_path / "*" / "a.csv")
    suite = [_expect("column_values_to_be_in_set", column="x", value_set=["1", "2", "N/A"])]
    assert gate.run(pattern, suite)[0].results[0].success
    (tmp_path / "day=2" / "a.csv").unlink()
    found, _ = gate.run(pattern, suite)
    assert _compared(found) == _compared(check(pattern, suite))
    assert not found.results[0].success


def test_column_of_a_table_that_changed_its_type_is_measured_anew(orders: str) -> None:
    """Where a column makes the partitions, those that were measured with another type say nothing of it now."""
    gate, whole = Gate(), pl.read_parquet(orders)
    suite = [_expect("column_values_to_match_regex", column="number", regex="^[0-9]+$")]
    gate.run(whole, suite, partition_by="at")
    assert gate.run(whole, suite, partition_by="at")[0].scanned_partition_count == 0
    changed = whole.with_columns(number=pl.col("number").cast(pl.Float64))
    found, _ = gate.run(changed, suite, partition_by="at")
    assert found.scanned_partition_count == DAYS
    assert _compared(found) == _compared(check(changed, suite))


def test_what_cannot_be_merged_is_judged_on_the_whole(orders: str) -> None:
    """Uniqueness and medians are of all partitions together, and the result says so."""
    suite = [
        _expect("column_values_to_be_unique", column="number"),
        _expect("column_median_to_be_between", column="fee", min_value=2.4, max_value=2.6),
    ]
    found, whole = check(orders, suite, partition_by="day"), check(orders, suite)
    unique, median = found.results
    assert not unique.success, "numbers repeat from day to day"
    assert (unique.result["scope"], unique.result["element_count"]) == ("all partitions", 50 * (DAYS - 1) + 1)
    assert median.result["observed_value"] == whole.results[1].result["observed_value"]


def test_partitions_that_break_a_check_are_named(orders: str) -> None:
    """The result names where the rows are, unless the gate shows no values."""
    (result,) = check(orders, NOT_NULL, partition_by="day").results
    assert {"day": "2024-01-01"} in result.result["partitions_with_unexpected"]
    for options in ({"exclude_unexpected_values": True}, {"hidden_columns": ["day"]}):
        (result,) = check(orders, NOT_NULL, partition_by="day", **options).results
        assert "partitions_with_unexpected" not in result.result


def test_samples_are_of_the_partitions_scanned_now(orders: str, tmp_path: Path) -> None:
    """Earlier rows are not read again to be shown; new ones are, by their keys where asked."""
    gate = Gate()
    suite = [_expect("column_values_to_be_between", column="number", max_value=47)]
    form = {"result_format": "SUMMARY", "unexpected_index_column_names": ["status"]}
    (first,) = gate.run(orders, suite, result_format=form)[0].results
    assert len(first.result["partial_unexpected_list"]) == 2 * (DAYS - 1)
    _write(tmp_path, DAYS + 1, _frame(3))
    (second,) = gate.run(orders, suite, result_format=form)[0].results
    assert second.result["partial_unexpected_list"] == [48, 49]
    assert second.result["unexpected_count"] == 2 * DAYS
    assert {"number", "status"} == set(second.result["partial_unexpected_index_list"][0])


def test_no_more_keys_than_sample_rows_are_shown_of_all_partitions(orders: str) -> None:
    """With excluded values, rows are named by lists of keys: these are bounded over all partitions together."""
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["number"],
        "exclude_unexpected_values": True,
    }
    null = _expect("column_values_to_be_null", column="amount")
    found = check(orders, [null], partition_by="day", result_format=wanted, sample_rows=3)
    (named,) = found.results[0].result["unexpected_index_list"]
    assert len(named["number"]) == 3


def test_figures_of_hidden_columns_are_kept_in_no_part(orders: str) -> None:
    """Parts are stored with the report: they hold counts of a hidden column, and no figure that is a value of it."""
    suite = [_expect("column_max_to_be_between", column="amount", max_value=1), *NOT_NULL]
    assert check(orders, NOT_NULL, partition_by="day", hidden_columns=["amount"]).parts
    assert check(orders, suite, partition_by="day").parts
    found = check(orders, suite, partition_by="day", hidden_columns=["Amount"])
    figures = [name for part in found.parts for one in part.checks.values() for name in one.figures]
    assert {*figures} <= {"element_count", "unexpected_count", "value_count"}, "of the day without a value"
    assert len(found.parts) == 1
    assert (found.partition_count, found.results[0].success) == (DAYS, False)
    assert not check(orders, NOT_NULL, partition_by="day", hidden_columns=["day"]).parts


def test_lost_connection_of_one_check_ends_all(orders: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the partitions that follow are not measured, no other check passes for those that were."""
    evaluate = partitioned.evaluate

    def lose(*given: Any) -> tuple[int, list[Outcome]]:
        rows, (first, *others) = evaluate(*given)
        return rows, [replace(first, answer=EndedError("connection_lost", "It is gone.")), *others]

    monkeypatch.setattr(partitioned, "evaluate", lose)
    found = check(orders, [*NOT_NULL, _expect("column_values_to_not_be_null", column="fee")], partition_by="day")
    assert [result.verdict for result in found.results] == [Verdict.ERROR] * 2


def test_growing_table_costs_its_newest_day_in_object_storage() -> None:
    """After 29 days, the thirtieth costs about a twenty-ninth of what they cost."""
    content = {}
    for day in range(1, 31):
        file = io.BytesIO()
        _frame(day, rows=2_000).write_parquet(file)
        content[f"orders/day={date(2024, 1, 1) + timedelta(day)}/part.parquet"] = file.getvalue()
    *before, newest = content
    gate = Gate()
    with open_bucket() as bucket:
        bucket.objects = {key: content[key] for key in before}
        gate.run("bucket://orders/*/*.parquet", EXACT)
        first, bucket.sent = bucket.sent, 0
        bucket.objects[newest] = content[newest]
        found, _ = gate.run("bucket://orders/*/*.parquet", EXACT)
        assert found.partition_count == 30
        assert bucket.sent < 1.2 / 29 * first


def test_gate_judges_the_whole(orders: str) -> None:
    """Thresholds of the gate see the rows of all partitions."""
    found = check(orders, NOT_NULL, partition_by="day")
    thresholds = parse_thresholds([f"row_count >= {50 * (DAYS - 1) + 1}", "partition_count >= 7"], "quality")
    report = judge_suite(found, gate="orders", provenance=Provenance(run_id="1"), thresholds=thresholds)
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS, Verdict.FAIL]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda path: (path, {"partition_by": "nothing"}), "missing_column"),
        (lambda path: (pl.read_parquet(path), {"partition_by": "fee"}), "invalid_partition"),
        (lambda _: (pd.DataFrame({"c": pd.Categorical(["a"])}), {"partition_by": "c"}), "invalid_partition"),
        (lambda path: (pl.read_parquet(path).head(0), {"partition_by": "at"}), "no_partition"),
        (lambda path: (pl.DataFrame({"n": range(10_001)}), {"partition_by": "n"}), "too_many_partitions"),
    ],
    ids=["missing", "kind", "category", "empty", "many"],
)
def test_partition_that_is_none_is_refused(
    orders: str, broken: Callable[[str], tuple[Any, dict[str, Any]]], reason: str
) -> None:
    """What names no partition is told, and nothing is judged."""
    data, options = broken(orders)
    with pytest.raises((DeclarationError, MeasurementError)) as caught:
        check(data, NOT_NULL, **options)
    assert caught.value.reason == reason


def test_files_beside_the_folders_are_not_left_out(orders: str, tmp_path: Path) -> None:
    """A file that lies in no partition would go unchecked: it is an error."""
    _frame(2).write_parquet(tmp_path / "stray.parquet")
    with pytest.raises(SourceError) as caught:
        check(str(tmp_path / "**" / "*.parquet"), NOT_NULL, partition_by="day")
    assert caught.value.reason == "mixed_partitions"


def test_marker_of_a_job_is_no_file_beside_the_folders(orders: str, tmp_path: Path) -> None:
    """What jobs leave is passed over as in one scan, and makes no partition of its own."""
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "day=2024-02-01").mkdir()
    (tmp_path / "day=2024-02-01" / "_SUCCESS").touch()
    found, _ = Gate().run(str(tmp_path / "**" / "*"), NOT_NULL)
    assert found.partition_count == DAYS
    assert _compared(found) == _compared(check(orders, NOT_NULL))


def test_partitions_of_several_formats_are_refused(orders: str, tmp_path: Path) -> None:
    """As files of several formats are that make one table."""
    (tmp_path / "day=2024-02-01").mkdir()
    (tmp_path / "day=2024-02-01" / "a.csv").write_text("amount\n1\n")
    with pytest.raises(DeclarationError) as caught:
        check(str(tmp_path / "*" / "*"), NOT_NULL, partition_by="day")
    assert caught.value.reason == "unknown_format"


def test_choice_that_leaves_no_row_in_any_partition_is_refused(orders: str) -> None:
    """As it is of the whole table, unless a row count is expected; one that leaves rows in some is not."""
    with pytest.raises(MeasurementError) as caught:
        check(orders, NOT_NULL, partition_by="day", partition={"number": -1})
    assert caught.value.reason == "empty_partition"
    counted = [*NOT_NULL, _expect("table_row_count_to_equal", value=0)]
    assert check(orders, counted, partition_by="day", partition={"number": -1}).results[1].success
    assert check(orders, NOT_NULL, partition_by="day", partition={"number": 49}).row_count == DAYS - 1


def test_rows_that_no_value_finds_again_are_an_error() -> None:
    """Moments by the nanosecond are cut where they are looked for: no row goes unchecked silently."""
    moments = pd.to_datetime(["2024-01-01T00:00:00.000000001", "2024-01-01T00:00:00.000000002"])
    frame = pd.DataFrame({"amount": [1.0, None], "at": moments})
    (result,) = check(frame, NOT_NULL, partition_by="at").results
    assert result.verdict is Verdict.ERROR
    assert result.error is not None
    assert result.error.reason == "impossible_figure"


def test_expectation_about_more_than_rows_is_refused(orders: str) -> None:
    """What says nothing about a partition by itself is refused before anything is read."""
    suite = [_expect("table_row_count_to_equal_other_table", other_table_name="other")]
    with pytest.raises(DeclarationError) as caught:
        check(orders, suite, partition_by="day")
    assert caught.value.reason == "not_partitionable"


def test_metric_may_follow_its_history_over_all_partitions(orders: str) -> None:
    """A check of another metric is about the merged one."""
    suite = [*NOT_NULL, {"type": "expect_metric_to_follow_its_history", "kwargs": {"metric": "row_count"}}]
    found = check(orders, suite, partition_by="day", history=lambda _: [])
    assert found.results[1].result["observed_value"] == 50 * (DAYS - 1) + 1


@pytest.mark.service
@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_tables_of_servers_are_merged_by_a_column(server: str, orders: str, request: pytest.FixtureRequest) -> None:
    """Days of a table, and its rows without a day, make the figures of the whole."""
    engine = sa.create_engine(request.getfixturevalue(server))
    frame = pl.read_parquet(orders).with_columns(at=pl.when(pl.col("number") != 7).then(pl.col("at")))
    frame.to_pandas().to_sql("dpq_partitioned", engine, index=False, if_exists="replace", dtype={"at": sa.Date()})
    try:
        suite = [*NOT_NULL, _expect("column_max_to_be_between", column="at"), *CLOSE[:1]]
        one = check("dpq_partitioned", suite, connection=engine)
        many = check("dpq_partitioned", suite, connection=engine, partition_by="at")
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE dpq_partitioned"))
        engine.dispose()
    assert many.partition_count == DAYS + 1
    assert _compared(many)[:2] == _compared(one)[:2]
    mean = one.results[2].result["observed_value"]
    assert many.results[2].result["observed_value"] == pytest.approx(mean, rel=1e-12)


def test_column_that_is_text_in_one_partition_is_text_in_all(tmp_path: Path) -> None:
    """A set of texts and a range mean the same in each partition, also in those that were measured before."""
    suite = [
        {
            "name": "set",
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "n", "value_set": ["1", "N/A"]},
        },
        {"name": "range", "type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0}},
    ]
    reports: list[Report] = []

    def night(day: str, value: str) -> SuiteResult:
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        (folder / "a.csv").write_text(f"n,x\n{value},1\n")
        found = check(tmp_path / "*" / "a.csv", suite, partition_by="day", history=lambda limit: reports[:limit])
        reports.insert(0, judge_suite(found, gate="g", provenance=Provenance(run_id="r"), thresholds=()))
        return found

    first = night("2024-01-01", "1")
    assert first.scanned_partition_count == 1
    both = night("2024-01-02", "N/A")
    by_name = {result.name: result for result in both.results}
    assert both.scanned_partition_count == 2
    assert by_name["set"].success
    assert by_name["range"].result["unexpected_count"] == 1
    third = night("2024-01-03", "1")
    assert third.results[0].success
    assert third.scanned_partition_count == 1, "it is read as the others are at once"


def test_changed_reference_is_seen_by_unchanged_partitions(orders: str, tmp_path: Path) -> None:
    """Keys that another table lost break the check in the next run, though no partition is new."""
    states = tmp_path / "states.csv"
    states.write_text("status\npaid\nopen\nlost\n")
    suite = [
        _expect("column_values_to_exist_in_other_table", column="status", other_table="states", other_column="status")
    ]
    gate = Gate()
    first, _ = gate.run(orders, suite, references={"states": str(states)})
    states.write_text("status\nnone\n")
    second, _ = gate.run(orders, suite, references={"states": str(states)})
    assert [found.results[0].verdict for found in (first, second)] == [Verdict.PASS, Verdict.FAIL]
    assert second.results[0].result["unexpected_count"] == second.row_count


def test_extreme_of_all_partitions_is_traced_to_the_one_that_holds_it() -> None:
    """The result names where the greatest number and the first day are, and the page says so."""
    frame = pl.DataFrame({"day": ["a", "b", "c"], "n": [1, 7, 3], "at": ["2024-03-01", "2024-02-01", "2024-02-01"]})
    frame = frame.with_columns(pl.col("at").str.to_date())
    suite = [
        _expect("column_max_to_be_between", column="n", max_value=5),
        _expect("column_min_to_be_between", column="at"),
    ]
    for options in ({}, {"exclude_unexpected_values": True}, {"hidden_columns": ["day"]}):
        highest, first = (one.result for one in check(frame, suite, partition_by="day", **options).results)
        found = highest.get("partitions_with_observed"), first.get("partitions_with_observed")
        assert found == ((None, None) if options else ([{"day": "b"}], [{"day": "b"}, {"day": "c"}]))
