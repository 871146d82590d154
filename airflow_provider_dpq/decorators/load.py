"""``@task.load_test``: a function of a DAG file, run under load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.decorator import task_decorator_factory

from airflow_provider_dpq.decorators.operation import DecoratedOperationOperator
from airflow_provider_dpq.operators.load import LoadTestOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator


class DecoratedLoadTestOperator(DecoratedOperationOperator, LoadTestOperator):
    """Runs the decorated function under load."""

    template_fields: Sequence[str] = LoadTestOperator.template_fields
    shallow_copy_attrs: Sequence[str] = (
        *DecoratedOperationOperator.shallow_copy_attrs,
        *LoadTestOperator.shallow_copy_attrs,
    )
    custom_operator_name = "@task.load_test"


def load_test_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function the operation of a load gate.

    The function runs in a Python process of its own, many times and several times at once: in threads, or on an event
    loop where it is an ``async def``. What it returns is dropped; what it raises is an iteration that failed. Its call
    in the DAG file gives its arguments, which may be templates and results of other tasks. A first argument that
    `dataset` makes is left out of the call. Nothing of Airflow's context is there.

    Args:
        python_callable: The function.
        **kwargs: Arguments of `LoadTestOperator` except those that define what is measured.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=DecoratedLoadTestOperator, **kwargs
    )
