"""Tables and queries of a database, checked where they live by aggregate queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from airflow_provider_dpq.core.driver import give_up, stop_of
from airflow_provider_dpq.core.errors import DeclarationError, SourceError
from airflow_provider_dpq.core.table import snapshot
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.failure import asking, is_lost, opening
from airflow_provider_dpq.core.table.place import require_below
from airflow_provider_dpq.core.table.query import is_query, subject_of
from airflow_provider_dpq.core.table.reflection import changes, describe_query, describe_table, refuse_changes
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.sqlite_regexp import Regexp
from airflow_provider_dpq.core.table.statement import reading_query
from airflow_provider_dpq.core.table.told import as_told, read_told
from airflow_provider_dpq.core.watch import Stop, watched

PERCENT_DOUBLED: Final = frozenset({"format", "pyformat"})
"""Parameter styles in which a literal percent sign is doubled."""


class DatabaseTable(SQLTable):
    """A table, view or query on a SQLAlchemy connection.

    Args:
        connection: The connection, which belongs to it.
        data: The name of the table, or the query.
        source: What to select from.
        columns: Its columns.
        owned: Whether the engine was made for this table and is disposed of with it.
    """

    def __init__(
        self,
        connection: sa.Connection,
        data: str,
        source: sa.FromClause,
        columns: Mapping[str, Column],
        *,
        owned: bool,
    ) -> None:
        self.connection = connection
        self._owned = owned
        self._begun = False
        self._dropped = False
        self._others: dict[str, tuple[sa.FromClause, Mapping[str, Column]]] = {}
        self._regexp = Regexp()
        self._search_in_time()
        self.data = data
        self.source = source
        self.subject = subject_of(data)
        self.columns = columns

    @property
    def dialect(self) -> str:
        """Return SQLAlchemy's name of the dialect."""
        return self.connection.dialect.name

    @property
    def engine(self) -> sa.Engine:
        """Return the engine that opens further connections to the same database."""
        return self.connection.engine

    @property
    def names(self) -> set[str]:
        """Return the names of all tables that were queried, except those inside a query."""
        return {*self._others, *([] if is_query(self.data) else [self.data])}

    def release(self) -> None:
        """End the reading transaction, so that it holds no lock; the next query sees another state."""
        self._begun = False
        self.connection.rollback()

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the table; rows of a database have no position."""
        return self.source

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        query, readers = as_told(query, self.dialect)
        with asking(self.subject), self.lend() as connection:
            return [read_told(row, readers) for row in connection.execute(query)]

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query of the user's own, and return the names of its columns and its first rows."""
        with asking(self.subject), self.lend() as connection:
            # A colon is part of the query and never starts a parameter.
            asked = sa.text(reading_query(connection, query).replace(":", r"\:"))
            with closing(connection.execute(asked)) as result:
                return list(result.keys()), [tuple(row) for row in result.fetchmany(most)] if most else []

    def stream(self, query: sa.Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows, at most so many at a time, without holding the others."""
        query, readers = as_told(query, self.dialect)
        options = {"stream_results": True, "yield_per": size}
        with (
            asking(self.subject),
            self.lend() as connection,
            closing(connection.execute(query, execution_options=options)) as result,
        ):
            for part in result.partitions():
                yield [read_told(row, readers) for row in part]

    def neighbour(self, name: str) -> DatabaseTable:
        """Open another table or query of the same database, on a connection of its own."""
        return open_database(self.connection.engine, name)

    def text(self, query: sa.Select[Any]) -> str | None:
        """Return a query in the database's SQL; None if it cannot express a value in the query."""
        try:
            text = str(query.compile(self.connection, compile_kwargs={"literal_binds": True}))
        except (sa.exc.CompileError, NotImplementedError):
            return None
        # Doubled only for the driver: text for people, or inside another query, has a single sign.
        return text.replace("%%", "%") if self.connection.dialect.paramstyle in PERCENT_DOUBLED else text

    @contextmanager
    def lend(self) -> Iterator[sa.Connection]:
        """Lend the connection for statements that only read; all of them see the state that the first one saw.

        Each is rolled back to a savepoint if it fails, so that one failed statement does not fail the next. For the
        watch, they are one statement.
        """
        with watched(self._stop(), self.subject), self._lent() as connection:
            yield connection

    @contextmanager
    def _lent(self) -> Iterator[sa.Connection]:
        savepoint = None
        if self._dropped:
            self.connection.rollback()
            snapshot.prepare(self.connection)
            self._search_in_time()
            self._dropped = False
        if not self._begun:
            snapshot.begin(self.connection)
        elif self.dialect in snapshot.ABORTS:
            savepoint = self.connection.begin_nested()
        try:
            yield self.connection
        except Exception as error:
            if not (isinstance(error, SQLAlchemyError) and is_lost(error)):
                self._undo(savepoint)
            if (refused := self._regexp.refused()) is not None:
                raise refused from None
            raise
        if savepoint is not None:
            savepoint.rollback()
        self._begun = True

    def _search_in_time(self) -> None:
        if self.dialect == "sqlite":
            self._regexp.install(self.connection.connection.dbapi_connection)

    def _stop(self) -> Stop:
        return replace(stop_of(self.connection), drop=self._drop)

    def _drop(self) -> None:
        """Release the connection; the next statement runs on another one, which sees another state."""
        self._begun, self._dropped = False, True
        self.connection.invalidate()
        self.connection.rollback()

    def _undo(self, savepoint: sa.NestedTransaction | None) -> None:
        if savepoint is not None:
            savepoint.rollback()
        elif self.dialect not in snapshot.SURVIVES:
            self._begun = False

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another table of the same database and its columns."""
        if name not in self._others:
            with opening(self.connection, name):
                self._others[name] = describe_table(self.connection, name)
        return self._others[name]

    def confirm(self) -> None:
        """Read the columns of all queried tables again."""
        tables = dict(self._others)
        if not is_query(self.data):
            tables[self.data] = (self.source, self.columns)
        try:
            with asking(self.subject):
                self._begun = False
                self.connection.rollback()
                with watched(self._stop(), self.subject):
                    snapshot.bound(self.connection)
                    self._refuse_changes(tables)
        except SourceError:
            refuse_changes(self.subject, ["a table is gone"])

    def _refuse_changes(self, tables: Mapping[str, tuple[sa.FromClause, Mapping[str, Column]]]) -> None:
        for name, (_, planned) in tables.items():
            _, found = describe_table(self.connection, name)
            refuse_changes(name, changes(planned, found))

    def close(self) -> None:
        """Return the connection, and dispose of the engine if it was made for this table."""
        self._regexp.close()
        try:
            snapshot.end(self.connection)
        finally:
            self.connection.close()
        if self._owned:
            self.connection.engine.dispose()


def open_database(connection: Any, data: str, root: str | Path | None = None) -> DatabaseTable:
    """Open a table, ``schema.table`` or query of a database.

    Args:
        connection: SQLAlchemy engine, connection or URL.
        data: Name of a table, optionally with its schema, or a query that starts with SELECT or WITH.
        root: Directory that the file of a SQLite database which is given by its URL must lie in; None for any.

    Raises:
        DeclarationError: ``invalid_connection`` or ``outside_root``.
        SourceError: ``unreachable_database``, ``permission_denied``, ``invalid_query`` or ``missing_table``.
    """
    engine, owned = _engine(connection)
    if root is not None:
        _require_below(engine, root, owned=owned)
    with opening(engine, data):
        # The caller's connection is left alone: another one is opened beside it.
        opened = snapshot.connect(engine)
    try:
        with opening(opened, data), watched(stop_of(opened), subject_of(data)):
            snapshot.bound(opened)
            source, columns = (describe_query if is_query(data) else describe_table)(opened, data)
    except BaseException:
        opened.close()
        raise
    return DatabaseTable(opened, data, source, columns, owned=owned)


def _require_below(engine: sa.Engine, root: str | Path, *, owned: bool) -> None:
    """Refuse a file outside the allowed root, and a library that could read any file.

    Raises:
        DeclarationError: ``outside_root``.
    """
    if engine.dialect.name == "duckdb":
        message = f"A query through SQLAlchemy's DuckDB could read files outside of the allowed root {str(root)!r}."
        raise DeclarationError("outside_root", message, hint="Give the address of the database, duckdb:///path.")
    if engine.dialect.name == "sqlite" and owned:
        path = (engine.url.database or "").removeprefix("file:")
        if path not in ("", ":memory:"):
            require_below(Path(path), root)


def _engine(connection: Any) -> tuple[sa.Engine, bool]:
    if isinstance(connection, sa.Engine):
        return connection, False
    if isinstance(connection, sa.Connection):
        return connection.engine, False
    try:
        return give_up(sa.create_engine(connection, poolclass=sa.NullPool)), True
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        message = f"{type(connection).__name__} is no SQLAlchemy connection, or its driver is missing: {error}."
        raise DeclarationError("invalid_connection", message, hint="Give an engine or a URL.") from error
