"""Plans of checks that judge each distinct value of a column in Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import counted, require_files, text_of
from airflow_provider_dpq.core.quality.compile.plan import Domain, Join, Plan, Unexpected
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.quality.tables.table import KEY, Column, Table


def each_distinct(
    expectation: ColumnValues,
    table: Table,
    column: Column,
    holds: Callable[[str], bool],
    text: sa.ColumnElement[str] | None = None,
) -> Plan:
    """Plan a check that holds or not for each value, and that SQL cannot judge; malformed text never holds.

    Each distinct value is judged once. Rows with a refused one are found again by joining the refused values.

    Args:
        expectation: The expectation.
        table: The table.
        column: Its column.
        holds: Whether a value, as text, is as it should be.
        text: The values as text; None for what `text_of` says.

    Raises:
        NotScannableError: pandas writes the values as SQL does not.
        MeasurementError: ``unsupported_expectation``: the table is one of a database.
    """
    require_files(expectation, table)
    text = text_of(column, table) if text is None else text
    values, domain = table.distinct(), Domain(table, expectation.condition)
    present = sa.not_(column.missing)
    grouped = domain.select(text, sa.func.count(), where=(present,)).group_by(text)
    join = Join(values.refused, values.refused.c[KEY] == text)

    def judge() -> Mapping[str, int]:
        with warnings.catch_warnings(action="ignore"):  # a parser's warning may quote the value
            return {"unexpected": values.judge(grouped, _named(holds, column))}

    return Plan(
        figures={"elements": domain.count(), "missing": domain.count(column.missing)},
        procedure=judge,
        read=lambda found: counted(found, expectation.mostly),
        unexpected=Unexpected(
            domain.rows(present, sa.or_(text.is_(None), join.keys.c[KEY].is_not(None))), (column,), join=join
        ),
        by="distinct values",
    )


def _named(holds: Callable[[str], bool], column: Column) -> Callable[[str], bool]:
    """Say of an exception which column it is about, and nothing about the value."""

    def judge(value: str) -> bool:
        try:
            return holds(value)
        except MeasurementError:
            raise
        except Exception as error:  # noqa: BLE001 - a parser keeps no promise about what it raises on odd text
            message = f"A value of column {column.name!r} could not be judged: {type(error).__name__}."
            raise MeasurementError(
                "unjudged_value", message, hint="Look at the column's odd values.", quotes_data=False
            ) from None

    return judge
