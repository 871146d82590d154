"""What a leak check runs, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.number import is_number, is_whole
from airflow_provider_dpq.core.leak.growth import LEAST_ITERATIONS
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.sql import SqlOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakCheck:
    """An operation that is run again and again to see whether it keeps anything.

    Attributes:
        operation: What is run.
        size: Rows of its dataset; None for an operation that is not sized.
        warm_up_iterations: How often it runs before anything is looked at: caches fill, modules are imported.
        stages: After how many iterations the memory is judged; the first stage that can tell is the last. More of them
            see rarer leaks: n iterations without growth exclude what happens in more than 4.6 / n of them.
        iteration_timeout_seconds: Longest time that one iteration, or making its dataset, may take.
    """

    operation: Operation
    size: int | None = None
    warm_up_iterations: int = 10
    stages: tuple[int, ...] = (160, 320, 600)
    iteration_timeout_seconds: float = 300.0

    @property
    def elsewhere(self) -> str | None:
        """What works in another process, whose memory is not looked at; None where the operation names none."""
        match self.operation:
            case CommandOperation():
                return "program"
            case HttpOperation():
                return "server"
            case SqlOperation(clock="wall"):
                return "database server"
        return None

    def validate(self) -> None:
        """Check what is declared.

        Raises:
            DeclarationError: ``invalid_sizes``, ``invalid_option``, or what the operation says.
        """
        self.validate_options()
        self.operation.validate()
        if self.operation.sized != (self.size is not None):
            wanted = (
                "needs a size: it makes its dataset by it" if self.operation.sized else "has no dataset of any size"
            )
            message = f"The operation {self.operation.subject} {wanted}; the size is {self.size!r}."
            raise DeclarationError("invalid_sizes", message, hint="Give a number of rows where there is a dataset.")

    def validate_options(self) -> None:
        """Check what does not depend on the operation.

        Raises:
            DeclarationError: ``invalid_sizes`` or ``invalid_option``.
        """
        if self.size is not None and (not is_whole(self.size) or self.size <= 0):
            message = f"The size {self.size!r} is not a number of rows."
            raise DeclarationError("invalid_sizes", message, hint="Give a whole number above 0.")
        self._require_iterations()
        timeout: object = self.iteration_timeout_seconds
        if not is_number(timeout) or timeout <= 0:
            message = f"The timeout of an iteration is {self.iteration_timeout_seconds!r}."
            raise DeclarationError("invalid_option", message, hint="Give seconds above 0.")

    def _require_iterations(self) -> None:
        if not is_whole(self.warm_up_iterations) or self.warm_up_iterations < 0:
            message = f"The number of warm-up iterations is {self.warm_up_iterations!r}."
            raise DeclarationError("invalid_option", message, hint="Give a whole number, 0 or more.")
        stages: object = self.stages
        if (
            not isinstance(stages, (tuple, list))
            or not stages
            or not all(map(is_whole, stages))
            or stages[0] < LEAST_ITERATIONS
            or any(after <= before for before, after in pairwise(stages))
        ):
            message = f"The stages of a leak check are {stages!r}."
            hint = f"Give rising numbers of iterations, the first at least {LEAST_ITERATIONS}, such as (160, 320, 600)."
            raise DeclarationError("invalid_option", message, hint=hint)
