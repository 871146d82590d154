"""How long a store may take: to connect, to wait for a lock, to answer. A store that hangs holds up nobody for long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from airflow_provider_dpq.core.driver import give_up
from airflow_provider_dpq.core.store.column import MYSQL

_IDLE_SECONDS: Final = 60
"""So long the server keeps a transaction that nothing is asked in: its client is gone."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """How long a store may take.

    Attributes:
        lock_seconds: To get a lock that others hold; of SQLite, to get at the file.
        statement_seconds: To answer one statement; None for as long as it needs.
    """

    lock_seconds: float = 30.0
    statement_seconds: float | None = 60.0


TASKS: Final = StoreLimits()
"""For tasks and the command line: a report is worth waiting for."""

LAST: Final = StoreLimits(lock_seconds=1.0, statement_seconds=1.0)
"""For a task that is about to be killed."""

PAGES: Final = StoreLimits(lock_seconds=3.0, statement_seconds=10.0)
"""For pages: somebody waits, and so do the other pages."""


UPGRADES: Final = StoreLimits(statement_seconds=None)
"""For upgrades, which rewrite tables: neither the server nor the driver gives up a statement."""


def limit(engine: Engine, limits: StoreLimits) -> Engine:
    """Let each transaction of an engine end in time, on the server too; of SQLite see `sqlite.connect_arguments`.

    Args:
        engine: The engine; its connections serve one transaction each.
        limits: How long a store may take.
    """

    def begin(connection: Connection) -> None:
        if (statement := _statement(connection, limits)) is not None:
            connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)
    return give_up(engine)


def read_timeout(driver: str, limits: StoreLimits) -> dict[str, Any]:
    """Return arguments of a driver that give up a server which says nothing, beyond what the server itself allows."""
    if limits.statement_seconds is None:
        return {}
    seconds = int(limits.statement_seconds + limits.lock_seconds) + 5
    return {"read_timeout": seconds, "write_timeout": seconds} if driver in {"pymysql", "mysqldb"} else {}


def _statement(connection: Connection, limits: StoreLimits) -> str | None:
    lock = max(1, round(limits.lock_seconds))
    answer = 0 if limits.statement_seconds is None else max(1, round(limits.statement_seconds))  # 0 is no limit
    if connection.dialect.name == "postgresql":
        return (
            f"SELECT set_config('lock_timeout', '{lock}s', true), set_config('statement_timeout', '{answer}s', true),"
            f" set_config('idle_in_transaction_session_timeout', '{_IDLE_SECONDS}s', true)"
        )
    if connection.dialect.name not in MYSQL:
        return None
    common = f"SET SESSION lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}"
    if getattr(connection.dialect, "is_mariadb", False):
        return f"{common}, max_statement_time = {answer}"
    return f"{common}, max_execution_time = {answer * 1000}"
