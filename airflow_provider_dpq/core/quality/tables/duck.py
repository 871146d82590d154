"""DuckDB, opened for one table: bounded memory, a temporary directory of its own, no extension from elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.environment import processors
from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError, QueryError, first_line
from airflow_provider_dpq.core.quality.compile.duckdb_dialect import compile_query, literal_text
from airflow_provider_dpq.core.quality.compile.functions import without_nan
from airflow_provider_dpq.core.quality.tables.archive import Unpacking
from airflow_provider_dpq.core.quality.tables.distinct import DistinctValues
from airflow_provider_dpq.core.quality.tables.hashes import only_repeated
from airflow_provider_dpq.core.quality.tables.scratch import Scratch
from airflow_provider_dpq.core.quality.tables.statement import require_query
from airflow_provider_dpq.core.quality.tables.table import POSITION, Column, Kind, Table, named
from airflow_provider_dpq.core.quality.tables.told import duckdb_rows
from airflow_provider_dpq.core.watch import Stop, watched

if TYPE_CHECKING:
    from airflow_provider_dpq.core.quality.place import Stored
    from airflow_provider_dpq.core.quality.tables.disk import PlainFile
    from airflow_provider_dpq.core.quality.tables.remote import Ranges

SOURCE: Final = "dpq_source"
_DEFAULT_THREADS: Final = 4
_NEAR: Final = 1_000_000
"""So many rows are looked through for a sample before all are."""
_MANY: Final = 3_000_000
"""From so many rows on it pays to look for what is rare before all rows are grouped or ranked."""
_MOST_THREADS: Final = 256  # where the system has no more of them, DuckDB ends the process
_KINDS: Final = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), Kind.FLOAT),
    "BOOLEAN": Kind.BOOLEAN,
    "VARCHAR": Kind.STRING,
    "DATE": Kind.DATE,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Kind.TIMESTAMP),
    "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMP_TZ,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scan may use.

    Attributes:
        memory_limit: DuckDB's buffers, as ``"2GB"``; beyond it a query spills to `temp_directory`.
        threads: Threads; None for as many as the process has processors, at most 4.
        temp_directory: Where to make the directory that is spilled to, and removed afterwards; None for the system's.
        most_unpacked: Most bytes that archives may hold together.
    """

    memory_limit: str = "2GB"
    threads: int | None = None
    temp_directory: str | Path | None = None
    most_unpacked: int = 100 * 2**30


def _scratch(limits: Limits) -> Scratch:
    try:
        return Scratch(limits.temp_directory)
    except OSError as error:
        message = f"No temporary directory can be made in {str(limits.temp_directory)!r}: {error.strerror}."
        raise DeclarationError(
            "invalid_limit", message, hint="Give a directory that exists and is writable."
        ) from error


