"""The benchmark gate: judge the findings of a benchmark by thresholds and make its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.benchmark.comparison import HistoryComparison
from airflow_provider_dpq.core.benchmark.design import CLOCKS, DEFAULT_TOLERANCE_PERCENT, Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, SizeFindings, SkippedSize
from airflow_provider_dpq.core.benchmark.metrics import baseline_metrics, metrics_of, series_of
from airflow_provider_dpq.core.benchmark.timing import too_short
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict

KIND: Final = "benchmark"

_TOO_SHORT: Final = (
    "An iteration takes less than ten times as long as reading the clock, too short to compare with a baseline. "
    "Let one call do more work, or drop set_up and tear_down."
)


def thresholds_of(design: Benchmark, declared: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the declared thresholds, and the one that the benchmark's tolerance adds.

    The default tolerance applies if there is a baseline, no tolerance is given and no threshold compares times with
    the baseline: otherwise the comparison would pass however slow the operation is.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold needs a baseline that this benchmark does not have.
    """
    design.validate_thresholds(declared)
    tolerance_percent = design.tolerance_percent
    compared = any(item.of_baseline and item.metric in CLOCKS for item in declared)
    if tolerance_percent is None and design.compares and not compared:
        tolerance_percent = DEFAULT_TOLERANCE_PERCENT
    return (*declared, *([] if tolerance_percent is None else [parse_threshold(design.limit(tolerance_percent), KIND)]))


def judge_benchmark(
    design: Benchmark,
    findings: Findings,
    *,
    gate: str,
    provenance: Provenance,
    thresholds: Sequence[Threshold],
    duration_seconds: float,
    data_interval: DataInterval | None = None,
    error: DpqError | None = None,
) -> Report:
    """Judge the findings of a benchmark and return the report, even if the benchmark was cut short.

    Args:
        design: The benchmark that was run.
        findings: What it found.
        gate: Name of the gate.
        provenance: The run that measured it.
        thresholds: Thresholds to judge by, as returned by `thresholds_of`.
        duration_seconds: How long the benchmark took.
        data_interval: The run's data interval.
        error: The error that cut it short.
    """
    return make_report(
        gate=gate,
        kind=KIND,
        subject=design.subject,
        provenance=provenance,
        started_at=findings.started_at,
        duration_seconds=duration_seconds,
        metrics=metrics_of(design, findings, thresholds),
        checks=_checks(design, findings),
        thresholds=thresholds,
        baseline=baseline_metrics(findings),
        data_interval=data_interval,
        series=list(series_of(findings)),
        profile=findings.profile,
        error=error,
    )


def _checks(design: Benchmark, findings: Findings) -> list[CheckResult]:
    measured = [_measured(design, size, found) for size, found in findings.sizes.items() if found.samples]
    skipped = [_skipped(item) for item in findings.skipped_sizes]
    without = [_without_baseline(item) for item in findings.comparisons if item.missing and _judged(design, item)]
    unprofiled = [] if findings.profiling_error is None else [_unprofiled(findings.profiling_error)]
    return [*measured, *skipped, *without, *unprofiled]


def _measured(design: Benchmark, size: int | None, found: SizeFindings) -> CheckResult:
    samples, clock = found.samples, design.judged_clock
    baseline = [sample for pair in found.pairs for sample in pair.baseline]
    short = too_short(samples, clock) or too_short(baseline, clock)
    result: dict[str, JsonValue] = {
        "sample_count": len(samples),
        "iteration_count": sum(sample.iterations for sample in samples),
    }
    if len(found.runs) > 1:
        result["run_count"] = len(found.runs)
    return CheckResult(
        name="measured" if size is None else f"measured at size {size}",
        type="measurement",
        verdict=Verdict.WARN if short and design.compares else Verdict.PASS,
        severity="fail",
        success=True,
        declaration={} if size is None else {"size": size},
        result=result,
        error=Problem(reason="too_short_to_time", message=_TOO_SHORT, quotes_data=False) if short else None,
    )


def _skipped(item: SkippedSize) -> CheckResult:
    """Warn that there was no time to measure a size."""
    left = max(item.left_seconds, 0)
    message = (
        f"Measuring this size would take {item.predicted_seconds:.3g} s, but only {left:.3g} s of the time budget "
        "are left. Raise time_budget, or remove the size."
    )
    return CheckResult(
        name=f"left out: size {item.size}",
        type="measurement",
        verdict=Verdict.WARN,
        severity="warn",
        success=None,
        declaration={"size": item.size},
        error=Problem(reason="time_budget_spent", message=message, quotes_data=False),
    )


def _unprofiled(error: DpqError) -> CheckResult:
    """Note that profiling failed; the measurement itself remains valid."""
    return CheckResult(
        name="profile",
        type="profile",
        verdict=Verdict.PASS,
        severity="info",
        success=None,
        error=Problem.of(error),
    )


def _judged(design: Benchmark, found: HistoryComparison) -> bool:
    return found.metric == ("cpu_median" if design.judged_clock == "cpu" else "median")


def _without_baseline(found: HistoryComparison) -> CheckResult:
    size = found.tags.get("size")
    return CheckResult(
        name="history" if size is None else f"history at size {size}",
        type="history",
        verdict=Verdict.WARN,
        severity="warn",
        success=None,
        declaration={"metric": found.metric},
        result={"report_count": len(found.past)},
        error=Problem(reason="no_baseline", message=found.missing, quotes_data=False),
    )
