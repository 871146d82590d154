"""Response times over time: the middle and the tail, with the limits that thresholds set them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import SCENARIO
from airflow_provider_dpq.core.gate.unit import convert
from airflow_provider_dpq.core.render import figure, load, outcome
from airflow_provider_dpq.core.render.magnitude import magnitude
from airflow_provider_dpq.core.render.plot.drawing import (
    FIRST,
    LIMIT,
    SECOND,
    THIRD,
    Plot,
    draw,
    drawable,
    drawable_log,
    is_line,
    legend,
    log_ticks,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES: Final = {
    "response_p50": ("p(50)", FIRST),
    "response_p95": ("p(95)", SECOND),
    "response_p99": ("p(99)", THIRD),
}
_MOST_PLOTS: Final = 4
_WIDE: Final = 10.0
"""Ratio of the largest to the smallest time from which the axis is logarithmic."""

_GAP: Final = 2.5
"""How many times the usual step between two points a line does not bridge: nothing ended in between."""


@dataclass(frozen=True, slots=True)
class _Limit:
    metric: str
    seconds: float


def plot_latencies(report: Report) -> Iterator[Plot]:
    """Plot response times over time: of the whole load, and of each scenario where there are several, up to three."""
    lines: dict[str, dict[str, Series]] = {}
    for item in report.series:
        if item.name in _LINES and set(item.tags) <= {SCENARIO} and is_line(item):
            lines.setdefault(item.tags.get(SCENARIO, ""), {})[item.name] = item
    for name in sorted(lines)[:_MOST_PLOTS]:  # the whole load, which has no name, comes first
        yield _plot(name, lines[name], list(_limits(report, name)))


def _limits(report: Report, scenario: str) -> Iterator[_Limit]:
    """Return the limits on percentiles of a scenario, or of the whole load."""
    tags = {SCENARIO: scenario} if scenario else {}
    for result in outcome.thresholds(report):
        if result.tags == tags and _is_percentile(result.metric) and result.limit and drawable_log([result.limit]):
            yield _Limit(result.metric, result.limit)
    for threshold in load.level_limits(report):
        limit = convert(threshold.limit, threshold.unit or "", "s") if _is_percentile(threshold.metric) else 0.0
        if dict(threshold.tags) == tags and drawable_log([limit]):
            yield _Limit(threshold.metric, limit)


def _is_percentile(metric: str) -> bool:
    return metric == "median" or metric.startswith("p(")


def _plot(scenario: str, lines: Mapping[str, Series], limits: Sequence[_Limit]) -> Plot:
    tail = lines.get("response_p99") or next(iter(lines.values()))
    worst = max(zip(tail.values, tail.positions or (), strict=True))
    caption = (
        "Time from when an iteration was due to its end, by the interval in which it was due. "
        f"The highest {_LINES[tail.name][0]} is {figure.number(worst[0], 's')}, {figure.number(worst[1])} s in."
    )
    title = f"Response time, {scenario}" if scenario else "Response time"
    return draw(title, caption, lambda canvas: _paint(canvas, lines, limits), height_inches=2.9)


def _paint(canvas: Figure, lines: Mapping[str, Series], limits: Sequence[_Limit]) -> None:
    axes = canvas.subplots()
    seconds = [value for item in lines.values() for value in item.values]
    unit = magnitude([median(seconds)], "s")
    for name, (label, colour) in _LINES.items():
        if name in lines:
            places, values = _with_gaps(lines[name])
            axes.plot(places, [value / unit.factor for value in values], color=colour, label=label)
    for limit in limits:
        label = f"limit of {limit.metric}, {figure.number(limit.seconds, 's')}"
        axes.axhline(limit.seconds / unit.factor, linestyle="--", color=LIMIT, linewidth=1.1, label=label)
    shown = [*seconds, *(limit.seconds for limit in limits)]
    if drawable_log(shown) and max(shown) > _WIDE * min(shown):
        log_ticks(axes, "y", [value / unit.factor for value in shown])
    elif drawable(shown):
        axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Response time, {unit.symbol}")
    axes.set_xlabel("Seconds since the start")
    legend(axes)


def _with_gaps(series: Series) -> tuple[Sequence[float], Sequence[float]]:
    """Return positions and values, with a value that is none wherever nothing ended for a while."""
    points = list(zip(series.positions or (), series.values, strict=True))
    usual = median(after[0] - before[0] for before, after in pairwise(points))
    shown = points[:1]
    for before, after in pairwise(points):
        if after[0] - before[0] > _GAP * usual > 0:
            shown.append((before[0], math.nan))
        shown.append(after)
    return [place for place, _ in shown], [value for _, value in shown]
