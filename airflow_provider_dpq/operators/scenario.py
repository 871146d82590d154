"""The scenarios of a load test as a task declares them: what runs, and its share of the load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.load.design import Scenario
from airflow_provider_dpq.core.load.model import ArrivalRate, Concurrency
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.operators.operation import OperationArguments, seconds, unwrapped
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow_provider_dpq.core.operation.iteration import Operation

_FUNCTIONS: Final = ("target", "set_up", "tear_down", "dataset")
_OF_OPERATION: Final = tuple(field.name for field in fields(OperationArguments))
_OWN: Final = ("weight", "think_time", "load", "size")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioArguments:
    """One scenario: the arguments of its operation, and how much of the load it bears.

    Attributes:
        name: Its name; None for the only one of a test that names none.
        operation: What an iteration runs.
        weight: Its share of the load in proportion to the weights of the others.
        think_time: How long a worker of a closed model waits after an iteration: a duration.
        load: A load of its own.
        size: Number of rows of its dataset.
    """

    name: str | None = None
    operation: OperationArguments
    weight: Any = 1
    think_time: Any = timedelta()
    load: Any = None
    size: Any = None

    @property
    def is_known(self) -> bool:
        """Whether its operation is already what the task will see: nothing is a template, or in a connection."""
        connected = self.operation.conn_id is not None or self.operation.http_conn_id is not None
        return is_literal(self.size) and not connected and self.operation.declared() is not None

    def scenario(self, operation: Operation) -> Scenario:
        """Return the scenario with its operation, of which a number that only the run will know is left out.

        Raises:
            DeclarationError: ``invalid_argument`` or ``malformed_duration``.
        """
        if not isinstance(self.load, (ArrivalRate, Concurrency, NoneType)):
            raise not_a_load(f"load of scenario {self.name!r}", self.load)
        if isinstance(operation, PythonOperation):
            operation = replace(operation, awaited=True)
        named = {} if self.name is None else {"name": self.name}
        return Scenario(
            operation=operation,
            weight=number(self.weight) if is_literal(self.weight) else 1.0,
            think_time_seconds=seconds("think_time", self.think_time) if is_literal(self.think_time) else 0.0,
            model=self.load,
            size=number(self.size) if is_literal(self.size) else None,
            **named,
        )


def unwrapped_scenarios(declared: Any) -> Any:
    """Return scenarios as they are declared, with the functions in place of those decorated with ``@task``."""
    if not isinstance(declared, Mapping):
        return declared
    return {
        name: {key: unwrapped(value) if key in _FUNCTIONS else value for key, value in one.items()}
        if isinstance(one, Mapping)
        else one
        for name, one in declared.items()
    }


def read_scenarios(declared: Any) -> Sequence[ScenarioArguments]:
    """Return the scenarios of a mapping of their names to their arguments.

    Raises:
        DeclarationError: ``invalid_argument`` or ``unused_argument``.
    """
    if not isinstance(declared, Mapping):
        message = f"scenarios must be a mapping, but is of type {type(declared).__name__}."
        raise DeclarationError("invalid_argument", message, hint="Map the name of each scenario to its arguments.")
    return [_read(name, one) for name, one in declared.items()]


def _read(name: Any, declared: Any) -> ScenarioArguments:
    if not isinstance(declared, Mapping):
        message = f"Scenario {name!r} must be a mapping, but is of type {type(declared).__name__}."
        raise DeclarationError("invalid_argument", message, hint="Use a mapping such as {'url': ..., 'weight': 9}.")
    unknown = [key for key in declared if key not in (*_OF_OPERATION, *_OWN)]
    if unknown:
        message = f"Scenario {name!r} has no argument {unknown[0]!r}."
        raise DeclarationError(
            "unused_argument", message, hint=f"Its arguments are {', '.join((*_OF_OPERATION, *_OWN))}."
        )
    own = {key: value for key, value in declared.items() if key in _OWN}
    operation = {key: value for key, value in declared.items() if key in _OF_OPERATION}
    return ScenarioArguments(name=name, operation=OperationArguments(**operation), **own)


def number(declared: Any) -> Any:
    """Return a number that a template gave as a text; anything else as it is.

    Args:
        declared: What was declared, or what became of it.
    """
    if not isinstance(declared, str):
        return declared
    for read in (int, float):
        try:
            return read(declared)
        except ValueError:
            continue
    return declared


def not_a_load(argument: str, declared: object) -> DeclarationError:
    """Return the error that says that an argument is no load.

    Args:
        argument: Its name.
        declared: What it is.
    """
    message = f"Invalid {argument}: {declared!r} is not a load."
    hint = "Use one of airflow_provider_dpq.core.load.model, such as constant_arrival_rate('100/s', '1min')."
    return DeclarationError("invalid_argument", message, hint=hint)
