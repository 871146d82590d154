"""DuckDB, opened for one table: bounded memory, a temporary directory of its own, no extension from elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import duckdb
from pydantic import JsonValue

from airflow_provider_dpq.core.environment import processors
from airflow_provider_dpq.core.errors import (
    DeclarationError,
    EndedError,
    MeasurementError,
    QueryError,
    RefusedQueryError,
    SourceError,
    first_line,
)
from airflow_provider_dpq.core.table.scratch import Scratch
from airflow_provider_dpq.core.table.told import NANOSECONDS, duckdb_rows
from airflow_provider_dpq.core.watch import Stop, watched

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.evidence import Evidence

SOURCE: Final = "dpq_source"
_FREE_BYTES: Final = 1 << 30
_RATIO: Final = 200
"""Largest ratio of unpacked to packed bytes, once `_FREE_BYTES` are unpacked; text rarely reaches 100."""
_DEFAULT_THREADS: Final = 4
_MOST_THREADS: Final = 256  # DuckDB ends the process if the system cannot start more threads


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scan may use.

    Attributes:
        memory_limit: DuckDB's buffers, as ``"2GB"``; beyond it a query spills to `temp_directory`.
        threads: Threads; None for as many as the process has processors, at most 4.
        temp_directory: Where to make the directory for spilled data, removed afterwards; None for the system's.
        most_unpacked: Most bytes that may be unpacked from archives in total.
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


class Unpacking:
    """Counts what one scan unpacks, and limits it.

    Args:
        most_bytes: Most bytes of all archives together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._packed = 0
        self._unpacked = 0

    def begin(self, size: int) -> None:
        """Count an archive of so many bytes."""
        self._packed += size

    def count(self, size: int, name: str) -> None:
        """Count unpacked bytes.

        Raises:
            SourceError: ``archive_too_large``.
        """
        self._unpacked += size
        ratio = self._unpacked > max(_FREE_BYTES, _RATIO * self._packed)
        if self._unpacked > self._most or ratio:
            more = f"{_RATIO} times its size" if ratio else f"the {self._most:,} bytes that may be unpacked"
            message = f"{name!r} unpacks to more than {more}."
            hint = "Unpack it yourself, and check the files in it."
            raise SourceError("archive_too_large", message, hint=hint, quotes_data=False)


class FileSystem(Protocol):
    """What DuckDB reads files through that it does not open itself.

    Attributes:
        failure: What broke while it read; None where nothing did.
    """

    failure: str | None


class Scan:
    """A DuckDB connection with limits; closing it removes what it wrote to disk.

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
        """For each relation whose rows DuckDB numbers itself, the view that has the numbers."""
        self.row_counts: dict[str, int] = {}
        """For each relation whose rows can be counted without reading them, their number."""
        self.sizes: dict[str, tuple[int, int | None]] = {}
        """For each relation, its number of files and their bytes; None if a store does not report them."""
        self.readings: dict[str, Mapping[str, JsonValue]] = {}
        """For each relation of text files, the options by which they are read."""
        self.evidence: dict[str, Callable[[Sequence[str]], Evidence]] = {}
        """By relation, what decides how its columns are read, where that is more than their types."""
        self.notes: list[str] = []
        """Notes for people on how the data were read."""
        self.named: dict[str, str] = {}
        """The names of files for people, by their names in DuckDB."""
        self.is_finer = False
        """Whether a column holds moments finer than microseconds."""
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
        self.files: FileSystem | None = None
        """What DuckDB reads files through that it does not open itself."""
        if confined:
            self._confine()
        self.connection.execute("SET python_enable_replacements = false")  # a name never refers to a Python variable
        self.connection.execute("SET TimeZone = 'UTC'")  # whatever the time zone of the machine
        self.connection.execute("SET enable_progress_bar = false")  # on a terminal it would be drawn into the report
        self.connection.execute("SET parquet_metadata_cache = true")  # many queries read the same files

    @property
    def failure(self) -> str | None:
        """What broke while DuckDB read from object storage; None where nothing did."""
        return None if self.files is None else self.files.failure

    def fresh_directory(self) -> Path:
        """Make an empty directory that is removed with the connection."""
        return Path(tempfile.mkdtemp(dir=self.directory))

    def fresh_name(self) -> str:
        """Return a name that is not in use in this DuckDB."""
        return f"dpq_beside_{next(self._numbers)}"

    def fresh_database(self) -> str:
        """Attach an empty database on disk that is removed with the connection, and return its name."""
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
            by_number = NANOSECONDS if self.is_finer and text.startswith(("SELECT", "WITH")) else {}
            return duckdb_rows(self.connection, text, parameters, by_number=by_number)

    @contextmanager
    def errors(self, subject: str) -> Iterator[None]:
        """Raise DuckDB's errors inside the block as errors of this project.

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
            message = f"The memory limit is too low for {subject}: {first_line(error)}"
            raise QueryError("out_of_memory", message, hint="Raise memory_limit.") from error
        except duckdb.Error as error:
            if self.failure is None:
                raise _broken(error, subject) from error
            # Without the chained errors, whose texts may quote credentials.
            raise EndedError("connection_lost", self.failure, hint="Check the connection.") from None

    def count_rows(self, relation: str) -> None:
        """Count the rows of a relation whose format stores their number."""
        ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {quote_name(relation)}").fetchall()  # noqa: S608
        self.row_counts[relation] = rows

    def _confine(self) -> None:
        """From now on, open only files in this scan's directory and files that it passes by number."""
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
        message = f"DuckDB could not read {subject} or write temporary data: {first_line(error)}"
        return MeasurementError("read_failed", message, hint="Check the file and the free space on the disk.")
    return RefusedQueryError("query_failed", f"DuckDB could not read {subject}: {first_line(error)}")


def quote_name(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a string for DuckDB."""
    return "'" + text.replace("'", "''") + "'"
