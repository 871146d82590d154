"""The different values of a column: text is no number, and lists are bounded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.core.quality.answers import answer, found

EQUAL = "column_distinct_values_to_equal_set"


@pytest.mark.parametrize(
    ("values", "members", "unexpected", "missing"),
    [
        ([1, 2, None], [True, 2.0], 0, 0),
        ([1, 2], ["1", 2], 1, 1),
        ([2**60, 2**60 + 1], [2**60], 1, 0),
        ([2**53], [float(2**53)], 0, 0),
        ([2**60], [float(2**60)], 1, 1),  # which is written 1.152921504606847e+18
        ([Decimal("1.10"), Decimal("2.00")], [Decimal("1.1"), 2], 0, 0),
        ([Decimal("1.10")], [1.1], 0, 0),
        ([Decimal("1.10000000000000000001")], [1.1], 1, 1),
        ([date(2026, 1, 1)], ["2026-01-01"], 0, 0),
        ([0.5, float("inf"), float("nan")], [0.5, float("inf")], 0, 0),
        ([None], [None, 1], 0, 2),
    ],
)
def test_members_are_equal_as_they_are_written(
    tmp_path: Path, values: list[object], members: list[object], unexpected: int, missing: int
) -> None:
    """True and 1.0 are 1, a text is no number, and numbers are equal where their shortest decimal texts are."""
    column = pa.array(values) if values != [None] else pa.array(values, pa.int64())
    pq.write_table(pa.table({"x": column}), tmp_path / "t.parquet")
    result = found(tmp_path / "t.parquet", EQUAL, column="x", value_set=members)
    assert (result["unexpected_count"], result["missing_count"]) == (unexpected, missing)


def test_lists_are_bounded_and_say_nothing_that_is_to_be_excluded() -> None:
    """The first 20 in order, and none where unexpected values are excluded."""
    frame = pd.DataFrame({"x": range(100, 0, -1)})
    assert found(frame, EQUAL, column="x", value_set=[0])["partial_unexpected_list"] == list(range(1, 21))
    excluded = {"result_format": {"result_format": "COMPLETE", "exclude_unexpected_values": True}}
    result = found(frame, EQUAL, column="x", value_set=[0], options=excluded)
    assert "partial_unexpected_list" not in result
    assert result["partial_missing_list"] == [0]


@pytest.mark.parametrize("row", [11, 30_001])
def test_text_among_numbers_of_csv_is_no_member_of_a_set_of_numbers(tmp_path: Path, row: int) -> None:
    """Each value is cast, wherever the text stands."""
    path = tmp_path / "t.csv"
    path.write_text("x\n" + "1\n" * row + "oops\n" + "1\n" * (30_001 - row))
    result = answer(path, EQUAL, column="x", value_set=[1])
    assert (result.evaluated_by, result.result["unexpected_count"]) == ("scan", 1)
    assert result.result["partial_unexpected_list"] == ["oops"]


@pytest.mark.parametrize(("ties_okay", "success"), [(True, True), (None, False)])
def test_most_common_of_very_many_is_found_beyond_those_listed(ties_okay: bool | None, success: bool) -> None:
    """Of a key every value is the most common one; a member is found among all, and 200 are listed."""
    frame = pd.DataFrame({"x": range(1000)})
    result = answer(frame, "column_most_common_value_to_be_in_set", column="x", value_set=[999], ties_okay=ties_okay)
    assert result.success is success
    assert result.result["observed_value"] == list(range(200))


def test_most_common_list_of_a_database_is_a_named_error(tmp_path: Path) -> None:
    """No set has a list, a struct or a map."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT [1, 2] AS a, {'k': 1} AS b, MAP {'k': 1} AS c")
    options = {"connection": f"duckdb:///{tmp_path / 'a.duckdb'}"}
    for name in "abc":
        kind = "column_most_common_value_to_be_in_set"
        result = answer("t", kind, column=name, value_set=[1, "x"], options=options)
        assert result.error is not None
        assert result.error.reason == "incomparable"
