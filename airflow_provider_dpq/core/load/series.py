"""Series of a load test for plots, from what its generators recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import SCENARIO
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import supports

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
