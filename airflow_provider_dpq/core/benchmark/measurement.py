"""A benchmark as a measurement that may be cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings
from airflow_provider_dpq.core.benchmark.gate import judge_benchmark, thresholds_of
from airflow_provider_dpq.core.benchmark.run import History, measure
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.operation.isolation import Cancellation


def _begun() -> Findings:
    return Findings(datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkMeasurement:
    """A benchmark and its findings so far.

    Attributes:
        design: The benchmark to run.
        thresholds: The declared thresholds, without that of the tolerance, which the design adds.
        history: Earlier reports of the gate; required for a benchmark against its history.
        findings: The findings so far.
    """

    design: Benchmark
    thresholds: Sequence[Threshold] = ()
    history: History | None = None
    findings: Findings = field(default_factory=_begun)

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Run the benchmark; see `core.benchmark.run.measure`."""
        self.design.validate()
        measure(
            self.design,
            thresholds_of(self.design, self.thresholds),
            self.findings,
            history=self.history,
            cancellation=cancellation,
            tell=tell,
        )

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
        return judge_benchmark(
            self.design,
            self.findings,
            gate=gate,
            provenance=provenance,
            thresholds=thresholds_of(self.design, self.thresholds),
            duration_seconds=duration_seconds,
            data_interval=data_interval,
            error=error,
        )
