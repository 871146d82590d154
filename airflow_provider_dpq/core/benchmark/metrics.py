"""Metrics and series of a benchmark, from its findings."""

from __future__ import annotations

import math
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from airflow_provider_dpq.core.benchmark.change import change as change_of
from airflow_provider_dpq.core.benchmark.change import ratios, seconds
from airflow_provider_dpq.core.benchmark.comparison import HISTORY_METRICS, HistoryComparison, value_of_run
from airflow_provider_dpq.core.benchmark.design import CLOCKS, Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, SizeFindings
from airflow_provider_dpq.core.benchmark.observation import Memory
from airflow_provider_dpq.core.benchmark.timing import Sample, too_short
from airflow_provider_dpq.core.gate.metric import OF_BASELINE, PERCENTILE, Metric
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.stats.change_point import change_points
from airflow_provider_dpq.core.stats.percentile import median_interval, percentile, percentile_interval, supports
from airflow_provider_dpq.core.stats.slope import growth_exponent
from airflow_provider_dpq.core.stats.summary import summarize

PERCENTILES: Final = (50.0, 90.0, 95.0, 99.0)
"""Percentiles that are reported if the sample supports them."""

_ERROR: Final = 0.005
"""Probability that an interval misses its metric at one end."""

_RESAMPLES: Final = 400

_CONTENDED: Final = 1.1
"""Contention above which other processes may explain all of the scatter of wall times."""


def tags_of(size: int | None) -> dict[str, str]:
    """Return the tags of the metrics at a size."""
    return {} if size is None else {"size": str(size)}


def requested_percentiles(thresholds: Sequence[Threshold]) -> list[float]:
    """Return the percentiles that the thresholds refer to."""
    start = f"{PERCENTILE}("
    return [float(item.metric[len(start) : -1]) for item in thresholds if item.metric.startswith(start)]


def metrics_of(design: Benchmark, findings: Findings, thresholds: Sequence[Threshold] = ()) -> list[Metric]:
    """Return all metrics of a benchmark.

    Args:
        design: The benchmark that was run.
        findings: Its findings, complete or not.
        thresholds: Thresholds to judge by: a percentile that one of them requests is included even if the sample does
            not support it, with an interval that says so.
    """
    requested = requested_percentiles(thresholds)
    metrics: list[Metric] = []
    for size, found in findings.sizes.items():
        if found.samples:
            contention = _contention(design, found)
            metrics += _of_times(found, tags_of(size), contention)
            metrics += _of_percentiles(found, tags_of(size), requested, contention)
            metrics += _of_amount(size, found, contention)
            metrics += _of_pairs(design, found, tags_of(size), thresholds)
        metrics += _of_memory(found, tags_of(size))
    metrics += [metric for comparison in findings.comparisons if (metric := comparison.as_metric)]
    return [*metrics, *_growth(design, findings)]


def _of_times(found: SizeFindings, tags: Mapping[str, str], wall_contention: float) -> Iterator[Metric]:
    for name, clock in CLOCKS.items():
        times = [seconds(sample, clock) for sample in found.samples]
        summary, contention = summarize(times), wall_contention if clock == "wall" else 1.0
        ends = median_interval(times, error=_ERROR)
        yield Metric(name=name, value=summary.median, unit="s", tags=tags, interval=_clamped(ends, contention))
        for part in ("min", "max", "mean"):
            value = getattr(summary, part)
            interval = (value / contention, value) if contention > 1 else None
            yield Metric(name=name.replace("median", part), value=value, unit="s", tags=tags, interval=interval)
        for part in ("stdev", "mad"):
            value = getattr(summary, part)
            interval = (0.0, value) if contention > _CONTENDED else None
            yield Metric(name=name.replace("median", part), value=value, unit="s", tags=tags, interval=interval)


def _of_percentiles(
    found: SizeFindings, tags: Mapping[str, str], requested: Sequence[float], contention: float
) -> Iterator[Metric]:
    each = [time for sample in found.samples for time in sample.each_wall_seconds]
    # Means over several iterations have different percentiles from single iterations: they support none.
    times = each or [sample.wall_seconds for sample in found.samples]
    for percent in sorted({*PERCENTILES, *requested}):
        if percent in requested or supports(percent, len(each)):
            ends = percentile_interval(each, percent, error=_ERROR) if each else None
            yield Metric(
                name=f"{PERCENTILE}({percent:.15g})",
                value=percentile(times, percent),
                unit="s",
                tags=tags,
                interval=_clamped(ends, contention),
            )


def _of_amount(size: int | None, found: SizeFindings, contention: float) -> Iterator[Metric]:
    tags = tags_of(size)
    yield Metric(name="sample_count", value=len(found.samples), tags=tags)
    if found.observed:
        quotients = [item.sample.wall_seconds / item.reference.wall_seconds for item in found.observed]
        ends = _clamped(median_interval(quotients, error=_ERROR))
        yield Metric(name="wall_ratio", value=value_of_run("median", found.observed), tags=tags, interval=ends)
    if size is not None:
        times = [sample.wall_seconds for sample in found.samples]
        low, high = _clamped(median_interval(times, error=_ERROR), contention)
        rates = (size / high, min(size / low, sys.float_info.max) if low > 0 else sys.float_info.max)
        yield Metric(name="throughput", value=size / statistics.median(times), unit="/s", tags=tags, interval=rates)


