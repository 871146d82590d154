"""Where failing rows and good rows are to be written, as the user asked for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final, TypeAlias

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.place import Place, is_place, locate, require_below

ENDINGS: Final = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of the database that the checked table lives in.

    Attributes:
        name: Its name, with its schema before a dot where there is one.
    """

    name: str

    def __str__(self) -> str:
        """Return the name."""
        return self.name


Target: TypeAlias = Path | Place | TableName
"""Where rows are written."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be written.

    Attributes:
        quarantine: Where failing rows go, each with the checks that it broke; None for nowhere.
        good_rows: Where all other rows go; None for nowhere.
        root: Directory that files must lie in; None for any.
    """

    quarantine: Target | None = None
    good_rows: Target | None = None
    root: str | Path | None = None

    def __bool__(self) -> bool:
        """Whether anything is to be written."""
        return self.quarantine is not None or self.good_rows is not None

    @property
    def in_database(self) -> bool:
        """Whether the targets are tables."""
        return any(isinstance(target, TableName) for _, target in self)

    def __iter__(self) -> Iterator[tuple[str, Target]]:
        """Yield the name and the target of each part that is to be written."""
        for name, target in (("quarantine", self.quarantine), ("good_rows", self.good_rows)):
            if target is not None:
                yield name, target


def parse_request(data: Any, connection: Any, quarantine: Any, good_rows: Any, root: str | Path | None) -> Request:
    """Read where rows are to be written, before any data are read.

    Args:
        data: What is checked.
        connection: The database that it is in; None for files and frames.
        quarantine: Where failing rows go: a Parquet file, by its path, its URL or a path that carries its file system,
            or a table of `connection`; None for nowhere.
        good_rows: The same for all other rows.
        root: Directory that files must lie in; None for any.

    Raises:
        DeclarationError: ``invalid_quarantine``, ``outside_root`` or ``missing_filesystem``.
    """
    in_database = connection is not None
    request = Request(
        None if quarantine is None else _target("quarantine", quarantine, in_database, root),
        None if good_rows is None else _target("good_rows", good_rows, in_database, root),
        root or None,
    )
    for name, target in request:
        if _is_read(target, data if connection is None or isinstance(target, TableName) else None, root):
            message = f"{name} would replace what is checked: {str(target)!r}."
            raise DeclarationError("invalid_quarantine", message, hint="Write to another place.")
    if request.quarantine is not None and str(request.quarantine) == str(request.good_rows):
        message = f"quarantine and good_rows are both {str(request.quarantine)!r}."
        raise DeclarationError("invalid_quarantine", message, hint="Write them to two places.")
    if len({isinstance(target, TableName) for _, target in request}) > 1:
        message = (
            f"quarantine and good_rows are a file and a table: {str(request.quarantine)!r}, {str(request.good_rows)!r}."
        )
        raise DeclarationError("invalid_quarantine", message, hint="Write both to files, or both to tables.")
    return request


def require_whole(request: Request, partition_by: object) -> None:
    """Refuse to set rows apart where the table is checked by partition: those checked before are not read again.

    Raises:
        DeclarationError: ``invalid_quarantine``.
    """
    if request and partition_by is not None:
        message = f"Rows are to be set apart, and the table is checked by {partition_by!r}: not all of it is read."
        raise DeclarationError("invalid_quarantine", message, hint="Check one partition at a time with partition.")


def _target(name: str, given: Any, in_database: bool, root: str | Path | None) -> Target:
    if is_place(given):
        return _file(locate(given, root), root)
    if not isinstance(given, (str, os.PathLike)) or not str(given).strip():
        message = f"{name} is {given!r}."
        raise DeclarationError("invalid_quarantine", message, hint="Give the path of a Parquet file.")
    if in_database and isinstance(given, str) and not given.lower().endswith(ENDINGS):
        return TableName(given)
    return _file(Path(os.fspath(given)), root)


def _file(target: Path | Place, root: str | Path | None) -> Path | Place:
    if not str(target).lower().endswith(ENDINGS):
        message = f"Rows are written as Parquet, and {str(target)!r} does not end in {' or '.join(ENDINGS)}."
        hint = "Name the file so. Rows of a database may also be written to a table of it."
        raise DeclarationError("invalid_quarantine", message, hint=hint)
    require_below(target, root)
    return target


def _is_read(target: Target, data: Any, root: str | Path | None) -> bool:
    """Whether a target is, or would become, one of the files or the table that are checked."""
    if isinstance(target, TableName):
        return bool(str(target) == data)
    if isinstance(data, (list, tuple)):
        return any(_is_read(target, one, root) for one in data)
    source = locate(data, root) if is_place(data) else data
    if isinstance(target, Place) and isinstance(source, Place):
        return target.path == source.path or fnmatch(target.path, source.path)
    if not isinstance(target, Path) or not isinstance(source, (str, Path)):
        return False
    written, pattern = target.resolve().parts, Path(source).resolve().parts
    if "**" in pattern:
        return fnmatch(str(target.resolve()), str(Path(source).resolve()))
    return len(written) == len(pattern) and all(map(fnmatch, written, pattern))
