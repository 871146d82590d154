"""A start: a measurement that has begun and left no report yet. Writing the report removes it.

If the process is killed outright, its start remains, so that neither a page nor a sensor takes an older report for the
newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import RowMapping

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance
from airflow_provider_dpq.core.process import is_gone, this_process
from airflow_provider_dpq.core.store.column import damaged
from airflow_provider_dpq.core.store.newest import NewestRun

_UNLIMITED: Final = timedelta(days=1)
"""How long a gate without a time limit may measure on another machine before it counts as killed."""

_ENDING: Final = timedelta(minutes=1)
"""How long after its time limit a gate may still write its report."""


@dataclass(frozen=True, slots=True)
class Start:
    """A measurement that has begun.

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
        ends_by: The latest time at which it can still be running.
        process: The process that measures.
        after: Number of the newest report in the store when it began.
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
        """Return the start of a measurement in this process, now.

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
        """The gate that is measured."""
        return Gate(self.dag_id, self.gate)

    @property
    def source(self) -> Provenance:
        """The run that it belongs to."""
        return Provenance(
            dag_id=self.dag_id or None,
            task_id=self.task_id or None,
            run_id=self.run_id,
            map_index=self.map_index,
            try_number=self.try_number,
        )

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether it can no longer leave a report: its process has ended, or its time is up.

        Args:
            now: The time; the present if not given.
        """
        gone = is_gone(self.process)
        return (now or datetime.now(UTC)) > self.ends_by if gone is None else gone

    @property
    def state(self) -> str:
        """Its state in one word: ``killed`` or ``measuring``."""
        return "killed" if self.is_over() else "measuring"

    @property
    def advice(self) -> str:
        """What to do about it where it was killed: nothing else can tell why."""
        where = f"try {self.try_number} of task {self.task_id!r}" if self.task_id else "the process"
        return (
            f"Read the end of the log of {where}: most often memory ran out, or the worker went away."
            " Then run it again."
        )

    def told(self) -> str:
        """Describe its state."""
        begun = f"{self.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if self.is_over():
            return f"measuring started at {begun} in run {self.run_id} and has left no report: its process was killed"
        return f"measuring started at {begun} in run {self.run_id} and has left no report yet"


def start_of(row: RowMapping) -> Start:
    """Return the start that a row keeps.

    Raises:
        StoreError: ``store_corrupt``: a value of it is of another type, as SQLite allows.
    """
    for one in fields(Start):
        if not isinstance(row[one.name], _TYPES.get(str(one.type), object)):
            raise damaged(f"a start whose {one.name} is no {one.type}")
    return Start(**row)


_TYPES: Final[Mapping[str, type]] = {"str": str, "int": int}


def outstanding(starts: Iterable[Start], run: NewestRun | None) -> list[Start]:
    """Return the starts of a gate that no report answers, newest first.

    A report that was written after a start answers it, unless the report is about another part of the same run.

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
    """Return the starts of several gates that no report answers, by gate and newest first.

    Args:
        starts: Starts of any gates.
        runs: The newest run of each gate that has a report.
    """
    newest = {run.gate: run for run in runs}
    of_gate: dict[Gate, list[Start]] = defaultdict(list)
    for start in starts:
        of_gate[start.identity].append(start)
    return [start for gate in sorted(of_gate) for start in outstanding(of_gate[gate], newest.get(gate))]
