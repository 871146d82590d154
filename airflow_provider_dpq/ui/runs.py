"""What became of the tasks of gates, as far as no report tells it: asked of whoever runs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_dpq.core.store import NewestRun
from airflow_provider_dpq.core.store.attendance import Instance, States


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task instance that did not do what it was to do.

    Attributes:
        dag_id: DAG.
        run_id: The run.
        instance: Which one it is.
        state: The state in which it ended.
        is_gate: Whether it is known to be a gate, whatever the store has of it.
        newer: The runs of its DAG that were made after the one it belongs to; none of them has ended.
    """

    dag_id: str
    run_id: str
    instance: Instance
    state: str
    is_gate: bool
    newer: frozenset[str] = frozenset()


class Runs(Protocol):
    """The runs of DAGs."""

    def states(self, runs: Collection[NewestRun]) -> Mapping[tuple[str, str], States] | None:
        """Return the states of the tasks of gates in their newest runs, by DAG and run.

        Without the runs that are not known; None where nothing can be read.
        """

    def ended(self, dag_ids: Collection[str]) -> Collection[EndedTask] | None:
        """Return what failed, or was skipped as its run failed, in the newest run of each DAG and in the newest ended.

        None where nothing can be read.
        """

    def task(self, dag_id: str, run_id: str, instance: Instance) -> EndedTask | None:
        """Return a task instance that failed, or was skipped as its run failed; None where it did not.

        None where nothing can be read, too.
        """


class NoRuns:
    """Stands for runs of which nothing is known."""

    def states(self, runs: Collection[NewestRun]) -> Mapping[tuple[str, str], States]:
        """Return the states of no task."""
        return {}

    def ended(self, dag_ids: Collection[str]) -> Collection[EndedTask]:
        """Return no task."""
        return ()

    def task(self, dag_id: str, run_id: str, instance: Instance) -> EndedTask | None:
        """Return no task."""
