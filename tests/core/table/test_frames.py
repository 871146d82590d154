"""Frames of pandas, polars and Arrow: the same answers, whatever holds the values."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows

NOON = datetime.fromisoformat("2013-01-01T12:00:00.000001")
TABLE = pa.table(
    {
        "n": pa.array([1, 2, None, 2], pa.int64()),
        "big": pa.array([2**53 + 1, 2**62, None, 2**53 + 1], pa.int64()),
        "f": pa.array([1.5, math.nan, None, 2.0], pa.float64()),
        "narrow": pa.array([0.1, math.nan, None, 2.0], pa.float32()),
        "s": pa.array(["a", "ü\n", None, "a"], pa.string()),
        "b": pa.array([True, False, None, True], pa.bool_()),
        "t": pa.array([NOON, NOON + timedelta(days=1), None, NOON], pa.timestamp("us")),
        "z": pa.array([NOON, NOON + timedelta(days=1), None, NOON], pa.timestamp("us", "UTC")),
    }
)
Convert = Callable[[pa.Table], Any]


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert with pandas' nullable types where plain ones cannot hold a missing value."""
    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return table.to_pandas(types_mapper=nullable.get)


def _to_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


CONVERSIONS = [_to_pandas, pl.from_arrow, lambda table: table, _to_batch]
LIBRARIES = pytest.mark.parametrize("convert", CONVERSIONS, ids=["pandas", "polars", "table", "batch"])


@LIBRARIES
@pytest.mark.parametrize("column", TABLE.column_names)
def test_frames_of_every_library_get_the_same_answers(convert: Convert, column: str) -> None:
    """Missing values, NaN, large integers, narrow floats, texts and moments mean the same in every library."""
    checks: list[tuple[str, dict[str, Any]]] = [
        ("column_values_to_not_be_null", {}),
        ("column_values_to_be_null", {}),
        ("column_values_to_be_unique", {}),
        ("column_unique_value_count_to_be_between", {"min_value": 1}),
    ]
    if column in ("n", "big", "f", "narrow"):
        checks += [
            (f"column_{figure}_to_be_between", {"min_value": 1}) for figure in ("min", "max", "mean", "median", "stdev")
        ]
        checks += [
            ("column_values_to_be_between", {"min_value": 1.5}),
            ("column_values_to_be_in_set", {"value_set": [2]}),
        ]
    if column == "s":
        checks += [
            ("column_values_to_match_regex", {"regex": "^.$"}),
            ("column_value_lengths_to_be_between", {"max_value": 1}),
        ]
    suite = [{"type": f"expect_{kind}", "kwargs": {"column": column, **kwargs}} for kind, kwargs in checks]
    suite.append(
        {
            "type": "expect_compound_columns_to_be_unique",
            "kwargs": {"column_list": [column, "b" if column != "b" else "n"]},
        }
    )
    results = check(convert(TABLE), suite, result_format="COMPLETE").results
    expected = check(TABLE, suite, result_format="COMPLETE").results
    assert {result.evaluated_by for result in results} == {"scan"}
    assert [result.error for result in results] == [None] * len(suite)
    assert [(result.success, result.result) for result in results] == [(one.success, one.result) for one in expected]


@LIBRARIES
@pytest.mark.parametrize("column", ["f", "narrow"])
def test_nan_is_missing_in_every_library(convert: Convert, column: str) -> None:
    """Floating NaN counts as missing, and no figure is NaN for it."""
    data = convert(TABLE)
    assert found(data, "column_values_to_not_be_null", column=column)["partial_unexpected_index_list"] == [1, 2]
    assert found(data, "column_max_to_be_between", column=column, max_value=9)["observed_value"] == 2
    assert found(data, "column_values_to_be_between", column=column, max_value=9)["missing_count"] == 2


