"""Columns of MariaDB and MySQL that keep instants, which they show by the clocks of the session's time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.instant import instant


class Instant(sa.types.TypeDecorator[datetime]):
    """An instant, which a statement names by the clocks of UTC: a literal has no offset on every server."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the instant as the clocks of UTC show it."""
        return None if value is None else instant(value).replace(tzinfo=None)


class utc_clock(FunctionElement[datetime]):  # noqa: N801 - named as a SQL function
    """What the clocks of UTC show at the instant that a column of the type TIMESTAMP keeps.

    It is counted from 1970, for the session's clocks show the hour in which they are set back twice. The zero date,
    which is no instant, stays as it is.
    """

    type = Instant()
    inherit_cache = True
    name = "utc_clock"


@compiles(utc_clock)
def _utc_clock(element: utc_clock, compiler: Any, **kw: Any) -> str:
    kept = compiler.process(element.clauses, **kw)
    seconds = f"unix_timestamp({kept})"
    clock = f"CAST('1970-01-01' AS DATETIME(6)) + INTERVAL {seconds} SECOND"
    return f"(CASE WHEN {seconds} = 0 THEN CAST({kept} AS DATETIME(6)) ELSE {clock} END)"


def is_instant(type_: Any, dialect: sa.Dialect) -> bool:
    """Whether a type is the one whose values they convert to the session's time zone and back."""
    return dialect.name in ("mariadb", "mysql") and isinstance(type_, sa.types.TIMESTAMP)


def mysql_instant(column: Column) -> Column:
    """Return a column of the type TIMESTAMP with the instants that it keeps, whatever time zone the session has.

    Args:
        column: The column, as any other database has it.
    """
    value = utc_clock(column.value)
    return replace(column, kind=Kind.TIMESTAMP_TZ, value=value, shown=value, key=value)
