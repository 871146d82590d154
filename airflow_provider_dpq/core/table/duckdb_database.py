"""Tables and queries of a DuckDB database: typed columns, and SQL's answers, as of any other database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    EndedError,
    MeasurementError,
    QueryError,
    QueryTimeoutError,
    RefusedQueryError,
    SourceError,
    first_line,
)
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.disk import open_file
from airflow_provider_dpq.core.table.duck_column import typed_column
from airflow_provider_dpq.core.table.place import require_below
from airflow_provider_dpq.core.table.query import is_query, subject_of
from airflow_provider_dpq.core.table.reflection import changes, query_source
from airflow_provider_dpq.core.table.scan import Limits
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query, literal_text
from airflow_provider_dpq.core.table.sql.functions import exact_text
from airflow_provider_dpq.core.table.sql.number import of_eight_bytes
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.statement import require_query
from airflow_provider_dpq.core.table.told import NANOSECONDS, NumberedMoments, duckdb_rows
from airflow_provider_dpq.core.watch import Stop, watched

_SCHEME: Final = "duckdb"
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
# DuckDB hands over a moment with its zone through pytz alone.
_BY_NUMBER: Final = {**NANOSECONDS, _ZONED: NumberedMoments("epoch_us", 1000, UTC)}
_COLUMNS: Final = """
SELECT database_name, schema_name, column_name, data_type FROM duckdb_columns()
WHERE table_name = $1
  AND CASE WHEN $2 = '' THEN (database_name, schema_name) IN ((current_database(), current_schema()), ('temp', 'main'))
      ELSE $2 IN (schema_name, concat(database_name, '.', schema_name)) END
ORDER BY database_name = 'temp' DESC, database_name = current_database() DESC, database_name, column_index
"""

_IS_TABLE: Final = "SELECT 1 FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = ($1, $2, $3)"
_REACHES_FILES: Final = "SELECT current_setting('enable_external_access')::BOOLEAN"


def is_duckdb(connection: Any) -> bool:
    """Whether a connection is DuckDB's own, or an address such as ``duckdb:///orders.db``."""
    if isinstance(connection, (str, sa.URL)):
        return str(connection).partition(":")[0] == _SCHEME
    return isinstance(connection, duckdb.DuckDBPyConnection)


