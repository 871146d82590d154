"""Tasks of one DAG whose gates bear one name: their reports would be one history, and nobody could tell them apart."""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.operators.template import settled

if TYPE_CHECKING:
    from airflow.sdk import DAG


class GateBearer:
    """A task that reports under the name of a gate.

    Attributes:
        gate: Name of the gate.
        shared_gate: Whether other tasks of the DAG may report under it, too.
    """

    gate: str
    shared_gate: bool
    task_id: str

    def get_dag(self) -> DAG | None:
        """Return the DAG of the task; None where it is in none yet."""
        return super().get_dag()  # type: ignore[misc,no-any-return]

    def require_own_gate(self, dag: DAG | None) -> None:
        """Refuse a gate that another task of the DAG has, as far as the tasks made so far tell.

        A name with a template in it is compared once it is rendered.

        Args:
            dag: DAG of the task; None where it is in none yet.

        Raises:
            DeclarationError: ``gate_taken``.
        """
        if dag is None or not settled(self.gate):
            return
        self._refuse_taken(dag.task_dict.values())

    def claim_gate(self, dag: DAG | None) -> None:
        """Refuse a gate as `require_own_gate` does, while a DAG file is parsed: without a look at each task for each.

        Args:
            dag: DAG of the task; None where it is in none yet.

        Raises:
            DeclarationError: ``gate_taken``.
        """
        if dag is None or not settled(self.gate):
            return
        self._refuse_taken(_Namesakes.of(dag).bearing(self.gate))

    def _refuse_taken(self, tasks: Iterable[Any]) -> None:
        for other in tasks:
            gate, shared = _declared(other)
            if other.task_id != self.task_id and gate == self.gate and not (shared and self.shared_gate):
                raise gate_taken(self.gate, sorted([self.task_id, other.task_id]))


class _Namesakes:
    """The tasks of a DAG that is being made, by the names of their gates: each is looked at once, in order of making.

    A gate that is renamed after its task was made is missed here, and found when the task runs.
    """

    _of_dags: ClassVar[dict[int, _Namesakes]] = {}

    def __init__(self, dag: DAG) -> None:
        key, kept = id(dag), self._of_dags
        self._dag = weakref.ref(dag, lambda gone: kept.pop(key, None))
        # Ids alone: tasks would keep their DAG.
        self._last: str | None = None
        self._unnamed: list[str] = []
        self._by_gate: defaultdict[str, list[str]] = defaultdict(list)

    @classmethod
    def of(cls, dag: DAG) -> _Namesakes:
        """Return those of a DAG; a copy of a DAG has its own."""
        found = cls._of_dags.get(id(dag))
        if found is None or found._dag() is not dag:
            found = cls._of_dags[id(dag)] = cls(dag)
        return found

    def bearing(self, gate: str) -> list[Any]:
        """Return the tasks that had a gate of this name when they were looked at, and are still of the DAG."""
        dag = self._dag()
        tasks = {} if dag is None else dag.task_dict
        if self._last not in tasks:  # it is the first time, or tasks were taken out
            self._last = None
            self._unnamed.clear()
            self._by_gate.clear()
        new = [*takewhile(lambda task_id: task_id != self._last, reversed(tasks))]
        self._last = new[0] if new else self._last
        looked_at, self._unnamed = [*self._unnamed, *reversed(new)], []
        for task_id in looked_at:
            if (task := tasks.get(task_id)) is None:
                continue
            if isinstance(task, GateBearer) and getattr(task, "gate", None) is None:
                self._unnamed.append(task_id)  # it is in the DAG before it has its arguments
                continue
            name, shared = _declared(task)
            if name is not None and not (shared and self._by_gate[name]):  # of those that share it, one is enough
                self._by_gate[name].append(task_id)
        return [tasks[task_id] for task_id in self._by_gate.get(gate, ()) if task_id in tasks]


def gate_taken(gate: str, task_ids: list[str]) -> DeclarationError:
    """Return the error that names the tasks that have one gate.

    Args:
        gate: Name of the gate.
        task_ids: The tasks.
    """
    message = f"The tasks {' and '.join(map(repr, task_ids))} have the same gate {gate!r}."
    hint = (
        "Name each with gate=, or give each shared_gate=True to keep one history, in which the worst of a run counts."
    )
    return DeclarationError("gate_taken", message, hint=hint)


def _declared(task: Any) -> tuple[str | None, bool]:
    """Return the gate of a task, None where it has none or a template or XCom says it, and whether it is shared."""
    if isinstance(task, GateBearer):
        # One that is being made is in the DAG before it has its arguments.
        gate, shared = getattr(task, "gate", None), getattr(task, "shared_gate", False)
    else:
        made = getattr(task, "operator_class", None)  # of a mapped task
        if not (isinstance(made, type) and issubclass(made, GateBearer)):
            return None, False
        given = task.partial_kwargs
        mapped = task._get_specified_expand_input().value  # nothing public tells it
        unknown = not isinstance(mapped, dict) or "gate" in mapped
        gate = given.get("gate") or (None if unknown and "gate" not in given else task.task_id)
        shared = bool(given.get("shared_gate"))
    return (gate if settled(gate) else None), shared
