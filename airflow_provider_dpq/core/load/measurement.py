"""A load test as a measurement that may be cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.gate import judge_load
from airflow_provider_dpq.core.load.run import LoadRun
from airflow_provider_dpq.core.operation.isolation import Cancellation


@dataclass(slots=True, kw_only=True)
class LoadMeasurement:
    """A load test and what it has found so far.

    Attributes:
        test: What to run.
        thresholds: The declared thresholds.
        starts_at_seconds: When the load begins, in seconds since 1970, as agreed with other machines; None to begin as
            soon as this one is ready.
        run: The run of it.
    """

    test: LoadTest
    thresholds: Sequence[Threshold] = ()
    starts_at_seconds: float | None = None
    run: LoadRun = field(init=False)

    def __post_init__(self) -> None:
        self.run = LoadRun(self.test, self.thresholds, starts_at_seconds=self.starts_at_seconds)

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Load the operations; see `core.load.run.LoadRun`."""
        self.run.go(cancellation=cancellation, tell=tell)

    def report(
        self,
        *,
        gate: str,
        provenance: Provenance,
        duration_seconds: float,
        data_interval: DataInterval | None = None,
        error: DpqError | None = None,
    ) -> Report:
        """Judge what was found so far; see `Measurement.report`."""
        found = self.run.result(duration_seconds=duration_seconds, error=error)
        return judge_load(
            found, gate=gate, provenance=provenance, thresholds=self.thresholds, data_interval=data_interval
        )
