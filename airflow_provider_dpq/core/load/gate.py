"""The load gate: judge the findings of a load test by thresholds and make its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import (
    CheckResult,
    DataInterval,
    Problem,
    Provenance,
    Report,
    make_report,
)
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import LEVELS, LOAD, SCENARIO, SHARE, SUSTAINED
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.health import fault_of
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.limits import needed, of_levels, of_result
from airflow_provider_dpq.core.load.metrics import load_tag, metrics_of, requested_percentiles
from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.load.result import LoadResult
from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import supports

KEPT_WINDOWS: Final = 60
"""Maximum number of windows in the recording of a report that will not be merged with others."""


def judge_load(
    result: LoadResult,
    *,
    gate: str,
    provenance: Provenance,
    thresholds: Sequence[Threshold] = (),
    data_interval: DataInterval | None = None,
) -> Report:
    """Judge the result of a load test by the thresholds, and by the default thresholds of all other metrics.

    If the generators themselves were the limit, the verdict is ``error``, whatever the thresholds say. The share of one
    machine among several is not judged by thresholds: its report says whether its generators were healthy, and has its
    complete recording, to be merged.

    Args:
        result: Result of the load test.
        gate: Name of the gate.
        provenance: The run that measured it.
        thresholds: The gate's thresholds.
        data_interval: The run's data interval.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold needs a baseline.
    """
    test, share = result.test, is_share(result)
    judged = () if share else of_result(thresholds, test)
    ledger = Ledger.of(result.recording)
    metrics = (
        (*metrics_of(ledger, test, judged, result.levels), *result.measured) if ledger.generators else result.measured
    )
    # The levels of a search have each been judged: one that was limited by the generator has been played again.
    searched = isinstance(test.model, Breakpoint)
    error = result.error or (None if searched else fault_of(ledger, test))
    doubts = _healthy(result) if share else _too_few(judged, metrics)
    return make_report(
        gate=gate,
        kind=LOAD,
        subject=", ".join(dict.fromkeys(scenario.operation.subject for scenario in test.scenarios)),
        provenance=provenance,
        started_at=result.started_at,
        duration_seconds=result.duration_seconds,
        metrics=metrics,
        checks=(*result.checks, *_levels(result, thresholds), *(() if error else doubts)),
        thresholds=judged,
        data_interval=data_interval,
        series=(*series_of(ledger, test), *result.series),
        recording=result.recording if share else ledger.coarsened(KEPT_WINDOWS).recording(),
        error=error,
    )


def is_share(result: LoadResult) -> bool:
    """Whether a result is the share of one machine among several, to be merged with the others."""
    parts = {generator.part for generator in result.recording.generators}
    return result.test.parts > 1 and len(parts) < result.test.parts * result.test.processes


def _healthy(result: LoadResult) -> Iterator[CheckResult]:
    """Yield the check of a machine's share that its generators were healthy; thresholds judge the merged load."""
    generators = result.recording.generators
    yield CheckResult(
        name=SHARE,
        type=LOAD,
        verdict=Verdict.PASS,
        severity="fail",
        success=True,
        result={
            "generator_count": len(generators),
            "generator_cpu": max((generator.cpu_percent for generator in generators), default=0.0),
            "iteration_count": sum(window.due - window.dropped for window in result.recording.windows),
        },
    )


def _levels(result: LoadResult, thresholds: Sequence[Threshold]) -> Iterator[CheckResult]:
    """Yield the check that lists whether each level of a search held, or what broke it; a repeated level may hold."""
    outcomes: dict[str, JsonValue] = {}
    for level in result.levels:
        tag = load_tag(level.load)
        if level.held is not None and outcomes.get(tag) != SUSTAINED:
            outcomes[tag] = SUSTAINED if level.held else level.why
    if outcomes:
        yield CheckResult(
            name=LEVELS,
            type=LOAD,
            verdict=Verdict.PASS,
            severity="fail",
            success=True,
            declaration={"thresholds": [str(threshold) for threshold in of_levels(thresholds, result.test)]},
            result=outcomes,
        )


