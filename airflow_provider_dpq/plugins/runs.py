"""What Airflow's metadata database says of the tasks of gates: for the pages, which run in its API server."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final, TypeVar

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from airflow_provider_dpq.core.store import NewestRun
from airflow_provider_dpq.core.store.attendance import FAILED, SKIPPED, Instance
from airflow_provider_dpq.ui.runs import EndedTask

log = logging.getLogger(__name__)

T = TypeVar("T")

_AT_ONCE: Final = 100
"""So many runs or DAGs are asked for in one statement."""

_MOST: Final = 1000
"""So many task instances of a statement are read at most, those of the newest runs."""

_OVER: Final = ("success", "failed")
"""States of a run that has ended."""

_TI: Any = TaskInstance
_RUN: Any = DagRun

_FAILED_TASKS: Final = (
    select(_TI.dag_id, _TI.run_id, _TI.task_id, _TI.map_index, _TI.state, _TI.operator)
    .join(_RUN, and_(_TI.dag_id == _RUN.dag_id, _TI.run_id == _RUN.run_id))
    .where(or_(_TI.state.in_(FAILED), and_(_TI.state == SKIPPED, _RUN.state == "failed")))
)
"""Task instances that failed, or were skipped as their run failed."""


class MetadataRuns:
    """The runs in Airflow's metadata database, read in one transaction for each question."""

    def states(self, runs: Collection[NewestRun]) -> dict[tuple[str, str], dict[Instance, str | None]] | None:
        """Return the states of the tasks of gates in their newest runs, by DAG and run; None where nobody answers."""
        return _read(lambda ask: _states(list(runs), ask))

    def ended(self, dag_ids: Collection[str]) -> list[EndedTask] | None:
        """Return what failed, or was skipped as its run failed, in the newest run of each DAG and in the newest ended.

        None where nobody answers.
        """
        return _read(lambda ask: list(_ended(sorted(dag_ids), ask)))

    def task(self, dag_id: str, run_id: str, instance: Instance) -> EndedTask | None:
        """Return a task instance that failed, or was skipped as its run failed; None where it did not.

        None where nobody answers, too.
        """
        same = (_TI.dag_id == dag_id, _TI.run_id == run_id, _TI.task_id == instance[0], _TI.map_index == instance[1])
        return next(iter(_read(lambda ask: _tasks(_FAILED_TASKS.where(*same), ask)) or ()), None)


_Ask = Callable[[Select[Any]], Sequence[Any]]


def _read(work: Callable[[_Ask], T]) -> T | None:
    try:
        with create_session() as session:
            return work(lambda query: session.execute(query).all())
    except SQLAlchemyError:
        log.exception("The metadata database did not tell what became of gates.")
        return None


def _states(runs: Sequence[NewestRun], ask: _Ask) -> dict[tuple[str, str], dict[Instance, str | None]]:
    found: dict[tuple[str, str], dict[Instance, str | None]] = {}
    for some in _parts(runs):
        of_these = [
            and_(
                _TI.dag_id == run.gate.dag_id,
                _TI.run_id == run.run_id,
                _TI.task_id.in_(sorted(run.known_tasks)),
            )
            for run in some
        ]
        columns = (_TI.dag_id, _TI.run_id, _TI.task_id, _TI.map_index, _TI.state)
        for dag_id, run_id, task_id, map_index, state in ask(select(*columns).where(or_(*of_these))):
            found.setdefault((dag_id, run_id), {})[task_id, map_index] = state
    return found


def _ended(dag_ids: Sequence[str], ask: _Ask) -> Iterator[EndedTask]:
    for some in _parts(dag_ids):
        newest = select(func.max(_RUN.id)).where(_RUN.dag_id.in_(some)).group_by(_RUN.dag_id)
        over = newest.where(_RUN.state.in_(_OVER))
        query = (
            _FAILED_TASKS.where(or_(_RUN.id.in_(newest), _RUN.id.in_(over)))
            .order_by(_RUN.id.desc(), _TI.task_id, _TI.map_index)
            .limit(_MOST)
        )
        newer = _newer_than_ended(some, ask)
        for one in _tasks(query, ask):
            since = frozenset(newer[one.dag_id])
            yield one if one.run_id in since else replace(one, newer=since)


def _newer_than_ended(dag_ids: Sequence[str], ask: _Ask) -> Mapping[str, set[str]]:
    """Return the runs of each DAG that were made after the newest that has ended.

    By their numbers, not by their times: the run of an earlier day that is repeated is no newer one.
    """
    of_dags = (_RUN.dag_id.in_(dag_ids), _RUN.state.in_(_OVER))
    ended = select(_RUN.dag_id, func.max(_RUN.id).label("id")).where(*of_dags).group_by(_RUN.dag_id).subquery()
    made_after = and_(ended.c.dag_id == _RUN.dag_id, _RUN.id > ended.c.id)
    query = select(_RUN.dag_id, _RUN.run_id).join(ended, made_after).order_by(_RUN.id.desc()).limit(_MOST)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for dag_id, run_id in ask(query):
        found[dag_id].add(run_id)
    return found


def _tasks(query: Select[Any], ask: _Ask) -> list[EndedTask]:
    return [
        EndedTask(dag_id, run_id, (task_id, map_index), str(state), operator in _gate_operators())
        for dag_id, run_id, task_id, map_index, state, operator in ask(query)
    ]


def _parts(of: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(of), _AT_ONCE):
        yield of[start : start + _AT_ONCE]


@cache
def _gate_operators() -> frozenset[str]:
    """The names of the classes whose tasks are gates: those of this package, and those made of them here."""
    from airflow_provider_dpq.decorators import benchmark, leak, load
    from airflow_provider_dpq.operators import load_group, merge, quality
    from airflow_provider_dpq.operators.namesake import GateBearer
    from airflow_provider_dpq.sensors import quality as sensor

    _ = (benchmark, leak, load, load_group, merge, quality, sensor)  # each brings its classes
    return frozenset(_names(GateBearer))


def _names(of: type[Any]) -> Iterator[str]:
    for one in of.__subclasses__():
        yield one.__name__
        yield from _names(one)
