"""Plans of expectations that no value, or no combination of values, appears twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted, refusal
from airflow_provider_dpq.core.quality.compile.columns import kept_rows
from airflow_provider_dpq.core.quality.compile.plan import Domain, Join, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.expectations.unique import (
    ExpectColumnValuesToBeUnique,
    ExpectCompoundColumnsToBeUnique,
)
from airflow_provider_dpq.core.table.column import KEY, Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.table import Table

_FEW: Final = 20
"""As many repeated values are fetched with their count; each stands for two rows or more of a sample."""


@planner.register
def plan_unique(expectation: ExpectColumnValuesToBeUnique, table: Table) -> Plan:
    """No value appears twice."""
    column = table.column(expectation.column)
    if table.pandas_like and column.kind is Kind.OTHER:
        raise NotScannableError(f"Values of the {column.native} column {column.name!r} cannot be grouped exactly.")
    domain = Domain(table, expectation.condition)
    figures = {"elements": domain.count(), "missing": domain.count(column.missing)}
    return _plan(domain, sa.not_(column.missing), (column,), figures, expectation.mostly)


@planner.register
def plan_compound_unique(expectation: ExpectCompoundColumnsToBeUnique, table: Table) -> Plan:
    """No combination of the columns' values appears twice; in files, missing values equal each other."""
    columns = tuple(table.column(name) for name in expectation.column_list)
    odd = table.pandas_like and any(column.kind is Kind.OTHER for column in columns)
    if odd or len(set(expectation.column_list)) < len(columns):
        raise refusal(table, f"The columns {expectation.column_list} cannot be grouped exactly.")
    domain = Domain(table, expectation.condition)
    kept = kept_rows(expectation, columns)
    any_missing = sa.or_(*(column.missing for column in columns))
    grouped = kept if _groups_missing(table) else sa.and_(kept, sa.not_(any_missing))
    figures = {"elements": domain.count(), "missing": domain.count(sa.not_(kept))}
    return _plan(domain, grouped, columns, figures, expectation.mostly)


def _groups_missing(table: Table) -> bool:
    """Whether missing values equal each other, as they do for GX on files, frames, MySQL, MariaDB and Spark."""
    return table.pandas_like or table.dialect in ("mysql", "mariadb", "spark")


def _plan(
    domain: Domain,
    kept: sa.ColumnElement[bool],
    columns: Sequence[Column],
    figures: Mapping[str, sa.ColumnElement[Any]],
    mostly: float,
) -> Plan:
    """Plan the count of rows that share their values with another one.

    DuckDB keeps the repeated values that it found for the count, and finds the rows by them. A database is asked for a
    few of them together with the count, which are enough for a sample.
    """
    hashed = domain.select(sa.func.hash(*(column.key for column in columns)), where=(kept,))
    repeated = domain.table.keep(_repeated(domain, kept, columns), hashed)
    keys = [repeated.c[_name(index)] for index in range(len(columns))]
    pairs = list(zip((column.key for column in columns), keys, strict=True))
    null_safe = _groups_missing(domain.table) and len(columns) > 1
    same = [value.is_not_distinct_from(key) if null_safe else value == key for value, key in pairs]
    unexpected = Unexpected(
        domain.rows(kept, repeated.c[KEY].is_not(None)),
        tuple(columns),
        "value" if len(columns) == 1 else "mapping",
        join=Join(repeated, sa.and_(*same)),
        order=columns[0].key if len(columns) == 1 else None,
    )
    copies = sa.func.sum(repeated.c[KEY])
    # A figure beside each group would bring all groups to one of Spark's executors.
    if domain.table.pandas_like or domain.table.dialect == "spark":
        count = sa.select(sa.func.coalesce(copies, 0)).select_from(repeated)
        return Plan(lambda found: counted(found, mostly), figures, {"unexpected": count}, unexpected=unexpected)
    known: list[Sequence[Any]] = []

    def measure() -> Mapping[str, Any]:
        counted_keys = sa.select(*keys, copies.over()).select_from(repeated).order_by(*keys).limit(_FEW)
        known[:] = domain.table.fetch(counted_keys)
        return {"unexpected": known[0][-1] if known else 0}

    def first(limit: int) -> Unexpected:
        if limit > _FEW:
            return unexpected
        told = any(c.kind.temporal and isinstance(v, str) for row in known for c, v in zip(columns, row, strict=False))
        if told:  # a moment that Python has none for names no row to the driver
            return unexpected
        is_one = sa.or_(*(sa.and_(*(c.key == v for c, v in zip(columns, row, strict=False))) for row in known))
        return replace(unexpected, predicate=domain.rows(kept, is_one), join=None)

    return Plan(
        lambda found: counted(found, mostly),
        figures,
        procedure=measure,
        unexpected=replace(unexpected, first=first),
    )


def _repeated(domain: Domain, kept: sa.ColumnElement[bool], columns: Sequence[Column]) -> sa.Select[Any]:
    """Select how often each repeated combination appears, and its values.

    The names inside are none that a table would have: DuckDB looks for a row's column there too.
    """
    keys = [column.key.label(_name(index)) for index, column in enumerate(columns)]
    groups = domain.select(sa.func.count().label(KEY), *keys, where=(kept,))
    return groups.group_by(*(column.key for column in columns)).having(sa.func.count() > 1)


def _name(index: int) -> str:
    return f"{KEY}_{index}"
