"""Differences between database drivers: how a connection times out, and how its statement is stopped."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.watch import Stop

if TYPE_CHECKING:
    import sqlalchemy as sa

CONNECT_SECONDS: Final = 10
"""How long connecting may take."""

_LIBPQ: Final[Mapping[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_CONNECT: Final[Mapping[str, Mapping[str, Any]]] = {
    "psycopg": _LIBPQ,
    "psycopg2": _LIBPQ,
    "pymysql": {"connect_timeout": CONNECT_SECONDS},
    "mysqldb": {"connect_timeout": CONNECT_SECONDS},
    "mysqlconnector": {"connection_timeout": CONNECT_SECONDS},
}
"""Connection arguments by driver that give up on a server that does not answer."""

_KILL: Final = ("mysql", "mariadb")
"""Dialects whose statements are stopped from another connection, by the number of the connection."""


def give_up(engine: sa.Engine) -> sa.Engine:
    """Let an engine give up on a server that does not answer, unless its address says otherwise."""
    from sqlalchemy import event

    defaults = _CONNECT.get(engine.dialect.driver, {})

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        for name, value in defaults.items():
            options.setdefault(name, value)

    if defaults:
        event.listen(engine, "do_connect", connect)
    return engine


def stop_of(connection: sa.Connection) -> Stop:
    """Return how to stop the running statement of a connection from another thread."""
    raw: Any = connection.connection.dbapi_connection
    number = _descriptor(raw)
    force = None if number is None else lambda: _break(number)
    if connection.dialect.name in _KILL:
        own = raw.thread_id() if hasattr(raw, "thread_id") else getattr(raw, "connection_id", None)
        if own is not None:
            engine = connection.engine
            return Stop(lambda: _kill(engine, int(own)), force, connection.invalidate)
    for name in ("cancel_safe", "cancel", "interrupt"):
        if callable(way := getattr(raw, name, None)):
            return Stop(way, force, connection.invalidate)
    return Stop(force or (lambda: None), force)


def _kill(engine: sa.Engine, number: int) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"KILL QUERY {number}")


def _descriptor(raw: Any) -> int | None:
    """Return the descriptor of a connection's socket; None if its driver does not provide it."""
    for holder in (raw, getattr(raw, "_sock", None)):
        if callable(number := getattr(holder, "fileno", None)):
            try:
                return int(number())
            except Exception:  # noqa: BLE001 - each driver has its own for a connection that is closed
                return None
    return None


def _break(number: int) -> None:
    """Shut a socket down in both directions: whoever waits on it reads the end of the stream."""
    with socket.socket(fileno=os.dup(number)) as copy:
        copy.shutdown(socket.SHUT_RDWR)
