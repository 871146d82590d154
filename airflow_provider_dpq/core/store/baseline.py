"""The baseline: the report at which the history of a gate starts over, and who accepted it. Appended, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store.audit import AuditEvent

KINDS: Final = ("benchmark",)
"""Kinds of gates that are judged by a history, which can start over."""

ACCEPTED: Final = "baseline_accepted"
"""Event of the audit trail for an accepted baseline."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A report that was accepted as the baseline of its gate.

    Attributes:
        number: Counts up in the order of acceptance; the newest baseline is in force.
        gate: Name of the gate.
        report_id: Identifier of the accepted report.
        started_at: When that report was measured, in UTC: the history starts over there.
        accepted_at: When it was accepted, in UTC.
        actor: Who accepted it.
        reason: Why, for people.
        dag_id: DAG of the gate; empty outside Airflow.
    """

    number: int
    gate: str
    report_id: str
    started_at: datetime
    accepted_at: datetime
    actor: str
    reason: str
    dag_id: str = ""

    @property
    def identity(self) -> Gate:
        """The gate whose baseline it is."""
        return Gate(self.dag_id, self.gate)


def require_explained(actor: str, reason: str) -> None:
    """Refuse an acceptance that does not say who and why.

    Raises:
        DeclarationError: ``unexplained_baseline``.
    """
    if not (actor.strip() and reason.strip()):
        message = f"A baseline needs an actor and a reason, but they are {actor!r} and {reason!r}."
        raise DeclarationError("unexplained_baseline", message, hint="Give both; they are stored with the baseline.")


def require_acceptable(report: Report) -> None:
    """Refuse a report that cannot be a baseline.

    Raises:
        DeclarationError: ``kind_without_baseline`` or ``nothing_to_accept``.
    """
    if report.kind not in KINDS:
        message = f"Report {report.id!r} is from a {report.kind} gate, and such gates have no baseline."
        raise DeclarationError("kind_without_baseline", message, hint=f"Kinds with a baseline: {', '.join(KINDS)}.")
    if report.verdict is Verdict.ERROR:
        message = (
            f"Report {report.id!r} of gate {str(report.identity)!r} has the verdict error and cannot become a baseline."
        )
        raise DeclarationError("nothing_to_accept", message, hint="Accept a report whose measurement is complete.")


def acceptance(baseline: Baseline, report: Report) -> AuditEvent:
    """Return the event of the audit trail for an accepted baseline.

    Args:
        baseline: The baseline.
        report: The accepted report.
    """
    source = report.provenance
    return AuditEvent(
        at=baseline.accepted_at,
        actor=baseline.actor,
        event=ACCEPTED,
        dag_id=source.dag_id,
        task_id=source.task_id,
        run_id=source.run_id,
        map_index=source.map_index,
        try_number=source.try_number,
        verdict=report.verdict.value,
        detail=f"gate {baseline.gate!r}, report {baseline.report_id}: {baseline.reason}",
    )
