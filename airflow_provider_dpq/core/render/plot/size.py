"""Times over sizes, both axes logarithmic, with the line that the growth exponent means."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import figure, measured
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import (
    FIRST,
    SECOND,
    SOFT,
    Plot,
    draw,
    drawable_log,
    legend,
    log_ticks,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMES: Final = {"median": "wall", "cpu_median": "CPU"}
_Points = list[tuple[float, Metric]]


def plot_sizes(report: Report) -> Plot | None:
    """Plot the median time over the size; None where fewer than two sizes were measured."""
    lines = {name: _points(measured.rows(report), name) for name in _NAMES}
    shown = {name: points for name, points in lines.items() if len(points) > 1}
    if not shown:
        return None
    exponent = next((item for item in report.metrics if item.name == "exponent"), None)
    slope = exponent.value if exponent and exponent.value is not None and abs(exponent.value) < 100 else None
    caption = "Median time of a call at each size; both axes are logarithmic."
    if exponent and slope is not None:
        interval = f" ({figure.between(exponent)})" if exponent.interval else ""
        caption += f" Time grows as the size to the power of {slope:.3g}{interval}."
    of = "cpu_median" if exponent and exponent.tags.get("clock") == "cpu" else "median"
    grown = shown.get(of) or next(iter(shown.values()))
    return draw("Time by size", caption, lambda canvas: _paint(canvas, shown, grown, slope))


def _points(rows: Sequence[measured.Row], name: str) -> _Points:
    points = [(measured.size(row.tags), row.metrics.get(name)) for row in rows]
    return [
        (size, metric)
        for size, metric in points
        if size is not None and metric is not None and metric.value is not None and drawable_log([size, metric.value])
    ]


def _paint(canvas: Figure, shown: dict[str, _Points], grown: _Points, slope: float | None) -> None:
    axes = canvas.subplots()
    sizes = [size for points in shown.values() for size, _ in points]
    seconds = [float(metric.value or 0) for points in shown.values() for _, metric in points]
    unit = magnitude(statistics.median(seconds), "s")
    for (name, points), colour in zip(shown.items(), (FIRST, SECOND), strict=False):
        values = [float(metric.value or 0) / unit.factor for _, metric in points]
        axes.plot([size for size, _ in points], values, "o", color=colour, label=_NAMES[name])
        for (size, metric), value in zip(points, values, strict=True):
            ends = metric.interval or (value * unit.factor, value * unit.factor)
            if drawable_log(ends):
                axes.plot([size, size], [end / unit.factor for end in ends], color=colour)
    if slope is not None:
        _paint_line(axes.plot, grown, slope, unit.factor)
    log_ticks(axes, "x", sizes)
    log_ticks(axes, "y", [second / unit.factor for second in seconds])
    axes.set_xlabel("Size")
    axes.set_ylabel(f"Median time, {unit.symbol}")
    legend(axes)


def _paint_line(plot: object, points: _Points, slope: float, factor: float) -> None:
    """Draw the line of the exponent's slope through the middle of the points, as Theil and Sen's intercept does."""
    logs = [(math.log(size), math.log(float(metric.value or 0) / factor)) for size, metric in points]
    intercept = statistics.median(y - slope * x for x, y in logs)
    ends = min(logs)[0], max(logs)[0]
    heights = [intercept + slope * x for x in ends]
    if max(map(abs, heights)) < 60 and callable(plot):
        label = f"size to the power of {slope:.3g}"
        plot([math.exp(x) for x in ends], [math.exp(y) for y in heights], "--", color=SOFT, label=label)
