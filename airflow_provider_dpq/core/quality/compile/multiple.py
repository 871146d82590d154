"""Plan of the expectation about multiples, in exact decimal arithmetic on every source."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import UnsupportedExpectationError
from airflow_provider_dpq.core.quality.compile.column import each_value, plan_unfit
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.plan import Plan, planner
from airflow_provider_dpq.core.quality.expectations.multiple import ExpectColumnValuesToBeMultiples
from airflow_provider_dpq.core.table.cast import cast_to_number
from airflow_provider_dpq.core.table.column import Kind
from airflow_provider_dpq.core.table.predicate import Multiple
from airflow_provider_dpq.core.table.sql.number import as_written
from airflow_provider_dpq.core.table.table import Table

_EXACT: Final[Mapping[str, sa.Numeric[Any]]] = {
    "postgresql": sa.Numeric(),
    "mysql": sa.Numeric(65, 30),
    "mariadb": sa.Numeric(65, 30),
}
"""The widest decimal type of a database."""
_ELSEWHERE: Final[sa.Numeric[Any]] = sa.Numeric(38, 15)


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
    widest = _EXACT.get(table.dialect, _ELSEWHERE)
    if widest.scale is not None and _exponent(unit) < -widest.scale:
        message = (
            f"{expectation.type} of {unit} needs more than the {widest.scale} decimal places that numbers have here."
        )
        raise UnsupportedExpectationError(
            "unsupported_expectation", message, hint="Check an export of the table as a file.", quotes_data=False
        )
    own = as_written(column).value
    exact = sa.cast(own if column.kind is not Kind.FLOAT else sa.cast(own, sa.String(40)), widest)
    # MariaDB does not take the remainder of a negative number, a negative zero, for zero.
    multiple = sa.func.mod(sa.func.abs(exact), sa.cast(unit, widest)) == 0
    if widest.scale is not None:  # a number with more places than the type has is no multiple of one with fewer
        multiple = sa.and_(multiple, (sa.cast(exact, sa.Double()) if column.kind is Kind.FLOAT else exact) == own)
    return each_value(expectation, table, column, multiple)


def _exponent(unit: Decimal) -> int:
    """Return the power of ten of the last digit of a number that is not 0."""
    _, digits, exponent = unit.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return int(exponent) + zeros
