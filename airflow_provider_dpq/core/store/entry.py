"""The entry: a report in brief, read from its document. The other columns only help to find it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy import RowMapping

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Problem, Provenance, Report, parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict

FOUND_BY: Final = ("report_id", "gate", "kind", "dag_id", "task_id", "run_id", "map_index", "try_number")
"""Columns that reports are looked up by; each must agree with the document."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A report in the store, in brief.

    Attributes:
        number: Counts up in the order of writing; the newest report has the highest number.
        report_id: Identifier of the report.
        gate: Name of the gate.
        kind: Kind of the gate.
        subject: What was measured, for people.
        verdict: What the gate decided; ``error`` where the report cannot be trusted or read.
        dag_id: DAG that the gate belongs to, or None outside Airflow.
        measured_by: DAG whose task measured, which is another one where the gate's history was moved; None outside
            Airflow, and where the report cannot be trusted or read.
        task_id: Task, or None outside Airflow.
        run_id: Run of the DAG, or the invocation outside Airflow.
        map_index: Index of a mapped task, -1 where it is not mapped.
        try_number: Attempt, counted from 1.
        label: What this part of a mapped gate is about, for people; None if unknown.
        gate_tasks: Tasks whose instances all report under this gate, or may do so; None if unknown.
        data_interval_start: Start of the span of data judged, in UTC; None where there is none.
        data_interval_end: End of that span.
        started_at: When measuring began, in UTC; None where the report cannot be trusted or read.
        duration_seconds: How long it took.
        problem: Why the report cannot be trusted or read; None where it can.
    """

    number: int
    report_id: str
    gate: str
    kind: str
    subject: str
    verdict: Verdict
    dag_id: str | None
    measured_by: str | None
    task_id: str | None
    run_id: str
    map_index: int
    try_number: int
    label: str | None
    gate_tasks: tuple[str, ...] | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    started_at: datetime | None
    duration_seconds: float
    problem: Problem | None = None

    @property
    def identity(self) -> Gate:
        """The gate whose report it is."""
        return Gate.of(self.gate, self.dag_id)

    @property
    def dag_ids(self) -> frozenset[str]:
        """The DAGs with which it may be read: the one that the gate belongs to, and the one that measured."""
        return frozenset(filter(None, (self.dag_id, self.measured_by)))

    @property
    def part(self) -> str:
        """The part of a mapped gate, for people; empty if it is not mapped and has no label."""
        return self.label or (f"[{self.map_index}]" if self.map_index >= 0 else "")


class _Source(BaseModel):
    model_config = ConfigDict(extra="ignore")

    dag_id: str | None = None
    task_id: str | None = None
    run_id: str
    map_index: int = -1
    try_number: int = 1
    label: str | None = None
    gate_tasks: tuple[str, ...] | None = None


class _Head(BaseModel):
    """The fields of a report that an entry needs; the others are skipped, so that reading many entries is cheap."""

    model_config = ConfigDict(extra="ignore")

    id: str
    gate: str
    kind: str
    subject: str
    verdict: Verdict
    data_interval: DataInterval | None = None
    provenance: _Source
    moved_to: str | None = None
    started_at: AwareDatetime
    duration_seconds: float

    @property
    def dag_id(self) -> str:
        """DAG that the gate belongs to; empty outside Airflow."""
        return (self.provenance.dag_id if self.moved_to is None else self.moved_to) or ""

    @property
    def found_by(self) -> tuple[Any, ...]:
        """The values of the columns `FOUND_BY`, unless somebody changed them."""
        source = self.provenance
        names = (self.id, self.gate, self.kind, self.dag_id, source.task_id or "", source.run_id)
        return (*names, source.map_index, source.try_number)


def entry_of(row: RowMapping, interval: tuple[datetime, datetime] | None = None) -> Entry:
    """Return the entry of a row; if the report cannot be trusted or read, the entry says so.

    Args:
        row: The row.
        interval: The data interval by which the row was found, which must agree with the document; None if it was found
            otherwise.
    """
    try:
        head = _head(row)
        judged = head.data_interval
        if interval is not None and (judged is None or (judged.start, judged.end) != interval):
            raise _altered(row["report_id"], "its data interval does not match its columns")
    except StoreError as error:
        return _distrusted(row, error)
    source = head.provenance
    return Entry(
        number=row["number"],
        report_id=head.id,
        gate=head.gate,
        kind=head.kind,
        subject=head.subject,
        verdict=head.verdict,
        dag_id=head.dag_id or None,
        measured_by=source.dag_id or None,
        task_id=source.task_id or None,
        run_id=source.run_id,
        map_index=source.map_index,
        try_number=source.try_number,
        label=source.label,
        gate_tasks=source.gate_tasks,
        data_interval_start=judged.start.astimezone(UTC) if judged else None,
        data_interval_end=judged.end.astimezone(UTC) if judged else None,
        started_at=head.started_at.astimezone(UTC),
        duration_seconds=head.duration_seconds,
    )


def _head(row: RowMapping) -> _Head:
    document = trusted_document(row)
    try:
        head = _Head.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = f"Report {row['report_id']!r} cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        raise StoreError(
            "unreadable_report", message, hint="Was it written by a newer release?", quotes_data=False
        ) from error
    if head.found_by != tuple(row[name] for name in FOUND_BY):
        raise _altered(row["report_id"], "its columns do not match its document")
    return head


def _distrusted(row: RowMapping, error: StoreError) -> Entry:
    numbers = {name: value if isinstance(value := row[name], int) else -1 for name in ("map_index", "try_number")}
    return Entry(
        number=row["number"],
        report_id=str(row["report_id"]),
        gate=str(row["gate"]),
        kind=str(row["kind"]),
        subject="",
        verdict=Verdict.ERROR,
        dag_id=str(row["dag_id"]) or None,
        measured_by=None,
        task_id=str(row["task_id"]) or None,
        run_id=str(row["run_id"]),
        map_index=numbers["map_index"],
        try_number=numbers["try_number"],
        label=None,
        gate_tasks=None,
        data_interval_start=None,
        data_interval_end=None,
        started_at=None,
        duration_seconds=0.0,
        problem=Problem.of(error),
    )


def trusted_report(row: RowMapping) -> Report:
    """Return the whole report of a row.

    Raises:
        StoreError: ``report_altered``: it is not what was written; ``unreadable_report``: a newer release wrote it.
    """
    document = trusted_document(row)
    _head(row)
    return parse_report(document)


def trusted_document(row: RowMapping) -> str:
    """Return the JSON of a row's report, after checking that it is what was written.

    Raises:
        StoreError: ``report_altered``.
    """
    document = row["document"]
    if not isinstance(document, str) or digest_of(document) != row["digest"]:
        raise _altered(row["report_id"], "its document does not match the digest stored with it")
    return document


def _altered(report_id: object, why: str) -> StoreError:
    message = f"Report {report_id!r} was changed after it was stored: {why}."
    hint = "It counts as an error. Restore the store from a backup, and check who can write to it."
    return StoreError("report_altered", message, hint=hint, quotes_data=False)


def digest_of(document: str) -> str:
    """Return the SHA-256 of a document, in hexadecimal digits."""
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def row_of(report: Report) -> dict[str, Any]:
    """Return the row that keeps a report.

    Raises:
        StoreError: ``unreadable_report``: its JSON could not be read back, and so would be no report to anybody.
    """
    source, interval = report.provenance, report.data_interval
    document = _document(report)
    return {
        "key": key_of(report.gate, report.provenance, report.moved_to),
        "report_id": report.id,
        "gate": report.gate,
        "kind": report.kind,
        "subject": report.subject,
        "verdict": report.verdict.value,
        "dag_id": report.identity.dag_id,
        "task_id": source.task_id or "",
        "run_id": source.run_id,
        "map_index": source.map_index,
        "try_number": source.try_number,
        "data_interval_start": interval.start if interval else None,
        "data_interval_end": interval.end if interval else None,
        "started_at": report.started_at,
        "duration_seconds": report.duration_seconds,
        "document": document,
        "digest": digest_of(document),
    }


def _document(report: Report) -> str:
    try:
        document = report.to_json()
    except PydanticSerializationError as error:
        raise StoreError("unreadable_report", f"The report cannot be written as JSON: {error}.") from error
    parse_report(document)
    return document


def key_of(gate: str, source: Provenance, moved_to: str | None = None) -> str:
    """Return the key of the one report that a try of a gate leaves.

    Args:
        gate: Name of the gate.
        source: The run and the try.
        moved_to: DAG that the gate was moved to; None where it was not.
    """
    parts = [gate, source.dag_id, source.task_id, source.run_id, source.map_index, source.try_number]
    if moved_to is not None:
        parts.append(moved_to)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
