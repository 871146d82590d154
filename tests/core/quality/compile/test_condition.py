"""Row conditions and partitions applied to rows: to missing values, moments and narrow numbers too."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from great_expectations.expectations.row_conditions import Column

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.quality import check

COUNT = "expect_table_row_count_to_equal"
MOMENTS = [datetime.fromisoformat(text) for text in ("2013-01-01", "2013-01-01T12:00:00", "2013-01-02")]
FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3, 4],
        "f": [0.1, math.nan, 2.0, math.inf],
        "s": ["a", None, "b c", "x'y"],
        "b": [True, False, True, False],
        "t": [*MOMENTS, None],
        "narrow": pd.array([0.1, 0.2, math.nan, 1e30], dtype="float32"),
        "whole": pd.array([1, None, 3, 4], dtype="Int64"),
    }
)
DAYS = [date(2013, 1, 1), date(2013, 1, 2), None, date(2013, 1, 3)]


@pytest.fixture(scope="module")
def database() -> sa.Engine:
    """The same rows in SQLite."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.assign(f=FRAME["f"].replace(math.inf, 1e300), d=DAYS).to_sql(
        "rows", engine, index=False, dtype={"d": sa.Date(), "t": sa.DateTime()}
    )
    return engine


def _kept(condition: Any, **options: Any) -> int:
    """Count the rows of the frame that a condition of a check keeps."""
    declared = {"type": COUNT, "kwargs": {"value": 0, "row_condition": condition, **options}}
    (result,) = check(FRAME, [declared]).results
    assert result.error is None, result.error
    assert result.evaluated_by == "scan"
    return int(str(result.result["observed_value"]))


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("n > 2", 2),
        ("n in [1, 4, 9]", 2),
        ("n not in [1, 4, 9]", 2),
        ("f >= 2.0", 2),
        ("f != 0.1", 3),
        ("f < 1", 1),
        ("s == 'a'", 1),
        ("s != 'a'", 3),
        ('s == "x\'y"', 1),
        ("s in ['a', 'b c']", 2),
        ("s not in ['a', 'b c']", 2),
        ("b == True", 2),
        ("t >= '2013-01-01T12:00:00'", 2),
        ("t < '2013-01-02'", 2),
        ("t in ['2013-01-01', '2013-01-02']", 2),
        ("n > 1 and f > 1", 2),
        ("n == 1 or s == 'b c'", 2),
        ("n == 1 or n == 2 and s == 'a'", 1),
        ("narrow == 0.1", 1),
        ("narrow > 1e300", 0),
        ("whole != 3", 2),
        ("whole not in [3]", 3),
        ("b != False", 2),
    ],
)
def test_condition_in_pandas_syntax_keeps_rows(condition: str, rows: int) -> None:
    """A missing value differs from everything in numpy's types, and from nothing where it is `pd.NA`."""
    assert _kept(condition) == rows
    if not condition.startswith("t in"):  # where `DataFrame.query` compares moments with text as text
        with np.errstate(over="ignore"):
            assert len(FRAME.query(condition)) == rows


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ('col("n") > 2', 2),
        ('col("s").notNull()', 3),
        ('col("f").notNull()', 3),
        ('col("t") > date("2013-01-01")', 2),
        ("col('s') != 'a'", 3),
    ],
)
def test_condition_in_syntax_of_great_expectations_keeps_rows(condition: str, rows: int) -> None:
    """Floating NaN is missing for `notNull` as well."""
    assert _kept(condition, condition_parser="great_expectations") == rows


def test_condition_object_keeps_rows() -> None:
    """A condition that was built in Python needs no parser."""
    assert _kept((Column("n") > 1) & Column("s").is_not_null()) == 2
    assert _kept(Column("f").is_null()) == 1


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("n > 2", 2),
        ("s != 'a'", 2),
        ("s not in ['a']", 2),
        ("f != 0.1", 2),
        ("f == 0.1", 1),
        ("d == '2013-01-01'", 1),
        ("d in ['2013-01-01', '2013-01-03']", 2),
        ("t > '2013-01-01'", 2),
        ({"type": "nullity", "column": {"name": "s"}, "is_null": True}, 1),
    ],
)
def test_condition_on_a_table_keeps_what_sql_keeps(database: sa.Engine, condition: Any, rows: int) -> None:
    """In a database, a missing value is neither equal to anything nor different from it."""
    declared = {"type": COUNT, "kwargs": {"value": rows, "row_condition": condition}}
    assert check("rows", [declared], connection=database).success
    assert check(
        "rows", [{"type": COUNT, "kwargs": {"value": rows}}], connection=database, row_condition=condition
    ).success


