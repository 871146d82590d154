"""``@task.leak_check``: a function of a DAG file, checked for leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.decorator import task_decorator_factory

from airflow_provider_dpq.decorators.operation import DecoratedOperationOperator
from airflow_provider_dpq.operators.leak import LeakCheckOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator


class DecoratedLeakCheckOperator(DecoratedOperationOperator, LeakCheckOperator):
    """Checks the decorated function for leaks."""

    template_fields: Sequence[str] = LeakCheckOperator.template_fields
    shallow_copy_attrs: Sequence[str] = (
        *DecoratedOperationOperator.shallow_copy_attrs,
        *LeakCheckOperator.shallow_copy_attrs,
    )
    custom_operator_name = "@task.leak_check"


def leak_check_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function the operation of a leak gate.

    The function runs in a Python process of its own, many times; what it returns is dropped. Its call in the DAG file
    gives its arguments, which may be templates and results of other tasks. A first argument that `dataset` makes is
    left out of the call. Nothing of Airflow's context is there.

    Args:
        python_callable: The function.
        **kwargs: Arguments of `LeakCheckOperator` except those that define what is measured.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=DecoratedLeakCheckOperator, **kwargs
    )
