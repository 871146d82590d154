"""One state of a database for all statements of a check, in a transaction that only reads.

Where others write meanwhile, counts, figures and samples of one check then still agree. Databases that take no such
snapshot cheaply answer each statement from what is committed when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.watch import limit_seconds

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

_MOST_MILLISECONDS: Final = 2**31 - 1

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
    bound(connection)


def bound(connection: sa.Connection) -> None:
    """Let the server itself end what takes too long in the transaction that follows."""
    if (seconds := limit_seconds()) is not None and (limit := _limit(connection.dialect, seconds)) is not None:
        connection.exec_driver_sql(limit)


def end(connection: sa.Connection) -> None:
    """Take back what outlives a transaction, before the connection may serve others."""
    connection.rollback()
    if limit_seconds() is not None and (limit := _limit(connection.dialect, None)) is not None:
        connection.exec_driver_sql(limit)


def _limit(dialect: sa.Dialect, seconds: float | None) -> str | None:
    """Return the statement that makes a server itself end what takes longer, or takes that back; None for no need.

    A server then goes on neither for a client that was killed nor, where PostgreSQL can see it, for one that is gone.
    """
    if dialect.name == "postgresql":
        if seconds is None:
            return None  # it ended with its transaction
        milliseconds = max(1, min(int(seconds * 1000), _MOST_MILLISECONDS))
        return (
            f"SELECT set_config('statement_timeout', '{milliseconds}', true), (SELECT set_config(name, '5s', true)"  # noqa: S608
            " FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval')"
        )
    if dialect.name not in ("mysql", "mariadb"):
        return None
    if getattr(dialect, "is_mariadb", False):
        return f"SET SESSION max_statement_time = {'DEFAULT' if seconds is None else f'{seconds:.3f}'}"
    milliseconds = 0 if seconds is None else min(int(seconds * 1000), _MOST_MILLISECONDS)
    return f"SET SESSION max_execution_time = {'DEFAULT' if seconds is None else milliseconds}"


def _is_begun(connection: sa.Connection) -> bool:
    """Whether a transaction runs on SQLite's connection already, which an engine in memory shares with its owner."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
