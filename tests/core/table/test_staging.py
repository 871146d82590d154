"""Rows of a database on their way into DuckDB: typed, whole, and gone when the way breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table.column import Kind
from airflow_provider_dpq.core.table.scan import Limits, Scan
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.staging import stage


class Rows(SQLTable):
    """A table that streams given rows, and then fails where it is to."""

    subject = "rows"
    dialect = "none"

    def __init__(self, *chunks: list[tuple[Any, ...]], error: MeasurementError | None = None) -> None:
        self.chunks, self.error = chunks, error

    def stream(self, query: sa.Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows as they were given."""
        yield from self.chunks
        if self.error is not None:
            raise self.error

    def neighbour(self, name: str) -> SQLTable:
        """Never asked."""
        raise NotImplementedError

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Never asked."""
        raise NotImplementedError

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Never asked."""
        raise NotImplementedError

    def other(self, name: str) -> Any:
        """Never asked."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def scan() -> Iterator[Scan]:
    """A DuckDB."""
    opened = Scan(Limits())
    yield opened
    opened.close()


def staged(scan: Scan, kind: Kind, *chunks: list[Any]) -> list[Any]:
    """Bring values of a kind into DuckDB and return what is there."""
    table = stage(scan, Rows(*[[(value,) for value in chunk] for chunk in chunks]), sa.select(), [kind])
    found = scan.connection.execute(f"SELECT c0 FROM {table.schema}.{table.name}").fetchall()
    return [value for (value,) in found]


@pytest.mark.parametrize(
    ("kind", "values", "kept"),
    [
        (Kind.INTEGER, [1, -(2**63), 2**53 + 1], None),
        (Kind.INTEGER, [1, None, 2**64 - 1], None),
        (Kind.FLOAT, [0.1, None, float("inf"), 5e-324, -0.5], None),
        (
            Kind.DECIMAL,
            [Decimal("1E+3"), Decimal("0.10"), None, Decimal(10) ** 40],
            ["1000", "0.10", None, f"{10**40}"],
        ),
        (Kind.BOOLEAN, [True, None, False], None),
        (Kind.STRING, ["a", "", None, "1", "NULL", "æøå\n'\"", " b "], None),
        (Kind.DATE, [date(2026, 1, 1), None, date(1, 1, 1)], None),
        (Kind.TIMESTAMP, [datetime(2026, 1, 1, 1, 2, 3, 4), None, datetime(1066, 1, 1)], None),  # noqa: DTZ001
    ],
)
def test_values_arrive_as_they_were(scan: Scan, kind: Kind, values: list[Any], kept: list[Any] | None) -> None:
    """Each kind keeps its values, in one chunk or several, whatever the first of them looks like."""
    assert staged(scan, kind, values) == (kept or values)
    assert staged(scan, kind, *([value] for value in values)) == (kept or values)


def test_instants_arrive_as_instants(scan: Scan) -> None:
    """An offset is not lost on the way."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    table = stage(scan, Rows([(moment,)]), sa.select(), [Kind.TIMESTAMP_TZ])
    (found,) = scan.run(f"SELECT epoch_us(c0) FROM {table.schema}.{table.name}", (), "rows")[0]
    assert found == moment.timestamp() * 1_000_000


def test_stream_that_breaks_off_is_an_error_and_leaves_the_scan_usable(scan: Scan) -> None:
    """What arrived before is not taken for all of it, and the next stream begins anew."""
    lost = MeasurementError("connection_lost", "gone")
    with pytest.raises(MeasurementError, match="gone"):
        stage(scan, Rows([(1,)], error=lost), sa.select(), [Kind.INTEGER])
    assert staged(scan, Kind.INTEGER, [2]) == [2]


@pytest.mark.parametrize("values", [(1, 1.5), (None, Decimal("1.5"))])
def test_fraction_among_whole_numbers_is_refused(values: tuple[Any, ...]) -> None:
    """A number cut or rounded to a whole one would be equal to what it is not."""
    scan = Scan(Limits())
    try:
        with pytest.raises(MeasurementError) as caught:
            stage(scan, Rows([(value,) for value in values]), sa.select(), [Kind.INTEGER])
    finally:
        scan.close()
    assert caught.value.reason == "incomparable"
