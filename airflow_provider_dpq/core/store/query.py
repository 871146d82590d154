"""What is asked of the tables of reports and of baselines. Every question is answered from an index."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, and_, func, select, true

from airflow_provider_dpq.core.store.baseline import Baseline
from airflow_provider_dpq.core.store.entry import Entry
from airflow_provider_dpq.core.store.tables import baselines as accepted
from airflow_provider_dpq.core.store.tables import reports

_OF = reports.c
_ENTRY = [_OF[field.name] for field in fields(Entry)]
_NEWEST_FIRST = (_OF.started_at.desc(), _OF.number.desc())


def document(report_id: str) -> Select[Any]:
    """The JSON of one report."""
    return select(_OF.document).where(_OF.report_id == report_id)


def history(gate: str, limit: int, kind: str | None) -> Select[Any]:
    """The newest entries of a gate."""
    asked = select(*_ENTRY).where(_OF.gate == gate)
    if kind is not None:
        asked = asked.where(_OF.kind == kind)
    return asked.order_by(*_NEWEST_FIRST).limit(limit)


def documents(gate: str, limit: int, kind: str) -> Select[Any]:
    """The JSON of the newest reports of a gate."""
    asked = select(_OF.document).where(_OF.gate == gate, _OF.kind == kind)
    return asked.order_by(*_NEWEST_FIRST).limit(limit)


def of_interval(gate: str, start: datetime, end: datetime) -> Select[Any]:
    """The entries of a gate about one data interval."""
    same = (_OF.gate == gate, _OF.data_interval_start == start, _OF.data_interval_end == end)
    return select(*_ENTRY).where(*same).order_by(*_NEWEST_FIRST)


def of_task(dag_id: str, task_id: str, run_id: str, map_index: int) -> Select[Any]:
    """The entries of a task instance, all its tries and gates."""
    same = (_OF.dag_id == dag_id, _OF.task_id == task_id, _OF.run_id == run_id, _OF.map_index == map_index)
    return select(*_ENTRY).where(*same).order_by(_OF.try_number.desc(), *_NEWEST_FIRST)


def baselines(gate: str) -> Select[Any]:
    """What was accepted for a gate, the oldest first."""
    columns = [accepted.c[field.name] for field in fields(Baseline)]
    return select(*columns).where(accepted.c.gate == gate).order_by(accepted.c.number)


def latest() -> Select[Any]:
    """The newest entry of each gate in each DAG.

    Walks an index backwards, where each gate in each DAG begins with its newest report, and leaps from one beginning to
    the next: the cost grows with the number of gates, not with that of the reports.
    """
    newest = select(_last(reports, true()).label("number")).cte("newest", recursive=True)
    here, there = reports.alias("here"), reports.alias("there")
    # Not a comparison of (gate, dag_id) in one: SQLite would read its way through all reports of the pair.
    in_same_gate = _last(there, and_(there.c.gate == here.c.gate, there.c.dag_id < here.c.dag_id), here)
    in_gate_before = _last(there, there.c.gate < here.c.gate, here)
    leap = func.coalesce(in_same_gate, in_gate_before)
    newest = newest.union_all(select(leap).join_from(newest, here, here.c.number == newest.c.number))
    return select(*_ENTRY).join(newest, newest.c.number == _OF.number).order_by(*_NEWEST_FIRST)


def _last(table: FromClause, where: ColumnElement[bool], *outer: FromClause) -> ScalarSelect[int]:
    """Number of the last report in the order of gate, DAG and time, of those that meet a condition."""
    backwards = [table.c[name].desc() for name in ("gate", "dag_id", "started_at", "number")]
    return select(table.c.number).where(where).order_by(*backwards).limit(1).correlate(*outer).scalar_subquery()
