"""How long a store may take to connect, to get a lock and to answer: one that hangs delays nobody for long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from airflow_provider_dpq.core.driver import give_up
from airflow_provider_dpq.core.store.column import MYSQL

_IDLE_SECONDS: Final = 60
"""How long the server keeps an idle transaction: its client is gone."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """How long a store may take.

    Attributes:
        lock_seconds: To get a lock that others hold; with SQLite, to get access to the file.
        statement_seconds: To answer one statement; None for as long as it needs.
    """

    lock_seconds: float = 30.0
    statement_seconds: float | None = 60.0


TASKS: Final = StoreLimits()
"""For tasks and the command line, for which a report is worth the wait."""

LAST: Final = StoreLimits(lock_seconds=1.0, statement_seconds=1.0)
"""For a task that is about to be killed."""

PAGES: Final = StoreLimits(lock_seconds=3.0, statement_seconds=10.0)
"""For web pages, where somebody is waiting."""


UPGRADES: Final = StoreLimits(statement_seconds=None)
"""For upgrades, which rewrite tables: no statement has a time limit."""


def limit(engine: Engine, limits: StoreLimits) -> Engine:
    """Limit the time of each transaction of an engine, on the server too; for SQLite see `sqlite.connect_arguments`.

    Args:
        engine: The engine, whose connections serve one transaction each.
        limits: How long a store may take.
    """

    def begin(connection: Connection) -> None:
        if (statement := _statement(connection, limits)) is not None:
            connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)
    return give_up(engine)


def read_timeout(driver: str, limits: StoreLimits) -> dict[str, Any]:
    """Return a driver's arguments for giving up on a silent server, later than the server's own limits."""
    if limits.statement_seconds is None:
        return {}
    seconds = int(limits.statement_seconds + limits.lock_seconds) + 5
    return {"read_timeout": seconds, "write_timeout": seconds} if driver in {"pymysql", "mysqldb"} else {}


def _statement(connection: Connection, limits: StoreLimits) -> str | None:
    lock = max(1, round(limits.lock_seconds))
    answer = 0 if limits.statement_seconds is None else max(1, round(limits.statement_seconds))  # 0 means no limit
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
