"""What a benchmark runs, and how long."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.operation.iteration import Clock, Operation
from airflow_provider_dpq.core.operation.python import PythonOperation

DEFAULT_TOLERANCE_PERCENT: Final = 5.0
"""How much slower than its baseline an operation may be by default."""

DEFAULT_SIZES: Final = (100, 1_000, 10_000, 100_000, 500_000, 1_000_000)

CLOCKS: Final[Mapping[str, Clock]] = MappingProxyType({"median": "wall", "cpu_median": "cpu"})
"""The clock of each metric that is compared with a baseline."""

_MEMORY: Final = ("peak_memory", "retained_memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """An operation, its baseline if any, and the time that measuring may take.

    Attributes:
        operation: The operation to measure.
        baseline: Operation to compare it with, in interleaved pairs.
        baseline_revision: Git revision of the same function to compare it with, in interleaved pairs.
        against_history: Whether to compare it with the gate's earlier reports.
        sizes: Rows of the datasets; `DEFAULT_SIZES` if the operation is sized and none are given.
        clock: The clock that the tolerance applies to; None for the operation's own choice.
        tolerance_percent: How much slower than the baseline it may be; None for `DEFAULT_TOLERANCE_PERCENT` if there
            is a baseline and no threshold compares times with it.
        time_budget_seconds: Time for all sizes. A size that would exceed it is skipped, except the first one.
        iteration_timeout_seconds: Longest time that one iteration, or making its dataset, may take.
        profile: Whether to profile the operation even if no threshold is breached.
    """

    operation: Operation
    baseline: Operation | None = None
    baseline_revision: str | None = None
    against_history: bool = False
    sizes: Sequence[int] | None = None
    clock: Clock | None = None
    tolerance_percent: float | None = None
    time_budget_seconds: float = 120.0
    iteration_timeout_seconds: float = 300.0
    profile: bool = False

    @property
    def judged_clock(self) -> Clock:
        """The clock that the tolerance applies to."""
        return self.clock or self.operation.clock

    @property
    def chosen_sizes(self) -> tuple[int | None, ...]:
        """The sizes in order; a single None for an operation that is not sized."""
        if not self.operation.sized:
            return (None,)
        return DEFAULT_SIZES if self.sizes is None else tuple(self.sizes)

    @property
    def subject(self) -> str:
        """What is measured and compared, in readable form."""
        if self.baseline is not None:
            return f"{self.operation.subject} against {self.baseline.subject}"
        if self.baseline_revision is not None:
            return f"{self.operation.subject} against revision {self.baseline_revision}"
        return self.operation.subject

    @property
    def compares(self) -> bool:
        """Whether the benchmark compares the operation with anything."""
        return self.baseline is not None or self.baseline_revision is not None or self.against_history

    def limit(self, tolerance_percent: float) -> str:
        """Return the text of the threshold that is equivalent to a tolerance."""
        metric = "cpu_median" if self.judged_clock == "cpu" else "median"
        return f"{metric} < {1 + tolerance_percent / 100:.10g}x baseline"

    def validate(self) -> None:
        """Check the declaration without running anything.

        Raises:
            DeclarationError: The declaration is invalid.
        """
        self.validate_options()
        self.operation.validate()
        if self.baseline is not None:
            self.baseline.validate()
        self._validate_operation()

    def validate_options(self) -> None:
        """Check everything that needs neither the operation nor the baseline itself.

        Raises:
            DeclarationError: The declaration is invalid.
        """
        self._validate_comparison()
        self._validate_sizes()
        for name, seconds in (
            ("time_budget", self.time_budget_seconds),
            ("iteration_timeout", self.iteration_timeout_seconds),
        ):
            if not 0 < seconds < math.inf:
                message = f"Invalid {name}: {seconds:g} s."
                raise DeclarationError("invalid_option", message, hint="Give a positive duration.")

    def validate_thresholds(self, thresholds: Sequence[Threshold]) -> None:
        """Check that the metric of each threshold will be measured.

        A threshold relative to a baseline that does not exist could only ever warn.

        Raises:
            DeclarationError: ``missing_baseline``; or ``too_few_sizes`` for an exponent.
        """
        from airflow_provider_dpq.core.stats.slope import LEAST_SIZES

        measured = self._baseline_metrics
        sizes = {size for size in self.chosen_sizes if size is not None}
        for threshold in thresholds:
            if threshold.of_baseline and threshold.metric not in measured:
                message = f"Threshold '{threshold}' needs a baseline, but this benchmark has none."
                hint = "Give baseline=, baseline_revision= or history=, or a limit with a unit."
                if measured:
                    message = f"Threshold '{threshold}' needs a baseline, but the baseline has no {threshold.metric}."
                    hint = f"The baseline has only {', '.join(measured)}: give a limit with a unit."
                raise DeclarationError("missing_baseline", message, hint=hint)
            if threshold.metric == "exponent" and len(sizes) < LEAST_SIZES:
                found = f"only has {sorted(sizes)}" if sizes else "has none"
                message = f"Threshold '{threshold}' needs at least {LEAST_SIZES} sizes, but this benchmark {found}."
                hint = "Give more sizes, such as sizes=[1_000, 10_000, 100_000] for a dataset factory."
                raise DeclarationError("too_few_sizes", message, hint=hint)

    @property
    def _baseline_metrics(self) -> tuple[str, ...]:
        """The metrics that are also measured for the baseline."""
        if not self.compares:
            return ()
        return tuple(CLOCKS) if self.against_history else (*CLOCKS, *_MEMORY)

    def _validate_comparison(self) -> None:
        names = ("baseline", "baseline_revision", "against_history")
        given = [name for name in names if getattr(self, name) not in (None, False)]
        if len(given) > 1:
            message = f"A benchmark has one baseline, but {' and '.join(given)} are given."
            raise DeclarationError("ambiguous_baseline", message, hint="Give only one of them.")
        if self.tolerance_percent is not None and not given:
            message = f"A tolerance of {self.tolerance_percent:g}% needs a baseline, but this benchmark has none."
            raise DeclarationError("missing_baseline", message, hint="Give baseline=, baseline_revision= or history=.")
        if self.tolerance_percent is not None and not 0 <= self.tolerance_percent < math.inf:
            message = f"Invalid tolerance: {self.tolerance_percent:g}%."
            raise DeclarationError("invalid_option", message, hint="Give a percentage such as 5%.")

    def _validate_operation(self) -> None:
        if self.baseline is not None and self.baseline.sized != self.operation.sized:
            message = f"Cannot compare {self.subject}: only one of them works on datasets of several sizes."
            raise DeclarationError("invalid_baseline", message, hint="Give both a dataset factory, or neither.")
        named = isinstance(self.operation, PythonOperation) and isinstance(self.operation.target, str)
        if self.baseline_revision is not None and not named:
            message = f"Cannot load {self.operation.subject} from another revision: it is not given by name."
            raise DeclarationError("invalid_baseline", message, hint="Name it as 'package.module:function'.")
        if self.sizes is not None and not self.operation.sized:
            message = "The sizes have no effect: nothing in the operation depends on them."
            hint = "Give a dataset factory, or use :size in the statement or {size} in the command."
            raise DeclarationError("invalid_sizes", message, hint=hint)

    def _validate_sizes(self) -> None:
        if self.sizes is None:
            return
        valid = all(type(size) is int and size > 0 for size in self.sizes)
        if not self.sizes or not valid or len(set(self.sizes)) < len(self.sizes):
            message = f"Invalid sizes: {list(self.sizes)!r}."
            hint = "Give distinct positive numbers of rows, such as [1000, 10000]."
            raise DeclarationError("invalid_sizes", message, hint=hint)
