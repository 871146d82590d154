"""Plan of the expectation about multiples, in exact decimal arithmetic on every source."""

from __future__ import annotations

from fractions import Fraction

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import UnsupportedExpectationError
from airflow_provider_dpq.core.quality.compile.column import each_value, plan_unfit
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.number import as_written
from airflow_provider_dpq.core.quality.compile.plan import Plan, planner
from airflow_provider_dpq.core.quality.expectations.multiple import ExpectColumnValuesToBeMultiples
from airflow_provider_dpq.core.quality.predicate import Multiple
from airflow_provider_dpq.core.quality.tables.cast import cast_to_number
from airflow_provider_dpq.core.quality.tables.table import Kind, Table

_EXACT = sa.Numeric(38, 15)


@planner.register
def plan_multiples(expectation: ExpectColumnValuesToBeMultiples, table: Table) -> Plan:
    """Every number is a whole multiple of another one: what it is is what its shortest text says.

    Raises:
        MeasurementError: ``unsupported_expectation``: a database has no exact arithmetic.
    """
    column, unit = cast_to_number(table.column(expectation.column)), expectation.multiple_of
    if table.pandas_like and not column.kind.numeric:
        return plan_unfit(expectation, table, column)
    if column.kind is Kind.INTEGER and unit == unit.to_integral_value():
        multiple = column.value % int(unit) == 0
        if table.dialect == "sqlite":  # which would take the remainder of the whole part of any other number
            multiple = sa.and_(sa.func.typeof(column.value) == "integer", multiple)
        return each_value(expectation, table, column, multiple)
    if table.pandas_like:
        text = sa.cast(column.value, sa.String())
        return each_distinct(expectation, table, column, Multiple(Fraction(unit)), text)
    if table.dialect == "sqlite":
        message = f"{expectation.type} needs exact arithmetic, which SQLite does not have."
        raise UnsupportedExpectationError(
            "unsupported_expectation", message, hint="Check an export of the table as a file."
        )
    number = column.value if column.kind is not Kind.FLOAT else sa.cast(as_written(column).value, sa.String(40))
    exact = sa.cast(number, _EXACT)
    # MariaDB does not take the remainder of a negative number, a negative zero, for zero.
    return each_value(expectation, table, column, sa.func.mod(sa.func.abs(exact), sa.cast(unit, _EXACT)) == 0)
