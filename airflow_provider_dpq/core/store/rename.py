"""Renaming a gate: its reports, starts and baselines move to another DAG or name, documents and columns alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate, meant
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import query, tables
from airflow_provider_dpq.core.store.audit import AuditEvent
from airflow_provider_dpq.core.store.column import damaged
from airflow_provider_dpq.core.store.entry import key_of, row_of, trusted_report
from airflow_provider_dpq.core.store.start import DamagedStart, start_of

_BATCH: Final = 100
"""How many reports are rewritten at once; each is a whole document, which may be large."""


class Moved(NamedTuple):
    """What of a gate was moved.

    Attributes:
        reports: How many reports.
        baselines: How many baselines.
        starts: How many starts that have left no report.
    """

    reports: int
    baselines: int
    starts: int

    def __str__(self) -> str:
        """Say it in words."""
        starts = f", starts without a report: {self.starts}" if self.starts else ""
        return f"Moved reports: {self.reports}, baselines: {self.baselines}{starts}."


def rename(connection: Connection, old: Gate, new: Gate) -> Moved:
    """Move what a gate left in the store, within the caller's transaction.

    Args:
        connection: A connection that writes.
        old: The gate's identity so far.
        new: The gate's new identity.

    Returns:
        What was moved.

    Raises:
        StoreError: ``unknown_gate``: there is nothing to move; ``gate_exists``: the new gate has a history of its own;
            ``report_altered``, ``unreadable_report`` or ``store_corrupt``: a report or a start cannot be rewritten.
    """
    moved, baselines = _left_by(connection, old)
    if not (moved or baselines or _count(connection, tables.starts, old)):
        message = f"The store has no reports and no baseline of gate {str(old)!r}."
        others = [Gate(str(dag_id), str(name)) for dag_id, name in connection.execute(query.gates(None))]
        hint = meant(old, others) or "Run dpq report list to see the gates."
        raise StoreError("unknown_gate", message, hint=hint, quotes_data=False)
    if any(_left_by(connection, new)):
        message = f"Gate {str(new)!r} already has reports or baselines."
        hint = "Histories are not merged, because they could not be separated afterwards."
        raise StoreError("gate_exists", message, hint=hint, quotes_data=False)
    columns, of = tables.reports.c, tables.baselines.c
    for _ in range(0, moved, _BATCH):
        for row in connection.execute(query.history(old, _BATCH, None)).mappings().all():
            changed = row_of(_renamed(trusted_report(row), new))
            connection.execute(update(tables.reports).where(columns.number == row["number"]).values(changed))
    starts = _move_starts(connection, old, new)
    same = (of.gate == old.name, of.dag_id == old.dag_id)
    connection.execute(update(tables.baselines).where(*same).values(gate=new.name, dag_id=new.dag_id))
    return Moved(moved, baselines, starts)


def renaming(old: Gate, new: Gate, moved: Moved, actor: str) -> AuditEvent:
    """Return the event of the audit trail for a renaming.

    Args:
        old: The gate's identity so far.
        new: The gate's new identity.
        moved: What was moved.
        actor: Who did it.
    """
    return AuditEvent(
        at=datetime.now(UTC),
        actor=actor,
        event="gate_renamed",
        dag_id=new.dag_id or None,
        detail=f"gate {str(old)!r} is now {str(new)!r}. {moved}",
    )


def _left_by(connection: Connection, gate: Gate) -> tuple[int, int]:
    return _count(connection, tables.reports, gate), _count(connection, tables.baselines, gate)


def _count(connection: Connection, table: Any, gate: Gate) -> int:
    same = (table.c.gate == gate.name, table.c.dag_id == gate.dag_id)
    return connection.execute(select(func.count()).select_from(table).where(*same)).scalar() or 0


def _move_starts(connection: Connection, old: Gate, new: Gate) -> int:
    """Move starts without a report too, so that they hold up the new gate as they did the old one; return how many."""
    columns = tables.starts.c
    count = 0
    for row in connection.execute(query.starts(old, connection.dialect.name)).mappings().all():
        begun = start_of(row)
        if isinstance(begun, DamagedStart):
            raise damaged(f"a start whose {', '.join(begun.parts)} cannot be read")
        moved = replace(begun, gate=new.name, dag_id=new.dag_id)
        before, after = key_of(begun.gate, begun.source), key_of(moved.gate, moved.source)
        connection.execute(delete(tables.starts).where(columns.key == after))
        changed = {"gate": moved.gate, "dag_id": moved.dag_id, "key": after}
        connection.execute(update(tables.starts).where(columns.key == before).values(changed))
        count += 1
    return count


def _renamed(report: Report, gate: Gate) -> Report:
    """Return the report as one of another gate: who measured it stays as it was."""
    moved_to = None if gate.dag_id == (report.provenance.dag_id or "") else gate.dag_id
    return report.model_copy(update={"gate": gate.name, "moved_to": moved_to})
