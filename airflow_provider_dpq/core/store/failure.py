"""Errors of a database as errors of the store, in words that name the store but never its password."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from airflow_provider_dpq.core.errors import StoreBusyError, StoreError, first_line

_FAILED: Final = "store_failed"
_UNREACHABLE: Final = "store_unreachable"
_UNWRITABLE: Final = "store_unwritable"
_FULL: Final = "store_full"
_LOCKED: Final = "store_locked"
_SLOW: Final = "store_slow"
_CORRUPT: Final = "store_corrupt"
_NO_STORE: Final = "not_a_store"

_SQLITE: Final = {
    sqlite3.SQLITE_AUTH: _UNWRITABLE,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_CANTOPEN: _UNREACHABLE,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_NOTADB: _NO_STORE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
}
"""Reasons by SQLite's primary result code."""

_SQLSTATE: Final = {
    "08": _UNREACHABLE,  # connection
    "28": _UNREACHABLE,  # user or password
    "3D": _UNREACHABLE,  # no such database
    "53300": _UNREACHABLE,  # too many connections
    "57014": _SLOW,  # its own limit
    "25P03": _SLOW,
    "57P": _UNREACHABLE,  # shut down, starting up
    "25006": _UNWRITABLE,  # read-only
    "42501": _UNWRITABLE,  # not granted
    "53100": _FULL,
    "40P01": _LOCKED,  # deadlock
    "55P03": _LOCKED,
}
"""Reasons by the beginning of a SQLSTATE."""

_MYSQL_SLOW: Final = frozenset({1317, 1969, 3024})
_MYSQL_LOCKED: Final = (1205, 1213)
"""Numbers of MySQL's and MariaDB's errors for a lock timeout and a deadlock, whose drivers report no SQLSTATE."""

_PASSING: Final = frozenset({_UNREACHABLE, _LOCKED, _SLOW})
"""Reasons that may pass in a moment."""

_WORDS: Final = {
    _FAILED: ("failed", "Nothing was changed."),
    _UNREACHABLE: ("cannot be reached", "Check its address and that it can be reached from here."),
    _UNWRITABLE: ("is not writable", "Give this user write access to it and, for a file, to its directory."),
    _FULL: ("has no space left", "Free some space; the data stored so far is intact."),
    _SLOW: ("did not answer in time", "Check what else is running there, and try again."),
    _LOCKED: ("is locked by another process", "Try again when that process has finished."),
    _CORRUPT: ("is damaged", "Restore it from a backup."),
    _NO_STORE: ("is not a database", "Use an existing store, or a file that does not exist yet."),
}


def shown(url: URL) -> str:
    """Return a URL for people, without its password and without its options, which may hold one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def cause(error: Exception, url: URL) -> Exception | None:
    """Return an error if it belongs in the traceback of the `StoreError` raised in its place.

    One whose text holds the password does not, nor one that only wraps a `StoreError`.
    """
    secret = url.password is not None and str(url.password) in str(error)
    return None if secret or isinstance(getattr(error, "orig", None), StoreError) else error


def store_error(error: SQLAlchemyError, url: URL) -> StoreError:
    """Return the error of the store that an error of a database amounts to.

    Args:
        error: The error that the driver, SQLAlchemy or a column's type raised.
        url: The store.

    Returns:
        The error to raise in its place.
    """
    original = getattr(error, "orig", None) or error
    if isinstance(original, StoreError):
        return original
    reason = _reason(error, original)
    words, hint = _WORDS[reason]
    message = f"The store {shown(url)} {words}: {first_line(original, url.password)}."
    # All but the last are about connections, rights, locks and the disk, of which no driver says what was written.
    kind = StoreBusyError if reason in _PASSING else StoreError
    return kind(reason, message, hint=hint, quotes_data=reason == _FAILED)


def _reason(error: SQLAlchemyError, original: BaseException) -> str:
    if isinstance(original, sqlite3.Error):
        return _SQLITE.get(getattr(original, "sqlite_errorcode", 0) & 0xFF, _FAILED)
    if getattr(original, "args", ()) and original.args[0] in _MYSQL_LOCKED:
        return _LOCKED
    if getattr(original, "args", ()) and original.args[0] in _MYSQL_SLOW:
        return _SLOW
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state:
        return next((reason for start, reason in _SQLSTATE.items() if state.startswith(start)), _FAILED)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return _UNREACHABLE if lost or isinstance(error, (OperationalError, InterfaceError)) else _FAILED
