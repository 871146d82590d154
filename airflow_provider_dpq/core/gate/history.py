"""The history of a gate: which of its earlier reports count, and what a metric was in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from airflow_provider_dpq.core.gate.metric import OF_BASELINE
from airflow_provider_dpq.core.gate.report import DataInterval, Report


def of_distinct_intervals(reports: Iterable[Report], *, other_than: DataInterval | None = None) -> Iterator[Report]:
    """Yield of each data interval only the newest report, and every report that has none.

    A task that was retried or cleared measured the same interval several times: it counts once.

    Args:
        reports: Reports of one gate, the newest first.
        other_than: An interval whose reports are left out.
    """
    seen = set() if other_than is None else {(other_than.start, other_than.end)}
    for report in reports:
        interval = report.data_interval
        if interval is not None:
            if (interval.start, interval.end) in seen:
                continue
            seen.add((interval.start, interval.end))
        yield report


def value_of(report: Report, name: str, tags: Mapping[str, str]) -> float | None:
    """Return what a metric was in a report, or None where it was not measured or is no number.

    Args:
        report: The report.
        name: Name of the metric; one that is a ratio to a baseline is another metric.
        tags: All of its tags.
    """
    named = (metric for metric in report.metrics if metric.name == name and dict(metric.tags) == dict(tags))
    value = next((metric.value for metric in named if metric.unit != OF_BASELINE), None)
    return value if value is not None and math.isfinite(value) else None
