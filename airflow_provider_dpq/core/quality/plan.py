"""All checks of a suite as the fewest scans of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import product
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from airflow_provider_dpq.core.quality.compile.dialects import refuse_lacking
from airflow_provider_dpq.core.quality.compile.plan import Domain, Plan, planner
from airflow_provider_dpq.core.quality.expectations.base import Conditional, Expectation
from airflow_provider_dpq.core.table.table import Table

_PLANNERS: Final = "airflow_provider_dpq.core.quality.compile"
"""Where the planners of a kind of expectation stand, in a module of the name that the models' one has."""
ROWS: Final = "dpq_rows"
"""Name of the figure that counts the rows which a check's own row condition leaves it."""


def plan_expectation(expectation: Expectation, source: Table) -> Plan:
    """Return how an expectation is answered on a table.

    Raises:
        NotScannableError: Only Great Expectations can answer it.
        MeasurementError: It cannot be answered: a missing column, a regular expression that is none.
    """
    kind = type(expectation).__module__.rpartition(".")[2]
    import_module(f"{_PLANNERS}.{kind}")
    plan = planner(expectation, source)
    refuse_lacking(plan, expectation.type, source.dialect)
    condition = expectation.condition if isinstance(expectation, Conditional) else None
    if condition is None or not expectation.looks_at_rows:
        return plan
    return replace(plan, figures={**plan.figures, ROWS: Domain(source, condition).count()})


def shared_scan(plans: Sequence[Plan], source: Table) -> sa.Select[Any]:
    """Return one selection of the row count and all figures of all plans, in order.

    Equal figures of several plans stand in it once for each; engines compute common expressions once.
    """
    figures = [figure for plan in plans for figure in plan.figures.values()]
    labelled = [figure.label(f"f{index}") for index, figure in enumerate([sa.func.count(), *figures])]
    rows = source.rows()
    for join in (join for plan in plans for join in plan.joins):
        rows = Joined(rows, join.keys, join.on)
    return sa.select(*labelled).select_from(rows).where(*source.filters)


def split_figures(plans: Sequence[Plan], row: Sequence[Any]) -> list[dict[str, Any]]:
    """Give each plan its own figures out of the row that `shared_scan` returned."""
    values = iter(row[1:])
    return [{name: next(values) for name in plan.figures} for plan in plans]


def one_statement(plans: Mapping[str, Plan]) -> sa.Select[Any] | None:
    """Return the queries of all plans as one selection of scalar subqueries, in order; None where there are none."""
    queries = [query for plan in plans.values() for query in plan.queries.values()]
    figures = [query.scalar_subquery().label(f"f{index}") for index, query in enumerate(queries)]
    return sa.select(*figures) if figures else None


def split_statement(plans: Mapping[str, Plan], row: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Give each plan its own figures out of the row that `one_statement` returned."""
    values = iter(row)
    return {name: {figure: next(values) for figure in plan.queries} for name, plan in plans.items()}


class Joined(sa.sql.expression.Join):
    """Rows, and beside each what a condition joins to it, or nothing.

    SQLAlchemy warns of selections that are not joined. For MySQL it does not see that a join joins what stands in the
    join before it, and would warn in the log of each scan with two of them.
    """

    inherit_cache = True

    def __init__(self, rows: sa.FromClause, other: sa.FromClause, on: sa.ColumnElement[bool]) -> None:
        super().__init__(rows, other, on, isouter=True)


@compiles(Joined, "mysql")
@compiles(Joined, "mariadb")
def _joined(join: Joined, compiler: Any, from_linter: Any = None, **kw: Any) -> str:
    if from_linter is not None:
        from_linter.edges.update(product(join.left._from_objects, join.right._from_objects))
    return str(compiler.visit_join(join, from_linter=from_linter, **kw))
