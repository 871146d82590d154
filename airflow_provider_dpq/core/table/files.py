"""Files of Parquet, CSV (also zipped or gzipped) and JSON lines, opened as one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Final

import duckdb

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError, first_line
from airflow_provider_dpq.core.table.address import without_secrets
from airflow_provider_dpq.core.table.archive import unpacked
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.disk import PlainFile, find_files, is_marker
from airflow_provider_dpq.core.table.evidence import Evidence
from airflow_provider_dpq.core.table.json_file import attach_json
from airflow_provider_dpq.core.table.parquet_file import attach_parquet
from airflow_provider_dpq.core.table.place import Place, Stored, find_stored, is_place, locate
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.text_file import attach_csv

_FORMATS: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
_UNREAD: Final[Mapping[str, str]] = {
    ".zst": "zstd",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".lz4": "lz4",
    ".br": "brotli",
    ".sz": "snappy",
    ".snappy": "snappy",
    ".lzma": "lzma",
    ".z": "compress",
    ".7z": "7-Zip",
    ".rar": "RAR",
    ".tar": "tar",
    ".tgz": "tar",
}
"""Compressions that are not supported, by file ending."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files that have been found.

    Attributes:
        name: The path or glob that found them, for people.
        members: The files, all on this machine's disk or all in one store.
        beside: What the other parts of the same table hold, where they are only one, and are read as the others are.
        alone: Whether they are all files of the table, as far as is known.
    """

    name: str
    members: tuple[Path | Stored, ...]
    beside: Evidence = field(default_factory=dict)
    alone: bool = True

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def files_of_paths(paths: Sequence[Any], root: str | Path | None) -> Files:
    """Return the files that several paths, globs and URLs name, as those of one table; each once.

    Raises:
        DeclarationError: ``unknown_data``: one of them is none of these, or there is none.
        SourceError: ``missing_file`` or ``empty_glob``.
    """
    if not paths or not all(isinstance(path, (str, Path)) or is_place(path) for path in paths):
        message = "The list of paths is empty, or holds something that is not a path."
        raise DeclarationError("unknown_data", message, hint="Give the paths, globs or URLs of the files of one table.")
    found: dict[Path | Stored, None] = {}
    for path in paths:
        place = locate(path, root) if is_place(path) else path
        found |= dict.fromkeys(find_stored(place, root) if isinstance(place, Place) else find_files(place, root))
    return Files(names_of(paths), tuple(found))


_MOST_NAMED: Final = 5


def names_of(paths: Sequence[Any]) -> str:
    """Name several paths for people, without secrets."""
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(without_secrets(str(path)) for path in paths[:_MOST_NAMED]) + more


def attach_files(scan: Scan, relation: str, path: str | Path | Place | Files, reading: Reading) -> dict[str, Column]:
    """Give DuckDB a path or glob as a relation, and return its columns.

    Raises:
        DeclarationError: ``unknown_format`` or ``outside_root``.
        SourceError: The files are missing or cannot be read.
    """
    if isinstance(path, Files):
        reading = replace(reading, beside=path.beside, alone=path.alone)
    found = _found(path, reading)
    scan.sizes[relation] = len(found), _size(found)
    kind, files = _given(scan, path, found, reading)
    try:
        return _READERS[kind](scan, relation, files, reading)
    except duckdb.OutOfMemoryException as error:
        message = f"{str(path)!r} does not fit into the memory limit: {first_line(error)}"
        raise MeasurementError("out_of_memory", message, hint="Raise memory_limit.") from error
    except (duckdb.InternalException, RecursionError) as error:
        message = f"{str(path)!r} cannot be read as {kind}: it is nested too deeply, or damaged."
        raise SourceError(f"unreadable_{kind}", message, hint="Inspect the file.", quotes_data=False) from error
    except (duckdb.Error, UnicodeDecodeError) as error:
        if scan.failure is not None:
            raise SourceError(
                "storage_unreachable", scan.failure, hint="Check the connection.", quotes_data=False
            ) from None
        message = f"{str(path)!r} cannot be read as {kind}: {_cause(error, scan)}"
        raise SourceError(
            f"unreadable_{kind}", message, hint="Check that the file is complete and of that format."
        ) from error


def _size(files: Sequence[Path | Stored]) -> int | None:
    sizes = [file.size if isinstance(file, Stored) else file.stat().st_size for file in files]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _given(
    scan: Scan, path: str | Path | Place | Files, found: Sequence[Path | Stored], reading: Reading
) -> tuple[str, Sequence[PlainFile | Stored]]:
    """Return the format of the files that a path names, and the plain files that they are or contain."""
    kind = _one_format(path, {_format(_named(file)) for file in found})
    if kind == "parquet" and any(_named(file).lower().endswith(".gz") for file in found):
        message = f"{str(path)!r} is a gzip file, but Parquet has its own compression."
        raise SourceError(f"unreadable_{kind}", message, hint="Unpack it.", quotes_data=False)
    local = [PlainFile(str(file), file, reading.root) for file in found if isinstance(file, Path)]
    stored = [file for file in found if isinstance(file, Stored)]
    files: list[PlainFile | Stored] = list(local)
    if stored:
        from airflow_provider_dpq.core.table.remote import give

        files = give(scan, stored, in_place=kind == "parquet")
    plain: list[PlainFile | Stored] = []
    for file in files:
        plain.extend(unpacked(scan, file, kind, format_of) if isinstance(file, PlainFile) else [file])
    if kind != "parquet":
        plain = [file.copied(scan) if isinstance(file, PlainFile) else file for file in plain]
    return _one_format(path, {format_of(_named(file)) or kind for file in plain}), plain


def _named(file: Path | Stored | PlainFile) -> str:
    if isinstance(file, Stored):
        return str(file.place)
    return file.name if isinstance(file, PlainFile) else str(file)


def _found(path: str | Path | Place | Files, reading: Reading) -> Sequence[Path | Stored]:
    """Return the files of a table that a path names, without those that jobs leave beside them.

    Raises:
        SourceError: ``missing_file`` or ``empty_glob``.
    """
    if isinstance(path, Files):
        members: Sequence[Path | Stored] = path.members
    else:
        members = find_stored(path, reading.root) if isinstance(path, Place) else find_files(path, reading.root)
    return files_of_table(path, members)


def files_of_table(path: object, members: Sequence[Path | Stored]) -> Sequence[Path | Stored]:
    """Return the files that are of a table, without those that jobs leave beside them.

    Raises:
        DeclarationError: ``unknown_format``: they are of several formats, or of none that is known.
        SourceError: ``empty_glob``: there is none.
    """
    found = [file for file in members if not is_marker(_named(file), format_of)]
    if not found:
        raise SourceError(
            "empty_glob", f"{str(path)!r} matches no file of a table.", hint="Check the pattern.", quotes_data=False
        )
    _one_format(path, {_format(_named(file)) for file in found})
    return found


def _one_format(path: object, formats: set[str]) -> str:
    if len(formats) > 1:
        message = f"{str(path)!r} matches files of several formats: {', '.join(sorted(formats))}."
        raise DeclarationError("unknown_format", message, hint="Check one format at a time.")
    return formats.pop()


def _cause(error: Exception, scan: Scan) -> str:
    """Return the cause that DuckDB gives, without the lines of the file and the statement that it quotes."""
    quoted = ("Original Line", "LINE ", "Try setting")
    lines = [line for line in str(error).splitlines() if line.strip(" ^") and not line.startswith(quoted)]
    told = re.sub(r"Object \{.*\} has", "An object has", " ".join(lines[:2]))
    addresses = "|".join(map(re.escape, sorted(scan.named, key=len, reverse=True)))  # /1 begins /10
    return re.sub(addresses, lambda found: scan.named[found[0]], told) if addresses else told


def format_of(name: str) -> str | None:
    """Return the format by a file's name, without the endings of gzip and zip; None if the name does not tell."""
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    while suffixes and suffixes[-1] in (".gz", ".zip"):
        suffixes.pop()
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _format(name: str) -> str:
    ending = PurePath(name).suffix.lower()
    if ending in _UNREAD:
        message = f"{name!r} is compressed with {_UNREAD[ending]}, which is not supported."
        raise DeclarationError("unknown_format", message, hint="Unpack it, or compress it with gzip or zip.")
    known = format_of(name) or ("csv" if ending == ".zip" else None)
    if known is not None:
        return known
    message = f"The format of {name!r} is unknown."
    hint = f"Known endings: {', '.join(_FORMATS)}, also with .gz or .zip."
    raise DeclarationError("unknown_format", message, hint=hint)


_READERS: Final[Mapping[str, Callable[..., dict[str, Column]]]] = {
    "parquet": attach_parquet,
    "csv": attach_csv,
    "json": attach_json,
}