class DuckDatabase(SQLTable):
    """A table, view or query of a DuckDB database.

    Args:
        cursor: Its own connection to the database.
        data: The name of the table, or the query.
        owned: The connection that was opened for this table; None where it is the caller's.
        root: The allowed root, outside of which nothing may be read; None for any.

    Raises:
        DeclarationError: ``outside_root``: the table is a view or query, which could read any file.
        SourceError: ``invalid_query`` or ``missing_table``.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        data: str,
        owned: duckdb.DuckDBPyConnection | None,
        root: str | Path | None,
    ) -> None:
        self._cursor = cursor
        self._owned = owned
        self._root = root
        self._source_connection = owned or cursor
        self._begun = False
        self._others: dict[str, tuple[sa.FromClause, Mapping[str, Column]]] = {}
        self._data = data
        self.subject = subject_of(data)
        self._source, self.columns = self._describe_query(data) if is_query(data) else self._describe(data)

    @property
    def dialect(self) -> str:
        """Return ``duckdb``."""
        return "duckdb"

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the table; rows of a database have no position."""
        return self._source

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows; all queries see the state that the first one saw."""
        text, parameters = compile_query(query)
        with self._reading():
            return duckdb_rows(self._cursor, text, parameters, by_number=_BY_NUMBER)

    def stream(self, query: sa.Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows, at most so many at a time, without holding the others."""
        text, parameters = compile_query(query)
        with self._reading():
            text, zoned = self._instants_as_numbers(text, parameters)
            types = [str(column[1]) for column in self._cursor.execute(text, parameters).description]
            if any(type_.startswith(("DATE", "TIMESTAMP")) for type_ in types):
                # As text, for Python has no infinity among its days; whoever reads rows in chunks writes them as text.
                parts = [
                    f"CAST(#{n} AS VARCHAR)" if type_.startswith(("DATE", "TIMESTAMP")) else f"#{n}"
                    for n, type_ in enumerate(types, start=1)
                ]
                self._cursor.execute(f"SELECT {', '.join(parts)} FROM ({text})", parameters)  # noqa: S608
            while rows := self._cursor.fetchmany(size):
                yield _with_instants(rows, zoned)

    def neighbour(self, name: str) -> DuckDatabase:
        """Open another table or query of the same database, on a cursor of its own."""
        return DuckDatabase(self._source_connection.cursor(), name, None, self._root)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            if not self._begun:
                self._cursor.execute("BEGIN TRANSACTION READ ONLY")
                self._begun = True
            with watched(Stop(self._cursor.interrupt), self.subject):
                yield
        except QueryTimeoutError:
            with suppress(duckdb.Error):
                self._end()
            raise
        except duckdb.Error as error:
            with suppress(duckdb.Error):  # a connection that is lost has nothing to undo
                self._end()
            raise _query_error(error, self.subject) from error

    def _instants_as_numbers(self, text: str, parameters: Sequence[Any]) -> tuple[str, list[bool]]:
        """Return a query whose moments with a zone are numbers, and which of its columns those are."""
        # DuckDB hands over a moment with its zone through pytz alone.
        described = self._cursor.execute(f"DESCRIBE {text}", parameters).fetchall()
        zoned = [str(column[1]) == _ZONED for column in described]
        if not any(zoned):
            return text, zoned
        parts = [f"epoch_us(#{n})" if is_zoned else f"#{n}" for n, is_zoned in enumerate(zoned, start=1)]
        return f"SELECT {', '.join(parts)} FROM ({text})", zoned  # noqa: S608

    def text(self, query: sa.Select[Any]) -> str | None:
        """Return a query in DuckDB's words; None where a value in it has no spelling there."""
        try:
            return literal_text(query)
        except (sa.exc.CompileError, NotImplementedError):
            return None

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query of the user's own, and return the names of its columns and its first rows."""
        self._require_confined("A query")
        with self._reading():
            require_query(query)
            rows = f"SELECT * FROM (\n{query}\n)"  # noqa: S608 - the user's own, which is looked at
            names = [str(row[0]) for row in self._cursor.execute(f"DESCRIBE {rows}").fetchall()]
            return names, duckdb_rows(self._cursor, f"{rows} LIMIT {most}", (), by_number=_BY_NUMBER)

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another table of the same database and its columns."""
        if name not in self._others:
            self._others[name] = self._describe(name)
        return self._others[name]

    def confirm(self) -> None:
        """Look once more at the columns of all tables that were asked."""
        self._end()
        tables = {name: columns for name, (_, columns) in self._others.items()}
        if not is_query(self._data):
            tables[self._data] = self.columns
        for name, planned in tables.items():
            try:
                changed = changes(planned, self._describe(name)[1])
            except SourceError:
                changed = ["the table is gone"]
            if changed:
                message = f"The columns of {name} changed while it was checked: {'; '.join(changed)}."
                raise MeasurementError("schema_changed", message, hint="The gate may be run again.", quotes_data=False)

    def close(self) -> None:
        """Close what was opened for this table; a connection of the caller's stays open."""
        self._cursor.close()
        if self._owned is not None:
            self._owned.close()

    def _end(self) -> None:
        """Leave the transaction: a refused statement ends it anyway."""
        if self._begun:
            self._begun = False
            self._cursor.execute("ROLLBACK")

    def _describe(self, name: str) -> tuple[sa.FromClause, dict[str, Column]]:
        """Return a table by its name in DuckDB's catalogue: a name that is not there is never read as a file."""
        for schema, table in _readings(name):
            found = self._cursor.execute(_COLUMNS, [table, schema]).fetchall()
            if found:
                database, schema_name = found[0][:2]
                if not self._cursor.execute(_IS_TABLE, [database, schema_name, table]).fetchall():
                    self._require_confined(f"The view {name!r}")
                quote = sa.sql.compiler.IdentifierPreparer(sa.engine.default.DefaultDialect()).quote_identifier
                where = sa.quoted_name(f"{quote(database)}.{quote(schema_name)}", quote=False)
                columns = {row[2]: _column(row[2], row[3]) for row in found if row[:2] == (database, schema_name)}
                return sa.table(sa.quoted_name(table, quote=True), schema=where), columns
        message = f"The table {name!r} does not exist."
        raise SourceError(
            "missing_table",
            message,
            hint="Give its name as it is stored, with its schema where needed.",
            quotes_data=False,
        )

    def _require_confined(self, what: str) -> None:
        """Refuse a view or query, below an allowed root, where it could read files.

        Raises:
            DeclarationError: ``outside_root``.
        """
        if self._root is None or self._cursor.execute(_REACHES_FILES).fetchone() == (False,):
            return
        message = f"{what} of this DuckDB connection could read files outside of the allowed root {str(self._root)!r}."
        hint = "Give the address of the database, or SET enable_external_access = false on the connection."
        raise DeclarationError("outside_root", message, hint=hint)

    def _describe_query(self, text: str) -> tuple[sa.FromClause, dict[str, Column]]:
        source = query_source(text)
        self._require_confined("A query")
        try:
            require_query(text)
            words, _ = compile_query(sa.select(sa.literal_column("*")).select_from(source))
            described = self._cursor.execute(f"DESCRIBE {words}").fetchall()
        except duckdb.Error as error:
            message = f"{text[:200]!r} cannot be opened: {first_line(error)}"
            raise SourceError("invalid_query", message, hint="Mend the query.") from error
        return source, {row[0]: _column(row[0], row[1]) for row in described}