@LIBRARIES
def test_frame_of_any_library_goes_to_great_expectations(convert: Convert) -> None:
    """What the scan cannot answer is evaluated on the same rows, filters applied."""
    result = answer(
        convert(TABLE),
        "column_values_to_be_json_parseable",
        column="s",
        row_condition="s.str.len() < 3",
        options={"row_condition": "n == 2"},
    )
    assert result.evaluated_by == "gx"
    assert result.error is None
    assert result.result["element_count"] == 2
    assert result.result["partial_unexpected_list"] == ["ü\n", "a"]


@LIBRARIES
def test_whole_numbers_and_moments_reach_great_expectations_as_such(convert: Convert) -> None:
    """A detour does not turn a moment into a number."""
    pattern = found(convert(TABLE), "column_values_to_match_regex", column="z", regex=r"^2013-01-01")
    assert pattern["partial_unexpected_list"] == ["2013-01-02T12:00:00.000001+00:00"]
    assert pattern["missing_count"] == 1


@LIBRARIES
def test_other_table_may_be_a_frame_of_another_library(convert: Convert) -> None:
    """Keys of a pandas frame are looked up for any other, and missing values are no keys."""
    keys = pd.DataFrame({"key": [1.0, math.nan, 7.0]})
    observed = found(
        convert(TABLE),
        "column_values_to_exist_in_other_table",
        column="n",
        other_table="keys",
        other_column="key",
        options={"references": {"keys": keys}},
    )
    assert observed["partial_unexpected_list"] == [2, 2]
    assert observed["missing_count"] == 1


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-3))]
)
@pytest.mark.parametrize("arrow", [False, True])
def test_moment_is_shown_in_its_own_zone(zone: Any, arrow: bool) -> None:
    """A zone may have a name or be an offset, in pandas' own types and in Arrow's."""
    moments = pd.Series(pd.to_datetime(["2013-01-01T12:00:00.123457", "2013-07-01T00:00:00"], format="ISO8601"))
    column = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
    frame = pd.DataFrame({"z": column.convert_dtypes(dtype_backend="pyarrow") if arrow else column})
    observed = found(frame, "column_values_to_be_null", column="z")
    assert observed["partial_unexpected_list"] == [moment.isoformat() for moment in frame["z"]]


def test_moment_in_a_zone_without_a_name_is_shown_in_utc() -> None:
    """An instant stays the same instant where its zone cannot be told from the column's type."""
    column = pd.Series(pd.to_datetime(["2013-01-01T12:00:00"])).dt.tz_localize("dateutil/Europe/Berlin")
    observed = found(pd.DataFrame({"z": column}), "column_values_to_be_null", column="z")
    assert observed["partial_unexpected_list"] == ["2013-01-01T11:00:00+00:00"]


@pytest.mark.parametrize(
    ("microseconds", "shown"),
    [
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999+00:00"),
        (253_402_300_800_000_000, "10000-01-01T00:00:00.000000+00:00"),
        (-62_135_596_800_000_001, "0000-12-31T23:59:59.999999+00:00"),
    ],
)
def test_moment_at_the_end_of_time_is_shown(microseconds: int, shown: str) -> None:
    """The last instant of the year 9999 is exact, and what Python's calendar does not reach is text."""
    table = pa.table({"z": pa.array([microseconds], pa.int64()).cast(pa.timestamp("us", "UTC"))})
    assert found(table, "column_values_to_be_null", column="z")["partial_unexpected_list"] == [shown]


