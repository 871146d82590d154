"""Sample standard deviations of which no digits are lost: squares are taken about a number near the mean.

Numbers that lie far from 0 and near each other have squares that differ in their last digits alone. About a number near
the mean they differ in the first, and what that number is beside the mean is corrected exactly (Chan, Golub, LeVeque:
Algorithms for Computing the Sample Variance, 1983). It takes two looks at the column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.plan import Domain
from airflow_provider_dpq.core.quality.merge import deviation
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.sql.functions import exact_integer, total
from airflow_provider_dpq.core.table.table import Table


def squares_of(column: Column, domain: Domain, table: Table) -> Mapping[str, Any]:
    """Return the sample standard deviation of a column, its mean and the squares about it, the latter two exact.

    There is no mean where there is no value, and where some are infinite. Whoever reads it refuses a deviation that is
    None although there are values.
    """
    value = sa.type_coerce(column.value, sa.Integer()) if column.kind is Kind.BOOLEAN else column.value
    present = (column.value.is_not(None),)
    average = domain.select(sa.func.count(), sa.func.avg(sa.cast(value, sa.Double())), where=present)
    ((count, near),) = table.fetch(average)
    if near is None:
        return {"observed": None}
    if not math.isfinite(near):
        return {"observed": float("nan") if count > 1 else None}
    difference = _difference(value, column.kind, near)
    sums = domain.select(total(difference), total(difference * difference), where=present)
    ((first, second),) = table.fetch(sums)
    if first is None or second is None:
        return {"observed": None}
    if not math.isfinite(first) or not math.isfinite(second):
        return {"observed": float("inf") if count > 1 else None}
    center = Fraction(near) if column.kind is Kind.FLOAT else Fraction(round(near))
    squares = Fraction(second) - Fraction(first) ** 2 / count
    return {
        "observed": deviation(squares, count),
        "mean": center + Fraction(first) / count,
        "squares": max(squares, Fraction(0)),
    }


def _difference(value: sa.ColumnElement[Any], kind: Kind, near: float) -> sa.ColumnElement[Any]:
    """Return how far a value lies from a number near the mean; of exact numbers before they are rounded."""
    if kind is Kind.FLOAT:
        return sa.cast(value, sa.Double()) - sa.literal(near, sa.Double())
    exact = exact_integer(value) if kind in (Kind.INTEGER, Kind.BOOLEAN) else value
    center: sa.ColumnElement[Any] = sa.literal_column(str(round(near)))
    return sa.cast(sa.type_coerce(exact, sa.Numeric()) - center, sa.Double())