def _readings(name: str) -> Iterator[tuple[str, str]]:
    """Yield what a name may mean: a table, or a schema, which may name its database too, and a table."""
    yield "", name
    parts = name.split(".")
    for split in range(1, len(parts)):
        yield ".".join(parts[:split]), ".".join(parts[split:])


def _column(name: str, native: str) -> Column:
    column = typed_column(name, native)
    # Shown and compared as DuckDB has it: how pandas would write a value is of no matter here.
    if column.single:
        return of_eight_bytes(replace(column, text=None), column.value)
    if column.kind is not Kind.STRING:
        return replace(column, shown=column.value, text=None)
    value = exact_text(column.value)
    return replace(column, value=value, shown=value, key=value)


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _with_instants(rows: list[tuple[Any, ...]], zoned: Sequence[bool]) -> list[tuple[Any, ...]]:
    if not any(zoned):
        return rows
    return [
        tuple(_instant(value) if is_zoned else value for value, is_zoned in zip(row, zoned, strict=True))
        for row in rows
    ]


def _query_error(error: duckdb.Error, subject: str) -> MeasurementError:
    if isinstance(error, duckdb.OutOfMemoryException):
        message = f"The memory limit is too low for {subject}: {first_line(error)}"
        return QueryError("out_of_memory", message, hint="Raise memory_limit.")
    if isinstance(error, duckdb.InterruptException):
        return EndedError("query_stopped", f"A statement on {subject} was interrupted.", quotes_data=False)
    if isinstance(error, duckdb.ConnectionException):
        return EndedError("connection_lost", f"The connection to {subject} is lost: {first_line(error)}")
    return RefusedQueryError("query_failed", f"DuckDB refused a query on {subject}: {first_line(error)}")


def open_duckdb(connection: Any, data: str, limits: Limits, root: str | Path | None) -> DuckDatabase:
    """Open a table or query of a DuckDB database.

    Args:
        connection: A connection of DuckDB's, or an address.
        data: Name of a table, optionally with its schema and database, or a query that starts with SELECT or WITH.
        limits: What DuckDB may use, where it is opened by an address.
        root: Directory that the database must lie in, whose queries and views then read no file; None for any.

    Raises:
        DeclarationError: ``invalid_connection`` or ``outside_root``.
        SourceError: ``unreachable_database``, ``invalid_query`` or ``missing_table``.
    """
    owned = None if isinstance(connection, duckdb.DuckDBPyConnection) else _open_file(connection, limits, root)
    try:
        cursor = (owned or connection).cursor()
        # A query means the database's tables, never a frame that some variable of this process holds.
        cursor.execute("SET python_enable_replacements = false")
        return DuckDatabase(cursor, data, owned, root)
    except duckdb.Error as error:
        message = f"{data[:200]!r} cannot be opened: {first_line(error)}"
        raise SourceError("unreachable_database", message, hint="Is the connection open?") from error
    except BaseException:
        if owned is not None:
            owned.close()
        raise


def _open_file(address: str | sa.URL, limits: Limits, root: str | Path | None) -> duckdb.DuckDBPyConnection:
    database = sa.make_url(address).database
    if not database or database == ":memory:":
        message = f"The address {str(address)!r} names no file, and a DuckDB in memory would be empty."
        raise DeclarationError("invalid_connection", message, hint="Write duckdb:///path, or give a connection.")
    require_below(Path(database), root)
    if not Path(database).is_file():
        message = f"The DuckDB database {database!r} does not exist."
        raise SourceError("unreachable_database", message, hint="Check the path.", quotes_data=False)
    config: dict[str, Any] = {
        "memory_limit": limits.memory_limit,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.threads is not None:
        config["threads"] = limits.threads
    if limits.temp_directory is not None:
        config["temp_directory"] = str(limits.temp_directory)
    if root is not None:
        database = str(Path(database).resolve())
    try:
        connection = duckdb.connect(database, read_only=True, config=config)
    except duckdb.Error as error:
        message = f"The DuckDB database {database!r} cannot be opened: {first_line(error)}"
        hint = "Another process may have it open for writing; where it is this one, give its connection."
        raise SourceError("unreachable_database", message, hint=hint) from error
    if root is not None:
        try:
            connection.execute("SET enable_external_access = false")
            open_file(Path(database), root).close()  # a link may have changed since it was followed
        except BaseException:
            connection.close()
            raise
    return connection