def test_condition_of_a_check_leaves_other_checks_alone() -> None:
    """Each check looks at its own rows, all in one scan; the row count is that of the table."""
    conditions = ["n == 1", None, "f > 1"]
    suite = [{"type": COUNT, "kwargs": {"value": 0, "row_condition": condition}} for condition in conditions]
    found = check(FRAME, suite)
    assert [result.result["observed_value"] for result in found.results] == [1, 4, 2]
    assert found.row_count == 4


@pytest.mark.parametrize("condition", ["n == 'a'", "s > 1", "t > 'soon'", "s == n", "n in [1, 'a']", "b > False"])
def test_condition_that_sql_would_read_otherwise_goes_to_great_expectations(condition: str) -> None:
    """A comparison across types is evaluated as pandas does, or reported as pandas' own error."""
    declared = {"type": COUNT, "kwargs": {"value": 0, "row_condition": condition, "condition_parser": "pandas"}}
    (result,) = check(FRAME, [declared]).results
    assert result.evaluated_by == "gx"


@pytest.mark.parametrize("condition", ["n == 'a'", "s == n", "n >", "t > 'soon'", {"type": "xor"}])
def test_table_condition_that_cannot_be_applied_is_refused(condition: Any) -> None:
    """The condition of a whole run selects rows in the scan, or the run is refused."""
    with pytest.raises(DeclarationError, match="cannot be applied") as refused:
        check(FRAME, [{"type": COUNT, "kwargs": {"value": 0}}], row_condition=condition)
    assert refused.value.reason == "invalid_condition"


def test_condition_on_a_missing_column_is_an_error_of_its_check() -> None:
    """A check whose condition names no column of the table is not evaluated; the others are."""
    suite = [
        {"type": COUNT, "kwargs": {"value": 4, "row_condition": "nowhere == 1"}},
        {"type": COUNT, "kwargs": {"value": 4}},
    ]
    first, second = check(FRAME, suite).results
    assert first.error is not None
    assert first.error.reason == "missing_column"
    assert second.success
    with pytest.raises(MeasurementError, match="'nowhere' does not exist"):
        check(FRAME, suite, row_condition="nowhere == 1")


@pytest.mark.parametrize(
    ("partition", "rows"),
    [
        ({"n": 1}, 1),
        ({"n": "1"}, 1),
        ({"n": ["1", 2, 9]}, 2),
        ({"n": (1, 2)}, 2),
        ({"f": "0.1"}, 1),
        ({"s": "x'y"}, 1),
        ({"t": "2013-01-02"}, 1),
        ({"n": [1, 3], "s": "a"}, 1),
        ({"n": []}, 0),
        ({}, 4),
    ],
)
def test_partition_keeps_rows_with_its_values(partition: dict[str, Any], rows: int) -> None:
    """A partition's values are read as the column's type, since templates render text."""
    found = check(FRAME, [{"type": COUNT, "kwargs": {"value": rows}}], partition=partition)
    assert found.success
    assert found.row_count == rows


def test_partition_by_day_on_a_table(database: sa.Engine) -> None:
    """A templated day such as Airflow's `ds` selects the rows of a date column."""
    suite = [{"type": COUNT, "kwargs": {"value": 1}}]
    assert check("rows", suite, connection=database, partition={"d": "2013-01-02"}).success


@pytest.mark.parametrize("partition", [{"n": "one"}, {"n": None}, {"t": "soon"}, {"b": 1}, {"s": 5}])
def test_partition_value_of_another_type_is_refused(partition: dict[str, Any]) -> None:
    """A value that no row could have is a mistake in the declaration."""
    with pytest.raises(DeclarationError, match="does not fit") as refused:
        check(FRAME, [{"type": COUNT, "kwargs": {"value": 0}}], partition=partition)
    assert refused.value.reason == "invalid_partition"


def test_row_condition_and_partition_narrow_together() -> None:
    """Both apply to every check, beside the check's own condition."""
    suite = [{"type": COUNT, "kwargs": {"value": 1, "row_condition": "s == 'a'"}}]
    found = check(FRAME, suite, row_condition="n < 3", partition={"n": [1, 2, 3]})
    assert found.success
    assert found.row_count == 2
