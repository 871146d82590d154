"""A leak check as a measurement that may be cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.gate import judge_leak
from airflow_provider_dpq.core.leak.measure import Sample
from airflow_provider_dpq.core.leak.result import LeakResult
from airflow_provider_dpq.core.leak.run import check_leak, decision_of
from airflow_provider_dpq.core.operation.isolation import Cancellation


@dataclass(slots=True, kw_only=True)
class LeakMeasurement:
    """A leak check and its findings so far.

    Attributes:
        check: The leak check to run.
        thresholds: The declared thresholds.
        samples: A sample after each iteration.
        started_at: When measuring began.
        found: The result, once the check has ended.
    """

    check: LeakCheck
    thresholds: Sequence[Threshold] = ()
    samples: list[Sample] = field(default_factory=list)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    found: LeakResult | None = None

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Run the leak check; see `core.leak.run.check_leak`."""
        self.found = check_leak(
            self.check, self.thresholds, progress=tell, cancellation=cancellation, samples=self.samples
        )
        if self.found.error is not None:
            raise self.found.error

    def report(
        self,
        *,
        gate: str,
        provenance: Provenance,
        duration_seconds: float,
        data_interval: DataInterval | None = None,
        error: DpqError | None = None,
    ) -> Report:
        """Judge the findings so far; see `Measurement.report`."""
        found = self.found or LeakResult(
            subject=self.check.operation.subject,
            samples=tuple(self.samples),
            decision=decision_of(self.check, self.samples),
            started_at=self.started_at,
            duration_seconds=duration_seconds,
            error=error,
            external_process=self.check.external_process,
        )
        return judge_leak(
            found, gate=gate, provenance=provenance, thresholds=self.thresholds, data_interval=data_interval
        )
