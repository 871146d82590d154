"""Tasks of one DAG whose gates bear one name: their reports would be one history, and nobody could tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        for other in dag.task_dict.values():
            gate, shared = _declared(other)
            if other.task_id != self.task_id and gate == self.gate and not (shared and self.shared_gate):
                raise gate_taken(self.gate, sorted([self.task_id, other.task_id]))


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
