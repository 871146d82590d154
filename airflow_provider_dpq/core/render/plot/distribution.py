"""The distribution of response times by percentile, with an axis that gives each nine of the tail the same room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import KEY_COLOURS, Plot, draw, drawable_log, is_line, log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS: Final = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999)
_WIDE: Final = 20.0
"""Ratio of the largest to the smallest time from which the axis is logarithmic."""

_Points = Sequence[tuple[float, float]]


def plot_distribution(report: Report) -> Plot | None:
    """Plot response times over percentiles, of up to five scenarios where there are several; None without any."""
    series = [item for item in report.series if item.name == "distribution" and is_line(item)]
    several = [item for item in series if item.tags]
    lines = {colour: _points(item) for colour, item in zip(KEY_COLOURS, several or series, strict=False)}
    lines = {colour: points for colour, points in lines.items() if len(points) > 1}
    if not lines:
        return None
    names = [", ".join(item.tags.values()) for item in several]
    keys = {colour: name for colour, name in zip(KEY_COLOURS, names, strict=False) if colour in lines}
    left_out = len(several) - len(keys)
    caption = (
        "The share of iterations that took at most a given time. Each step to the "
        "right covers nine tenths of what remains."
    )
    if len(lines) == 1:
        place, slowest = next(iter(lines.values()))[-1]
        caption += f" {figure.number(100 * (1 - 1 / place))} % took at most {figure.number(slowest, 's')}."
    if left_out > 0:
        caption += f" {left_out} more scenarios are not drawn."
    return draw("Distribution", caption, lambda canvas: _paint(canvas, lines), height_inches=2.9, keys=keys)


def _points(series: Series) -> _Points:
    """Return the place on the axis and the time of each percentile; the hundredth lies infinitely far."""
    pairs = zip(series.positions or (), series.values, strict=True)
    return [(100 / (100 - percentile), value) for percentile, value in pairs if 0 <= percentile < 100]


def _paint(canvas: Figure, lines: Mapping[str, _Points]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes = canvas.subplots()
    seconds = [value for points in lines.values() for _, value in points]
    unit = magnitude(sorted(seconds)[len(seconds) // 2], "s")
    for colour, points in lines.items():
        axes.plot(
            [place for place, _ in points], [value / unit.factor for _, value in points], color=KEY_COLOURS[colour]
        )
    if drawable_log(seconds) and max(seconds) > _WIDE * min(seconds):
        log_ticks(axes, "y", [value / unit.factor for value in seconds])
    else:
        axes.set_ylim(bottom=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([100 / (100 - tick) for tick in _TICKS]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _position: f"{100 - 100 / place:.7g}"))
    axes.set_xlim(1, max(place for points in lines.values() for place, _ in points))
    axes.set_ylabel(f"Response time, {unit.symbol}")
    axes.set_xlabel("Percentile")