@pytest.mark.parametrize(
    ("index", "labels"),
    [
        (["x", "y", "z"], ["z"]),
        ([1, 1, 1], [1]),
        (pd.date_range("2013-01-01", periods=3), ["2013-01-03T00:00:00"]),
        (pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")]), [[2, "a"]]),
        ([0.5, math.nan, math.nan], [None]),
    ],
)
def test_rows_of_pandas_are_named_by_their_labels(index: Any, labels: list[Any]) -> None:
    """As in Great Expectations, an unexpected row is named by the frame's own index."""
    frame = pd.DataFrame({"x": ["a", "b", None]}, index=index)
    assert found(frame, "column_values_to_not_be_null", column="x")["partial_unexpected_index_list"] == labels


def test_rows_keep_their_labels_on_the_way_to_great_expectations() -> None:
    """A filtered frame is not renumbered."""
    frame = pd.DataFrame({"x": ["{}", "[", "{", "{}"], "n": [1, 2, 3, 4]}, index=list("abcd"))
    observed = found(frame, "column_values_to_be_json_parseable", column="x", options={"row_condition": "n > 2"})
    assert observed["partial_unexpected_index_list"] == ["c"]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1 + 2j, None]),
        pd.Series(pd.arrays.SparseArray([1.0, math.nan])),
        pd.Series(pd.Categorical(["a", None])),
        pd.Series(pd.PeriodIndex(["2013-01", None], freq="M")),
        pd.Series(pd.to_timedelta([1, None], unit="D")),
        pd.Series([[1], None]),
        pd.Series([10**50, None], dtype=object),
        pd.Series([decimal.Decimal("Infinity"), None], dtype=object),
        pd.Series([decimal.Decimal(10) ** 50, None], dtype=object),
        pd.Series([1, "a"], dtype=object).where([True, False], None),
        pd.Series([np.str_("a"), None], dtype=object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_values_that_only_pandas_knows_are_evaluated(values: pd.Series) -> None:
    """A column that DuckDB cannot read as pandas means it goes to Great Expectations, whatever it holds."""
    frame = pd.DataFrame({"x": values, "n": [1, 2]})
    suite = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}},
        {"type": "expect_column_values_to_be_null", "kwargs": {"column": "x"}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 2}},
    ]
    present, absent, beside = check(frame, suite).results
    assert (present.evaluated_by, present.error, present.result["unexpected_count"]) == ("gx", None, 1)
    assert (absent.evaluated_by, absent.error, absent.result["unexpected_count"]) == ("gx", None, 1)
    assert (beside.evaluated_by, beside.success) == ("scan", True)


DAYS = [date(2024, 1, 1), date(2024, 1, 2), None]
PRICES = [decimal.Decimal("0.10"), decimal.Decimal("0.2"), None]


@pytest.mark.parametrize(
    ("values", "kind", "arguments", "unexpected"),
    [
        (PRICES, "column_values_to_be_in_set", {"value_set": [0.1]}, [0.2]),
        (PRICES, "column_values_to_be_between", {"max_value": 0.1}, [0.2]),
        (PRICES, "column_values_to_exist_in_other_table", {"other_table": "other"}, [0.2]),
        (PRICES, "row_condition_to_hold", {"expression": "x < 0.2"}, [{"x": 0.2}]),
        ([decimal.Decimal("NaN"), *PRICES], "column_values_to_be_between", {"max_value": 0.1}, [0.2]),
        (DAYS, "column_values_to_be_in_set", {"value_set": DAYS[:1]}, ["2024-01-02"]),
        (DAYS, "column_values_to_be_between", {"max_value": "2024-01-01"}, ["2024-01-02"]),
        (DAYS, "column_values_to_exist_in_other_table", {"other_table": "other"}, ["2024-01-02"]),
        (DAYS, "row_condition_to_hold", {"expression": "x < '2024-01-02'"}, [{"x": "2024-01-02"}]),
    ],
)
def test_days_and_decimal_numbers_that_are_objects_are_scanned(
    values: list[Any], kind: str, arguments: dict[str, Any], unexpected: list[Any]
) -> None:
    """They are what a database's driver gives pandas, and compare as in any other source."""
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    kwargs = arguments if "expression" in arguments else {"column": "x", **arguments}
    (result,) = check(frame, [{"type": f"expect_{kind}", "kwargs": kwargs}], references={"other": frame[:-2]}).results
    assert (result.error, result.evaluated_by) == (None, "scan")
    assert result.result["partial_unexpected_list"] == unexpected