def _contention(design: Benchmark, found: SizeFindings) -> float:
    """Return the ratio of wall time to CPU time of the reference workload; 1 if unknown.

    The reference workload waits for nothing but a processor, so on an otherwise idle machine the two times are equal.
    The ratio is how much other processes may have slowed the operation down: a limit within it cannot be decided. Pairs
    have no reference samples: an operation that is judged by CPU time is assumed to wait for nothing else either.
    """
    references = [item.reference for item in found.observed]
    if not references and design.judged_clock == "cpu":
        references = found.samples
    shares = [sample.wall_seconds / sample.cpu_seconds for sample in references if sample.cpu_seconds]
    return max(statistics.median(shares), 1.0) if shares else 1.0


def _of_pairs(
    design: Benchmark, found: SizeFindings, tags: Mapping[str, str], thresholds: Sequence[Threshold]
) -> Iterator[Metric]:
    if not found.pairs:
        return
    yield Metric(name="pair_count", value=len(found.pairs), tags=tags)
    for name, clock in CLOCKS.items():
        change = change_of(found.pairs, clock)
        if change is None:  # the baseline is there, but no ratio could be measured
            yield Metric(name=name, value=None, unit=OF_BASELINE, tags=tags)
            continue
        ends = _clamped((change.low, change.high))
        yield Metric(name=name, value=change.ratio, unit=OF_BASELINE, tags=tags, interval=ends)
        limits = [item.limit for item in thresholds if item.of_baseline and item.metric == name]
        if limits and change.low > 0 and clock == design.judged_clock:
            detectable = 100 * (change.detectable_ratio(min(limits)) - 1)
            yield Metric(name="detectable_change", value=detectable, unit="%", tags=tags)


def _of_memory(found: SizeFindings, tags: Mapping[str, str]) -> Iterator[Metric]:
    for name, value in _memory(found.memory).items():
        yield Metric(name=name, value=value, unit="B", tags=tags)


def _memory(rounds: Sequence[Memory]) -> dict[str, float]:
    if not rounds:
        return {}
    return {
        "peak_memory": statistics.median(item.peak_bytes for item in rounds),
        "retained_memory": statistics.median(item.retained_bytes for item in rounds),
    }


def baseline_metrics(findings: Findings) -> list[Metric]:
    """Return the metrics of the baseline that are judged without an interval: its memory."""
    return [
        Metric(name=name, value=value, unit="B", tags=tags_of(size))
        for size, found in findings.sizes.items()
        for name, value in _memory(found.baseline_memory).items()
    ]


def _growth(design: Benchmark, findings: Findings) -> Iterator[Metric]:
    """Yield the exponent of the growth of times with size, with an interval for the noise of the samples.

    The interval is a percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993) over the
    samples of each size. It covers the fitted exponent only, not the possibility that times follow no power law.
    """
    times = {
        size: [seconds(sample, design.judged_clock) for sample in found.samples]
        for size, found in findings.sizes.items()
        if size is not None and found.samples and not too_short(found.samples, design.judged_clock)
    }
    if any(min(at) <= 0 for at in times.values()) or not (found := _exponents(times)):
        return
    order = random.Random(0)  # noqa: S311 - the same samples give the same interval
    drawn: list[float] = []
    for _ in range(_RESAMPLES):
        drawn += _exponents({size: order.choices(at, k=len(at)) for size, at in times.items()})
    low, high = percentile(drawn, 100 * _ERROR), percentile(drawn, 100 * (1 - _ERROR))
    tags = {"clock": design.judged_clock}
    yield Metric(name="exponent", value=found[0], tags=tags, interval=(low, high))


def _exponents(times: Mapping[int, Sequence[float]]) -> list[float]:
    """Return a list with the exponent, empty if there are too few sizes."""
    slope = growth_exponent(list(times), [statistics.median(at) for at in times.values()])
    return [slope.slope] if slope else []


def _clamped(ends: tuple[float, float] | None, contention: float = 1.0) -> tuple[float, float]:
    """Return an interval in finite numbers: an end that the sample does not support is the largest float.

    Args:
        ends: The interval; None if the sample supports none.
        contention: Factor by which times may be too long.
    """
    low, high = ends or (-math.inf, math.inf)
    return max(low / contention, -sys.float_info.max), min(high, sys.float_info.max)


def series_of(findings: Findings) -> Iterator[Series]:
    """Yield the samples behind the metrics, and the histories that they are compared with."""
    for size, found in findings.sizes.items():
        tags = tags_of(size)
        if found.samples:
            yield from _times(found.samples, tags)
        for clock in CLOCKS.values():
            if values := ratios(found.pairs, clock):
                yield Series(name=f"pair_{clock}", unit="", values=tuple(values), tags=tags)
    for comparison in findings.comparisons:
        yield from _history(comparison)


def _times(samples: Sequence[Sample], tags: Mapping[str, str]) -> Iterator[Series]:
    for clock in CLOCKS.values():
        yield Series(name=clock, unit="s", values=tuple(seconds(sample, clock) for sample in samples), tags=tags)


def _history(comparison: HistoryComparison) -> Iterator[Series]:
    if not comparison.past:
        return
    tags = {**comparison.tags, "metric": comparison.metric}
    unit = "s" if HISTORY_METRICS[comparison.metric] == comparison.metric else ""
    values = (*(item.value for item in comparison.past), comparison.value)
    moments = (*(item.started_at.timestamp() for item in comparison.past), comparison.started_at.timestamp())
    yield Series(name="history", unit=unit, values=values, positions=moments, tags=tags)
    if min(values) > 0 and (begins := change_points(values)):
        levels = tuple(
            statistics.median(values[begin:end]) for begin, end in zip(begins, (*begins[1:], None), strict=True)
        )
        at = tuple(moments[begin] for begin in begins)
        yield Series(name="change_points", unit=unit, values=levels, positions=at, tags=tags)
