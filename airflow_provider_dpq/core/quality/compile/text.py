"""Plans of expectations about what texts can be read as."""

from __future__ import annotations

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import each_value, plan_unfit, require_files
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.plan import Plan, planner
from airflow_provider_dpq.core.quality.expectations import text as declared
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.predicate import FollowsSchema, Json, Predicate, ReadByDateutil, ReadByFormat
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_dateutil(expectation: declared.ExpectColumnValuesToBeDateutilParseable, table: Table) -> Plan:
    """Every value can be read by dateutil."""
    return _plan(expectation, table, ReadByDateutil())


@planner.register
def plan_strftime(expectation: declared.ExpectColumnValuesToMatchStrftimeFormat, table: Table) -> Plan:
    """Every value is a date or time in a format."""
    return _plan(expectation, table, ReadByFormat(expectation.strftime_format))


@planner.register
def plan_json(expectation: declared.ExpectColumnValuesToBeJsonParseable, table: Table) -> Plan:
    """Every value is JSON; a value that is no text is none."""
    require_files(expectation, table)
    column = _known(table.column(expectation.column))
    if column.textual:
        return each_distinct(expectation, table, column, Json())
    return each_value(expectation, table, column, sa.false())


@planner.register
def plan_json_schema(expectation: declared.ExpectColumnValuesToMatchJsonSchema, table: Table) -> Plan:
    """Every value is JSON that follows a schema; one that is no JSON ends the check, as in Great Expectations."""
    require_files(expectation, table)
    predicate = FollowsSchema(expectation.json_schema, expectation.column)
    predicate.prepared()  # a schema that is none is told before any value is looked at
    return _plan(expectation, table, predicate)


def _plan(expectation: ColumnValues, table: Table, predicate: Predicate) -> Plan:
    """Plan a check of text; values that are no text are not judged."""
    require_files(expectation, table)
    column = _known(table.column(expectation.column))
    if column.textual:
        return each_distinct(expectation, table, column, predicate)
    return plan_unfit(expectation, table, column)


def _known(column: Column) -> Column:
    if column.kind is Kind.OTHER:
        message = f"What the {column.native} column {column.name!r} holds is for Great Expectations to say."
        raise NotScannableError(message)
    return column