def test_figures_of_decimal_numbers_that_are_objects_are_exact() -> None:
    """No matter how many rows there are, what they are called, and whether some are missing."""
    frame = pd.DataFrame({"x": pd.Series([decimal.Decimal("0.1"), None] * 1000, dtype=object)}, index=[7] * 2000)
    assert answer(frame, "column_sum_to_be_between", column="x", min_value=100, max_value=100)
    assert answer(frame, "column_mean_to_be_between", column="x", min_value=0.1, max_value=0.1)


@pytest.mark.parametrize(
    ("values", "value"), [(DAYS, "2024-01-01"), ([True, None, False], True)], ids=["days", "truths"]
)
def test_rows_are_chosen_by_objects_of_one_type(values: list[Any], value: Any) -> None:
    """By a partition and by a row condition, in which a missing value differs from every other."""
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    assert rows(frame, partition={"x": value}) == 1
    assert rows(frame, row_condition=f"x == {value!r}") == 1
    assert rows(frame, row_condition=f"x != {value!r}") == 2


def test_partition_of_objects_of_several_types_is_refused() -> None:
    """With what to do."""
    with pytest.raises(DeclarationError, match="They choose no partition") as refused:
        rows(pd.DataFrame({"x": pd.Series([1, "a"], dtype=object)}), partition={"x": 1})
    assert refused.value.reason == "invalid_partition"


@pytest.mark.parametrize(
    "values",
    [pd.Series(["a\ud800", None], dtype=object), pd.Series(np.array([1.5, 2.5], dtype="longdouble"))],
    ids=["half", "wide"],
)
def test_values_that_nobody_can_evaluate_are_the_error_of_their_checks(values: pd.Series) -> None:
    """Where Great Expectations raises too, its words are in the error, and the checks of the scan stand."""
    frame = pd.DataFrame({"x": values, "n": [1, 2]})
    suite = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 2}},
    ]
    failed, beside = check(frame, suite).results
    assert failed.error is not None
    assert failed.error.reason == "gx_exception"
    assert beside.success


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}),
        pl.DataFrame({"x": pl.Series([1], dtype=pl.Int128)}),
        pa.table({"x": pa.array([1.5], pa.float16())}),
        pa.table({"x": pa.array([decimal.Decimal("1.5")], pa.decimal256(50, 2))}),
    ],
    ids=["object", "Int128", "float16", "decimal256"],
)
def test_frame_with_a_column_that_cannot_be_read_is_refused(frame: Any) -> None:
    """A type that DuckDB does not know is told, with what to do about it."""
    with pytest.raises(DeclarationError, match="Cast the column, or leave it out") as refused:
        rows(frame)
    assert refused.value.reason == "invalid_frame"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["a", 1]),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
        pa.table([[1], [2]], names=["a", "a"]),
    ],
    ids=["twice", "number", "levels", "arrow"],
)
def test_frame_whose_columns_have_no_names_of_their_own_is_refused(frame: Any) -> None:
    """A check names a column by a text that means one of them."""
    with pytest.raises(DeclarationError, match="are not distinct texts") as refused:
        rows(frame)
    assert refused.value.reason == "invalid_frame"


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        [1, 2],
        {"a": [1]},
        np.array([1]),
        pd.Series([1]),
        pl.Series([1]),
        pl.LazyFrame({"a": [1]}),
        TABLE.to_reader(),
    ],
    ids=lambda data: type(data).__name__,
)
def test_what_is_no_table_is_refused(data: Any) -> None:
    """A series, a list or a lazy frame is not measured as something that it is not."""
    with pytest.raises(DeclarationError, match=r"is no table|is not a path") as refused:
        rows(data)
    assert refused.value.reason == "unknown_data"


@pytest.mark.parametrize("frame", [pd.DataFrame(index=range(3)), pd.DataFrame({"x": pd.Series([], dtype=object)})])
def test_frame_without_rows_or_columns_is_a_table(frame: Any) -> None:
    """Nothing is counted as nothing."""
    assert rows(frame) == len(frame)


