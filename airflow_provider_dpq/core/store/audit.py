"""The audit trail: who did what, when, and with which verdict. Events are appended, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened around a gate.

    Attributes:
        at: When, with time zone.
        actor: Who: a user, or the owner of the DAG.
        event: What, such as ``on_failure_callback``.
        dag_id: DAG that it is about, if any.
        task_id: Task that it is about; None for a whole run.
        run_id: Run that it is about, if any.
        map_index: Index of a mapped task, -1 where it is not mapped.
        try_number: Attempt that it is about; None for a whole run.
        verdict: What the gate had decided, if there was one.
        detail: Anything else worth knowing, for people; never a value of the data, never a secret.
    """

    at: datetime
    actor: str
    event: str
    dag_id: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    map_index: int = -1
    try_number: int | None = None
    verdict: str | None = None
    detail: str = ""
