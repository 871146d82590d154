"""One state of a database for all statements of a check, in a transaction that only reads.

Where others write meanwhile, counts, figures and samples of one check then still agree. Databases that take no such
snapshot cheaply answer each statement from what is committed when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.sqlite_sum import add_sums
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

_POSTGRESQL_LIMITS: Final = (
    "SELECT set_config(name, CASE name WHEN 'statement_timeout'"
    " THEN least(nullif(setting::bigint, 0), {milliseconds})::text ELSE '5s' END, true)"
    " FROM pg_catalog.pg_settings WHERE name IN ('statement_timeout', 'client_connection_check_interval')"
)

_FOUND: Final = "dpq_limit_found"
"""Where a connection remembers the limit that its session had before."""

ABORTS: Final = frozenset({"postgresql"})
"""Dialects in which a refused statement takes its transaction with it, unless it is undone to a savepoint."""

SURVIVES: Final = frozenset({"mysql", "mariadb", "sqlite"})
"""Dialects in which a transaction goes on after a refused statement."""


def connect(engine: sa.Engine) -> sa.Connection:
    """Return a connection whose transactions each see one state, where the database can do that cheaply."""
    connection = engine.connect()
    try:
        return prepare(connection)
    except BaseException:
        connection.close()
        raise


def prepare(connection: sa.Connection) -> sa.Connection:
    """Let the transactions of a connection, which may have been made anew, each see one state."""
    if connection.dialect.name == "sqlite":
        add_sums(connection)
    return connection.execution_options(**_OPTIONS.get(connection.dialect.name, {}))


def begin(connection: sa.Connection) -> None:
    """Let go of what was seen so far: the next statement sees the present state, and those after it the same."""
    connection.rollback()
    statement = _BEGIN.get(connection.dialect.name)
    if statement is not None and not _is_begun(connection):
        connection.exec_driver_sql(statement)
    bound(connection)


def bound(connection: sa.Connection) -> None:
    """Let the server itself end what takes too long in the transaction that follows.

    A stricter limit that it has already, of its user for instance, stays as it is. The server then goes on neither for
    a client that was killed nor, where PostgreSQL can see it, for one that is gone.
    """
    if (seconds := limit_seconds()) is None:
        return
    if connection.dialect.name == "postgresql":
        milliseconds = max(1, min(int(seconds * 1000), _MOST_MILLISECONDS))
        connection.exec_driver_sql(_POSTGRESQL_LIMITS.format(milliseconds=milliseconds))
    elif (own := _own_limit(connection.dialect)) is not None:
        variable, unit = own
        if _FOUND not in connection.info:
            connection.info[_FOUND] = connection.exec_driver_sql(f"SELECT @@SESSION.{variable}").scalar_one()
        found, ours = connection.info[_FOUND], min(seconds * unit, _MOST_MILLISECONDS)
        _set(connection, variable, min(found, ours) if found else ours)


def end(connection: sa.Connection) -> None:
    """Take back what outlives a transaction, before the connection may serve others."""
    connection.rollback()
    if (own := _own_limit(connection.dialect)) is not None and _FOUND in connection.info:
        _set(connection, own[0], connection.info.pop(_FOUND))


def _own_limit(dialect: sa.Dialect) -> tuple[str, float] | None:
    """Return the variable of a session that limits its statements, and how many of its units are a second."""
    if dialect.name not in ("mysql", "mariadb"):
        return None
    return ("max_statement_time", 1.0) if getattr(dialect, "is_mariadb", False) else ("max_execution_time", 1000.0)


def _set(connection: sa.Connection, variable: str, value: float) -> None:
    # The one is a whole number of milliseconds, the other one of seconds with six digits behind the point.
    text = f"{value:.6f}" if variable == "max_statement_time" else f"{value:.0f}"
    connection.exec_driver_sql(f"SET SESSION {variable} = {text}")


def _is_begun(connection: sa.Connection) -> bool:
    """Whether a transaction runs on SQLite's connection already, which an engine in memory shares with its owner."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
