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
    """An operation that is run repeatedly to see whether it leaks.

    Attributes:
        operation: The operation to run.
        size: Rows of its dataset; None for an operation that is not sized.
        warm_up_iterations: Number of iterations before measuring begins, while caches fill and modules are imported.
        stages: Numbers of iterations after which the memory is judged; the first conclusive stage is the last. More
            iterations find rarer leaks: n iterations without growth exclude leaks in more than 4.6 / n of them.
        iteration_timeout_seconds: Longest time that one iteration, or making its dataset, may take.
    """

    operation: Operation
    size: int | None = None
    warm_up_iterations: int = 10
    stages: tuple[int, ...] = (160, 320, 600)
    iteration_timeout_seconds: float = 300.0

    @property
    def external_process(self) -> str | None:
        """The other process that does the work and whose memory is not measured; None if there is none."""
        match self.operation:
            case CommandOperation():
                return "program"
            case HttpOperation():
                return "server"
            case SqlOperation(clock="wall"):
                return "database server"
        return None

    def validate(self) -> None:
        """Check the declaration.

        Raises:
            DeclarationError: ``invalid_sizes``, ``invalid_option``, or an error of the operation's own check.
        """
        self.validate_options()
        self.operation.validate()
        if self.operation.sized != (self.size is not None):
            needs = "needs a size for its dataset" if self.operation.sized else "has no dataset that depends on a size"
            message = f"The operation {self.operation.subject} {needs}, but the size is {self.size!r}."
            hint = "Give a number of rows if the operation uses a size, and no size otherwise."
            raise DeclarationError("invalid_sizes", message, hint=hint)

    def validate_options(self) -> None:
        """Check everything that does not depend on the operation.

        Raises:
            DeclarationError: ``invalid_sizes`` or ``invalid_option``.
        """
        if self.size is not None and (not is_whole(self.size) or self.size <= 0):
            message = f"Invalid size: {self.size!r}."
            raise DeclarationError("invalid_sizes", message, hint="Give a whole number of rows above 0.")
        self._require_iterations()
        timeout: object = self.iteration_timeout_seconds
        if not is_number(timeout) or timeout <= 0:
            message = f"Invalid iteration timeout: {self.iteration_timeout_seconds!r}."
            raise DeclarationError("invalid_option", message, hint="Give a number of seconds above 0.")

    def _require_iterations(self) -> None:
        if not is_whole(self.warm_up_iterations) or self.warm_up_iterations < 0:
            message = f"Invalid number of warm-up iterations: {self.warm_up_iterations!r}."
            raise DeclarationError("invalid_option", message, hint="Give a whole number, 0 or more.")
        stages: object = self.stages
        if (
            not isinstance(stages, (tuple, list))
            or not stages
            or not all(map(is_whole, stages))
            or stages[0] < LEAST_ITERATIONS
            or any(after <= before for before, after in pairwise(stages))
        ):
            message = f"Invalid stages of a leak check: {stages!r}."
            hint = f"Give increasing numbers of iterations from {LEAST_ITERATIONS} up, such as (160, 320, 600)."
            raise DeclarationError("invalid_option", message, hint=hint)
