"""The samples of one size, each as a point: how far they lie apart, and which are far off."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import figure, measured
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import (
    FIRST,
    INK,
    SECOND,
    Plot,
    draw,
    drawable,
    drawable_log,
    log_ticks,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMES: Final = {"wall": "wall", "cpu": "CPU"}
_MOST_POINTS: Final = 400
_WIDE: Final = 5.0
"""Ratio of the largest to the smallest sample from which the axis is logarithmic."""

_SPREAD: Final = 0.6180339887
"""Golden section: its multiples modulo 1 lie evenly, so that points of equal times stand apart."""


def plot_samples(report: Report) -> Plot | None:
    """Plot the samples of the largest size that was measured; None where there are none."""
    samples = [item for item in report.series if item.name in _NAMES and item.values and drawable(item.values)]
    if not samples:
        return None
    tags = max((item.tags for item in samples), key=measured.order)
    shown = {item.name: item for item in reversed(samples) if item.tags == tags}
    strips = [shown[name] for name in _NAMES if name in shown]
    caption = _caption(strips, measured.size_name(tags))
    return draw("Samples", caption, lambda canvas: _paint(canvas, strips), height_inches=2.4)


def _caption(strips: Sequence[Series], size: str) -> str:
    count = len(strips[0].values)
    medians = " and ".join(
        f"{figure.number(statistics.median(item.values), 's')} {_NAMES[item.name]}" for item in strips
    )
    at = f" at size {size}" if size else ""
    some = f", {_MOST_POINTS} of them shown at even ranks" if count > _MOST_POINTS else ""
    return f"{count:,} samples{at}{some}: the median, marked by a line, is {medians} time."


def _paint(canvas: Figure, strips: Sequence[Series]) -> None:
    axes = canvas.subplots()
    seconds = [value for item in strips for value in item.values]
    unit = magnitude(statistics.median(seconds), "s")
    for row, (item, colour) in enumerate(zip(strips, (FIRST, SECOND), strict=False)):
        times = [value / unit.factor for value in _thinned(item.values)]
        offsets = [-row + 0.5 * ((index * _SPREAD) % 1 - 0.5) for index in range(len(times))]
        axes.plot(times, offsets, "o", color=colour, alpha=0.55, markersize=3.5, markeredgewidth=0)
        middle = statistics.median(item.values) / unit.factor
        axes.plot([middle, middle], [-row - 0.36, -row + 0.36], color=INK)
    if drawable_log(seconds) and max(seconds) > _WIDE * min(seconds):
        log_ticks(axes, "x", [value / unit.factor for value in seconds])
    axes.set_yticks([-row for row in range(len(strips))], [_NAMES[item.name] for item in strips])
    axes.set_ylim(-len(strips) + 0.45, 0.55)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"Time of a call, {unit.symbol}")


def _thinned(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _MOST_POINTS:
        return values
    ranked = sorted(values)
    return [ranked[round(index * (len(ranked) - 1) / (_MOST_POINTS - 1))] for index in range(_MOST_POINTS)]
