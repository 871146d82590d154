"""The ratio of each interleaved pair of candidate and baseline, with the interval of their median and the limit."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.render import figure, measured, outcome
from airflow_provider_dpq.core.render.plot.drawing import FIRST, INK, LIMIT, Plot, draw, drawable, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_METRICS: Final = {"pair_cpu": ("cpu_median", "CPU"), "pair_wall": ("median", "wall")}


@dataclass(frozen=True, slots=True)
class _Pairs:
    ratios: Sequence[float]
    metric: Metric | None
    limits: Sequence[float]

    @property
    def band(self) -> tuple[float, float] | None:
        """The interval of the median, where both or one of its ends can be drawn."""
        ends = self.metric.interval if self.metric else None
        return ends if ends and any(drawable([end]) for end in ends) else None


def plot_pairs(report: Report) -> Iterator[Plot]:
    """Plot the pairs of CPU time and of wall time, at the size that was judged worst, else the largest one."""
    for name, (metric, clock) in _METRICS.items():
        series = [item for item in report.series if item.name == name and item.values and drawable(item.values)]
        if series:
            chosen = max(series, key=lambda item: _weight(report, metric, item))
            yield _plot(report, chosen, metric, clock)


def _weight(report: Report, metric: str, series: Series) -> tuple[int, tuple[float, str]]:
    judged = [result.verdict.rank for result in _judged(report, metric, series.tags)]
    return max(judged, default=0), measured.order(series.tags)


def _judged(report: Report, metric: str, tags: Mapping[str, str]) -> list[ThresholdResult]:
    return [
        result
        for result in outcome.thresholds(report)
        if result.metric == metric and result.unit == OF_BASELINE and result.tags == tags
    ]


def _plot(report: Report, series: Series, name: str, clock: str) -> Plot:
    ratio = next(
        (item for item in report.metrics if (item.name, item.unit) == (name, OF_BASELINE) and item.tags == series.tags),
        None,
    )
    limits = {result.limit for result in _judged(report, name, series.tags)}
    pairs = _Pairs(series.values, ratio, sorted(limit for limit in limits if limit is not None and drawable([limit])))
    size = measured.size_name(series.tags)
    caption = f"{clock} time of the candidate over that of the baseline in each of {len(series.values):,} pairs"
    caption = caption[0].upper() + caption[1:] + (f" at size {size}." if size else ".")
    if ratio is not None:
        interval = f", with an interval {_span(ratio)} (shaded)" if ratio.interval else ""
        caption += f" Their median is {figure.number(ratio.value, ratio.unit)}{interval}."
    return draw(f"Pairs, {clock} time", caption, lambda canvas: _paint(canvas, pairs))


def _span(ratio: Metric) -> str:
    span = figure.between(ratio)
    return span if span.startswith(("from", "up", "no")) else f"from {span}"


def _paint(canvas: Figure, pairs: _Pairs) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = canvas.subplots()
    low, high = _window(pairs)
    if pairs.band:
        bottom, top = (min(max(end, low), high) for end in pairs.band)
        axes.axhspan(bottom, top, color=FIRST, alpha=0.15, linewidth=0, label="interval of the median")
    axes.axhline(1, color=INK, linewidth=0.9, label="as fast as the baseline")
    for index, limit in enumerate(pairs.limits):
        axes.axhline(limit, color=LIMIT, linestyle="--", linewidth=1.2, label="" if index else "limit")
    for marker, points in _by_marker(pairs.ratios, low, high).items():
        axes.plot(list(points), list(points.values()), marker, color=FIRST, clip_on=False)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Pair, in the order measured")
    axes.set_ylabel("Candidate / baseline")
    axes.yaxis.set_major_formatter(lambda value, _position: f"{value:.4g}x")
    legend(axes)


def _by_marker(ratios: Sequence[float], low: float, high: float) -> Mapping[str, Mapping[int, float]]:
    """Return where each pair is drawn, by marker: a dot, or on the edge of the axes a triangle that points out."""
    drawn: dict[str, dict[int, float]] = {}
    for number, ratio in enumerate(ratios, start=1):
        marker = "^" if ratio > high else "v" if ratio < low else "o"
        drawn.setdefault(marker, {})[number] = min(max(ratio, low), high)
    return drawn


def _window(pairs: _Pairs) -> tuple[float, float]:
    """Return what the axis shows: limits, interval, and all ratios but single ones far off, which lie on its edge."""
    ranked = sorted(pairs.ratios)
    cut = len(ranked) // 10
    core = ranked[cut : len(ranked) - cut]
    middle = statistics.median(ranked)
    reach = 2.5 * max(abs(core[0] - middle), abs(core[-1] - middle))
    shown = [ratio for ratio in ranked if abs(ratio - middle) <= reach]
    shown += [1.0, *pairs.limits, *(end for end in pairs.band or () if abs(end - middle) <= 4 * reach)]
    margin = 0.08 * (max(shown) - min(shown)) or 0.05
    return min(shown) - margin, max(shown) + margin
