"""The tasks that report under one gate: a report names them, so that a sensor knows whom it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.definitions.xcom_arg import PlainXComArg

from airflow_provider_dpq.operators.namesake import GateBearer, declared_gate, mapped_arguments

if TYPE_CHECKING:
    from airflow.sdk import Context

_VARYING: Final = frozenset({"ti", "task_instance", "task"})
"""What a template is given that may differ between the tasks of a run, and the instances of a mapped one."""

_OF_RUN: Final = frozenset({"dag_id", "run_id"})
"""Attributes of these that never do."""


def gate_tasks(task: GateBearer, context: Context) -> tuple[str, ...]:
    """Return the ids of the tasks each instance of which reports under the gate of a task, or may do so.

    An instance of a mapped task that has a gate of its own, such as ``orders-{{ ti.map_index }}``, stands for itself:
    its task is left out, unless `shared_gate` says that other instances may have the same.

    Args:
        task: The task, rendered.
        context: Its context.
    """
    own = [task.task_id] if task.shared_gate or not names_instances(task) else []
    return tuple(sorted([*own, *(_sharing(task, context) if task.shared_gate else ())]))


def names_instances(task: GateBearer) -> bool:
    """Return whether each instance of a mapped task has a gate of its own, as far as the declaration tells.

    Args:
        task: The task, rendered.
    """
    dag = task.get_dag()
    made: Any = None if dag is None else dag.task_dict.get(task.task_id)
    declared = None if made is None else declared_gate(made)
    if declared is None or not (made.is_mapped or made.get_closest_mapped_task_group() is not None):
        return False
    if isinstance(declared.gate, str):
        varying = _VARYING | ({"params"} & set(mapped_arguments(made) or ()))
        return bool(_names(declared.gate, task, _OF_RUN | {"task_id"}) & varying)
    if isinstance(declared.gate, PlainXComArg):
        return declared.gate.operator.get_closest_mapped_task_group() is not None
    return task.gate != task.task_id  # as where nobody knows whether an XCom with the arguments names it


def _sharing(task: GateBearer, context: Context) -> Iterator[str]:
    """Yield the other tasks that share their gate, where it is this one, or may be."""
    dag = task.get_dag()
    for other in () if dag is None else dag.task_dict.values():
        declared = declared_gate(other)
        if declared is None or not declared.shared or other.task_id == task.task_id:
            continue
        if _rendered(declared.gate, task, context) in (None, task.gate):
            yield other.task_id


def _rendered(gate: Any, task: GateBearer, context: Context) -> str | None:
    """Return the name that the gate of another task has in this run; None where only that task can tell."""
    if not isinstance(gate, str):
        return None
    try:
        if _names(gate, task, _OF_RUN) & {*_VARYING, "params"}:
            return None
        return str(task.render_template(gate, context))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - a template may raise anything
        return None


def _names(template: str, task: Any, same: frozenset[str]) -> set[str]:
    """Return the names that a template uses, but for those of which it takes nothing but some attributes."""
    from jinja2 import nodes

    tree = task.get_template_env().parse(template)
    harmless = {id(found.node) for found in tree.find_all(nodes.Getattr) if found.attr in same}
    return {found.name for found in tree.find_all(nodes.Name) if id(found) not in harmless}
