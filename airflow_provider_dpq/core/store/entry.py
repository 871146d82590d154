"""The entry: what the store knows of a report without reading it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import PydanticSerializationError
from sqlalchemy import RowMapping

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Entry:
    """A report in the store, in brief.

    Attributes:
        report_id: Identifier of the report.
        gate: Name of the gate.
        kind: Kind of the gate.
        subject: What was measured, for people.
        verdict: What the gate decided.
        dag_id: DAG, or None outside Airflow.
        task_id: Task, or None outside Airflow.
        run_id: Run of the DAG, or the invocation outside Airflow.
        map_index: Index of a mapped task, -1 where it is not mapped.
        try_number: Attempt, counted from 1.
        data_interval_start: Start of the span of data judged, in UTC; None where there is none.
        data_interval_end: End of that span.
        started_at: When measuring began, in UTC.
        duration_seconds: How long it took.
    """

    report_id: str
    gate: str
    kind: str
    subject: str
    verdict: Verdict
    dag_id: str | None
    task_id: str | None
    run_id: str
    map_index: int
    try_number: int
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    started_at: datetime
    duration_seconds: float


def entry_of(row: RowMapping) -> Entry:
    """Return the entry that a row of the table of reports holds."""
    columns: dict[str, Any] = dict(row)
    columns["verdict"] = Verdict(columns["verdict"])
    columns["dag_id"] = columns["dag_id"] or None
    columns["task_id"] = columns["task_id"] or None
    return Entry(**columns)


def row_of(report: Report) -> dict[str, Any]:
    """Return the row that keeps a report.

    Raises:
        StoreError: ``unreadable_report``: its JSON could not be read back, and so would be no report to anybody.
    """
    source, interval = report.provenance, report.data_interval
    return {
        "key": _key(report),
        "report_id": report.id,
        "gate": report.gate,
        "kind": report.kind,
        "subject": report.subject,
        "verdict": report.verdict.value,
        "dag_id": source.dag_id or "",
        "task_id": source.task_id or "",
        "run_id": source.run_id,
        "map_index": source.map_index,
        "try_number": source.try_number,
        "data_interval_start": interval.start if interval else None,
        "data_interval_end": interval.end if interval else None,
        "started_at": report.started_at,
        "duration_seconds": report.duration_seconds,
        "document": _document(report),
    }


def _document(report: Report) -> str:
    try:
        document = report.to_json()
    except PydanticSerializationError as error:
        raise StoreError("unreadable_report", f"The report cannot be written as JSON: {error}.") from error
    parse_report(document)
    return document


def _key(report: Report) -> str:
    source = report.provenance
    parts = (report.gate, source.dag_id, source.task_id, source.run_id, source.map_index, source.try_number)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