def test_frame_is_left_as_it_was() -> None:
    """Neither the scan nor Great Expectations changes the caller's frame."""
    frame = pd.DataFrame({"s": ["a", None], "n": [1.0, math.nan]}, index=["p", "q"])
    before = frame.copy(deep=True)
    found(frame, "column_values_to_not_be_null", column="s")
    found(frame, "column_values_to_be_json_parseable", column="s")
    pd.testing.assert_frame_equal(frame, before)


def test_now_is_shown_without_rounding() -> None:
    """Microseconds of a moment in our time survive."""
    now = datetime.now(UTC)
    observed = found(pd.DataFrame({"z": [now]}), "column_values_to_be_null", column="z")
    assert observed["partial_unexpected_list"] == [now.isoformat()]


@pytest.mark.parametrize(
    "values",
    [
        [1e16, 1.0, 0.1, -1e16],
        [1e24, 1e-6, -1e24],
        [0.1, 0.2, 0.3, 0.7],
        [-7.5, 0.1] * 500,
        [1e-9] * 1000,
        [1e300, -1e300, 2.5e299],
        [math.nan, 1e16, 1.0, -1e16],
    ],
)
@LIBRARIES
def test_sum_of_floating_numbers_is_the_exact_one(convert: Convert, values: list[float]) -> None:
    """Also where great numbers cancel each other out, and where it decides beside a limit; NaN is missing."""
    frame = convert(pa.table({"x": pa.array(values, pa.float64())}))
    there = [value for value in values if not math.isnan(value)]
    exact = math.fsum(there)
    assert answer(frame, "column_sum_to_be_between", column="x", min_value=exact, max_value=exact).success
    mean = found(frame, "column_mean_to_be_between", column="x", min_value=0)["observed_value"]
    assert mean == pytest.approx(exact / len(there), rel=1e-15)


def test_sum_of_partitions_is_that_of_the_whole() -> None:
    """A limit that the exact sum keeps is kept by both."""
    frame = pa.table({"x": [0.1, 0.2, 0.3, 0.7], "day": ["a", "a", "b", "b"]})
    suite = [{"type": "expect_column_sum_to_be_between", "kwargs": {"column": "x", "min_value": 1.3}}]
    assert [check(frame, suite, partition_by=by).success for by in (None, "day")] == [True, True]


@pytest.mark.parametrize("other", [12345678901234567890, decimal.Decimal("12345678901234567890"), None])
def test_whole_numbers_that_pandas_holds_as_objects_keep_their_digits(other: Any) -> None:
    """A bound is not the floating number that is near it, nor is one beside decimal numbers."""
    frame = pd.DataFrame({"n": pd.Series([12345678901234567890, other, None], dtype=object)})
    low = {"column": "n", "min_value": 12345678901234567891}
    assert answer(frame, "column_values_to_be_between", **low).success is False
    assert answer(frame, "column_max_to_be_between", **low).success is False
    assert answer(frame, "column_values_to_be_between", column="n", min_value=12345678901234567890).success is True
    assert found(frame, "column_values_to_be_in_set", column="n", value_set=[12345678901234567890])["missing_count"] > 0


WIDE = [10**40, 10**40 + 1]


