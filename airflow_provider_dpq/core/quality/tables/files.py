"""Files of Parquet, CSV (also zipped or gzipped) and JSON lines, opened as one table."""

from __future__ import annotations

import glob
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality.place import Place, Stored, find_stored, require_below
from airflow_provider_dpq.core.quality.tables.duck import Scan, pick, quote_name
from airflow_provider_dpq.core.quality.tables.reading import Reading, quote_list, refuse_twins, view
from airflow_provider_dpq.core.quality.tables.table import POSITION, Column
from airflow_provider_dpq.core.quality.tables.text_file import attach_csv

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
_COMPRESSED: Final = (".gz", ".zip")


@dataclass(frozen=True, slots=True)
class Files:
    """Files that were found already.

    Attributes:
        name: What they were found by, for people.
        members: The files, all of this machine's disk or all of one place.
    """

    name: str
    members: tuple[Path | Stored, ...]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def find_files(pattern: str | Path, root: str | Path | None) -> list[Path]:
    """Return the files that a path or glob names, in order.

    Raises:
        DeclarationError: ``outside_root``.
        SourceError: ``missing_file`` or ``empty_glob``.
    """
    text = str(pattern)
    is_glob = glob.has_magic(text) and not os.path.exists(text)  # noqa: PTH110 - False for a name that is too long
    names = sorted(glob.glob(text, recursive=True)) if is_glob else [text]  # noqa: PTH207 - absolute patterns too
    found = [Path(name) for name in names]
    for path in found:
        require_below(path, root)
    files = [path for path in found if os.path.isfile(path)]  # noqa: PTH113 - as above
    if not files and is_glob:
        raise SourceError(
            "empty_glob", f"No file matches {text!r}.", hint="Check the pattern and the directory.", quotes_data=False
        )
    if not files:
        kind = "is a directory" if os.path.isdir(text) else "does not exist"  # noqa: PTH112 - as above
        raise SourceError(
            "missing_file", f"The file {text!r} {kind}.", hint="Give the path of a file, or a glob.", quotes_data=False
        )
    return files


def attach_files(scan: Scan, relation: str, path: str | Path | Place | Files, reading: Reading) -> dict[str, Column]:
    """Give DuckDB a path or glob as a relation, and return its columns.

    Raises:
        DeclarationError: ``unknown_format`` or ``outside_root``.
        SourceError: The files are missing or cannot be read.
    """
    kind, names = _given(scan, path, reading)
    try:
        return _READERS[kind](scan, relation, names, reading)
    except duckdb.OutOfMemoryException as error:
        message = f"{str(path)!r} does not fit into the memory limit: {str(error).splitlines()[0]}"
        raise MeasurementError("out_of_memory", message, hint="Raise memory_limit.") from error
    except (duckdb.Error, UnicodeDecodeError) as error:
        if scan.failure is not None:
            raise SourceError("storage_unreachable", scan.failure, hint="Check the connection.") from None
        message = f"{str(path)!r} cannot be read as {kind}: {_cause(error)}"
        raise SourceError(f"unreadable_{kind}", message, hint="Is the file whole, and of that format?") from error


def _given(scan: Scan, path: str | Path | Place | Files, reading: Reading) -> tuple[str, list[str]]:
    """Return the format of the files that a path names, and the patterns by which DuckDB reads them."""
    found = _found(path, reading)
    kind = _one_format(path, [str(file.place if isinstance(file, Stored) else file) for file in found])
    names = [str(file) for file in found if isinstance(file, Path)]
    stored = [file for file in found if isinstance(file, Stored)]
    if stored:
        from airflow_provider_dpq.core.quality.tables.remote import give

        names = give(scan, stored, in_place=kind == "parquet")
    return kind, [_literal(member) for name in names for member in _unpacked(name, scan)]


def _found(path: str | Path | Place | Files, reading: Reading) -> Sequence[Path | Stored]:
    if isinstance(path, Files):
        return path.members
    return find_stored(path, reading.root) if isinstance(path, Place) else find_files(path, reading.root)