def _too_few(thresholds: Sequence[Threshold], metrics: Sequence[Metric]) -> Iterator[CheckResult]:
    """Yield an inconclusive check for each percentile with too few iterations to be judged."""
    for threshold in dict.fromkeys(thresholds):
        requested = requested_percentiles([threshold])
        scenario = dict(threshold.tags).get(SCENARIO)
        tags = {} if scenario is None else {SCENARIO: scenario}
        counts = [one.value for one in metrics if one.name == "iteration_count" and one.tags == tags]
        for percent in (*requested["p"], *requested["service_p"]):
            if counts and counts[0] and not supports(percent, int(counts[0])):
                yield _undecided(threshold, percent, int(counts[0]))


def _undecided(threshold: Threshold, percent: float, count: int) -> CheckResult:
    message = (
        f"{threshold.metric} needs {needed(percent):,} iterations to be reliable, but there were only {count:,}. "
        "Let the load last longer, or judge a lower percentile."
    )
    return CheckResult(
        name=str(threshold),
        type=LOAD,
        verdict=Verdict.INCONCLUSIVE,
        severity=threshold.severity.value,
        success=None,
        result={"iteration_count": count, "needed_count": needed(percent)},
        error=Problem(reason="too_few_requests", message=message, quotes_data=False),
    )


MAX_POINTS: Final = 600

_DIGITS: Final = 5
"""Significant digits of what is plotted: more than a histogram has, and a third of the room of all."""

_COUNTS: Final[Mapping[str, Callable[[Span], int]]] = {
    "rate": lambda span: span.completed,
    "failures": lambda span: span.failed,
    "due": lambda span: span.due,
}
_RESPONSES: Final = {"response_p50": 50.0, "response_p95": 95.0, "response_p99": 99.0}
_TAIL: Final = (99.0, 99.5, 99.9, 99.95, 99.99)


def series_of(ledger: Ledger, test: LoadTest) -> Iterator[Series]:
    """Yield what a report plots of a load: of all scenarios together and, where there are several, of each.

    ``rate``, ``failures`` and ``due`` are per second, at the begin of each window in seconds since the start: what
    ended in it without a failure, and what was due in it and failed, or was due at all. ``response_p50``,
    ``response_p95`` and ``response_p99`` are of what was due in it; a window in which nothing ended has none.
    ``distribution`` has response times at percentiles from 0 to 100, of the tail as many as there are iterations for.

    Args:
        ledger: What was recorded.
        test: What was run.
    """
    drawn = ledger.coarsened(MAX_POINTS)
    names = [scenario.name for scenario in test.scenarios]
    for scenario in (None, *(names if len(names) > 1 else [])):
        tags = {} if scenario is None else {SCENARIO: scenario}
        yield from _over_time(drawn, scenario, tags)
        whole = ledger.total(scenario).response
        if whole.count:
            yield _distribution(whole, tags)


def _over_time(ledger: Ledger, scenario: str | None, tags: Mapping[str, str]) -> Iterator[Series]:
    windows, length = ledger.by_window(scenario), ledger.length_seconds
    if not windows:
        return
    # A window in which nothing happened is 0, not a gap that a line is drawn over.
    numbers = range(ledger.window_count)
    for name, count in _COUNTS.items():
        counts = [count(windows[number]) / length if number in windows else 0.0 for number in numbers]
        yield _series(name, "/s", counts, [number * length for number in numbers], tags)
    ended = [number for number, span in windows.items() if span.response.count]
    for name, percent in _RESPONSES.items():
        times = [windows[number].response.percentile(percent) for number in ended]
        yield _series(name, "s", times, [number * length for number in ended], tags)


def _distribution(whole: Histogram, tags: Mapping[str, str]) -> Series:
    tail = [percent for percent in _TAIL if supports(percent, whole.count)]
    percents = [float(percent) for percent in range(99)] + (tail or [99.0]) + [100.0]
    return _series("distribution", "s", [whole.percentile(percent) for percent in percents], percents, tags)


def _series(
    name: str, unit: str, values: Sequence[float], positions: Sequence[float], tags: Mapping[str, str]
) -> Series:
    rounded = tuple(float(f"{value:.{_DIGITS}g}") for value in values)
    return Series(name=name, unit=unit, values=rounded, positions=tuple(positions), tags=tags)
