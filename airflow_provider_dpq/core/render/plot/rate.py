"""How much load there was over time: what was due, what ended well, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.plot.drawing import FIRST, LIMIT, SOFT, Plot, draw, is_line, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES: Final = {
    "due": ("due", SOFT, "--"),
    "rate": ("completed", FIRST, "-"),
    "failures": ("failed", LIMIT, "-"),
}
"""Label, colour and style of each series."""


def plot_rate(report: Report) -> Plot | None:
    """Plot the iterations per second over time; None where the report has none."""
    series = {item.name: item for item in report.series if item.name in _LINES and not item.tags and is_line(item)}
    if "rate" not in series:
        return None
    return draw("Rate", _caption(series), lambda canvas: _paint(canvas, series), height_inches=2.6)


def _caption(series: Mapping[str, Series]) -> str:
    done = series["rate"]
    caption = f"Iterations that ended without a failure, per second: {figure.number(max(done.values), '/s')} at most."
    if "due" in series:
        caption += " The dashed line is how many were due."
    failures = series.get("failures")
    if failures and max(failures.values) > 0:
        caption += f" Up to {figure.number(max(failures.values), '/s')} failed."
    return caption


def _paint(canvas: Figure, series: Mapping[str, Series]) -> None:
    axes = canvas.subplots()
    for name, (label, colour, style) in _LINES.items():
        item = series.get(name)
        if item and (name != "failures" or any(item.values)):
            width = 1.1 if name == "due" else 1.4
            axes.plot(item.positions or (), item.values, style, color=colour, label=label, linewidth=width)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Iterations per second")
    axes.set_xlabel("Seconds since the start")
    legend(axes)
