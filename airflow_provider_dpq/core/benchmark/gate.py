"""The benchmark gate: what was measured, judged by thresholds and written down as a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.benchmark.design import CLOCKS, DEFAULT_TOLERANCE_PERCENT, Benchmark
from airflow_provider_dpq.core.benchmark.findings import AtSize, Findings, LeftOut
from airflow_provider_dpq.core.benchmark.metrics import baseline_metrics, metrics_of, series_of
from airflow_provider_dpq.core.benchmark.standing import Standing
from airflow_provider_dpq.core.benchmark.timing import too_short
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict

KIND: Final = "benchmark"

_TOO_SHORT: Final = (
    "An iteration takes less than ten times what reading the clocks around it costs: its times have no ratios. "
    "Let one call do more work, or do without set_up and tear_down."
)


def thresholds_of(design: Benchmark, declared: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the declared thresholds, and the one that the benchmark's tolerance stands for.

    Where it is compared with something, no tolerance is given and no threshold compares times, the tolerance is the
    default one: a comparison that judges no time would pass however slow it is.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold multiplies a baseline that this benchmark never has.
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
    """Judge what a benchmark found and write it down, also where it was cut short.

    Args:
        design: What was run.
        findings: What was found.
        gate: Name of the gate.
        provenance: Which run this is.
        thresholds: What to judge by, as `thresholds_of` gives them.
        duration_seconds: How long it took.
        data_interval: The run's data interval.
        error: What cut it short.
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
    left_out = [_left_out(item) for item in findings.left_out]
    without = [_without_baseline(item) for item in findings.standings if item.missing and _judged(design, item)]
    unprofiled = [] if findings.unprofiled is None else [_unprofiled(findings.unprofiled)]
    return [*measured, *left_out, *without, *unprofiled]


def _measured(design: Benchmark, size: int | None, found: AtSize) -> CheckResult:
    samples, clock = found.samples, design.judged_clock
    baseline = [sample for pair in found.pairs for sample in pair.baseline]
    short = too_short(samples, clock) or too_short(baseline, clock)
    result: dict[str, JsonValue] = {
        "sample_count": len(samples),
        "iteration_count": sum(sample.loops for sample in samples),
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


def _left_out(item: LeftOut) -> CheckResult:
    """Warn that there was no time for a size: nothing is known of it."""
    left = max(item.left_seconds, 0)
    message = f"It would take {item.predicted_seconds:.3g} s, and of the time budget {left:.3g} s are left."
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
    """Note that nobody could look where the time went: what was measured before stands."""
    return CheckResult(
        name="profile",
        type="profile",
        verdict=Verdict.PASS,
        severity="info",
        success=None,
        error=Problem.of(error),
    )


def _judged(design: Benchmark, standing: Standing) -> bool:
    return standing.metric == ("cpu_median" if design.judged_clock == "cpu" else "median")


def _without_baseline(standing: Standing) -> CheckResult:
    size = standing.tags.get("size")
    return CheckResult(
        name="history" if size is None else f"history at size {size}",
        type="history",
        verdict=Verdict.WARN,
        severity="warn",
        success=None,
        declaration={"metric": standing.metric},
        result={"report_count": len(standing.past)},
        error=Problem(reason="no_baseline", message=standing.missing, quotes_data=False),
    )
