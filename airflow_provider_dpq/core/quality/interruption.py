"""Measuring that an interrupt ends, where a driver would wait for its server whatever signal comes.

psycopg2 answers a signal once its query has ended, and the gateway of Spark is left in the middle of a conversation,
whose next answer never comes. So such a measurement runs beside the thread that signals come to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

import sqlalchemy as sa

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.quality.tables.spark import inheriting, is_session, is_spark_frame
from airflow_provider_dpq.core.watch import is_watched

P = ParamSpec("P")
T = TypeVar("T")

_IN_PROCESS: Final = ("duckdb", "sqlite")
"""Databases that run in this process: what is in memory may belong to the thread that opened it."""


def interruptible(measure: Callable[P, T]) -> Callable[P, T]:
    """Let a time limit or a Ctrl-C stop the statements of a measurement and end it, where it waits for a server.

    Args:
        measure: The measurement, of `data`, its first argument, on a `connection`.
    """

    @wraps(measure)
    def measured(*args: P.args, **kwargs: P.kwargs) -> T:
        data: Any = args[0] if args else kwargs.get("data")
        connection = kwargs.get("connection")
        session = data.sparkSession if is_spark_frame(data) else connection if is_session(connection) else None
        work = partial(measure, *args, **kwargs)
        if is_watched() or (session is None and not _is_server(connection)):
            return work()
        ended = Attempt().run(work if session is None else inheriting(session, work))
        if ended.error is not None:
            raise ended.error
        return ended.found()

    return measured


def _is_server(connection: Any) -> bool:
    if isinstance(connection, (sa.Connection, sa.Engine)):
        return connection.dialect.name not in _IN_PROCESS
    try:
        return sa.make_url(connection).get_backend_name() not in _IN_PROCESS
    except (sa.exc.ArgumentError, TypeError):
        return False
