"""Plan of the expectation about a row as a whole."""

from __future__ import annotations

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted
from airflow_provider_dpq.core.quality.compile.expression import RowCondition
from airflow_provider_dpq.core.quality.compile.plan import Domain, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.expectations.row import ExpectRowConditionToHold
from airflow_provider_dpq.core.table.sql.functions import known
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_row_condition(expectation: ExpectRowConditionToHold, table: Table) -> Plan:
    """A condition over the columns of a row holds.

    As with CHECK of SQL, a row for which it is unknown does not break it, and counts as missing. A row with malformed
    text in a column that it names does break it.
    """
    condition = RowCondition(table, expectation.node)
    domain = Domain(table, expectation.condition)
    columns = tuple(condition.columns.values())
    malformed = sa.or_(sa.false(), *(column.malformed for column in columns if column.malformed is not None))
    unknown = sa.and_(sa.not_(malformed), sa.not_(sa.or_(known(condition.sql), known(sa.not_(condition.sql)))))
    bad = sa.or_(malformed, known(sa.not_(condition.sql)))
    return Plan(
        figures={"elements": domain.count(), "missing": domain.count(unknown), "unexpected": domain.count(bad)},
        read=lambda found: counted(found, expectation.mostly),
        unexpected=Unexpected(domain.rows(bad), columns, shape="mapping"),
    )
