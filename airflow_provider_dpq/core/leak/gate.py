"""The leak gate: what an operation keeps, judged by thresholds and written down as a report."""

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
    """Judge what a leak check found by thresholds, and by the default ones of metrics that have none.

    Args:
        found: Result of `check_leak`.
        gate: Name of the gate.
        provenance: Which run this is.
        thresholds: The gate's thresholds.
        data_interval: The span of data judged.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold is a multiple of a baseline.
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
    """Say why a limit of growth is undecided, where one is."""
    if found.decision is None or found.error is not None:
        return ()
    of_growth = [threshold for threshold in thresholds if threshold.metric == "growth"]
    judged = judge(of_growth, found.metrics)
    undecided = any(result.verdict is Verdict.INCONCLUSIVE for result in judged)
    return (_doubt(found.decision, len(found.samples)),) if undecided else ()


def _unseen(found: LeakResult) -> tuple[CheckResult, ...]:
    """Warn where the memory of another process may grow, so that a pass does not speak for it."""
    if found.elsewhere is None or found.error is not None:
        return ()
    message = (
        f"The memory of the {found.elsewhere} is not seen: what was judged is the process that calls it. Look at the "
        f"{found.elsewhere} itself, or check a Python function that does the work in its own process."
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
            message="The memory grows, but it may stop, as a cache that fills does. Warm up longer, or run more "
            "iterations.",
        ),
        Doubt.OUTSIDE: Problem(
            reason="growth_outside_heap",
            quotes_data=False,
            message="The memory of the process seems to grow outside of the C heap, where less can be told. Run more "
            "iterations, or raise the limit.",
        ),
        Doubt.RESIDENT: Problem(
            reason="heap_unknown",
            quotes_data=False,
            message="This platform does not say what is on the heap, and in the memory of the process growth below "
            "64 KiB/op cannot be told. Raise the limit, or check where the C library is glibc.",
        ),
        Doubt.UNSTEADY: Problem(
            reason="memory_unsteady",
            quotes_data=False,
            message="The memory goes up and down by more than the limit allows to tell. Run more iterations, let the "
            "operation hold less, or raise the limit.",
        ),
    }
