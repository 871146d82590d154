"""The partitions of a table: folders named ``day=2024-01-01``, else the values of columns."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality.compile.condition import partition_filters
from airflow_provider_dpq.core.table.attach import located
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.disk import disk_errors, find_files, open_file
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.evidence import Evidence, together
from airflow_provider_dpq.core.table.files import Files, files_of_table
from airflow_provider_dpq.core.table.instant import instant
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.place import Place, Stored, find_stored
from airflow_provider_dpq.core.table.table import Table

_MOST: Final = 10_000
_KINDS: Final = (Kind.INTEGER, Kind.STRING, Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ, Kind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition.

    Attributes:
        key: Its values, by column.
        state: What changes when its rows do: a digest of its files as `state_of` says, or its number of rows.
        files: Its files, where partitions are folders.
        rows: How many rows its values have, where they make it; None for folders.
    """

    key: Mapping[str, Any]
    state: str
    files: tuple[Path | Stored, ...] = ()
    rows: int | None = None

    @property
    def shown(self) -> dict[str, JsonValue]:
        """The key as JSON holds it."""
        return {name: jsonable(value) for name, value in self.key.items()}


def in_folders(data: str | Path | Place, root: str | Path | None, by: Sequence[str]) -> list[Partition] | None:
    """Return the partitions of files whose folders name them, in order; None where no folder does.

    Raises:
        DeclarationError: ``outside_root``, or ``unknown_format``.
        SourceError: There is no file; or ``mixed_partitions``: only some lie in such folders.
    """
    found_by = find_stored(data, root) if isinstance(data, Place) else find_files(data, root)
    files = files_of_table(data, found_by)
    grouped: dict[tuple[str, ...], list[Path | Stored]] = {}
    outside = 0
    for file in files:
        folders = dict(_pair(part) for part in PurePosixPath(_name(file)).parts[:-1] if "=" in part)
        if all(name in folders for name in by):
            grouped.setdefault(tuple(folders[name] for name in by), []).append(file)
        else:
            outside += 1
    if grouped and outside:
        message = f"Of the files {str(data)!r}, {outside} lie in no folder that names {', '.join(by)}."
        raise SourceError("mixed_partitions", message, hint="Narrow the pattern, or move them.", quotes_data=False)
    return [
        Partition(dict(zip(by, key, strict=True)), state_of(found, root), tuple(found))
        for key, found in sorted(grouped.items())
    ] or None


def folder_keys(data: Any, root: str | Path | None) -> set[str]:
    """Return the names that the folders of files give, as ``day`` in ``day=2024-01-01``; none for what has no files.

    Raises:
        DeclarationError: ``outside_root``.
        SourceError: There is no file.
    """
    there = located(data, root)
    if isinstance(there, Files):
        files: Sequence[Path | Stored] = there.members
    elif isinstance(there, Place):
        files = find_stored(there, root)
    else:
        files = find_files(there, root) if isinstance(there, (str, Path)) else []
    folders = {part for file in files for part in PurePosixPath(_name(file)).parts[:-1]}
    return {_pair(folder)[0] for folder in folders if "=" in folder}


def _pair(folder: str) -> tuple[str, str]:
    name, _, value = folder.partition("=")
    return name, unquote(value)


def _name(file: Path | Stored) -> str:
    return file.place.path if isinstance(file, Stored) else str(file)


def by_columns(table: Table, by: Sequence[str]) -> list[Partition]:
    """Return the partitions that the values of columns make, each with its number of rows.

    Raises:
        DeclarationError: ``invalid_partition``: a column holds what names no partition.
        MeasurementError: ``missing_column``, or ``too_many_partitions``.
    """
    columns = [_naming(table, name) for name in by]
    values = [column.value.label(f"key_{index}") for index, column in enumerate(columns)]
    query = sa.select(*values, sa.func.count()).select_from(table.rows()).where(*table.filters)
    fetched = table.fetch(query.group_by(*(column.value for column in columns)).limit(_MOST + 1))
    found = [(*map(_in_utc, row[:-1]), row[-1]) for row in fetched]
    if len(found) > _MOST:
        message = f"{', '.join(map(repr, by))} would make more than {_MOST} partitions of {table.subject}."
        raise MeasurementError(
            "too_many_partitions", message, hint="Partition by a coarser column, such as a day.", quotes_data=False
        )
    rows = sorted(found, key=lambda row: [(value is not None, str(value)) for value in row[:-1]])
    return [Partition(dict(zip(by, row[:-1], strict=True)), f"{row[-1]} rows", rows=int(row[-1])) for row in rows]


