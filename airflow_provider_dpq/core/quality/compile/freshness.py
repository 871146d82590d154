"""Plan of the expectation about how old a table is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import refuse_malformed
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.expectations.freshness import ExpectColumnMaxToBeRecent
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.form import is_fine
from airflow_provider_dpq.core.table.table import Table

_MOMENTS: Final = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@planner.register
def plan_recent(expectation: ExpectColumnMaxToBeRecent, table: Table) -> Plan:
    """The newest moment of a column is not too old, and not in the future.

    Raises:
        MeasurementError: ``incomparable``: the column has no moments; ``missing_data_interval``: the run has none.
    """
    column = table.column(expectation.column)
    column = column if column.read_as_moments is None else column.read_as_moments()
    if column.kind not in _MOMENTS:
        message = f"The {column.native} column {column.name!r} holds neither moments nor days."
        raise MeasurementError(
            "incomparable", message, hint="Give a column of timestamps, or cast it in a query.", quotes_data=False
        )
    reference = _reference(expectation, table)
    domain = Domain(table, expectation.condition)
    figures = {"newest": _newest(column, domain, table)}
    if column.malformed is not None:
        figures["malformed"] = domain.count(column.malformed)

    def read(found: Mapping[str, Any]) -> Answer:
        refuse_malformed(column, found.get("malformed"), domain)
        return _judged(expectation, table, reference, found["newest"])

    return Plan(figures=figures, read=read)


def _reference(expectation: ExpectColumnMaxToBeRecent, table: Table) -> datetime:
    if expectation.relative_to == "now":
        return table.circumstances.now
    interval = table.circumstances.data_interval
    if interval is None:
        message = f"{expectation.type} measures against the end of the data interval, and this run has none."
        raise MeasurementError(
            "missing_data_interval", message, hint="Measure against now, or give the run one.", quotes_data=False
        )
    return interval.end


def _newest(column: Column, domain: Domain, table: Table) -> sa.ColumnElement[Any]:
    newest = sa.func.max(domain.values(column.value))
    if table.dialect == "spark" and column.native == "timestamp":
        # As text, for a moment of Spark's is one in any time zone, and is fetched without.
        return sa.func.date_format(newest, "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    # As a number, for DuckDB needs pytz to hand over a moment with its zone, and Python ends with the year 9999.
    return sa.func.epoch_us(newest) if table.dialect == "duckdb" and not is_fine(column) else newest


def _judged(expectation: ExpectColumnMaxToBeRecent, table: Table, reference: datetime, newest: Any) -> Answer:
    limits: dict[str, Any] = {
        "reference_time": reference.isoformat(),
        "max_age_seconds": expectation.max_age_seconds,
        "max_ahead_seconds": expectation.max_ahead_seconds,
    }
    if newest is None:
        return Answer(success=False, result={"observed_value": None, "age_seconds": None, **limits})
    column = table.column(expectation.column)
    moment = _moment(newest, column, ZoneInfo(expectation.timezone))
    age = (reference - moment).total_seconds()
    ahead = (moment - table.circumstances.now).total_seconds()
    recent = age <= expectation.max_age_seconds and ahead <= expectation.max_ahead_seconds
    return Answer(recent, {"observed_value": moment.isoformat(), "age_seconds": age, **limits})


def _moment(newest: Any, column: Column, zone: ZoneInfo) -> datetime:
    """Return what an engine calls the newest value as a moment: a number, text, a day, or a moment with a zone or not.

    Raises:
        MeasurementError: ``incomparable``: it is no moment that Python can name.
    """
    try:
        if isinstance(newest, int):
            newest = _EPOCH + timedelta(microseconds=newest)
            newest = newest if column.kind is Kind.TIMESTAMP_TZ else newest.replace(tzinfo=None)
        if isinstance(newest, str):
            newest = datetime.fromisoformat(newest)
        if isinstance(newest, date) and not isinstance(newest, datetime):
            newest = datetime.combine(newest, time())
        moment: datetime = newest if newest.tzinfo is not None else newest.replace(tzinfo=zone)
    except (OverflowError, ValueError, AttributeError) as error:
        message = f"The newest value of column {column.name!r} is no moment from year 1 to 9999."
        raise MeasurementError(
            "incomparable", message, hint="Leave it out by a row condition.", quotes_data=False
        ) from error
    return moment
