"""Files and frames as relations of DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_dpq.core.errors import DeclarationError, SourceError
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.files import Files, attach_files, files_of_paths
from airflow_provider_dpq.core.table.frames import attach_frame, is_frame
from airflow_provider_dpq.core.table.place import Place, is_place, locate
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Scan


def attach_reference(references: References, scan: Scan, relation: str, name: str) -> Mapping[str, Column]:
    """Give DuckDB another file or frame as a relation, and return its columns.

    Args:
        references: What may be named.
        scan: Where the relation is made.
        relation: Its name there.
        name: A name among the references, else a path.

    Raises:
        SourceError: ``unknown_reference``.
    """
    reading = references.reading
    try:
        return attach(scan, relation, located(references.sources.get(name, name), reading.root), reading)
    except (DeclarationError, SourceError) as error:
        message = f"The other table {name!r} cannot be opened: {error.message}"
        raise SourceError(
            "unknown_reference", message, hint="Give it in references, or as a path.", quotes_data=error.quotes_data
        ) from error


def located(data: Any, root: str | Path | None) -> Any:
    """Return the place that a URL or a path object names, the files of several paths, and anything else as it is.

    Raises:
        DeclarationError: ``missing_filesystem`` or ``outside_root``; ``unknown_data``: a list holds no paths.
        SourceError: The file system cannot be made; or one of several files does not exist.
    """
    if isinstance(data, (list, tuple)):
        return files_of_paths(data, root)
    return locate(data, root) if not is_frame(data) and is_place(data) else data


def attach(scan: Scan, relation: str, data: Any, reading: Reading) -> Mapping[str, Column]:
    """Give DuckDB a path, a glob, a place or a frame as a relation, and return its columns.

    Raises:
        DeclarationError: It is none of these, or of no known format.
        SourceError: The files are missing or cannot be read.
    """
    if isinstance(data, (str, Path, Place, Files)):
        return attach_files(scan, relation, data, reading)
    return attach_frame(scan, relation, data)
