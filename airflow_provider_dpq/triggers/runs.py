"""What Airflow knows of the runs of a gate's DAG: asked by sensors and triggers, through the API that tasks have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store.attendance import Instance, States


@dataclass(frozen=True, slots=True)
class LastInstance:
    """The instance of a task in the newest run of its DAG in which it ended so.

    Attributes:
        run_id: The run.
        logical_date: Logical date of the run.
        ended_at: When it ended; None where that is not known.
    """

    run_id: str
    logical_date: datetime | None
    ended_at: datetime | None


class Runs(Protocol):
    """The runs of DAGs, as far as it is known what became of their tasks."""

    def states(self, dag_id: str, run_id: str, task_ids: Sequence[str]) -> States:
        """Return the states of some tasks in a run; none where the run is not known."""

    def at(self, dag_id: str, logical_date: datetime, task_ids: Sequence[str]) -> Mapping[str, States]:
        """Return the states of some tasks, by run, in the runs of a logical date."""

    def last(self, dag_id: str, instance: Instance, state: str, *, before: datetime) -> LastInstance | None:
        """Return the instance of a task in some state of the newest logical date before a moment."""

    def has_failed(self, dag_id: str, run_id: str) -> bool:
        """Return whether a run has failed."""


class AirflowRuns:
    """The runs of the Airflow that this process is a task or a trigger of.

    Nothing is known of runs of another Airflow that keeps its reports in the same store, and where no Airflow can be
    asked, as outside a task.
    """

    def states(self, dag_id: str, run_id: str, task_ids: Sequence[str]) -> States:
        """Return the states of some tasks in a run; none where the run is not known."""
        return self._asked(dag_id, task_ids, run_ids=[run_id]).get(run_id, {})

    def at(self, dag_id: str, logical_date: datetime, task_ids: Sequence[str]) -> Mapping[str, States]:
        """Return the states of some tasks, by run, in the runs of a logical date."""
        return self._asked(dag_id, task_ids, logical_dates=[logical_date])

    def last(self, dag_id: str, instance: Instance, state: str, *, before: datetime) -> LastInstance | None:
        """Return the instance of a task in some state of the newest logical date before a moment.

        Runs without a logical date, such as those that an asset triggers, cannot be found so.
        """
        from airflow.sdk import TaskInstanceState
        from airflow.sdk.execution_time import comms, task_runner

        if not hasattr(task_runner, "SUPERVISOR_COMMS"):
            return None
        task_id, map_index = instance
        ended = TaskInstanceState(state)
        request = comms.GetPreviousTI(
            dag_id=dag_id, task_id=task_id, map_index=map_index, logical_date=before, state=ended
        )
        found = getattr(task_runner.SUPERVISOR_COMMS.send(request), "task_instance", None)
        return None if found is None else LastInstance(found.run_id, found.logical_date, found.end_date)

    def has_failed(self, dag_id: str, run_id: str) -> bool:
        """Return whether a run has failed."""
        from airflow.sdk.execution_time import task_runner

        return task_runner.RuntimeTaskInstance.get_dagrun_state(dag_id, run_id) == "failed"

    def _asked(self, dag_id: str, task_ids: Sequence[str], **of: object) -> dict[str, dict[Instance, str | None]]:
        from airflow.sdk.execution_time import task_runner

        if not hasattr(task_runner, "SUPERVISOR_COMMS"):
            return {}
        # Airflow puts the map index behind the id of a task: such an id is asked for apart from its like.
        alike = [one for one in task_ids if _split(one)[1] >= 0 and _split(one)[0] in task_ids]
        together = [one for one in task_ids if one not in alike]
        found: dict[str, dict[Instance, str | None]] = {}
        for batch in (together, *([one] for one in alike)):
            states = task_runner.RuntimeTaskInstance.get_task_states(dag_id=dag_id, task_ids=batch, **of)  # type: ignore[arg-type]
            for run_id, of_run in states.items():
                named = {(name, -1) if name in batch else _split(name): state for name, state in of_run.items()}
                found.setdefault(run_id, {}).update(named)
        return found


class TriggererRuns(AirflowRuns):
    """The same, as far as the triggerer can ask: its Airflow cannot read its own answer to `GetPreviousTI`."""

    def last(self, dag_id: str, instance: Instance, state: str, *, before: datetime) -> LastInstance | None:
        """Return nothing: the sensor asks, before it waits and once the trigger has fired."""
        return None


def _split(name: str) -> Instance:
    """Take the map index off a name; -1 where there is none."""
    task, _, index = name.rpartition("_")
    return (task, int(index)) if task and index.isdecimal() else (name, -1)
