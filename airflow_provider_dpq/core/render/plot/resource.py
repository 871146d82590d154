"""What load cost over time: processor, memory, and open files and threads where they moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import SHARD
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import FIRST, SECOND, Plot, draw, is_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS: Final = {"cpu": "CPU", "memory": "Memory", "open_files": "Open files", "threads": "Threads"}
_OF: Final = {"worker": FIRST, "target": SECOND}
"""The worker, which is all processes that make the load, and what is under it; each with its colour."""

_COUNTS: Final = ("open_files", "threads")
_MOST_PLOTS: Final = 4
_Panel = Mapping[str, Series]


def plot_resources(report: Report) -> Iterator[Plot]:
    """Plot what worker and target used over time, of up to four machines where there are several."""
    machines: dict[str, dict[str, Series]] = {}
    for item in report.series:
        if set(item.tags) <= {SHARD} and is_line(item):
            machines.setdefault(item.tags.get(SHARD, ""), {})[item.name] = item
    for shard, series in list(machines.items())[:_MOST_PLOTS]:
        panels = _panels(series)
        if panels:
            title = f"Resources, shard {shard}" if shard else "Resources"
            height = 0.7 + 1.1 * len(panels)
            yield draw(title, _caption(panels), partial(_paint, panels=panels), height_inches=height)


def _panels(series: Mapping[str, Series]) -> Mapping[str, _Panel]:
    panels: dict[str, _Panel] = {}
    for name in _PANELS:
        found = {of: series[f"{of}_{name}"] for of in _OF if f"{of}_{name}" in series}
        moved = any(len(set(item.values)) > 1 for item in found.values())
        if found and (moved or name not in _COUNTS):
            panels[name] = found
    return panels


def _caption(panels: Mapping[str, _Panel]) -> str:
    sentences = []
    for name, found in panels.items():
        most = " and ".join(
            f"{figure.number(float(f'{max(item.values):.3g}'), item.unit)} by the {of}" for of, item in found.items()
        )
        sentences.append(f"{_PANELS[name]}: {most} at most.")
    if "cpu" in panels:
        sentences.append("100% is one processor.")
    return " ".join(sentences)


def _paint(canvas: Figure, panels: Mapping[str, _Panel]) -> None:
    from matplotlib.ticker import MaxNLocator

    canvas.subplots(len(panels), sharex=True, squeeze=False)
    for axes, (name, found) in zip(canvas.axes, panels.items(), strict=True):
        unit = magnitude([value for item in found.values() for value in item.values], next(iter(found.values())).unit)
        for of, item in found.items():
            values = [value / unit.factor for value in item.values]
            style = "steps-post" if name in _COUNTS else "default"
            axes.plot(item.positions or (), values, color=_OF[of], label=of, drawstyle=style)
        axes.set_ylabel(f"{_PANELS[name].replace(' ', chr(10))}{f', {unit.symbol}' if unit.symbol else ''}")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=name in _COUNTS))
        axes.set_ylim(bottom=0)
    most = max(canvas.axes, key=lambda axes: len(axes.lines))
    handles, labels = most.get_legend_handles_labels()
    first = canvas.axes[0]
    first.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    canvas.axes[-1].set_xlabel("Seconds since the start")
    canvas.align_ylabels(list(canvas.axes))
