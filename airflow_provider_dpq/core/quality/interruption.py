"""Measuring that an interrupt ends, where a driver would wait for its server whatever signal comes.

psycopg2 answers a signal once its query has ended, and the gateway of Spark is left in the middle of a conversation,
whose next answer never comes. So such a measurement runs beside the thread that signals come to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.table.spark import inheriting, is_session, is_spark_frame
from airflow_provider_dpq.core.watch import is_watched

T = TypeVar("T")

_IN_PROCESS: Final = ("duckdb", "sqlite")
"""Databases that run in this process: what is in memory may belong to the thread that opened it."""


def interruptible(work: Callable[[], T], data: Any, connection: Any) -> T:
    """Run a measurement so that a time limit or a Ctrl-C stops its statements and ends it, where it waits for a server.

    Args:
        work: The measurement.
        data: What it measures.
        connection: The connection that the data is on.
    """
    session = data.sparkSession if is_spark_frame(data) else connection if is_session(connection) else None
    if is_watched() or (session is None and not _is_server(connection)):
        return work()
    ended = Attempt().run(work if session is None else inheriting(session, work))
    if ended.error is not None:
        raise ended.error
    return ended.found()


def _is_server(connection: Any) -> bool:
    if isinstance(connection, (sa.Connection, sa.Engine)):
        return connection.dialect.name not in _IN_PROCESS
    try:
        return sa.make_url(connection).get_backend_name() not in _IN_PROCESS
    except (sa.exc.ArgumentError, TypeError):
        return False
