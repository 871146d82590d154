"""A start: a measurement that has begun and left no report yet. Writing the report removes it.

If the process is killed outright, its start remains, so that neither a page nor a sensor takes an older report for the
newest.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance
from airflow_provider_dpq.core.process import is_gone, this_process
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

    @property
    def began(self) -> datetime | None:
        """When measuring began, if that is known."""
        return self.started_at

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether it can no longer leave a report: its process has ended, or its time is up.

        Args:
            now: The time; the present if not given.
        """
        gone = is_gone(self.process)
        return (now or datetime.now(UTC)) > self.ends_by if gone is None else gone

    def may_be(self, kind: str, interval: tuple[datetime, datetime] | None) -> bool:
        """Whether it is of this kind, and about exactly this data interval.

        Args:
            kind: The kind.
            interval: Start and end of the interval; None for any.
        """
        span = (self.data_interval_start, self.data_interval_end)
        return self.kind == kind and interval in (None, span)

    @property
    def may_be_of_any_gate(self) -> bool:
        """Whether nobody can tell which gate it is of."""
        return False

    @property
    def state(self) -> str:
        """Its state in one word: ``killed`` or ``measuring``."""
        return "killed" if self.is_over() else "measuring"

    @property
    def fate(self) -> str:
        """What became of it where it is over."""
        return "Its process was killed and left no report."

    @property
    def advice(self) -> str:
        """What to do about it where it was killed: nothing else can tell why."""
        where = f"try {self.try_number} of task {self.task_id!r}" if self.task_id else "the process"
        return (
            f"Read the end of the log of {where}: the usual causes are too little memory or a lost worker."
            " Then run the gate again."
        )

    def describe(self) -> str:
        """Describe its state."""
        begun = f"{self.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if self.is_over():
            return f"measuring started at {begun} in run {self.run_id} and has left no report: its process was killed"
        return f"measuring started at {begun} in run {self.run_id} and has left no report yet"


@dataclass(frozen=True, slots=True)
class DamagedStart(Start):
    """A start of whose row a part is nothing that any release writes, as SQLite allows.

    It is over, and no report answers it where that part tells which reports could.

    Attributes:
        number: Number of the row.
        parts: The fields that are damaged; what stands in them here means nothing.
    """

    number: int = 0
    parts: tuple[str, ...] = ()

    @property
    def began(self) -> datetime | None:
        """When measuring began, if that is known."""
        return None if "started_at" in self.parts else self.started_at

    def is_over(self, now: datetime | None = None) -> bool:
        """It is: nobody can tell whether it may still leave a report."""
        return True

    def may_be(self, kind: str, interval: tuple[datetime, datetime] | None) -> bool:
        """Whether it is of this kind and interval, or nobody can tell."""
        unknown = not {"data_interval_start", "data_interval_end"}.isdisjoint(self.parts)
        return Start.may_be(self, self.kind if "kind" in self.parts else kind, None if unknown else interval)

    @property
    def may_be_of_any_gate(self) -> bool:
        """Whether nobody can tell which gate it is of; it then names none, nor its run."""
        return not {"gate", "dag_id"}.isdisjoint(self.parts)

    @property
    def state(self) -> str:
        """``damaged``."""
        return "damaged"

    @property
    def fate(self) -> str:
        """What is wrong with the row."""
        return f"{self._described.capitalize()}."

    @property
    def advice(self) -> str:
        """How to be rid of it."""
        return f"Restore the store from a backup, or run the gate again and then delete row {self.number} of dpq_start."

    def describe(self) -> str:
        """Describe what is wrong."""
        return f"{self._described}, and the outcome of that measurement is unknown"

    @property
    def _described(self) -> str:
        return f"the record that measuring started is damaged ({', '.join(self.parts)})"


def start_of(row: RowMapping) -> Start:
    """Return the start that a row keeps; if a part of it is damaged, the start says so.

    Args:
        row: The row, with its number, and its times as they stand.
    """
    kept = {one.name: row[one.name] for one in fields(Start)}
    types = {one.name: _TYPES[str(one.type)] for one in fields(Start)}
    parts = tuple(name for name, value in kept.items() if not isinstance(value, types[name]))
    if not parts:
        return Start(**kept)
    named = ("gate", "dag_id", "task_id", "run_id", "subject") if {"gate", "dag_id"}.intersection(parts) else ()
    kept |= {name: _IN_ITS_PLACE[types[name]] for name in (*parts, *named)}
    if not _TELL_LITTLE.issuperset(parts):
        kept["after"] = sys.maxsize
    return DamagedStart(**kept, number=row["number"], parts=parts)


_OPTIONAL: Final = (datetime, type(None))

_TYPES: Final[Mapping[str, Any]] = {"str": str, "int": int, "datetime": datetime, "datetime | None": _OPTIONAL}

_IN_ITS_PLACE: Final[Mapping[Any, Any]] = {
    str: "",
    int: -1,
    datetime: datetime.fromtimestamp(0, UTC),
    _OPTIONAL: None,
}
"""What a start holds in the place of a damaged part, by its type."""

_TELL_LITTLE: Final = {"subject", "started_at", "ends_by", "process", "data_interval_start", "data_interval_end"}
"""Parts without which it is still known which reports answer a start."""


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
