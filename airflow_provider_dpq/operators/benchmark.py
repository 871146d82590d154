"""The benchmark gate as an Airflow task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_dpq.core.gate.unit import parse_percent
from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.gate import one_of, read_thresholds
from airflow_provider_dpq.operators.operation import is_literal_or_function, seconds, unwrapped, with_unit
from airflow_provider_dpq.operators.operation_gate import OperationGateOperator
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow_provider_dpq.core.benchmark.design import Benchmark
    from airflow_provider_dpq.core.operation.iteration import Operation
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.operators.run import GateRun


class BenchmarkOperator(OperationGateOperator):
    """Measures the time and memory that an operation takes, and compares them with limits or with another version.

    Give at most one of `baseline`, `baseline_revision` and `history`. With one of them, a run that is slower than
    `tolerance` allows fails, and a run that cannot be decided is ``inconclusive``. Without any of them, only
    `thresholds` judge.

    Args:
        baseline: Operation to compare with in interleaved pairs, of the same kind: another function or its name,
            statement, command or address. Its other arguments are those of the operation.
        baseline_revision: Git revision to compare with: its version of the same function. The function must be given by
            its name, and its module must be in a git repository on the worker.
        history: Whether to compare with the gate's earlier reports that did not fail.
        tolerance: How much slower than the baseline the operation may be, such as ``"5%"``, which is the default unless
            a threshold compares times with the baseline.
        sizes: Numbers of rows; one dataset is made of each, in this order. By default 100 to 1,000,000 if `dataset` is
            given. A size that would not finish within `time_budget` is skipped, with a warning in the report.
        clock: Clock that `tolerance` applies to, ``"cpu"`` or ``"wall"``; by default CPU time for operations that run
            in the process or its children, and wall time for operations that wait for a server.
        time_budget: Time limit for all sizes, such as ``"2min"``; a comparison ends earlier once it is conclusive. The
            minimum needed for a verdict at the first size is always measured. With `history`, up to two confirming
            runs may follow at the sizes that deviate; each may take the time of those sizes again.
        iteration_timeout: Longest time that one iteration, or creating its dataset, may take.
        profile: Whether to profile time and memory even if nothing is breached.
    """

    kind = "benchmark"
    template_fields: Sequence[str] = (*OperationGateOperator.template_fields, "baseline", "baseline_revision", "sizes")
    shallow_copy_attrs: Sequence[str] = (*OperationGateOperator.shallow_copy_attrs, "baseline")

    def __init__(
        self,
        *,
        baseline: Any = None,
        baseline_revision: str | None = None,
        history: bool = False,
        tolerance: str | None = None,
        sizes: Sequence[int] | None = None,
        clock: str | None = None,
        time_budget: str | timedelta = "2min",
        iteration_timeout: str | timedelta = "5min",
        profile: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.baseline = unwrapped(baseline)
        self.baseline_revision = baseline_revision
        self.history = history
        self.tolerance = tolerance
        self.sizes = sizes
        self.clock = clock
        self.time_budget = time_budget
        self.iteration_timeout = iteration_timeout
        self.profile = profile
        self._keep_functions_from_rendering()
        with declaring(self.gate):
            self._validate()

    def measurement(self, run: GateRun) -> Measurement:
        """Return the benchmark, with connections looked up."""
        from airflow_provider_dpq.core.benchmark.measurement import BenchmarkMeasurement

        arguments = self.operation
        operation = arguments.operation()
        baseline = None if self.baseline is None else arguments.other(self.baseline).operation()
        return BenchmarkMeasurement(
            design=self._design(operation, baseline, self.sizes),
            thresholds=read_thresholds(self.thresholds, self.kind),
            history=run.benchmark_history,
        )

    def _validate(self) -> None:
        arguments = self.operation
        operation = arguments.declared()
        baseline = None if self.baseline is None else arguments.other(self.baseline).declared_or_unknown()
        sizes = self.sizes if is_literal(self.sizes) else None
        design = self._design(operation or arguments.declared_or_unknown(), baseline, sizes)
        design.validate_options()
        if is_literal(self.thresholds):
            design.validate_thresholds(read_thresholds(self.thresholds, self.kind))
        whole = is_literal_or_function(self.baseline) and is_literal(self.baseline_revision) and is_literal(self.sizes)
        if operation is not None and whole:
            design.validate()
        elif operation is not None:
            operation.validate()

    def _design(self, operation: Operation, baseline: Operation | None, sizes: Sequence[int] | None) -> Benchmark:
        from airflow_provider_dpq.core.benchmark.design import Benchmark

        if self.clock is not None:
            one_of("clock", self.clock, ("cpu", "wall"))
        return Benchmark(
            operation=operation,
            baseline=baseline,
            baseline_revision=self.baseline_revision,
            against_history=self.history,
            sizes=None if sizes is None else _sizes(sizes),
            clock=self.clock,  # type: ignore[arg-type]  # one of the two
            tolerance_percent=None if self.tolerance is None else parse_percent(with_unit("tolerance", self.tolerance)),
            time_budget_seconds=seconds("time_budget", self.time_budget),
            iteration_timeout_seconds=seconds("iteration_timeout", self.iteration_timeout),
            profile=self.profile,
        )


def _sizes(declared: Any) -> tuple[int, ...]:
    return tuple(declared) if isinstance(declared, Iterable) else (declared,)
