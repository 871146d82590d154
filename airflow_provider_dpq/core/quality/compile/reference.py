"""Plans of expectations that values exist in another table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted, each_value, of_rows
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Join, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.expectations.reference import ExpectColumnValuesToExistInOtherTable
from airflow_provider_dpq.core.table.column import KEY, Column, Kind
from airflow_provider_dpq.core.table.form import (
    Comparable,
    Form,
    common_form,
    comparable_columns,
    in_form,
    shown,
)
from airflow_provider_dpq.core.table.other import is_elsewhere, open_other, scan_of
from airflow_provider_dpq.core.table.sql import moment, number
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.staging import stage
from airflow_provider_dpq.core.table.table import Table

_ZONE: Final = "UTC"
"""Where a moment without a time zone is looked up among instants, it is one of UTC."""

_MOST_NAMED: Final = 1000
"""Most unknown values that a database is asked for by name, to show their rows."""


@planner.register
def plan_exists_elsewhere(expectation: ExpectColumnValuesToExistInOtherTable, table: Table) -> Plan:
    """Every value exists in a column of another table.

    Within one engine the keys are joined to the shared scan. From a database to a file they are brought into the
    file's DuckDB, and ride on the scan as well. Where the table itself is in a database, its distinct values are
    brought beside the keys instead.

    Raises:
        MeasurementError: The other table or its column does not exist, or holds other kinds of values.
    """
    other_column = expectation.other_column or expectation.column
    if not is_elsewhere(table, expectation.other_table, expectation.other_connection):
        column = table.column(expectation.column)
        column, reference = table.looked_up(expectation.other_table, other_column, column)
        keys = table.keys(expectation.other_table, _in_common(reference, column, table), reference)
        join = Join(keys, keys.c[KEY] == _in_common(column, reference, table))
        return each_value(expectation, table, column, keys.c[KEY].is_not(None), join=join)
    other = open_other(table, expectation.other_table, expectation.other_connection)
    here, there = comparable_columns(table, expectation.column, other, other_column)
    form = common_form(here, there)
    found = _keys(table, other, there, form)
    if isinstance(table, SQLTable):
        return _plan_of_values(expectation, table, here, found, form)
    name = scan_of(table).fresh_name()
    keys = found.subquery(name)
    join = Join(keys, keys.c[KEY] == in_form(here.value, here.kind, form, _ZONE, fine=here.fine))
    return each_value(expectation, table, table.column(expectation.column), keys.c[KEY].is_not(None), join=join)


def _in_common(column: Column, other: Column, table: Table) -> sa.ColumnElement[Any]:
    """Return a column's value as it is looked up among another's, and a text that is no value as it stands."""
    if (column.malformed is None or column.raw is None) and (other.malformed is None or other.raw is None):
        return _value_in_common(column, other, table)
    if column.kind.numeric:
        value: sa.ColumnElement[Any] = number.shortest_text(column.value, column.kind)
    else:
        value = sa.cast(_value_in_common(column, other, table), sa.String())
    return value if column.malformed is None or column.raw is None else sa.func.coalesce(value, column.raw)


def _value_in_common(column: Column, other: Column, table: Table) -> sa.ColumnElement[Any]:
    if column.kind.numeric:
        return number.in_common(column, other, table)
    if column.kind is other.kind:
        return column.value
    zoned = Kind.TIMESTAMP_TZ in (column.kind, other.kind)
    return moment.in_common(column.value, column.kind, zoned=zoned)


def _keys(table: Table, other: Table, there: Comparable, form: Form) -> sa.Select[Any]:
    """Return the other column's distinct values in a form, as a selection in the DuckDB of the table."""
    value, source = there.value, other.rows()
    if isinstance(other, SQLTable):
        query = sa.select(value).select_from(source).where(value.is_not(None)).distinct()
        source = stage(scan_of(table), other, query, [there.kind])
        value = source.c.c0
    key = in_form(value, there.kind, form, _ZONE).label(KEY)
    return sa.select(key).select_from(source).where(value.is_not(None)).distinct()


def _plan_of_values(
    expectation: ExpectColumnValuesToExistInOtherTable,
    table: SQLTable,
    here: Comparable,
    keys: sa.Select[Any],
    form: Form,
) -> Plan:
    """Bring the table's distinct values beside the keys, and count the rows of those that have none.

    Memory holds neither: the database groups, DuckDB keeps both on disk. The rows are found again by naming their
    values, of which there may be too many: then rows of the first ones are shown, and all are counted.
    """
    domain, column = Domain(table, expectation.condition), table.column(expectation.column)
    values = domain.select(here.value, sa.func.count(), where=(here.value.is_not(None),)).group_by(here.value)
    staged = stage(table.scan, table, values, [here.kind, Kind.INTEGER])
    known = keys.subquery("known")
    joined = staged.outerjoin(known, known.c[KEY] == in_form(staged.c.c0, here.kind, form, _ZONE))
    absent = known.c[KEY].is_(None)
    ((rows, different),) = _run(table, sa.select(*[sa.func.sum(staged.c.c1), sa.func.count()]), joined, absent)
    first = sa.select(_shown(staged.c.c0, here.kind)).order_by(staged.c.c0).limit(_MOST_NAMED)
    named = [_bound(value, here.kind) for (value,) in _run(table, first, joined, absent)]
    unexpected = int(rows or 0)
    misfit = sa.false() if here.column.malformed is None else here.column.malformed

    def read(found: Mapping[str, Any]) -> Answer:
        every = {**found, "unexpected": unexpected + found["misfits"]}
        return of_rows(counted(every, expectation.mostly), table)

    broken = domain.rows(sa.or_(misfit, here.value.in_(named)))
    return Plan(
        figures={
            "elements": domain.count(),
            "missing": domain.count(column.missing),
            "misfits": domain.count(misfit),
        },
        read=read,
        unexpected=Unexpected(broken, (column,), complete=int(different) <= _MOST_NAMED, names_values=True),
        by="duckdb",
    )


def _run(
    table: SQLTable, query: sa.Select[Any], source: sa.FromClause, where: sa.ColumnElement[bool]
) -> list[tuple[Any, ...]]:
    text, parameters = compile_query(query.select_from(source).where(where))
    return table.scan.run(text, parameters, table.subject)


def _shown(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    return in_form(value, kind, Form.INSTANT, _ZONE) if kind is Kind.TIMESTAMP_TZ else value


def _bound(value: Any, kind: Kind) -> Any:
    """Return a value out of DuckDB as the database compares it with the column it came from."""
    if kind is Kind.TIMESTAMP_TZ:
        return shown(value, Form.INSTANT)
    return Decimal(value) if kind is Kind.DECIMAL else value
