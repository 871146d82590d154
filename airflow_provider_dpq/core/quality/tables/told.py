"""Days and moments of a database as Python has them, and those that Python has none for as the database writes them.

A driver raises an error for the year 20224, for a year before Christ and for MySQL's zero date, or takes infinity for
the last day that Python has. So they are fetched as text, and read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

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


def as_told(query: sa.Select[Any], dialect: str) -> tuple[sa.Select[Any], Sequence[bool]]:
    """Return a query whose days and moments are fetched as text, and which of its columns those are.

    Args:
        query: The query.
        dialect: Name of the database's dialect.
    """
    columns: list[Any] = list(query.inner_columns)
    temporal = [dialect in _DIALECTS and isinstance(column.type, (sa.Date, sa.DateTime)) for column in columns]
    if not any(temporal):
        return query, temporal
    shown = [_as_told(column) if is_one else column for column, is_one in zip(columns, temporal, strict=True)]
    return query.with_only_columns(*shown, maintain_column_froms=True), temporal


def _as_told(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return told(column.element).label(column.name) if isinstance(column, sa.Label) else told(column)


def read_told(row: Sequence[Any], temporal: Sequence[bool]) -> tuple[Any, ...]:
    """Return a row with the days and moments that its texts name; a text that names none stays."""
    return tuple(_read(value) if is_one else value for value, is_one in zip(row, temporal, strict=True))


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    read = date.fromisoformat if len(value) == len("2024-01-01") else datetime.fromisoformat
    try:
        return read(value)
    except ValueError:
        return value


_EDGES: Final = frozenset({date.max, date.min, datetime.max, datetime.min})  # noqa: DTZ901 - what DuckDB hands over
_OF_DUCKDB: Final = ("DATE", "TIMESTAMP")
_INFINITIES: Final = frozenset({"infinity", "-infinity"})


def duckdb_rows(connection: duckdb.DuckDBPyConnection, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, infinity by its name: DuckDB hands it over as the last day of Python's.

    Args:
        connection: DuckDB's connection.
        text: The statement.
        parameters: Its parameters.
    """
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
