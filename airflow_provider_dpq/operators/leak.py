"""The leak gate as an Airflow task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.gate import read_thresholds
from airflow_provider_dpq.operators.operation import seconds, with_unit
from airflow_provider_dpq.operators.operation_gate import OperationGateOperator
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.threshold import Threshold
    from airflow_provider_dpq.core.leak.design import LeakCheck
    from airflow_provider_dpq.core.operation.iteration import Operation
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.operators.run import GateRun


class LeakCheckOperator(OperationGateOperator):
    """Runs an operation repeatedly, and fails if it keeps memory, files, threads or processes each time.

    If the growth may be a cache that fills, or is too small against the memory that the operation uses anyway, the
    verdict is ``inconclusive``. If it leaks, a second run finds the places that allocate the memory kept.

    Args:
        tolerance: Allowed growth of memory per iteration, such as ``"512B"``, which is the default unless a threshold
            limits ``growth``.
        size: Number of rows of the dataset, if `dataset` is given or the operation contains ``size``.
        warm_up_iterations: Number of iterations before measuring starts, while caches fill and modules are imported.
        stages: Numbers of iterations after which memory is judged; the run ends at the first conclusive stage.
        iteration_timeout: Longest time that one iteration, or creating its dataset, may take.
    """

    kind = "leak"
    template_fields: Sequence[str] = (*OperationGateOperator.template_fields, "size")

    def __init__(
        self,
        *,
        tolerance: str | None = None,
        size: int | None = None,
        warm_up_iterations: int = 10,
        stages: Sequence[int] = (160, 320, 600),
        iteration_timeout: str | timedelta = "5min",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tolerance = tolerance
        self.size = size
        self.warm_up_iterations = warm_up_iterations
        self.stages = stages
        self.iteration_timeout = iteration_timeout
        with declaring(self.gate):
            self._validate()

    def measurement(self, run: GateRun) -> Measurement:
        """Return the leak check, with connections looked up."""
        from airflow_provider_dpq.core.leak.measurement import LeakMeasurement

        declared = read_thresholds(self.thresholds, self.kind)
        check = self._check(self.operation.operation(), self.size)
        return LeakMeasurement(check=check, thresholds=(*declared, *self._tolerated()))

    def _validate(self) -> None:
        operation = self.operation.declared()
        self._tolerated()
        if self.thresholds is not None and is_literal(self.thresholds):
            from airflow_provider_dpq.core.leak.limits import with_defaults

            with_defaults(read_thresholds(self.thresholds, self.kind))
        size = self.size if is_literal(self.size) else None
        check = self._check(operation or self.operation.declared_or_unknown(), size)
        check.validate_options()
        if operation is not None and is_literal(self.size):
            check.validate()
        elif operation is not None:
            operation.validate()

    def _tolerated(self) -> Sequence[Threshold]:
        if self.tolerance is None:
            return ()
        from airflow_provider_dpq.core.leak.limits import tolerance

        return (tolerance(with_unit("tolerance", self.tolerance)),)

    def _check(self, operation: Operation, size: int | None) -> LeakCheck:
        from airflow_provider_dpq.core.leak.design import LeakCheck

        return LeakCheck(
            operation=operation,
            size=size,
            warm_up_iterations=self.warm_up_iterations,
            stages=tuple(self.stages),
            iteration_timeout_seconds=seconds("iteration_timeout", self.iteration_timeout),
        )
