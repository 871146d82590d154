"""Plans of expectations about what texts can be read as."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import each_value, plan_unfit, require_files
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.errors import NotScannableError
from airflow_provider_dpq.core.quality.compile.plan import Plan
from airflow_provider_dpq.core.quality.expectations import text as declared
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, Table


def plan_dateutil(expectation: declared.ExpectColumnValuesToBeDateutilParseable, table: Table) -> Plan:
    """Every value can be read by dateutil."""
    return _plan(expectation, table, _dateutil_reads)


def _dateutil_reads(text: str) -> bool:
    from dateutil.parser import parse

    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True


def plan_strftime(expectation: declared.ExpectColumnValuesToMatchStrftimeFormat, table: Table) -> Plan:
    """Every value is a date or time in a format."""

    def reads(text: str) -> bool:
        try:
            datetime.strptime(text, expectation.strftime_format)  # noqa: DTZ007 - only whether it can be read matters
        except ValueError:
            return False
        return True

    return _plan(expectation, table, reads)


def plan_json(expectation: declared.ExpectColumnValuesToBeJsonParseable, table: Table) -> Plan:
    """Every value is JSON; a value that is no text is none."""
    require_files(expectation, table)
    column = _known(table.column(expectation.column))
    if column.textual:
        return each_distinct(expectation, table, column, _is_json)
    return each_value(expectation, table, column, sa.false())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def plan_json_schema(expectation: declared.ExpectColumnValuesToMatchJsonSchema, table: Table) -> Plan:
    """Every value is JSON that follows a schema; one that is no JSON ends the check, as in Great Expectations."""
    require_files(expectation, table)
    follows = _validator(expectation.json_schema)

    def holds(text: str) -> bool:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            message = f"Column {expectation.column!r} has a value that is no JSON, so that no schema is about it."
            hint = "Expect the values to be JSON first, or leave those rows out by a row condition."
            raise MeasurementError("malformed_values", message, hint=hint, quotes_data=False) from None
        return follows(value)

    return _plan(expectation, table, holds)


def _validator(schema: dict[Any, Any]) -> Callable[[Any], bool]:
    """Return what tells whether a value follows a schema; references lead into the schema itself and nowhere else.

    Raises:
        MeasurementError: ``invalid_json_schema``.
    """
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        message = f"The JSON schema is not valid: {error.message}."
        raise MeasurementError("invalid_json_schema", message, hint="Mend the schema.") from error
    valid: Callable[[Any], bool] = kind(schema, registry=Registry()).is_valid
    return valid


def _plan(expectation: ColumnValues, table: Table, holds: Callable[[str], bool]) -> Plan:
    """Plan a check of text; values that are no text are not judged."""
    require_files(expectation, table)
    column = _known(table.column(expectation.column))
    if column.textual:
        return each_distinct(expectation, table, column, holds)
    return plan_unfit(expectation, table, column)


def _known(column: Column) -> Column:
    if column.kind is Kind.OTHER:
        message = f"What the {column.native} column {column.name!r} holds is for Great Expectations to say."
        raise NotScannableError(message)
    return column
