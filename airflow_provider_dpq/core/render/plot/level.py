"""What became of response time and throughput from level to level of a load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import figure, load
from airflow_provider_dpq.core.render.plot.drawing import FIRST, LIMIT, Plot, draw, drawable, drawable_log, log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS: Final = {"slowdown": "Slowdown, times", "throughput_retention": "Throughput, %"}
_WIDE: Final = 10.0
_Points = Sequence[tuple[float, float]]


def plot_levels(report: Report) -> Plot | None:
    """Plot slowdown and throughput retention over the load; None where fewer than two levels were measured."""
    panels = {name: _points(report, name) for name in _PANELS}
    panels = {name: points for name, points in panels.items() if len(points) > 1}
    if not panels:
        return None
    breaking = next((item.value for item in report.metrics if item.name == "breaking_point" and not item.tags), None)
    mark = breaking if breaking is not None and drawable_log([breaking]) else None
    caption = (
        "Over the load: how many times the median response time of the lowest level, "
        "and how much of what was due was done."
    )
    if mark is not None:
        caption += f" The highest rate sustained, marked by a line, is {figure.number(mark, '/s')}."
    height = 0.8 + 1.2 * len(panels)
    return draw("Levels", caption, lambda canvas: _paint(canvas, panels, mark), height_inches=height)


def _points(report: Report, name: str) -> _Points:
    found = [(level.amount, level.metrics.metrics.get(name)) for level in load.levels(report)]
    points = [(amount, float(metric.value)) for amount, metric in found if metric and metric.value is not None]
    return [point for point in points if drawable(point)]


def _paint(canvas: Figure, panels: Mapping[str, _Points], mark: float | None) -> None:
    from matplotlib.ticker import MaxNLocator

    canvas.subplots(len(panels), sharex=True, squeeze=False)
    for axes, (name, points) in zip(canvas.axes, panels.items(), strict=True):
        loads, values = [amount for amount, _ in points], [value for _, value in points]
        axes.plot(loads, values, "o-", color=FIRST, clip_on=False)
        if mark is not None:
            axes.axvline(mark, color=LIMIT, linestyle="--", linewidth=1.1)
        axes.set_ylabel(_PANELS[name])
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
        if drawable_log(values) and max(values) > _WIDE * min(values):
            log_ticks(axes, "y", values)
        else:
            axes.set_ylim(bottom=0)
    canvas.axes[-1].set_xlabel("Load: arrivals per second, or workers")
    canvas.align_ylabels(list(canvas.axes))
