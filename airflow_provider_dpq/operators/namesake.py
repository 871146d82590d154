"""Tasks of one DAG whose gates bear one name: their reports would be one history, and nobody could tell them apart."""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow.sdk import DAG


class GateBearer:
    """A task that reports under the name of a gate.

    Attributes:
        gate: Name of the gate.
        shared_gate: Whether other tasks of the DAG may report under it, too.
        dpq_conn_id: Connection of the store of reports; None for the configured one.
    """

    gate: str
    shared_gate: bool
    dpq_conn_id: str | None
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
        if dag is None or not is_literal(self.gate):
            return
        self._refuse_taken(dag.task_dict.values())

    def claim_gate(self, dag: DAG | None) -> None:
        """Refuse a gate as `require_own_gate` does, while a DAG file is parsed: without a look at each task for each.

        Args:
            dag: DAG of the task; None where it is in none yet.

        Raises:
            DeclarationError: ``gate_taken``.
        """
        if dag is None or not is_literal(self.gate):
            return
        self._refuse_taken(_Namesakes.of(dag).bearing(self.gate))

    def _refuse_taken(self, tasks: Iterable[Any]) -> None:
        for other in tasks:
            declared = declared_gate(other)
            if declared is None or other.task_id == self.task_id or declared.literal_gate != self.gate:
                continue
            if not (declared.shared and self.shared_gate):
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
            declared = declared_gate(task)
            name = None if declared is None else declared.literal_gate
            if declared is None or name is None:
                continue
            if not (declared.shared and self._by_gate[name]):  # of those that share it, one is enough
                self._by_gate[name].append(task_id)
        return [tasks[task_id] for task_id in self._by_gate.get(gate, ()) if task_id in tasks]


def gate_taken(gate: str, task_ids: list[str]) -> DeclarationError:
    """Return the error that names the tasks that have one gate.

    Args:
        gate: Name of the gate.
        task_ids: The tasks.
    """
    message = f"The tasks {' and '.join(map(repr, task_ids))} use the same gate {gate!r}."
    hint = (
        "Give each its own gate=, or set shared_gate=True on each to keep one "
        "history, in which the worst of a run counts."
    )
    return DeclarationError("gate_taken", message, hint=hint)


def instances_alike(gate: str, task_id: str, indexes: list[int]) -> DeclarationError:
    """Return the error that names the instances of a mapped task that have one gate.

    Args:
        gate: Name of the gate.
        task_id: The task.
        indexes: Map indexes of the instances.
    """
    message = f"The instances {' and '.join(map(str, indexes))} of the task {task_id!r} use the same gate {gate!r}."
    hint = "Give each its own name, or set shared_gate=True to keep one history, in which the worst of a run counts."
    return DeclarationError("gate_taken", message, hint=hint)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a task declares of its gate.

    Attributes:
        gate: Its name, a template or an XCom of it; None where each instance of a mapped task may be given another one.
        shared: Whether other tasks may report under it, too.
    """

    gate: Any
    shared: bool

    @property
    def literal_gate(self) -> str | None:
        """The name; None where it is not known before the task runs."""
        return self.gate if isinstance(self.gate, str) and is_literal(self.gate) else None


def declared_gate(task: Any) -> Declared | None:
    """Return what a task of a DAG, mapped or not, declares of its gate; None where it has none."""
    if isinstance(task, GateBearer):
        # One that is being made is in the DAG before it has its arguments.
        return Declared(getattr(task, "gate", None), getattr(task, "shared_gate", False))
    made = getattr(task, "operator_class", None)  # of a mapped task
    if not (isinstance(made, type) and issubclass(made, GateBearer)):
        return None
    given, mapped = task.partial_kwargs, mapped_arguments(task)
    unknown = mapped is None or "gate" in mapped
    gate = given.get("gate") or (None if unknown and "gate" not in given else task.task_id)
    return Declared(gate, bool(given.get("shared_gate")))


def mapped_arguments(task: Any) -> Collection[str] | None:
    """Return the names of the arguments that differ between the instances of a task; None where only a run tells."""
    if not task.is_mapped:
        return ()
    mapped = task._get_specified_expand_input().value  # nothing public tells it
    if isinstance(mapped, Mapping):
        return mapped.keys()
    if isinstance(mapped, Sequence) and all(isinstance(one, Mapping) for one in mapped):
        return {name for one in mapped for name in one}
    return None
