"""What a report of measured operations shows first: a row of figures for each size, and what is compared or grows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import figure

KINDS: Final = ("benchmark", "leak", "load")
"""Kinds of gates that measure an operation."""

SIZE: Final = "size"
"""Tag of what was measured at one of several sizes."""

COLUMNS: Final = {
    "sample_count": "samples",
    "median": "median",
    "cpu_median": "CPU median",
    "p(50)": "p(50) of iterations",
    "p(95)": "p(95) of iterations",
    "throughput": "throughput",
    "peak_memory": "peak memory",
}
"""Metrics of a row, as far as they were measured, each with its heading.

A median is that of samples, of which each is the mean of a round; percentiles are those of iterations timed one by one,
and so may lie below it.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured at one size.

    Attributes:
        tags: Tags of its metrics; none where the operation has no size.
        metrics: Metrics by name.
    """

    tags: Mapping[str, str]
    metrics: Mapping[str, Metric]

    @property
    def size(self) -> str:
        """The size as people write it; empty where there is none."""
        return size_name(self.tags)

    def number(self, name: str) -> str:
        """Write a metric's value; empty where it was not measured."""
        metric = self.metrics.get(name)
        return figure.number(metric.value, metric.unit) if metric else ""

    def brackets(self, name: str) -> str:
        """Write a metric's interval in the multiple of its value; empty where it has none."""
        metric = self.metrics.get(name)
        return figure.brackets(metric) if metric else ""


def rows(report: Report) -> Sequence[Row]:
    """Return what a benchmark measured at each size, the smallest first, and what it measured without one before."""
    found: dict[str | None, dict[str, Metric]] = {}
    for metric in report.metrics:
        if report.kind == "benchmark" and metric.unit != OF_BASELINE and set(metric.tags) <= {SIZE}:
            found.setdefault(metric.tags.get(SIZE), {})[metric.name] = metric
    listed = [Row({} if size is None else {SIZE: size}, metrics) for size, metrics in found.items()]
    measured = [row for row in listed if not row.metrics.keys().isdisjoint(COLUMNS)]
    return sorted(measured, key=lambda row: order(row.tags))


def columns(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return the metrics that some row has, in order, each with its heading."""
    return {name: title for name, title in COLUMNS.items() if any(name in row.metrics for row in rows)}


def figures(report: Report) -> Sequence[Metric]:
    """Return the metrics of an operation that are no row of `rows`: ratios to a baseline, the exponent, and growths."""
    if report.kind not in KINDS:
        return []
    return [metric for metric in report.metrics if metric.unit == OF_BASELINE or _is_trend(metric.name)]


def _is_trend(name: str) -> bool:
    return name in {"exponent", "growth"} or name.endswith("_growth")


def size(tags: Mapping[str, str]) -> float | None:
    """Return the size that tags name as a number; None where they name none, or one that is no positive number."""
    try:
        number = float(tags[SIZE])
    except (KeyError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def order(tags: Mapping[str, str]) -> tuple[float, str]:
    """Return what sorts tags by their size as a number."""
    return size(tags) or 0.0, tags.get(SIZE, "")


def size_name(tags: Mapping[str, str]) -> str:
    """Write the size that tags name, thousands set apart; empty where they name none."""
    written = tags.get(SIZE, "")
    return f"{int(written):,}" if written.isascii() and written.isdecimal() and len(written) < 16 else written
