"""Plans of expectations about the order of values: rows of files and frames have one, those of a database have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted, plan_unfit, require_files
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Join, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.expectations import order as declared
from airflow_provider_dpq.core.table.cast import cast_as_most_are
from airflow_provider_dpq.core.table.column import KEY, POSITION, Column, Kind, named
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.table import Table

_VALUE, _BEFORE = "dpq:value", "dpq:before"


@planner.register
def plan_increasing(expectation: declared.ExpectColumnValuesToBeIncreasing, table: Table) -> Plan:
    """No value is smaller than the one before it."""
    return _plan(expectation, table, rising=True)


@planner.register
def plan_decreasing(expectation: declared.ExpectColumnValuesToBeDecreasing, table: Table) -> Plan:
    """No value is greater than the one before it."""
    return _plan(expectation, table, rising=False)


def _plan(expectation: declared.OrderedValues, table: Table, *, rising: bool) -> Plan:
    """Compare each value with the one before it that is there; malformed text never holds and is passed over."""
    require_files(expectation, table)
    column = cast_as_most_are(table.column(expectation.column), Kind.FLOAT)
    if column.kind is Kind.STRING:
        return plan_unfit(expectation, table, column)
    _require_order(column)
    domain = Domain(table, expectation.condition)
    malformed: sa.ColumnElement[bool] = sa.false() if column.malformed is None else column.malformed
    keys = table.keep(_broken(expectation, domain, column, rising=rising))
    bad = domain.rows(sa.or_(malformed, keys.c[KEY].is_not(None)))

    def read(found: Mapping[str, int]) -> Answer:
        return counted({**found, "unexpected": found["broken"] + found["malformed"]}, expectation.mostly)

    return Plan(
        figures={
            "elements": domain.count(),
            "missing": domain.count(column.missing),
            "malformed": domain.count(malformed),
        },
        queries={"broken": sa.select(sa.func.count()).select_from(keys)},
        read=read,
        unexpected=Unexpected(bad, (column,), join=Join(keys, keys.c[KEY] == named(POSITION))),
    )


def _require_order(column: Column) -> None:
    if column.kind is Kind.OTHER or (column.kind is Kind.BOOLEAN and column.dtype is None):
        message = f"How the {column.native} column {column.name!r} is ordered is for Great Expectations to say."
        raise NotScannableError(message)


def _broken(
    expectation: declared.OrderedValues, domain: Domain, column: Column, *, rising: bool
) -> sa.Select[tuple[int]]:
    """Select the positions of the values that are out of order."""
    # Without ORDER BY the window follows the rows as they are read, and holds none of them back.
    before = sa.func.lag(column.value).over()
    pairs = (
        sa.select(named(POSITION).label(KEY), column.value.label(_VALUE), before.label(_BEFORE))
        .select_from(domain.table.rows(positioned=True))
        .where(*domain.table.filters, domain.rows(column.value.is_not(None)))
        .subquery()
    )
    value, last = pairs.c[_VALUE], pairs.c[_BEFORE]
    compare = _truth_in_order if column.kind is Kind.BOOLEAN else _in_order
    good = compare(value, last, column, rising=rising, strictly=bool(expectation.strictly))
    return sa.select(pairs.c[KEY]).where(last.is_not(None), sa.not_(good))


def _in_order(
    value: sa.ColumnElement[Any], last: sa.ColumnElement[Any], column: Column, *, rising: bool, strictly: bool
) -> sa.ColumnElement[bool]:
    if not strictly:
        return value >= last if rising else value <= last
    good: sa.ColumnElement[bool] = value > last if rising else value < last
    # The difference of two equal infinities is no number, which pandas does not hold against them.
    return sa.or_(good, sa.and_(value == last, sa.func.isinf(value))) if column.kind is Kind.FLOAT else good


def _truth_in_order(
    value: sa.ColumnElement[bool], last: sa.ColumnElement[bool], _: Column, *, rising: bool, strictly: bool
) -> sa.ColumnElement[bool]:
    """Compare truth values as pandas does, to which any change is a step upwards."""
    if rising:
        return value != last if strictly else sa.true()
    return sa.false() if strictly else value == last
