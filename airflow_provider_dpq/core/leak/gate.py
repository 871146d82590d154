"""The leak gate: judge the findings of a leak check by thresholds and make its report."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_dpq.core.gate.report import (
    CheckResult,
    DataInterval,
    Problem,
    Provenance,
    Report,
    make_report,
)
from airflow_provider_dpq.core.gate.threshold import Threshold, judge
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.leak.decide import Decision, Doubt
from airflow_provider_dpq.core.leak.limits import KIND, with_defaults
from airflow_provider_dpq.core.leak.result import LeakResult


def judge_leak(
    found: LeakResult,
    *,
    gate: str,
    provenance: Provenance,
    thresholds: Sequence[Threshold] = (),
    data_interval: DataInterval | None = None,
) -> Report:
    """Judge the result of a leak check by the thresholds, and by the default thresholds of all other metrics.

    Args:
        found: Result of `check_leak`.
        gate: Name of the gate.
        provenance: The run that measured it.
        thresholds: The gate's thresholds.
        data_interval: The run's data interval.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold needs a baseline.
    """
    all_thresholds = with_defaults(thresholds)
    return make_report(
        gate=gate,
        kind=KIND,
        subject=found.subject,
        provenance=provenance,
        started_at=found.started_at,
        duration_seconds=found.duration_seconds,
        metrics=found.metrics,
        checks=(*_doubts(found, all_thresholds), *_unseen(found)),
        thresholds=all_thresholds,
        data_interval=data_interval,
        series=found.series,
        profile=found.profile,
        error=found.error,
    )


def _doubts(found: LeakResult, thresholds: Sequence[Threshold]) -> tuple[CheckResult, ...]:
    """Explain why a limit on growth is undecided, if one is."""
    if found.decision is None or found.error is not None:
        return ()
    of_growth = [threshold for threshold in thresholds if threshold.metric == "growth"]
    judged = judge(of_growth, found.metrics)
    undecided = any(result.verdict is Verdict.INCONCLUSIVE for result in judged)
    return (_doubt(found.decision, len(found.samples)),) if undecided else ()


def _unseen(found: LeakResult) -> tuple[CheckResult, ...]:
    """Warn if the memory of another process may grow, so that a pass is not taken to cover it."""
    if found.external_process is None or found.error is not None:
        return ()
    message = (
        f"The memory of the {found.external_process} was not measured, only that of the process that calls it. Monitor "
        f"the {found.external_process} itself, or check a Python function that does the work in its own process."
    )
    return (
        CheckResult(
            name="memory of other processes",
            type=KIND,
            verdict=Verdict.WARN,
            severity="warn",
            success=None,
            error=Problem(reason="memory_elsewhere", message=message, quotes_data=False),
        ),
    )


def _doubt(decision: Decision, iterations: int) -> CheckResult:
    growth = decision.growth
    return CheckResult(
        name="growth",
        type=KIND,
        verdict=Verdict.INCONCLUSIVE,
        severity="fail",
        success=None,
        result={
            "growth": growth.value,
            "least_growth": growth.low,
            "most_growth": growth.high,
            "iteration_count": iterations,
        },
        error=_reasons()[decision.doubt],
    )


def _reasons() -> dict[Doubt, Problem]:
    return {
        Doubt.FADING: Problem(
            reason="growth_fading",
            quotes_data=False,
            message="Memory grows, but the growth may stop, as when a cache fills up. Warm up longer, or run more "
            "iterations.",
        ),
        Doubt.OUTSIDE: Problem(
            reason="growth_outside_heap",
            quotes_data=False,
            message="The process seems to use more and more memory outside the C heap, where measurements are less "
            "precise. Run more iterations, or raise the limit.",
        ),
        Doubt.RESIDENT: Problem(
            reason="heap_unknown",
            quotes_data=False,
            message="This platform does not report heap usage, and growth below 64 KiB/op cannot be detected in the "
            "resident memory of the process. Raise the limit, or run the check on a system with glibc.",
        ),
        Doubt.UNSTEADY: Problem(
            reason="memory_unsteady",
            quotes_data=False,
            message="Memory use fluctuates too much to judge its growth against the limit. Run more iterations, let "
            "the operation use less memory, or raise the limit.",
        ),
    }
