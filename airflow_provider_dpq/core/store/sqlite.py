"""SQLite in a file, shared by many processes: where the file may be, and how each connection uses it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.permission import make_file, make_folder
from airflow_provider_dpq.core.store.mark import Mark

WRITES: Final = "dpq_writes"
"""Execution option of connections that write."""


def connect_arguments(url: URL, wait_seconds: float) -> dict[str, Any]:
    """Return how to connect: wait so long for other writers, unless the URL says how long, and leave BEGIN to us."""
    timeout = {} if "timeout" in url.query else {"timeout": wait_seconds}
    return {"isolation_level": None, **timeout}


def mark_of(url: URL) -> Mark | None:
    """Return the mark beside the file of a store; None for the address of a file that only SQLite reads."""
    path = url.database or ":memory:"
    return None if ":memory:" in path or path.startswith("file:") else Mark(Path(path))


def find_file(url: URL, *, create: bool) -> None:
    """See to it that the file is there, or that SQLite can make it.

    Args:
        url: The store.
        create: Whether it may be made, in a directory that may be made too.

    Raises:
        StoreError: ``invalid_store_url``: it is no file; ``store_unreachable``: it is not there, and may not or cannot
            be made.
    """
    path = url.database or ":memory:"
    if ":memory:" in path or url.query.get("mode") == "memory":
        message = "A store in memory would be lost with the process that writes it."
        raise StoreError(
            "invalid_store_url", message, hint="Name a file: sqlite:////var/lib/dpq.db.", quotes_data=False
        )
    if path.startswith("file:"):
        return
    if not create:
        if not os.path.exists(path):  # noqa: PTH110 - False too for a name that is too long, or may not be looked for
            raise StoreError(
                "store_unreachable",
                f"There is no store {path!r}.",
                hint="Make it: dpq store upgrade.",
                quotes_data=False,
            )
        return
    try:
        make_folder(Path(path).parent)
    except OSError as error:
        message = f"The directory of the store {path!r} cannot be made: {error.strerror}."
        raise StoreError(
            "store_unreachable", message, hint="Name a file that this user may write.", quotes_data=False
        ) from error


def share(engine: Engine, *, create: bool) -> None:
    """Let each connection of an engine share the file: readers never wait, and writers wait in line.

    Args:
        engine: The engine.
        create: Whether the file may still have to be made one that is shared so, which changes it.
    """
    event.listen(engine, "connect", _set_up)
    if create:
        event.listen(engine, "do_connect", _make)
        event.listen(engine, "connect", _set_write_ahead_log)
    event.listen(engine, "begin", _begin)


def _make(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
    """Make the file with the mode that it is to have, before SQLite makes it with that of the umask."""
    if not str(arguments[0]).startswith("file:"):
        with suppress(OSError):  # SQLite says why in its own words
            make_file(Path(arguments[0]))


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # What is no UTF-8 was never written by us: its row is told by its digest, and the others are read all the same.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")


def _set_write_ahead_log(connection: sqlite3.Connection, _: object) -> None:
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        # Another process is at the file just now. All works without WAL, and the next connection asks again.


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that reads first and then writes could not be made to wait.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
