"""One state of a database for all statements of a check, in a transaction that only reads.

Where others write meanwhile, counts, figures and samples of one check then still agree. Databases that take no such
snapshot cheaply answer each statement from what is committed when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mariadb": {"isolation_level": "REPEATABLE READ"},
}
_BEGIN: Final[Mapping[str, str]] = {
    "mysql": "SET TRANSACTION READ ONLY",  # of the next transaction, which the next statement begins
    "mariadb": "SET TRANSACTION READ ONLY",
    "sqlite": "BEGIN",  # its driver begins none of its own for a SELECT
}

ABORTS: Final = frozenset({"postgresql"})
"""Dialects in which a refused statement takes its transaction with it, unless it is undone to a savepoint."""

SURVIVES: Final = frozenset({"mysql", "mariadb", "sqlite"})
"""Dialects in which a transaction goes on after a refused statement."""


def connect(engine: sa.Engine) -> sa.Connection:
    """Return a connection whose transactions each see one state, where the database can do that cheaply."""
    connection = engine.connect()
    try:
        return connection.execution_options(**_OPTIONS.get(engine.dialect.name, {}))
    except BaseException:
        connection.close()
        raise


def begin(connection: sa.Connection) -> None:
    """Let go of what was seen so far: the next statement sees the present state, and those after it the same."""
    connection.rollback()
    statement = _BEGIN.get(connection.dialect.name)
    if statement is not None and not _is_begun(connection):
        connection.exec_driver_sql(statement)


def _is_begun(connection: sa.Connection) -> bool:
    """Whether a transaction runs on SQLite's connection already, which an engine in memory shares with its owner."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
