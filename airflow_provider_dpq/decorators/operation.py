"""What the decorators share: the decorated function is the operation, and its call's arguments are the operation's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from airflow.sdk.bases.decorator import DecoratedOperator

from airflow_provider_dpq.operators.operation_gate import OperationGateOperator


class DecoratedOperationOperator(DecoratedOperator, OperationGateOperator):
    """Measures the decorated function, which takes the place of `target`.

    Args:
        python_callable: The function.
        op_args: Its positional arguments, after the dataset if there is one.
        op_kwargs: Its keyword arguments.
        **kwargs: Arguments of the operator.
    """

    template_fields: Sequence[str] = OperationGateOperator.template_fields
    shallow_copy_attrs: Sequence[str] = (
        *DecoratedOperator.shallow_copy_attrs,
        *OperationGateOperator.shallow_copy_attrs,
    )

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        given = tuple(op_args or ())
        made = any(kwargs.get(name) is not None for name in ("dataset", "set_up"))
        first = _first_argument(python_callable, given, op_kwargs or {}) if made else ()
        super().__init__(
            python_callable=python_callable,
            op_args=(*first, *given),  # Airflow looks whether the function takes them
            op_kwargs=op_kwargs,
            kwargs_to_upstream={"target": python_callable, "op_args": given, "op_kwargs": op_kwargs},
            **kwargs,
        )


def _first_argument(
    function: Callable[..., Any], op_args: Collection[Any], op_kwargs: Mapping[str, Any]
) -> tuple[None, ...]:
    """Return a stand-in for the dataset if the function cannot be called without it."""
    try:
        inspect.signature(function).bind(*op_args, **op_kwargs)
    except TypeError:
        return (None,)
    return ()
