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
"""Placeholder for what an environment does not have or does not report."""

_OUTSIDE: Final = (Verdict.FAIL, Verdict.ERROR)


class Accepted(Protocol):
    """A report that was accepted as the beginning of a new level, such as a `Baseline` of the store."""

    @property
    def report_id(self) -> str:
        """Identifier of the report."""

    @property
    def started_at(self) -> datetime:
        """When the report was measured: the history restarts there."""


@dataclass(frozen=True, slots=True)
class HistoryValue:
    """The value of a metric in an earlier report.

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
) -> tuple[tuple[HistoryValue, ...], ...]:
    """Return the values that a new value of a metric may be compared with.

    A report counts if it has the metric, comes from the same environment, and either did not fail or end in an error,
    or failed and was accepted. Only the newest report of each data interval counts. The interval of the present run is
    included: someone who accepts a change and clears the failed task wants it judged by the accepted value.

    Args:
        reports: Reports of the gate, newest first, in the order in which the store received them, whatever their
            clocks.
        accepted: Accepted reports, in the order of acceptance. Accepting an earlier report revokes the acceptances of
            later ones.
        metric_name: Name of the metric.
        tags: All of its tags.
        fingerprint: Fingerprint of the present environment.
        last: Maximum number of values returned; the newest are kept.

    Returns:
        Segments, oldest first, each with its values, oldest first. Each segment begins with an accepted report. The
        last segment is the present level and is always included, even if empty; others only if they have a value.
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
    # A report that does not count must not hide an older report of its interval that does.
    usable = of_distinct_intervals(report for report in reports if report.id in values)
    found: list[list[HistoryValue]] = [[] for _ in range(len(begins) + 1)]
    for report in islice(usable, last):
        past = HistoryValue(report.started_at, values[report.id], report.id)
        found[bisect_right([place for _, place in begins], places[report.id])].insert(0, past)
    *earlier, present = map(tuple, found)
    return (*filter(None, earlier), present)


def _in_force(begins: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the acceptances that no later one revoked, with the positions of their reports."""
    kept: list[tuple[str, int]] = []
    for report_id, place in begins:
        kept = [*(earlier for earlier in kept if earlier[1] < place), (report_id, place)]
    return kept


def _place(item: Accepted, reports: Sequence[Report], places: Mapping[str, int]) -> int:
    """Return the position of the accepted report, counted from the oldest; by its time if the report is gone."""
    if item.report_id in places:
        return places[item.report_id]
    return sum(report.started_at < item.started_at for report in reports)


def difference(fingerprint: Mapping[str, str], report: Report) -> dict[str, tuple[str, str]]:
    """Return how a report's environment differs: for each name, the present value and the report's.

    Args:
        fingerprint: Fingerprint of the present environment.
        report: An earlier report, such as the newest of the gate.
    """
    there = report.environment.fingerprint
    pairs = {name: (fingerprint.get(name, ""), there.get(name, "")) for name in {**fingerprint, **there}}
    return {name: (new or ABSENT, old or ABSENT) for name, (new, old) in pairs.items() if new != old}