@pytest.mark.parametrize(
    ("values", "kind", "arguments"),
    [
        (WIDE, "column_values_to_be_between", {"max_value": 10**40}),
        (WIDE, "column_max_to_be_between", {"max_value": 10**40}),
        (WIDE, "column_sum_to_be_between", {"max_value": 2 * 10**40}),
        (WIDE, "column_mean_to_be_between", {"max_value": 10**40}),
        (
            WIDE,
            "column_quantile_values_to_be_between",
            {"quantile_ranges": {"quantiles": [1], "value_ranges": [[0, 1e40]]}},
        ),
        ([2**53 + 4, 1e300], "column_values_to_be_between", {"max_value": 2**53 + 3}),
        ([2**53 + 4, True], "column_values_to_be_between", {"max_value": 2**53 + 3}),
        ([np.int64(2**53 + 4)], "column_values_to_be_between", {"max_value": 2**53 + 3}),
        ([decimal.Decimal("0.10000000000000000001"), math.inf], "column_values_to_be_between", {"max_value": 0.1}),
    ],
)
def test_numbers_that_no_type_holds_are_not_rounded(values: list[Any], kind: str, arguments: dict[str, Any]) -> None:
    """Great Expectations would hold them against a floating number that is near the bound, and pass."""
    frame = pd.DataFrame({"n": pd.Series(values, dtype=object)})
    (result,) = check(frame, [{"type": f"expect_{kind}", "kwargs": {"column": "n", **arguments}}]).results
    assert result.error is not None
    assert (result.verdict, result.error.reason) == ("error", "rounded_numbers")


def test_numbers_that_no_type_holds_are_still_told_apart_and_counted() -> None:
    """What no floating number decides stays with Great Expectations."""
    frame = pd.DataFrame({"n": pd.Series(WIDE, dtype=object)})
    assert (
        found(frame, "column_values_to_be_in_set", column="n", value_set=WIDE[:1])["partial_unexpected_list"]
        == WIDE[1:]
    )
    assert answer(frame, "column_values_to_be_unique", column="n").success
    assert answer(frame, "column_unique_value_count_to_be_between", column="n", min_value=2, max_value=2).success


def test_whole_and_floating_numbers_that_are_objects_keep_their_digits() -> None:
    """A whole number beyond 2^53 is exact beside floating ones, which are what their shortest text writes."""
    frame = pd.DataFrame({"n": pd.Series([2**53 + 4, 0.5, decimal.Decimal("0.1")], dtype=object)})
    assert answer(frame, "column_values_to_be_between", column="n", max_value=2**53 + 3).success is False
    assert answer(frame, "column_values_to_be_between", column="n", min_value=0.1, max_value=2**53 + 4).success


@pytest.mark.parametrize("values", [[None, None], [None, math.nan], []])
@pytest.mark.parametrize(
    ("kind", "arguments", "holds"),
    [
        ("row_condition_to_hold", {"expression": "x > 5"}, True),
        ("row_condition_to_hold", {"expression": "x = 'a' AND x > '2024-01-01'"}, True),
        ("column_values_to_exist_in_other_table", {"column": "x", "other_table": "other", "other_column": "n"}, True),
        ("column_values_to_exist_in_other_table", {"column": "x", "other_table": "other", "other_column": "s"}, True),
        ("column_max_to_be_recent", {"column": "x", "max_age": "1h"}, False),
        ("column_max_to_be_between", {"column": "x", "max_value": 1}, False),
        ("column_max_to_be_between", {"column": "x", "max_value": date(2024, 1, 1)}, False),
        ("column_values_to_match_regex", {"column": "x", "regex": "a"}, True),
    ],
)
def test_column_of_objects_without_a_value_is_of_any_type(
    values: list[Any], kind: str, arguments: dict[str, Any], holds: bool
) -> None:
    """As `read_sql` gives an empty one: whether a check can be evaluated does not hang on the data of the day."""
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    other = pd.DataFrame({"n": [1], "s": ["a"]})
    suite = [{"type": f"expect_{kind}", "kwargs": arguments}]
    (result,) = check(frame, suite, references={"other": other}).results
    assert (result.error, result.success) == (None, holds)


@pytest.mark.parametrize("condition", ["x > 5", "x == 'a'", "x == '2024-01-01'"])
def test_row_condition_on_objects_without_a_value_keeps_no_row(condition: str) -> None:
    """It is refused for what a column holds, and never for what it does not."""
    frame = pd.DataFrame({"x": pd.Series([None, None], dtype=object)})
    count = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 0}}
    assert check(frame, [count], row_condition=condition).success