def _in_utc(value: Any) -> Any:
    """Return an instant by the clocks of UTC: it names the same partition whatever time zone the session has."""
    return instant(value) if isinstance(value, datetime) and value.tzinfo is not None else value


def _naming(table: Table, name: str) -> Column:
    """Return a column whose values make partitions.

    Raises:
        DeclarationError: ``invalid_partition``: it holds what names none.
        MeasurementError: ``missing_column``.
    """
    hint = "Use one of days, texts or whole numbers."
    try:
        column = table.column(name)
    except NotScannableError as error:
        raise DeclarationError("invalid_partition", f"{error} They cannot name partitions.", hint=hint) from error
    if column.kind not in _KINDS or (column.kind is Kind.TIMESTAMP_TZ and table.pandas_like):
        message = f"The {column.native} column {column.name!r} cannot name partitions."
        raise DeclarationError("invalid_partition", message, hint=hint)
    return column


@contextmanager
def only(table: Table, partition: Partition) -> Iterator[Table]:
    """Narrow an open table to one partition, and widen it again."""
    every = table.filters
    there = {name: value for name, value in partition.key.items() if value is not None}
    nowhere = [table.column(name).value.is_(None) for name, value in partition.key.items() if value is None]
    table.filters = [*every, *partition_filters(table, there), *nowhere]
    try:
        yield table
    finally:
        table.filters = every


def files_of(data: object, partition: Partition, beside: Evidence | None) -> Files:
    """Return the files of one partition, as what is opened in the place of all of them.

    Args:
        data: All of them, for people.
        partition: The partition.
        beside: What the other partitions hold; None where no other one is known.
    """
    return Files(str(data), partition.files, beside or {}, alone=beside is None)


def evidence_beside(found: Sequence[Evidence]) -> Iterator[Evidence]:
    """Yield for each of some partitions what all the others hold."""
    none: Evidence = {}
    after = list(accumulate(reversed(found), together, initial=none))[-2::-1]
    before = accumulate(found, together, initial=none)
    for earlier, later in zip(before, after, strict=False):
        yield together(earlier, later)


_SMALL: Final = 65_536
"""Bytes up to which a file is read to see whether it changed."""
_SETTLED: Final = 2 * 10**9
"""So many nanoseconds after its last change a file's time tells that change from the next: some disks count seconds."""


def state_of(files: Iterable[Path | Stored], root: str | Path | None, now: Callable[[], int] = time.time_ns) -> str:
    """Return a digest that differs where a file was written anew, and where nobody can tell.

    Args:
        files: The files.
        root: Directory that files on this machine's disk must lie in; None for any.
        now: Returns the time, in nanoseconds since 1970.

    Raises:
        SourceError: A file cannot be read.
    """
    states = [_of_stored(file, now) if isinstance(file, Stored) else _of_file(file, root, now) for file in files]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def _of_stored(file: Stored, now: Callable[[], int]) -> list[Any]:
    # Where a store says nothing of a file's content, the next one may be any.
    return [file.place.path, file.size, file.state or now()]


def _of_file(file: Path, root: str | Path | None, now: Callable[[], int]) -> list[Any]:
    with disk_errors(file):
        found = file.stat()
    state: list[Any] = [str(file), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    if found.st_size <= _SMALL:
        with disk_errors(file), open_file(file, root) as stream:
            return [*state, hashlib.sha256(stream.read(_SMALL + 1)).hexdigest()]
    moment = now()
    return state if moment - max(found.st_mtime_ns, found.st_ctime_ns) >= _SETTLED else [*state, moment]
