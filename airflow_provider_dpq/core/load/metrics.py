"""Metrics of a load test, from what its generators recorded."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.gate.metric import CATALOGUES, PERCENTILES, Metric
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.gate.stored import LEVEL, SCENARIO
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.model import Breakpoint, Concurrency, Model
from airflow_provider_dpq.core.load.result import Level
from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import supports
from airflow_provider_dpq.core.stats.share import percentile_interval

REPORTED: Final = (50.0, 90.0, 95.0, 99.0, 99.9)
"""Percentiles that are reported where there are enough iterations."""

ERROR: Final = "error"
ERROR_RATE: Final = "error_rate"

_LEAST_BLOCKS: Final = 20
"""Into at least so many blocks of time windows are divided, where there are so many; into fewer than twice as many."""

_UNITS: Final = CATALOGUES["load"]
_PERCENTILE: Final = re.compile(r"(\w+)\((.+)\)")


def requested_percentiles(thresholds: Sequence[Threshold]) -> Mapping[str, set[float]]:
    """Return the percentiles that thresholds name, by the name of the metric without them."""
    requested: dict[str, set[float]] = {name: set() for name in PERCENTILES}
    for threshold in thresholds:
        if match := _PERCENTILE.fullmatch(threshold.metric):
            requested[match[1]].add(float(match[2]))
    return requested


def metrics_of(
    ledger: Ledger,
    test: LoadTest,
    thresholds: Sequence[Threshold] = (),
    levels: Sequence[Level] = (),
    *,
    percentiles: Sequence[float] = REPORTED,
) -> list[Metric]:
    """Return all that the recording of a load says, also of one that is under way.

    Times are of all iterations that ended, failed ones too. The error rate is what happened, without an interval: two
    bad seconds are a fact of the load, not chance. Percentiles have intervals from blocks
    of time (`core.stats.share`), those of too few iterations for them an end at the largest number there is.

    Args:
        ledger: What was recorded.
        test: What was run.
        thresholds: Thresholds to judge by: a percentile or kind of error that one of them refers to is included even if
            there are too few iterations for it, or no such error.
        levels: The levels of a search.
        percentiles: Percentiles to report in any case; leave them out to compute only what the thresholds need.
    """
    requested = requested_percentiles(thresholds)
    wanted = {name: _Percentiles(requested[name], percentiles) for name in requested}
    metrics = list(_of_iterations(ledger, test, None, wanted))
    tagged = [dict(threshold.tags) for threshold in thresholds]
    if len(test.scenarios) > 1 or any(SCENARIO in tags for tags in tagged):
        for scenario in test.scenarios:
            metrics += _of_iterations(ledger, test, scenario.name, wanted)
    metrics += _of_errors(ledger, {tags[ERROR] for tags in tagged if ERROR in tags})
    metrics += _of_generators(ledger, wanted["lateness_p"])
    return [*metrics, *level_metrics(ledger, test, levels)]


@dataclass(frozen=True, slots=True)
class _Percentiles:
    """Which percentiles are wanted: what is requested always, the others where there are enough values."""

    requested: set[float]
    others: Sequence[float]

    def of(self, count: int) -> list[float]:
        return sorted({*self.requested, *(percent for percent in self.others if supports(percent, count))})


def _of_iterations(
    ledger: Ledger, test: LoadTest, scenario: str | None, wanted: Mapping[str, _Percentiles]
) -> Iterator[Metric]:
    """Yield what is measured of one scenario, or of all."""
    tags = {} if scenario is None else {SCENARIO: scenario}
    blocks = _blocks(ledger, scenario)
    whole = Span.total(blocks)
    if whole.ended:
        yield from _of_times("", whole.response, tags)
        yield from _of_percentiles("p", [block.response for block in blocks], wanted["p"], tags)
        yield from _of_times("service_", whole.service, tags)
        yield from _of_percentiles("service_p", [block.service for block in blocks], wanted["service_p"], tags)
        yield Metric.percent(ERROR_RATE, Share(whole.failed, whole.ended), tags)
    yield Metric(name="error_count", value=whole.failed, tags=tags)
    if ledger.duration_seconds > 0:
        yield Metric(name="throughput", value=_throughput(ledger, test, scenario), unit="/s", tags=tags)
    yield Metric(name="iteration_count", value=whole.ended, tags=tags)
    yield Metric(name="dropped_iterations", value=whole.dropped, tags=tags)


def _throughput(ledger: Ledger, test: LoadTest, scenario: str | None) -> float:
    """Return how many iterations ended well per second: within the schedule where time alone ends it.

    What is under way at its end may take long, and nothing is started meanwhile.
    """
    names = [one.name for one in test.scenarios] if scenario is None else [scenario]
    within = ledger.between(0.0, _schedule_seconds(test), names)
    if within is None:  # it lasted no whole window
        return ledger.total(scenario).completed / ledger.duration_seconds
    span, seconds = within
    return span.completed / seconds


def _schedule_seconds(test: LoadTest) -> float:
    """Return how long the schedule is; 0 where there is none, or a number of iterations may end it."""
    timed = not isinstance(test.model, Breakpoint) and not any(
        isinstance(stream.model, Concurrency) and stream.planned is not None for stream in test.streams()
    )
    return min(test.duration_seconds or 0.0, test.max_duration_seconds) if timed else 0.0


def _blocks(ledger: Ledger, scenario: str | None) -> list[Span]:
    """Return what was due in each block of time; the last is longer where the windows cannot be divided evenly."""
    windows = [(number, span) for (name, number), span in ledger.spans.items() if scenario in (None, name)]
    count = 1 + max((number for number, _ in windows), default=-1)
    size = max(1, count // _LEAST_BLOCKS)
    last = max(0, count // size - 1)
    blocks: dict[int, list[Span]] = defaultdict(list)
    for number, span in windows:
        blocks[min(number // size, last)].append(span)
    return [Span.total(spans) for spans in blocks.values()]


def _of_times(prefix: str, times: Histogram, tags: Mapping[str, str]) -> Iterator[Metric]:
    values = {"min": times.min, "mean": times.mean, "max": times.max}
    for part, value in values.items():
        if prefix + part in _UNITS:
            yield Metric(name=prefix + part, value=value, unit="s", tags=tags)


def _of_percentiles(
    name: str, blocks: Sequence[Histogram], wanted: _Percentiles, tags: Mapping[str, str]
) -> Iterator[Metric]:
    whole = Histogram.merged(blocks)
    for percent in wanted.of(whole.count):
        interval = _finite(percentile_interval(blocks, percent), supported=supports(percent, whole.count))
        value = whole.percentile(percent)
        yield Metric(name=f"{name}({percent:.15g})", value=value, unit="s", tags=tags, interval=interval)
    median = name.removesuffix("p") + "median"
    interval = _finite(percentile_interval(blocks, 50))
    yield Metric(name=median, value=whole.percentile(50), unit="s", tags=tags, interval=interval)


def _finite(interval: tuple[float, float], *, supported: bool = True) -> tuple[float, float]:
    """Return an interval in finite numbers: an end for which there are too few values is the largest there is."""
    low, high = interval
    return max(low, 0.0), min(high, sys.float_info.max) if supported else sys.float_info.max


def _of_errors(ledger: Ledger, requested: set[str]) -> Iterator[Metric]:
    counts = dict.fromkeys(sorted(requested), 0)
    for failure in ledger.failures:
        counts[failure.name] = counts.get(failure.name, 0) + failure.count
    for name, count in counts.items():
        yield Metric(name="error_count", value=count, tags={ERROR: name})


def _of_generators(ledger: Ledger, wanted: _Percentiles) -> Iterator[Metric]:
    """Yield how late all generators were, and the processor time of the busiest."""
    lateness = Histogram.merged(Histogram.decode(generator.lateness) for generator in ledger.generators)
    if lateness.count:
        for percent in wanted.of(lateness.count):
            yield Metric(name=f"lateness_p({percent:.15g})", value=lateness.percentile(percent), unit="s")
    if ledger.generators:
        busiest = max(generator.cpu_percent for generator in ledger.generators)
        yield Metric(name="generator_cpu", value=busiest, unit="%")


def load_tag(load: float) -> str:
    """Return a load as the value of a tag: ``500``, ``337.5``."""
    return f"{load:g}"


def plateaus(test: LoadTest) -> Sequence[Level]:
    """Return the stretches of one load that a test declares; none of a search, whose levels are its result."""
    model = _model(test)
    if model is None or isinstance(model, Breakpoint):
        return ()
    return [Level(load, begin, end) for begin, end, load in model.schedule.plateaus]


def level_metrics(ledger: Ledger, test: LoadTest, searched: Sequence[Level] = ()) -> Iterator[Metric]:
    """Yield how much slower each level is than the lowest, and how much of the throughput it keeps.

    ``slowdown`` is the median response time over that at the lowest load, where it was there first.
    ``throughput_retention`` is a share of what the first level gave, in percent: of an open model of iterations that
    ended well for each that was due, of a closed one of those that ended well per second and worker. A load that comes
    again, as after a spike, counts the first time. Only windows that lie wholly within a level count.

    Args:
        ledger: What was recorded.
        test: What was run.
        searched: The levels of a search.
    """
    found = _at_levels(ledger, test, searched or plateaus(test))
    if len(found) < 2:
        return
    first, lowest = found[0], min(found, key=lambda item: item.load)
    for item in found:
        tags = {LEVEL: load_tag(item.load)}
        yield Metric(name="slowdown", value=_ratio(item.median, lowest.median), tags=tags)
        kept = _ratio(item.given, first.given)
        yield Metric(name="throughput_retention", value=None if kept is None else 100 * kept, unit="%", tags=tags)


@dataclass(frozen=True, slots=True)
class _AtLevel:
    """What was recorded at a load: the median response time, and what the load gave as `level_metrics` says."""

    load: float
    median: float | None
    given: float | None


def _model(test: LoadTest) -> Model | None:
    """Return the model whose levels are those of the test: the shared one, or that of its only scenario."""
    if test.model is not None or len(test.scenarios) > 1:
        return test.model
    return test.scenarios[0].model


def _at_levels(ledger: Ledger, test: LoadTest, levels: Sequence[Level]) -> list[_AtLevel]:
    """Return what was recorded at each load, in the order in which they came first; not of one without a window."""
    sharing = [scenario.name for scenario in test.scenarios if scenario.model is None or len(test.scenarios) == 1]
    closed = isinstance(_model(test), Concurrency)
    found: dict[float, _AtLevel] = {}
    for level in levels:
        recorded = ledger.between(level.begin_seconds, level.end_seconds, sharing)
        if recorded is None or level.load in found:
            continue
        span, seconds = recorded
        due = level.load * seconds if closed else span.due
        median = span.response.percentile(50) if span.response.count else None
        found[level.load] = _AtLevel(level.load, median, _ratio(span.completed, due))
    return list(found.values())


def _ratio(value: float | None, reference: float | None) -> float | None:
    return None if value is None or not reference else value / reference
