"""This run among the earlier ones, with the levels between change points."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import figure, measured
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import FIRST, INK, SECOND, Plot, draw, drawable, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAMES: Final = {"cpu_median": "median CPU time", "median": "median wall time"}
_LAST_SECOND: Final = 4e9
_MOST_PLOTS: Final = 4
_Points: TypeAlias = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class _History:
    unit: str
    moments: Sequence[datetime]
    values: Sequence[float]
    levels: _Points


def plot_histories(report: Report) -> Iterator[Plot]:
    """Plot the history of each metric that has one, of the largest sizes where there are many."""
    series = [item for item in report.series if item.name == "history" and _dated(item) and len(item.values) > 1]
    for item in sorted(series, key=lambda item: measured.order(item.tags), reverse=True)[:_MOST_PLOTS]:
        changes = [other for other in report.series if other.name == "change_points" and other.tags == item.tags]
        levels = [point for other in changes if _dated(other) for point in _points(other)]
        yield _plot(item, levels)


def _dated(series: Series) -> bool:
    places = series.positions or ()
    return (
        len(places) == len(series.values)
        and all(0 <= place < _LAST_SECOND for place in places)
        and drawable(series.values)
    )


def _points(series: Series) -> _Points:
    return [
        (datetime.fromtimestamp(place, UTC), value)
        for place, value in zip(series.positions or (), series.values, strict=True)
    ]


def _plot(series: Series, levels: _Points) -> Plot:
    points = _points(series)
    history = _History(series.unit, [at for at, _ in points], series.values, _levels(points, levels))
    name = _NAMES.get(series.tags.get("metric", ""), series.tags.get("metric", "value"))
    size = measured.size_name(series.tags)
    changes = sum(at > history.moments[0] for at, _ in levels)
    caption = (
        f"{_first_upper(name)}{f' at size {size}' if size else ''} of this run, the last point, after "
        f"{len(points) - 1:,} earlier ones: {figure.number(series.values[-1], series.unit)}."
    )
    if changes:
        caption += f" The level changed {'once' if changes == 1 else f'{changes} times'}."
    return draw(f"History, {name}{f', size {size}' if size else ''}", caption, lambda canvas: _paint(canvas, history))


def _levels(points: _Points, changes: _Points) -> _Points:
    """Return where each level begins: the first one with the history, at the median of the runs before a change."""
    began = sorted(changes)
    before = [value for at, value in points if began and at < began[0][0]]
    return [(points[0][0], statistics.median(before)), *began] if before else began


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _paint(canvas: Figure, history: _History) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    axes = canvas.subplots()
    unit = magnitude([max(history.values, key=abs)], history.unit)
    values = [value / unit.factor for value in history.values]
    _paint_levels(axes, history, unit.factor)
    moments = date2num(history.moments)
    axes.plot(moments[:-1], values[:-1], "o", color=FIRST, markersize=3.5, label="earlier runs")
    axes.plot(moments[-1:], values[-1:], "D", color=INK, markersize=5.5, label="this run", clip_on=False)
    places = AutoDateLocator(tz=UTC, minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(places)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(places, tz=UTC))
    axes.set_xlabel("Start of the run, UTC")
    axes.set_ylabel(f"Time, {unit.symbol}" if history.unit else "Ratio to the reference")
    legend(axes)


def _paint_levels(axes: Axes, history: _History, factor: float) -> None:
    from matplotlib.dates import date2num

    ends = [at for at, _ in history.levels[1:]] + [max(history.moments)]
    for index, ((start, level), end) in enumerate(zip(history.levels, ends, strict=False)):
        label = "" if index else "level"
        axes.plot(date2num([start, end]), [level / factor] * 2, color=SECOND, linewidth=1.6, label=label)
        if start > min(history.moments):
            axes.axvline(date2num(start), color=SECOND, linestyle=":", linewidth=1.1)
