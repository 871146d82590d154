"""Moments finer than microseconds: compared, shown and reconciled as they are, or refused, and never cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.instant import of_nanoseconds, read_fine_moment, read_moment
from tests.core.quality.answers import answer, found

SECOND = 1_704_067_200_000_000_000
FIRST = "2024-01-01T00:00:00.000000001"
LAST = "2024-01-01T00:00:00.000000999"


def _table(last: int = 999, zone: str | None = None) -> pa.Table:
    return pa.table({"id": [1, 2], "at": pa.array([SECOND + 1, SECOND + last], pa.timestamp("ns", zone))})


def _parquet(table: pa.Table, folder: Path) -> str:
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(table, path)
    return str(path)


Source = Callable[[pa.Table, Path], Any]
SOURCES = {
    "parquet": _parquet,
    "arrow": lambda table, _: table,
    "pandas": lambda table, _: table.to_pandas(),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> Source:
    """Makes a table of a kind."""
    made: Source = SOURCES[request.param]
    return made


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_greatest_moment_is_not_cut(zone: str | None, source: Source, tmp_path: Path) -> None:
    """A moment that is later than a bound by 999 nanoseconds is later."""
    data, tzinfo = source(_table(zone=zone), tmp_path), None if zone is None else UTC
    bound = datetime(2024, 1, 1, tzinfo=tzinfo)
    failed = answer(data, "column_max_to_be_between", column="at", max_value=bound)
    assert (failed.verdict, failed.error) == ("fail", None)
    assert pd.Timestamp(failed.result["observed_value"]) == pd.Timestamp(SECOND + 999, tz=tzinfo)
    between = found(data, "column_values_to_be_between", column="at", max_value=bound)
    assert between["unexpected_count"] == 2


def test_values_are_shown_and_told_apart(source: Source, tmp_path: Path) -> None:
    """In samples, distinct values and the most common one."""
    data = source(_table(), tmp_path)
    bound = {"column": "at", "max_value": datetime(2023, 1, 1)}  # noqa: DTZ001
    assert found(data, "column_values_to_be_between", **bound)["partial_unexpected_list"] == [FIRST, LAST]
    assert found(data, "column_unique_value_count_to_be_between", column="at")["observed_value"] == 2
    common = found(data, "column_most_common_value_to_be_in_set", column="at", value_set=["x"])
    assert common["observed_value"] == [FIRST, LAST]


@pytest.mark.parametrize(("members", "unexpected"), [([FIRST, LAST], 0), (["2024-01-01T00:00:00"], 2), ([FIRST], 1)])
def test_members_of_a_set_are_not_cut(members: list[str], unexpected: int, tmp_path: Path) -> None:
    """A text names a moment with all its digits."""
    for data in (_table(), _parquet(_table(), tmp_path)):
        result = found(data, "column_values_to_be_in_set", column="at", value_set=members)
        assert result["unexpected_count"] == unexpected


@pytest.mark.parametrize("keys", [None, ["id"]])
@pytest.mark.parametrize(("last", "agrees"), [(999, True), (998, False), (0, False)])
def test_reconciliation_tells_nanoseconds_apart(
    keys: list[str] | None, last: int, agrees: bool, source: Source, tmp_path: Path
) -> None:
    """Row by row and figure by figure, also beside moments of microseconds."""
    there = _parquet(_table(last), tmp_path)
    data = source(_table(), tmp_path)
    result = answer(data, "table_to_reconcile_with_other_table", other_table=there, key_columns=keys)
    assert (result.verdict, result.error) == ("pass" if agrees else "fail", None)
    near = {"other_table": there, "key_columns": keys, "time_tolerance_seconds": 0.000001}
    assert answer(data, "table_to_reconcile_with_other_table", **near).verdict == "pass"
    if keys and not agrees:
        (changed,) = result.result["partial_changed_list"]
        assert changed["columns"]["at"]["here"] == LAST


def test_zoned_nanoseconds_are_not_reconciled(tmp_path: Path) -> None:
    """DuckDB cannot compare them with any other moment: refused, and not cut."""
    here, there = (_parquet(_table(last, "UTC"), tmp_path) for last in (999, 998))
    error = answer(here, "table_to_reconcile_with_other_table", other_table=there).error
    assert error is not None
    assert error.reason == "incomparable"


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_moments_by_the_nanosecond_are_any_others_where_none_is_finer(
    zone: str | None, source: Source, tmp_path: Path
) -> None:
    """Most frames hold moments so; bounds of any year and other kinds of moments are compared with them."""
    table = pa.table({"id": [1], "at": pa.array([SECOND + 1000], pa.timestamp("ns", zone))})
    data, tzinfo = source(table, tmp_path), None if zone is None else UTC
    bound = datetime(9999, 12, 31, tzinfo=tzinfo)
    result = answer(data, "column_max_to_be_between", column="at", max_value=bound)
    assert (result.verdict, result.evaluated_by) == ("pass", "scan")
    result = answer(data, "column_values_to_be_between", column="at", max_value=bound)
    assert (result.verdict, result.evaluated_by) == ("pass", "scan")
    there = pa.table({"id": [1], "at": pa.array([SECOND // 1000 + 1], pa.timestamp("us"))})
    other = {"other_table": _parquet(there, tmp_path), "key_columns": ["id"]}
    assert answer(data, "table_to_reconcile_with_other_table", **other).verdict == "pass"
    assert answer(data, "column_max_to_be_recent", column="at", max_age="36500d").verdict == "pass"


def test_finer_bound_is_refused(tmp_path: Path) -> None:
    """Python has no such moment: cut, it would be another bound."""
    with pytest.raises(DeclarationError, match="of microseconds at most"):
        answer(_table(), "column_max_to_be_between", column="at", max_value=LAST)


def test_moments_are_read_and_written_with_all_digits() -> None:
    """Of Python where it has them, else of pandas, or text beyond its years."""
    assert read_moment(LAST) is None
    assert read_moment("2024-01-01T00:00:00.123456000") == datetime(2024, 1, 1, 0, 0, 0, 123456)  # noqa: DTZ001
    fine = read_fine_moment(LAST)
    assert fine is not None
    assert fine.isoformat() == LAST
    assert of_nanoseconds(SECOND + 999, None) == fine
    assert of_nanoseconds(SECOND, UTC) == datetime(2024, 1, 1, tzinfo=UTC)
    assert of_nanoseconds(-1_000, None) == datetime(1969, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001
    assert of_nanoseconds(600_000_000_000 * 10**9, None) == "20983-03-30T10:40:00.000000"
