"""Plans of checks that judge each distinct value of a column in Python."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted, require_files, text_of
from airflow_provider_dpq.core.quality.compile.plan import Domain, Join, Plan, Unexpected
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.column import KEY, Column
from airflow_provider_dpq.core.table.predicate import Judge, Predicate
from airflow_provider_dpq.core.table.table import Table


def each_distinct(
    expectation: ColumnValues,
    table: Table,
    column: Column,
    predicate: Predicate,
    text: sa.ColumnElement[str] | None = None,
) -> Plan:
    """Plan a check that holds or not for each value, and that SQL cannot judge; malformed text never holds.

    Each distinct value is judged once. Rows with a refused one are found again by joining the refused values.

    Args:
        expectation: The expectation.
        table: The table.
        column: Its column.
        predicate: What holds of a value, as text, that is as it should be.
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
        with Judge(predicate, column.name) as judged:
            return {"unexpected": values.judge(grouped, judged)}

    return Plan(
        figures={"elements": domain.count(), "missing": domain.count(column.missing)},
        procedure=judge,
        read=lambda found: counted(found, expectation.mostly),
        unexpected=Unexpected(
            domain.rows(present, sa.or_(text.is_(None), join.keys.c[KEY].is_not(None))), (column,), join=join
        ),
        by="distinct values",
    )