class Scan:
    """A DuckDB connection with limits, closed with everything that it put on disk.

    Args:
        limits: What it may use.
        confined: Whether DuckDB opens nothing but its own directory and the files that it is given here, whatever a
            query or an expression names.

    Raises:
        DeclarationError: ``invalid_limit``: DuckDB refuses a limit.
    """

    def __init__(self, limits: Limits, *, confined: bool = False) -> None:
        if limits.threads is not None and not 1 <= limits.threads <= _MOST_THREADS:
            message = f"{limits.threads} threads cannot be started."
            raise DeclarationError("invalid_limit", message, hint=f"Give a number from 1 to {_MOST_THREADS}.")
        self._own = _scratch(limits)
        self._numbers = count()
        self.numbered: dict[str, str] = {}
        """By relation, the view of it whose rows DuckDB numbers itself."""
        self.row_counts: dict[str, int] = {}
        """By relation, the number of its rows, where they need not be read for it."""
        self.sizes: dict[str, tuple[int, int | None]] = {}
        """By relation, the number of its files and their bytes, None where a store does not tell."""
        self.readings: dict[str, Mapping[str, JsonValue]] = {}
        """By relation of text files, how they are read, by option."""
        self.notes: list[str] = []
        """What people should know of how the data were read."""
        self.named: dict[str, str] = {}
        """By what DuckDB calls a file, what people do."""
        self.unpacking = Unpacking(limits.most_unpacked)
        self.confined = confined
        self.directory = self._own.path
        threads = limits.threads or min(_DEFAULT_THREADS, processors())
        try:
            self.connection = duckdb.connect(
                ":memory:",
                config={
                    "memory_limit": limits.memory_limit,
                    "threads": threads,
                    "temp_directory": str(self.directory),
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                },
            )
        except duckdb.Error as error:
            self.close()
            message = f"DuckDB refuses memory_limit {limits.memory_limit!r}: {error}."
            raise DeclarationError("invalid_limit", message, hint="Write memory_limit as 2GB or 500MB.") from error
        self.ranges: Ranges | None = None
        if confined:
            self._confine()
        self.connection.execute("SET python_enable_replacements = false")  # a name never means a variable of ours
        self.connection.execute("SET TimeZone = 'UTC'")  # whatever the machine's is
        self.connection.execute("SET enable_progress_bar = false")  # on a terminal it would be drawn into the report
        self.connection.execute("SET parquet_metadata_cache = true")  # many queries read the same files

    @property
    def failure(self) -> str | None:
        """What broke while DuckDB read from object storage; None where nothing did."""
        return None if self.ranges is None else self.ranges.failure

    def ranged(self, file: Stored | PlainFile) -> str:
        """Return the name by which DuckDB reads a file through a file system of ours."""
        if self.ranges is None:
            from airflow_provider_dpq.core.quality.tables.remote import Ranges

            self.ranges = Ranges()
            self.connection.register_filesystem(self.ranges)
        return self.ranges.add(file)

    def fresh_directory(self) -> Path:
        """Make an empty directory that goes with the connection."""
        return Path(tempfile.mkdtemp(dir=self.directory))

    def fresh_name(self) -> str:
        """Return a name that nothing in this DuckDB has yet."""
        return f"dpq_beside_{next(self._numbers)}"

    def fresh_database(self) -> str:
        """Attach an empty database on disk that goes with the connection, and return its name."""
        name = self.fresh_name()
        self.run(f"ATTACH {quote_text(str(self.directory / name))} AS {name}", (), "a temporary file")
        return name

    def run(self, text: str, parameters: Sequence[Any], subject: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows.

        Args:
            text: The statement.
            parameters: Its parameters.
            subject: What is read, for people.

        Raises:
            MeasurementError: See `errors`.
        """
        with self.errors(subject):
            return duckdb_rows(self.connection, text, parameters)

    @contextmanager
    def errors(self, subject: str) -> Iterator[None]:
        """Raise what DuckDB raises inside as errors of ours.

        Args:
            subject: What is read, for people.

        Raises:
            MeasurementError: ``out_of_memory``, ``connection_lost``, ``read_failed``, ``query_failed``,
                ``query_timeout`` or ``cancelled``.
        """
        try:
            with watched(Stop(self.connection.interrupt), subject):
                yield
        except duckdb.OutOfMemoryException as error:
            message = f"The memory limit does not suffice for {subject}: {first_line(error)}"
            raise QueryError("out_of_memory", message, hint="Raise memory_limit.") from error
        except duckdb.Error as error:
            if self.failure is None:
                raise _broken(error, subject) from error
            # Without the chain, whose texts may quote credentials.
            raise EndedError("connection_lost", self.failure, hint="Check the connection.") from None

    def count_rows(self, relation: str) -> None:
        """Count a relation's rows, which are stored in such a way that they need not be read for it."""
        ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {quote_name(relation)}").fetchall()  # noqa: S608
        self.row_counts[relation] = rows

    def _confine(self) -> None:
        """Open nothing from now on but what this scan puts into its directory, or gives by its number."""
        allowed = f"{quote_text(str(self.directory))}, 'dpq:///'"
        self.connection.execute(f"SET allowed_directories = [{allowed}]")
        self.connection.execute("SET enable_external_access = false")

    def close(self) -> None:
        """Close the connection and remove the temporary directory."""
        if hasattr(self, "connection"):
            self.connection.close()
        self._own.close()

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Return names and DuckDB types of a relation's columns, in order."""
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608
        return [(row[0], row[1]) for row in described]


def _broken(error: duckdb.Error, subject: str) -> MeasurementError:
    if isinstance(error, duckdb.IOException):
        message = f"DuckDB could not read {subject}, or not write beside it: {first_line(error)}"
        return MeasurementError("read_failed", message, hint="Check the file and the room on the disk.")
    return QueryError("query_failed", f"DuckDB could not read {subject}: {first_line(error)}")


def quote_name(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a string for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def kind_of(native: str) -> Kind:
    """Return what a column of a DuckDB type holds."""
    return Kind.DECIMAL if native.startswith("DECIMAL") else _KINDS.get(native, Kind.OTHER)


def typed_column(name: str, native: str) -> Column:
    """Return a column that DuckDB itself types; floating NaN counts as missing."""
    kind = kind_of(native)
    value: sa.ColumnElement[Any] = named(name)
    if kind is Kind.FLOAT:
        value = without_nan(value)
    text = None if native == "FLOAT" else text_of(value, kind)  # numpy writes numbers of four bytes in its own way
    return Column(name, kind, native, value, shown(value, kind), value, value.is_(None), text=text)


def shown(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    """Return how a value is fetched: DuckDB needs pytz to hand over a moment with its zone, so it goes as a number."""
    return sa.func.epoch_us(value) if kind is Kind.TIMESTAMP_TZ else value


def text_of(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any] | None:
    """Return a value as the text that pandas writes, where SQL writes the same."""
    if kind is Kind.STRING:
        return value
    if kind is Kind.BOOLEAN:
        return sa.case((value, "True"), (sa.not_(value), "False"))
    return sa.cast(value, sa.String()) if kind in (Kind.INTEGER, Kind.FLOAT) else None


class DuckTable(Table):
    """A table that DuckDB reads: files and frames."""

    pandas_like = True

    def __init__(
        self,
        scan: Scan,
        subject: str,
        columns: Mapping[str, Column],
        open_other: Callable[[str, str], Mapping[str, Column]],
        relation: str = SOURCE,
    ) -> None:
        self.scan = scan
        self.subject = subject
        self.columns = columns
        self._open_other = open_other
        self._relation = relation
        self._others: dict[str, tuple[str, Mapping[str, Column]]] = {}
        self._numbers = count()
        self._unread: dict[str, tuple[sa.Select[Any], sa.Select[Any] | None]] = {}

    @property
    def dialect(self) -> str:
        """Return ``duckdb``."""
        return "duckdb"

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the source, in its order."""
        source = sa.table(self._relation)
        if not positioned:
            return source
        if self._relation in self.scan.numbered:
            return sa.table(self.scan.numbered[self._relation])
        counter = (sa.func.row_number().over() - 1).label(POSITION)
        return sa.select(sa.literal_column("*"), counter).select_from(source).subquery("positioned")

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        text, parameters = compile_query(query)
        if self._unread:
            self._keep_what_is_read(query)
        return self.run(text, parameters)

    def insert(self, relation: str, query: sa.Select[Any]) -> None:
        """Insert what a query returns into a table of ours; raises what `run` raises."""
        text, parameters = compile_query(query)
        self._keep_what_is_read(query)
        self.run(f"INSERT INTO {relation} {text}", parameters)

    def copy(self, query: sa.Select[Any], file: Path) -> int:
        """Write what a query returns to a Parquet file, and return the number of rows; raises what `run` raises."""
        text, parameters = compile_query(query)
        ((count,),) = self.run(
            f"COPY ({text}) TO {quote_text(str(file))} (FORMAT parquet, USE_TMP_FILE false)", parameters
        )
        return int(count)

    def whole(self) -> tuple[sa.FromClause, Mapping[str, str]]:
        """Return all rows with their positions, and what each column is called there, to be written as they are."""
        return self.rows(positioned=True), {name: name for name in self.columns}

    @property
    def many_rows(self) -> int:
        """Number of rows, where it is known from `_MANY` on; or else 0."""
        rows = self.scan.row_counts.get(self._relation, 0)
        return rows if rows >= _MANY else 0

    def near(self) -> sa.ColumnElement[bool] | None:
        """Return a condition under which the first rows alone are read, where they are of many; or else None."""
        return named(POSITION) < _NEAR if self.many_rows and self._relation in self.scan.numbered else None

    def keep(self, query: sa.Select[Any], hashed: sa.Select[Any] | None = None) -> sa.FromClause:
        """Return a selection that becomes a temporary table when it is first read; it spills as a query does."""
        relation = f"dpq_kept_{next(self._numbers)}"
        self._unread[relation] = (query, hashed)
        names = [sa.quoted_name(column.name, quote=True) for column in query.selected_columns]
        # Its columns alone: a temporary table also has a hidden rowid, which a table may have in the open.
        kept = sa.table(relation, *map(sa.column, names))
        return sa.select(*kept.c).subquery(f"{relation}_rows")

    def _keep_what_is_read(self, query: sa.Select[Any]) -> None:
        for part in sa.sql.visitors.iterate(query):
            if isinstance(part, sa.TableClause) and part.name in self._unread:
                kept, hashed = self._unread.pop(part.name)
                narrowed = only_repeated(self, kept, hashed) if hashed is not None and self.many_rows else kept
                text, parameters = compile_query(narrowed)
                self.run(f"CREATE TEMP TABLE {part.name} AS {text}", parameters)

    def run(self, text: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; raises what `Scan.run` raises."""
        return self.scan.run(text, parameters, self.subject)

    def batch(self) -> str:
        """Return the query of the rows that the filters keep, with the names that the columns have."""
        readable = {name: column for name, column in self.columns.items() if column.native != "UNREADABLE"}
        if len({name.casefold() for name in readable}) < len(readable):
            raise self._unasked()  # DuckDB would take one of two columns that differ in case alone for the other
        self.require_values(self.columns.values())
        columns = [column.value.label(sa.quoted_name(name, quote=True)) for name, column in readable.items()]
        try:
            return literal_text(sa.select(*columns).select_from(self.rows()).where(*self.filters))
        except (sa.exc.CompileError, NotImplementedError) as error:
            raise self._unasked() from error

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one selection of the user's own, which below a root sees no other file."""
        try:
            with self.errors():
                require_query(query)
                described = self.scan.columns(f"(\n{query}\n)")
                # DuckDB needs pytz to hand over a moment with its zone.
                shown = [
                    f"CAST({quote_name(name)} AS VARCHAR)" if kind_of(native) is Kind.TIMESTAMP_TZ else quote_name(name)
                    for name, native in described
                ]
                text = f"SELECT {', '.join(shown)} FROM (\n{query}\n) LIMIT {most}"  # noqa: S608 - the user's own
            return [name for name, _ in described], self.run(text)
        except MeasurementError as error:
            if error.reason != "query_failed":
                raise
            raise MeasurementError(
                "invalid_query", str(error), hint="Mend the query.", quotes_data=error.quotes_data
            ) from error

    def errors(self) -> AbstractContextManager[None]:
        """Raise what DuckDB raises inside as errors of ours; see `Scan.errors`."""
        return self.scan.errors(self.subject)

    def alongside(self, name: str) -> DuckTable:
        """Return another file or frame as a table of the same scan, which closes it."""
        source, columns = self.other(name)
        return DuckTable(self.scan, name, columns, self._open_other, str(source))

    def distinct(self) -> DistinctValues:
        """Return where distinct values of a column are judged."""
        return DistinctValues(self, next(self._numbers))

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another file or frame and its columns."""
        if name not in self._others:
            relation = f"dpq_other_{len(self._others)}"
            self._others[name] = (relation, self._open_other(relation, name))
        relation, columns = self._others[name]
        return sa.table(relation), columns

    def close(self) -> None:
        """Close DuckDB."""
        self.scan.close()


def pick(columns: Sequence[tuple[str, str]]) -> dict[str, Column]:
    """Return the columns of a relation that DuckDB itself types."""
    return {name: typed_column(name, native) for name, native in columns}
