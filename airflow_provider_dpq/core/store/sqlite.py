"""A SQLite file shared by many processes: where it may be, and how each connection uses it."""

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
    """Return how to connect: how long to wait for other writers, unless the URL says so, and with BEGIN left to us."""
    timeout = {} if "timeout" in url.query else {"timeout": wait_seconds}
    return {"isolation_level": None, **timeout}


def mark_of(url: URL) -> Mark | None:
    """Return the mark beside the file of a store; None for a ``file:`` URI, which only SQLite can read."""
    path = url.database or ":memory:"
    return None if ":memory:" in path or path.startswith("file:") else Mark(Path(path))


def find_file(url: URL, *, create: bool) -> None:
    """Make sure that the file exists, or that SQLite can create it.

    Args:
        url: The store.
        create: Whether it may be created, with its directory.

    Raises:
        StoreError: ``invalid_store_url``: it is no file; ``store_unreachable``: it does not exist, and may not or
            cannot be created.
    """
    path = url.database or ":memory:"
    if ":memory:" in path or url.query.get("mode") == "memory":
        message = "A store in memory is lost when its process ends."
        raise StoreError("invalid_store_url", message, hint="Use a file: sqlite:////var/lib/dpq.db.", quotes_data=False)
    if path.startswith("file:"):
        return
    if not create:
        if not os.path.exists(path):  # noqa: PTH110 - also False if the name is too long or may not be looked up
            raise StoreError(
                "store_unreachable",
                f"The store {path!r} does not exist.",
                hint="Create it: dpq store upgrade.",
                quotes_data=False,
            )
        return
    try:
        make_folder(Path(path).parent)
    except OSError as error:
        message = f"The directory of the store {path!r} cannot be created: {error.strerror}."
        raise StoreError(
            "store_unreachable", message, hint="Use a file that this user can write.", quotes_data=False
        ) from error


def share(engine: Engine, *, create: bool) -> None:
    """Let each connection of an engine share the file: readers never wait, and writers queue.

    Args:
        engine: The engine.
        create: Whether the file may be created, and switched to WAL, which changes it.
    """
    event.listen(engine, "connect", _set_up)
    if create:
        event.listen(engine, "do_connect", _make)
        event.listen(engine, "connect", _set_write_ahead_log)
    event.listen(engine, "begin", _begin)


def _make(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
    """Create the file with the right mode, before SQLite creates it with that of the umask."""
    if not str(arguments[0]).startswith("file:"):
        with suppress(OSError):  # SQLite says why in its own words
            make_file(Path(arguments[0]))


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # Bytes that are no UTF-8 were not written by us: the digest of that row fails, and the others can still be read.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")


def _set_write_ahead_log(connection: sqlite3.Connection, _: object) -> None:
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        # Another process is using the file. Everything works without WAL too, and the next connection tries again.


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: SQLite cannot wait for the lock if a transaction reads before it writes.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
