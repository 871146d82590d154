"""Queries on the tables of reports and baselines. Each is answered from an index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, FromClause, ScalarSelect, Select, and_, func, or_, select, true, type_coerce

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.store.baseline import Baseline
from airflow_provider_dpq.core.store.column import Moment, UnprovedMoment
from airflow_provider_dpq.core.store.entry import FOUND_BY
from airflow_provider_dpq.core.store.start import Start
from airflow_provider_dpq.core.store.tables import baselines as accepted
from airflow_provider_dpq.core.store.tables import reports
from airflow_provider_dpq.core.store.tables import starts as begun

_OF = reports.c
_BEGUN = begun.c
_ROW: Final = [_OF[name] for name in ("number", *FOUND_BY, "document", "digest")]
"""The columns that an entry or a whole report is read from."""

_NEWEST_FIRST: Final = _OF.number.desc()

NEWEST_NUMBER: Final = select(func.coalesce(func.max(_OF.number), 0))
"""The number of the newest report; 0 where there is none."""


def report(report_id: str) -> Select[Any]:
    """One report."""
    return select(*_ROW).where(_OF.report_id == report_id)


def history(gate: Gate, limit: int, kind: str | None) -> Select[Any]:
    """The newest reports of a gate."""
    return select(*_ROW).where(*_is_of(gate, kind)).order_by(_NEWEST_FIRST).limit(limit)


def of_interval(gate: Gate, start: datetime, end: datetime, kind: str | None) -> Select[Any]:
    """The reports of a gate about one data interval."""
    same = (_OF.data_interval_start == start, _OF.data_interval_end == end)
    return select(*_ROW).where(*_is_of(gate, kind), *same).order_by(_NEWEST_FIRST)


def of_run(gate: Gate, run_id: str, kind: str | None) -> Select[Any]:
    """The reports that a gate left in one run."""
    return select(*_ROW).where(*_is_of(gate, kind), _OF.run_id == run_id).order_by(_NEWEST_FIRST)


def starts(gate: Gate | None, dialect: str) -> Select[Any]:
    """The rows of what has started, the newest first, with times as they stand; of a gate, or what may be of it.

    In SQLite a name may be no text: such a row may be of any gate.
    """
    columns = [
        type_coerce(column, UnprovedMoment).label(column.name) if isinstance(column.type, Moment) else column
        for column in (_BEGUN.number, *(_BEGUN[one.name] for one in fields(Start)))
    ]
    statement = select(*columns).order_by(_BEGUN.number.desc())
    if gate is None:
        return statement
    for column, name in ((_BEGUN.gate, gate.name), (_BEGUN.dag_id, gate.dag_id)):
        damaged = [func.typeof(column) != "text"] if dialect == "sqlite" else []
        statement = statement.where(or_(column == name, *damaged))
    return statement


def elsewhere(gate: Gate, run_id: str) -> Select[Any]:
    """The reports that other gates of the DAG left in one run."""
    return select(*_ROW).where(_OF.dag_id == gate.dag_id, _OF.run_id == run_id, _OF.gate != gate.name)


def newest_run_id(gate: Gate, kind: str | None) -> Select[Any]:
    """The run of a gate's newest report."""
    return select(_OF.run_id).where(*_is_of(gate, kind)).order_by(_NEWEST_FIRST).limit(1)


def of_task(dag_ids: Collection[str], task_id: str, run_id: str, map_index: int) -> Select[Any]:
    """The reports that gates of some DAGs have of a task instance, all its tries and gates."""
    same = (_OF.dag_id.in_(sorted(dag_ids)), _OF.task_id == task_id, _OF.run_id == run_id, _OF.map_index == map_index)
    return select(*_ROW).where(*same).order_by(_OF.try_number.desc(), _NEWEST_FIRST)


def baselines(gate: Gate) -> Select[Any]:
    """The baselines accepted for a gate, oldest first."""
    columns = [accepted.c[field.name] for field in fields(Baseline)]
    same = (accepted.c.gate == gate.name, accepted.c.dag_id == gate.dag_id)
    return select(*columns).where(*same).order_by(accepted.c.number)


def gates(name: str | None) -> Select[Any]:
    """The DAG and name of each gate, or of each gate with a given name."""
    newest = _newest_of_each(name)
    return select(_OF.dag_id, _OF.gate).join(newest, newest.c.number == _OF.number)


def newest_runs() -> Select[Any]:
    """The reports that each gate left in its newest run."""
    newest = _newest_of_each(None)
    here = reports.alias("newest_report")
    same_run = and_(_OF.gate == here.c.gate, _OF.dag_id == here.c.dag_id, _OF.run_id == here.c.run_id)
    of_newest = select(*_ROW).select_from(newest).join(here, here.c.number == newest.c.number)
    return of_newest.join(reports, same_run).order_by(_NEWEST_FIRST)


def _is_of(gate: Gate, kind: str | None) -> list[ColumnElement[bool]]:
    same = [_OF.gate == gate.name, _OF.dag_id == gate.dag_id]
    return same if kind is None else [*same, _OF.kind == kind]


def _newest_of_each(name: str | None) -> CTE:
    """The number of the newest report of each gate, or of each gate with a given name.

    Walks an index backwards, in which each gate of each DAG begins with its newest report, and jumps from one gate to
    the next: the cost grows with the number of gates, not of reports.
    """
    newest = select(_last(reports, true() if name is None else _OF.gate == name).label("number"))
    newest_of_each = newest.cte("newest", recursive=True)
    here, there = reports.alias("here"), reports.alias("there")
    # Not one comparison of (gate, dag_id): SQLite would read all reports of the pair.
    leap: Any = _last(there, and_(there.c.gate == here.c.gate, there.c.dag_id < here.c.dag_id), here)
    if name is None:
        leap = func.coalesce(leap, _last(there, there.c.gate < here.c.gate, here))
    return newest_of_each.union_all(
        select(leap).join_from(newest_of_each, here, here.c.number == newest_of_each.c.number)
    )


def _last(table: FromClause, where: ColumnElement[bool], *outer: FromClause) -> ScalarSelect[int]:
    """The number of the last report, by gate, DAG and number, of those that meet a condition."""
    backwards = [table.c[name].desc() for name in ("gate", "dag_id", "number")]
    return select(table.c.number).where(where).order_by(*backwards).limit(1).correlate(*outer).scalar_subquery()
