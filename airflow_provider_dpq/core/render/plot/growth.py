"""What an operation keeps from one iteration to the next: memory, and files, threads and processes where they moved."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import figure, outcome
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import FIRST, INK, LIMIT, Plot, draw, drawable, is_line, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COUNTS: Final = {"open_files": "Open files", "threads": "Threads", "child_processes": "Child processes"}


@dataclass(frozen=True, slots=True)
class _Growth:
    heap: Series | None
    counts: Sequence[Series]
    slope: Metric | None
    limit: float | None


def plot_growth(report: Report) -> Plot | None:
    """Plot memory over the iterations, above counts that changed; None where neither is in the report."""
    series = {item.name: item for item in report.series if is_line(item)}
    counts = [series[name] for name in _COUNTS if name in series and len(set(series[name].values)) > 1]
    heap = series.get("heap")
    if heap is None and not counts:
        return None
    slope = next((item for item in report.metrics if item.name == "growth" and not item.tags), None)
    limits = [item.limit for item in outcome.thresholds(report) if item.metric == "growth" and item.limit is not None]
    limit = min((item for item in limits if drawable([item])), default=None)
    growth = _Growth(heap, counts, slope if slope and drawable([slope.value or 0.0]) else None, limit)
    height = (2.7 if heap else 0.4) + 1.05 * len(counts)
    return draw("Growth", _caption(growth), lambda canvas: _paint(canvas, growth), height_inches=height)


def _caption(growth: _Growth) -> str:
    sentences = []
    if growth.heap:
        sentences.append("Memory on the heap over the iterations, above the lowest sample.")
    if growth.heap and growth.slope:
        interval = f" ({figure.between(growth.slope)})" if growth.slope.interval else ""
        sentences.append(f"The line grows by {figure.number(growth.slope.value, growth.slope.unit)}{interval}.")
    sentences += [
        f"{_COUNTS[item.name]} went from {figure.number(item.values[0])} to {figure.number(item.values[-1])}."
        for item in growth.counts
    ]
    return " ".join(sentences)


def _paint(canvas: Figure, growth: _Growth) -> None:
    from matplotlib.ticker import MaxNLocator

    ratios = ([2.6] if growth.heap else []) + [1.0] * len(growth.counts)
    panels = canvas.subplots(len(ratios), sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    rest = list(panels)
    if growth.heap:
        _paint_heap(rest.pop(0), growth.heap, growth)
    for axes, item in zip(rest, growth.counts, strict=True):
        axes.plot(item.positions or (), item.values, color=FIRST, drawstyle="steps-post")
        axes.set_ylabel(_COUNTS[item.name].replace(" ", "\n"))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    panels[-1].set_xlabel("Iteration")
    canvas.align_ylabels(list(panels))


def _paint_heap(axes: Axes, heap: Series, growth: _Growth) -> None:
    places = heap.positions or ()
    above = [value - min(heap.values) for value in heap.values]
    unit = magnitude(above, "B")
    axes.plot(places, [value / unit.factor for value in above], "o", color=FIRST, markersize=3, label="samples")
    middle = statistics.median(places), statistics.median(above)
    ends = [min(places), max(places)]

    def line(slope: float, through: tuple[float, float] = middle) -> list[float]:
        return [(through[1] + slope * (place - through[0])) / unit.factor for place in ends]

    if growth.slope and growth.slope.value is not None:
        span = growth.slope.interval
        if span and drawable(span):
            low, high = ([*line(end)[:1], middle[1] / unit.factor, *line(end)[1:]] for end in span)
            axes.fill_between([ends[0], middle[0], ends[1]], low, high, color=FIRST, alpha=0.15, linewidth=0)
        axes.plot(ends, line(growth.slope.value), color=INK, label=f"{figure.number(growth.slope.value, 'B/op')}")
    if growth.limit is not None:
        rise = growth.slope.value or 0.0 if growth.slope else 0.0
        start = ends[0], middle[1] + rise * (ends[0] - middle[0])
        label = f"limit, {figure.number(growth.limit, 'B/op')}"
        axes.plot(ends, line(growth.limit, start), "--", color=LIMIT, linewidth=1.1, label=label)
    axes.set_ylabel(f"Heap above the lowest, {unit.symbol}")
    legend(axes)