def _one_format(path: object, files: Sequence[str]) -> str:
    formats = {_format(file) for file in files}
    if len(formats) > 1:
        message = f"{str(path)!r} matches files of several formats: {', '.join(sorted(formats))}."
        raise DeclarationError("unknown_format", message, hint="Check one format at a time.")
    return formats.pop()


def _cause(error: Exception) -> str:
    """Return what DuckDB says of the cause, without the lines of the file and of the statement that it quotes."""
    quoted = ("Original Line", "LINE ")
    lines = [line for line in str(error).splitlines() if line.strip(" ^") and not line.startswith(quoted)]
    return " ".join(lines[:2])


def _format(file: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(file).suffixes]
    plain = [suffix for suffix in suffixes if suffix not in _COMPRESSED]
    if plain and plain[-1] in _FORMATS:
        return _FORMATS[plain[-1]]
    if suffixes and suffixes[-1] == ".zip":
        return "csv"
    message = f"The format of {file!r} is unknown."
    raise DeclarationError(
        "unknown_format", message, hint=f"Known endings: {', '.join(_FORMATS)}, also with .gz or .zip."
    )


def _unpacked(name: str, scan: Scan) -> list[str]:
    if not name.lower().endswith(".zip"):
        return [name]
    try:
        with zipfile.ZipFile(name) as archive:
            members = [member for member in archive.namelist() if not member.endswith("/") and "__MACOSX" not in member]
            # A directory each: "../a.csv" and "a.csv" are extracted to one name.
            return [archive.extract(member, scan.fresh_directory()) for member in sorted(members)]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:  # RuntimeError: a password
        message = f"{name!r} is no readable zip archive: {error}."
        raise SourceError("unreadable_csv", message) from error


def _literal(path: str) -> str:
    """Return a path as a pattern that matches nothing else: DuckDB reads every path as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", path)


_ROW_NUMBER: Final = "file_row_number"
"""DuckDB's name of the option and of the column that it adds."""


def _parquet(scan: Scan, relation: str, names: Sequence[str], reading: Reading) -> dict[str, Column]:
    view(scan, relation, f"read_parquet({quote_list(names)}, union_by_name = true, hive_partitioning = false)")
    described = scan.columns(relation)
    stored = scan.connection.execute(f"SELECT DISTINCT name FROM parquet_schema({quote_list(names)})").fetchall()  # noqa: S608
    names_stored = [name for (name,) in stored]
    if not {name for name, _ in described} <= set(names_stored):
        refuse_twins(names[0], names_stored)
    # Of a file in object storage it would read the end once more.
    alone = len(names) == 1 and "://" not in names[0]
    if alone and _ROW_NUMBER not in {name.casefold() for name, _ in described}:
        _number_rows(scan, relation, names[0])
    if not any("://" in name for name in names):
        scan.count_rows(relation)
    return pick(described)


def _number_rows(scan: Scan, relation: str, name: str) -> None:
    """Give DuckDB the file with the row numbers that it has itself: ordered by them, it reads no more than is shown."""
    source = f"read_parquet({quote_list([name])}, hive_partitioning = false, {_ROW_NUMBER} = true)"
    scan.numbered[relation] = numbered = f"{relation}_numbered"
    columns = f"* EXCLUDE ({_ROW_NUMBER}), {_ROW_NUMBER} AS {quote_name(POSITION)}"
    scan.connection.execute(f"CREATE TEMP VIEW {quote_name(numbered)} AS SELECT {columns} FROM {source}")  # noqa: S608


def _json(scan: Scan, relation: str, names: Sequence[str], reading: Reading) -> dict[str, Column]:
    source = f"{quote_list(names)}, format = 'auto', hive_partitioning = false"
    view(scan, relation, f"read_json({source}, sample_size = -1)")
    described = scan.columns(relation)
    folded = {name.casefold() for name, _ in described}
    if any(re.sub(r"_\d+$", "", name) != name and re.sub(r"_\d+$", "", name) in folded for name in folded):
        keys = f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({source})"  # noqa: S608
        refuse_twins(names[0], [key for (key,) in scan.connection.execute(keys).fetchall()])
    return pick(described)


_READERS: Final[Mapping[str, Callable[..., dict[str, Column]]]] = {
    "parquet": _parquet,
    "csv": attach_csv,
    "json": _json,
}
