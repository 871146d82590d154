"""A start: measuring that has begun, and has left no report yet. Writing the report takes it away.

What is left of a process that was killed outright is its start: neither a page nor a sensor takes an older report for
the newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance
from airflow_provider_dpq.core.process import is_gone, this_process
from airflow_provider_dpq.core.store.newest import NewestRun

_UNLIMITED: Final = timedelta(days=1)
"""So long a gate without a time limit may measure on another machine before it counts as killed."""

_ENDING: Final = timedelta(minutes=1)
"""So long after its time limit a gate may still write its report."""


@dataclass(frozen=True, slots=True)
class Start:
    """Measuring that has begun.

    Attributes:
        gate: Name of the gate.
        kind: Kind of the gate.
        subject: What is measured, for people.
        dag_id: DAG; empty outside Airflow.
        task_id: Task; empty outside Airflow.
        run_id: Run of the DAG, or the invocation outside Airflow.
        map_index: Index of a mapped task, -1 where it is not mapped.
        try_number: Attempt, counted from 1.
        data_interval_start: Start of the span of data judged; None where there is none.
        data_interval_end: End of that span.
        started_at: When measuring began.
        ends_by: When it has ended at the latest, however it ends.
        process: Which process measures.
        after: Number of the newest report of the store when it began.
    """

    gate: str
    kind: str
    subject: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    started_at: datetime
    ends_by: datetime
    process: str
    after: int = 0

    @classmethod
    def now(
        cls,
        gate: str,
        kind: str,
        subject: str,
        source: Provenance,
        *,
        interval: DataInterval | None = None,
        limit_seconds: float | None = None,
    ) -> Start:
        """Return the start of measuring in this process, at this moment.

        Args:
            gate: Name of the gate.
            kind: Kind of the gate.
            subject: What is measured.
            source: Which run this is.
            interval: The span of data judged.
            limit_seconds: How long the task may take; None for no limit.
        """
        begun = datetime.now(UTC)
        limit = _UNLIMITED if limit_seconds is None else timedelta(seconds=limit_seconds) + _ENDING
        return cls(
            gate=gate,
            kind=kind,
            subject=subject,
            dag_id=source.dag_id or "",
            task_id=source.task_id or "",
            run_id=source.run_id,
            map_index=source.map_index,
            try_number=source.try_number,
            data_interval_start=interval.start if interval else None,
            data_interval_end=interval.end if interval else None,
            started_at=begun,
            ends_by=begun + limit,
            process=this_process(),
        )

    @property
    def identity(self) -> Gate:
        """Whose it is: the gate's DAG and name."""
        return Gate(self.dag_id, self.gate)

    @property
    def source(self) -> Provenance:
        """Which run it is of."""
        return Provenance(
            dag_id=self.dag_id or None,
            task_id=self.task_id or None,
            run_id=self.run_id,
            map_index=self.map_index,
            try_number=self.try_number,
        )

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether it can leave no report any more: its process has ended, or its time.

        Args:
            now: The time; the present if not given.
        """
        gone = is_gone(self.process)
        return (now or datetime.now(UTC)) > self.ends_by if gone is None else gone

    @property
    def state(self) -> str:
        """Where it stands, in a word: ``killed`` or ``measuring``."""
        return "killed" if self.is_over() else "measuring"

    def told(self) -> str:
        """Say in words where it stands."""
        begun = f"{self.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if self.is_over():
            return f"measuring started at {begun} in run {self.run_id} and has left no report: its process was killed"
        return f"measuring started at {begun} in run {self.run_id} and has left no report yet"


def outstanding(starts: Iterable[Start], run: NewestRun | None) -> list[Start]:
    """Return the starts of a gate that its newest run does not answer, the newest first.

    A start is answered by a report that was written after it, unless that is of another part of the same run.

    Args:
        starts: Starts of the gate.
        run: The newest run of the gate that has a report; None where there is none.
    """
    newest_first = sorted(starts, key=lambda start: start.started_at, reverse=True)
    if run is None:
        return newest_first
    newest = max(entry.number for entry in run.entries)
    reported = {(entry.task_id or "", entry.map_index): entry.try_number for entry in run.entries}
    return [
        start
        for start in newest_first
        if start.after >= newest
        or (start.run_id == run.run_id and start.try_number > reported.get((start.task_id, start.map_index), 0))
    ]


def unanswered(starts: Iterable[Start], runs: Iterable[NewestRun]) -> list[Start]:
    """Return the starts of several gates that their newest runs do not answer, by gate and the newest first.

    Args:
        starts: Starts of any gates.
        runs: The newest run of each gate that has a report.
    """
    newest = {run.gate: run for run in runs}
    of_gate: dict[Gate, list[Start]] = defaultdict(list)
    for start in starts:
        of_gate[start.identity].append(start)
    return [start for gate in sorted(of_gate) for start in outstanding(of_gate[gate], newest.get(gate))]
