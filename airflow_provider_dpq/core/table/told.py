"""Days and moments of a database as Python has them, and those that Python has none for as the database writes them.

A driver raises an error for the year 20224, for a year before Christ and for MySQL's zero date, or takes infinity for
the last day that Python has. So they are fetched as text, and read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from airflow_provider_dpq.core.table.instant import of_nanoseconds

if TYPE_CHECKING:
    import duckdb

_DIALECTS: Final = frozenset({"mariadb", "mysql", "postgresql", "sqlite"})


class told(FunctionElement[str]):  # noqa: N801 - named as a SQL function
    """A day or moment in the ISO form in which the database writes it."""

    type = sa.Text()
    inherit_cache = True
    name = "told"


@compiles(told)
def _told(element: told, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS CHAR)"


@compiles(told, "sqlite")
def _told_sqlite(element: told, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(told, "postgresql")
def _told_postgresql(element: told, compiler: Any, **kw: Any) -> str:
    # A cast to text would follow the session's DateStyle.
    return f"(to_json({compiler.process(element.clauses, **kw)}) #>> '{{}}')"


Reader: TypeAlias = Callable[[Any], Any]
"""Returns the value that a text stands for."""


def as_told(query: sa.Select[Any], dialect: str) -> tuple[sa.Select[Any], Sequence[Reader | None]]:
    """Return a query whose days and moments are fetched as text, and how each of its columns is then read.

    Args:
        query: The query.
        dialect: Name of the database's dialect.
    """
    columns: list[Any] = list(query.inner_columns)
    readers = [_reader(column.type, dialect) for column in columns]
    if not any(readers):
        return query, readers
    shown = [_as_told(column) if reader else column for column, reader in zip(columns, readers, strict=True)]
    return query.with_only_columns(*shown, maintain_column_froms=True), readers


def _as_told(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return told(column.element).label(column.name) if isinstance(column, sa.Label) else told(column)


def _reader(type_: Any, dialect: str) -> Reader | None:
    kept = type_.impl if isinstance(type_, sa.types.TypeDecorator) else type_
    if dialect not in _DIALECTS or not isinstance(kept, (sa.Date, sa.DateTime)):
        return None
    # MariaDB and MySQL have no type of moments with a zone: these are told by the clocks of UTC.
    return _read_in_utc if dialect in ("mariadb", "mysql") and getattr(kept, "timezone", False) else _read


def read_told(row: Sequence[Any], readers: Sequence[Reader | None]) -> tuple[Any, ...]:
    """Return a row with the days and moments that its texts name; a text that names none stays."""
    return tuple(value if reader is None else reader(value) for value, reader in zip(row, readers, strict=True))


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    read = date.fromisoformat if len(value) == len("2024-01-01") else datetime.fromisoformat
    try:
        return read(value)
    except ValueError:
        return value


def _read_in_utc(value: Any) -> Any:
    found = _read(value)
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found


_EDGES: Final = frozenset({date.max, date.min, datetime.max, datetime.min})  # noqa: DTZ901 - what DuckDB hands over
_OF_DUCKDB: Final = ("DATE", "TIMESTAMP")
_INFINITIES: Final = frozenset({"infinity", "-infinity"})


def duckdb_rows(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    parameters: Sequence[Any],
    *,
    by_number: Mapping[str, NumberedMoments] = MappingProxyType({}),
) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, infinity by its name: DuckDB hands it over as the last day of Python's.

    Args:
        connection: DuckDB's connection.
        text: The statement; a query where there are types by number.
        parameters: Its parameters.
        by_number: Types of moments that are fetched as numbers, for DuckDB cuts them, or needs pytz to hand them over.
    """
    numbered: dict[int, NumberedMoments] = {}
    if by_number:
        described = connection.execute(f"DESCRIBE {text}", parameters).fetchall()
        types = [str(column[1]) for column in described]
        numbered = {number: by_number[type_] for number, type_ in enumerate(types) if type_ in by_number}
    if not numbered:
        return _rows(connection, text, parameters)
    parts = [
        numbered[number].sql(f"#{number + 1}") if number in numbered else f"#{number + 1}"
        for number in range(len(types))
    ]
    rows = _rows(connection, f"SELECT {', '.join(parts)} FROM ({text})", parameters)  # noqa: S608
    return [tuple(numbered[n].read(value) if n in numbered else value for n, value in enumerate(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class NumberedMoments:
    """Moments of a type of DuckDB that are fetched as their number since 1970.

    Attributes:
        function: The function of DuckDB that numbers them.
        nanoseconds: How many nanoseconds its unit is.
        zone: The time zone to tell them in; None for moments without one.
    """

    function: str
    nanoseconds: int
    zone: tzinfo | None

    def sql(self, value: str) -> str:
        """Return what is selected for a value: text, for infinity has no number."""
        return f"coalesce(CAST({self.function}({value}) AS VARCHAR), CAST({value} AS VARCHAR))"

    def read(self, text: str | None) -> Any:
        """Return the moment that what was selected stands for."""
        if text is None or text in _INFINITIES:
            return text
        return of_nanoseconds(int(text) * self.nanoseconds, self.zone)


NANOSECONDS: Final[Mapping[str, NumberedMoments]] = MappingProxyType(
    {
        "TIMESTAMP_NS": NumberedMoments("epoch_ns", 1, None),
        "TIMESTAMPTZ_NS": NumberedMoments("epoch_ns", 1, UTC),
    }
)
"""The types of moments that are finer than Python's."""


def _rows(connection: duckdb.DuckDBPyConnection, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = connection.execute(text, parameters).fetchall()
    types = [str(column[1]) for column in connection.description or ()]
    temporal = [number for number, type_ in enumerate(types) if type_.startswith(_OF_DUCKDB)]
    if not any(row[number] in _EDGES for row in rows for number in temporal):
        return rows
    written = ", ".join(f"CAST(#{number + 1} AS VARCHAR)" for number in temporal)
    both = connection.execute(f"SELECT *, {written} FROM ({text})", parameters).fetchall()  # noqa: S608
    named = [dict(zip(temporal, row[len(types) :], strict=True)) for row in both]
    return [
        tuple(texts[n] if texts.get(n) in _INFINITIES else value for n, value in enumerate(row[: len(types)]))
        for row, texts in zip(both, named, strict=True)
    ]
