"""Plans of expectations about how far values lie from the middle of their column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import (
    each_value,
    plan_unfit,
    refusal,
    refuse_malformed,
)
from airflow_provider_dpq.core.quality.compile.dialects import has
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Join, Plan, planner
from airflow_provider_dpq.core.quality.expectations import spread as declared
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.cast import cast_as_most_are
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.sql.functions import finite, known, quantile, stdev
from airflow_provider_dpq.core.table.table import Table

_LOW, _HIGH, _SPREAD = "dpq_low", "dpq_high", "dpq_spread"
_QUARTILES: Final = (0.25, 0.75)


@planner.register
def plan_z_scores(expectation: declared.ExpectColumnValueZScoresToBeLessThan, table: Table) -> Plan:
    """Every value lies less than a number of standard deviations from the mean."""
    column = cast_as_most_are(table.column(expectation.column), Kind.FLOAT)
    if not _measurable(expectation, table, column, Kind.BOOLEAN, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ):
        return plan_unfit(expectation, table, column)
    value = _number(column, table)
    middle = _mean_and_deviation(Domain(table, expectation.condition), column, value)
    score = (value - middle.c[_LOW]) / sa.func.nullif(middle.c[_SPREAD], 0)
    threshold = expectation.threshold
    good = sa.func.abs(score) < abs(threshold) if expectation.double_sided else score < threshold
    return _plan(expectation, table, column, good, middle)


@planner.register
def plan_outliers(expectation: declared.ExpectColumnValuesToNotBeOutliers, table: Table) -> Plan:
    """Every value lies within the quartiles or the mean, widened by a multiple of their spread."""
    column = cast_as_most_are(table.column(expectation.column), Kind.FLOAT)
    of_deviation = expectation.method == "std"
    if not _measurable(expectation, table, column, *((Kind.BOOLEAN,) if of_deviation else ())):
        return plan_unfit(expectation, table, column)
    domain, value = Domain(table, expectation.condition), _number(column, table)
    if of_deviation:
        middle = _mean_and_deviation(domain, column, value)
        mean, reach = middle.c[_LOW], expectation.multiplier * middle.c[_SPREAD]
        good: sa.ColumnElement[bool] = sa.case((reach <= 0, value == mean), else_=sa.func.abs(value - mean) < reach)
    else:
        middle = _quartiles(domain, column, value)
        low, high = middle.c[_LOW], middle.c[_HIGH]
        reach = expectation.multiplier * (high - low)
        good = sa.and_(value >= low - reach, value <= high + reach)
    return _plan(expectation, table, column, good, middle)


def _measurable(expectation: ColumnValues, table: Table, column: Column, *more: Kind) -> bool:
    """Whether a column can be reckoned with and is not of text; a database says so itself.

    Raises:
        NotScannableError: pandas cannot reckon with it, or in a way of its own.
    """
    if not table.pandas_like or column.kind.numeric or column.kind in more:
        return True
    if column.kind is not Kind.STRING:
        raise refusal(table, f"{expectation.type} cannot be computed on the {column.native} column {column.name!r}.")
    return False


def _number(column: Column, table: Table) -> sa.ColumnElement[Any]:
    """Return a value as the floating number that pandas reckons with; a database's own number for a database."""
    if not table.pandas_like:
        return sa.type_coerce(column.value, sa.Double())
    moment = column.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)
    return sa.cast(sa.func.epoch_us(column.value) if moment else column.value, sa.Double())


def _plan(
    expectation: ColumnValues, table: Table, column: Column, good: sa.ColumnElement[bool], middle: sa.FromClause
) -> Plan:
    """Join the one row of figures to every row; where there is no figure, all values hold."""
    plan = each_value(expectation, table, column, sa.not_(known(sa.not_(good))), Join(middle, sa.true()))
    if column.malformed is None:
        return plan

    def read(found: Mapping[str, Any]) -> Answer:
        refuse_malformed(column, found["malformed"], domain)
        return plan.read(found)

    domain = Domain(table, expectation.condition)
    malformed = domain.count(column.malformed)
    return replace(plan, figures={**plan.figures, "malformed": malformed}, read=read)


def _mean_and_deviation(domain: Domain, column: Column, value: sa.ColumnElement[Any]) -> sa.FromClause:
    number: sa.ColumnElement[Any] = sa.cast(value, sa.Double())
    deviation: sa.ColumnElement[Any] = stdev(number)
    if not has(domain.table.dialect, stdev):
        deviation = _two_pass_stdev(number, domain, column).scalar_subquery()
    mean = finite(sa.func.avg(number)).label(_LOW)
    figures = domain.select(mean, finite(deviation).label(_SPREAD), where=(sa.not_(column.missing),))
    return domain.table.keep(figures)


def _quartiles(domain: Domain, column: Column, value: sa.ColumnElement[Any]) -> sa.FromClause:
    present = (sa.not_(column.missing),)
    if has(domain.table.dialect, quantile):
        low, high = (finite(quantile(value, sa.literal_column(str(part)))) for part in _QUARTILES)
        return domain.table.keep(domain.select(low.label(_LOW), high.label(_HIGH), where=present))
    number: sa.ColumnElement[Any] = sa.cast(value, sa.Double())
    ranked = domain.select(
        number.label("dpq_value"),
        sa.func.row_number().over(order_by=number).label("dpq_rank"),
        sa.func.count().over().label("dpq_total"),
        where=present,
    ).subquery("ranked")
    first, third = (_interpolated(ranked, part) for part in _QUARTILES)
    return sa.select(first.label(_LOW), third.label(_HIGH)).subquery()


def _interpolated(ranked: sa.Subquery, part: float) -> sa.ColumnElement[Any]:
    """Return the value at a part of the ranking, for databases without a percentile."""
    value, rank = ranked.c["dpq_value"], ranked.c["dpq_rank"]
    place = part * (ranked.c["dpq_total"] - 1) + 1
    below = sa.func.max(sa.case((rank <= place, value)))
    above = sa.func.min(sa.case((rank >= place, value)))
    return below + (sa.func.max(place) - sa.func.max(sa.case((rank <= place, rank)))) * (above - below)


def _two_pass_stdev(value: sa.ColumnElement[Any], domain: Domain, column: Column) -> sa.Select[Any]:
    """Take the mean first and the squares about it second, for databases without a standard deviation."""
    present = (sa.not_(column.missing),)
    mean = domain.select(sa.func.avg(value), where=present).scalar_subquery()
    count = domain.select(sa.func.count(), where=present).scalar_subquery()
    deviation: sa.ColumnElement[float] = sa.type_coerce(value, sa.Double()) - mean
    square = deviation * deviation
    variance = sa.func.sum(square) / sa.func.nullif(count - 1, 0)
    return domain.select(sa.func.sqrt(variance), where=present)
