"""Where a suite lies that a DAG names by a relative path: beside the DAG's file, or below the worker's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.address import is_url


def dag_folder(task: object) -> str | None:
    """Return the folder of the file that a task's DAG is declared in; None outside a DAG.

    Args:
        task: An operator or a sensor.
    """
    dag = getattr(task, "dag", None) if getattr(task, "has_dag", lambda: False)() else None
    location = getattr(dag, "fileloc", None)
    return str(Path(location).parent) if location else None


def find_suite(suite: Any, folder: str | None) -> Any:
    """Return a suite as it is, but for a relative path that of the file it names.

    Args:
        suite: The suite, or its path, after which ``#`` and the name of an object may stand.
        folder: The folder of the DAG's file; None where there is none.

    Returns:
        The path of the file where there is one, beside the DAG's file first; else the path as it was given.
    """
    found = next((place for place in _places(suite, folder) if _is_there(place)), None)
    return suite if found is None else str(found)


def require_suite(suite: Any, folder: str | None) -> Any:
    """Return what `find_suite` returns, and refuse a relative path that names no file.

    Raises:
        DeclarationError: ``unreadable_suite``; it says where the file was looked for.
    """
    places = _places(suite, folder)
    if places and not any(map(_is_there, places)):
        looked = " and ".join(repr(str(place)) for place in places)
        message = f"The suite {str(suite)!r} does not exist. Paths tried: {looked}."
        hint = "Put it next to the DAG file, or give its absolute path."
        raise DeclarationError("unreadable_suite", message, hint=hint)
    return find_suite(suite, folder)


def _places(suite: Any, folder: str | None) -> list[Path]:
    """Return where a relative path may lead; nothing for a whole path, a URL, and what is no path."""
    if not isinstance(suite, (str, Path)) or is_url(suite) or Path(suite).is_absolute():
        return []
    here = [Path(folder) / suite] if folder else []
    return list(dict.fromkeys([*here, Path.cwd() / suite]))


def _is_there(path: Path) -> bool:
    return path.is_file() or ("#" in path.name and Path(str(path).rpartition("#")[0]).is_file())
