"""The history that a benchmark is judged by: comparable values, in segments of one accepted level each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

from airflow_provider_dpq.core.gate.history import of_distinct_intervals, value_of
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict

ABSENT: Final = "none"
"""Stands for what an environment does not have, or does not tell."""

_OUTSIDE: Final = (Verdict.FAIL, Verdict.ERROR)


class Accepted(Protocol):
    """A report that was accepted as the beginning of a new level, such as a `Baseline` of the store."""

    @property
    def report_id(self) -> str:
        """Identifier of the report."""

    @property
    def started_at(self) -> datetime:
        """When the report was measured: the history begins there anew."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a metric was in an earlier report.

    Attributes:
        started_at: When it was measured.
        value: The value, in the metric's unit.
        report_id: Identifier of the report.
    """

    started_at: datetime
    value: float
    report_id: str


def segments(
    reports: Sequence[Report],
    accepted: Sequence[Accepted],
    *,
    metric_name: str,
    tags: Mapping[str, str],
    fingerprint: Mapping[str, str],
    last: int = 20,
) -> tuple[tuple[Past, ...], ...]:
    """Return the values that a new value of a metric may be held against.

    A report counts where it has the metric, was made in the same environment and did not fail or end in an error, or
    failed and was accepted; of those about one data interval only the newest. The interval of the present run is not
    left out: whoever accepts a change and clears the failed task wants it judged by what was accepted.

    Args:
        reports: Reports of the gate, the newest first, in the order in which the store got them: clocks decide nothing.
        accepted: What was accepted, in the order of accepting. One about an earlier report than others that were
            accepted before it takes their place.
        metric_name: Name of the metric.
        tags: All of its tags.
        fingerprint: The present environment's.
        last: Most values returned; the newest count.

    Returns:
        Segments, the oldest first, each with its values, the oldest first. A segment begins with an accepted report.
        The last one is the present level and is always there, empty where nothing is known of it; of the others those
        that have a value.
    """
    places = {report.id: place for place, report in enumerate(reversed(reports))}
    begins = _in_force([(item.report_id, _place(item, reports, places)) for item in accepted])
    pardoned = {report_id for report_id, _ in begins}
    here = dict(fingerprint)
    values = {
        report.id: value
        for report in reports
        if (report.verdict not in _OUTSIDE or report.id in pardoned)
        and report.environment.fingerprint == here
        and (value := value_of(report, metric_name, tags)) is not None
    }
    # What does not count must not hide an older report of its interval that does.
    usable = of_distinct_intervals(report for report in reports if report.id in values)
    found: list[list[Past]] = [[] for _ in range(len(begins) + 1)]
    for report in islice(usable, last):
        past = Past(report.started_at, values[report.id], report.id)
        found[bisect_right([place for _, place in begins], places[report.id])].insert(0, past)
    *earlier, present = map(tuple, found)
    return (*filter(None, earlier), present)


def _in_force(begins: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the acceptances that no later one took back, by the places of their reports."""
    kept: list[tuple[str, int]] = []
    for report_id, place in begins:
        kept = [*(earlier for earlier in kept if earlier[1] < place), (report_id, place)]
    return kept


def _place(item: Accepted, reports: Sequence[Report], places: Mapping[str, int]) -> int:
    """Return which report an acceptance is of, counted from the oldest; for one that is gone, by the time it had."""
    if item.report_id in places:
        return places[item.report_id]
    return sum(report.started_at < item.started_at for report in reports)


def difference(fingerprint: Mapping[str, str], report: Report) -> dict[str, tuple[str, str]]:
    """Return in what a report was made differently: by name what there is here, and what there was.

    Args:
        fingerprint: The present environment's.
        report: An earlier report, such as the newest of the gate.
    """
    there = report.environment.fingerprint
    pairs = {name: (fingerprint.get(name, ""), there.get(name, "")) for name in {**fingerprint, **there}}
    return {name: (new or ABSENT, old or ABSENT) for name, (new, old) in pairs.items() if new != old}
