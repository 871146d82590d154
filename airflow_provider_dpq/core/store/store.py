"""The store of reports: opened by URL, written once for each try of a gate, and asked for what was decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import UpdateBase

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.store import query, tables
from airflow_provider_dpq.core.store.audit import AuditEvent
from airflow_provider_dpq.core.store.baseline import Baseline, acceptance, require_acceptable, require_explained
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.entry import Entry, entry_of, row_of
from airflow_provider_dpq.core.store.upgrade import require_version, upgrade_tables


def open_store(url: str, *, upgrade: bool = True) -> Store:
    """Open a store.

    Args:
        url: SQLAlchemy URL: ``sqlite:////path/dpq.db``, ``postgresql+psycopg2://user:password@host/database``.
        upgrade: Whether to make the store where there is none, and to upgrade one that an older release made.

    Returns:
        The store; close it, best with ``with``.

    Raises:
        StoreError: ``store_unreachable``, ``not_a_store``, ``newer_store`` ...: it cannot be used.
    """
    database = Database(url, create=upgrade)
    require_version(database, upgrading=upgrade)
    return Store(database)


def upgrade_store(url: str) -> tuple[int, int]:
    """Make a store, or upgrade one that an older release made.

    Args:
        url: SQLAlchemy URL of the store.

    Returns:
        The schema version found, 0 where there was no store, and the schema version that it has now.

    Raises:
        StoreError: ``store_unreachable``, ``newer_store`` ...: it cannot be used.
    """
    return upgrade_tables(Database(url))


class Store:
    """Reports of gates, the levels accepted for them and the audit trail around them, in one database.

    Each call is one transaction on a connection of its own, so that a store may be handed to threads and to forked
    processes. Every method raises `StoreError` where the database cannot be reached, read or written.

    Args:
        database: A database whose tables are of this release's version.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def write(self, report: Report, *, replace: bool = False) -> None:
        """Keep a report, whole or not at all.

        Args:
            report: The report.
            replace: Whether an earlier report of the same gate, task instance and try gives way to this one.

        Raises:
            StoreError: ``report_exists``: there is one already; ``unreadable_report``, ``invalid_text`` or
                ``invalid_time``: it holds what cannot be kept.
        """
        row = row_of(report)
        insertion = insert(tables.reports).values(row)
        overwriting = update(tables.reports).where(tables.reports.c.key == row["key"]).values(row)
        # Where another process stores the first report of this key in between, that one is overwritten in turn.
        statements = (overwriting, insertion, overwriting) if replace else (insertion,)
        if not any(self._changed(statement) for statement in statements):
            source = report.provenance
            message = (
                f"Gate {report.gate!r} already has a report of try {source.try_number} of task {source.task_id!r}"
                f" (map index {source.map_index}) in run {source.run_id!r} of DAG {source.dag_id!r}."
            )
            hint = "A try writes one report of a gate: give each gate of a task a name of its own."
            raise StoreError("report_exists", message, hint=hint, quotes_data=False)

    def _changed(self, statement: UpdateBase) -> bool:
        try:
            with self._database.writing() as connection:
                return connection.execute(statement).rowcount > 0 or statement.is_insert
        except IntegrityError:
            return False

    def report(self, report_id: str) -> Report:
        """Return a report by its identifier.

        Raises:
            StoreError: ``unknown_report``; ``unreadable_report``: a newer release wrote it.
        """
        with self._database.reading() as connection:
            return self._read(connection, report_id)

    def _read(self, connection: Connection, report_id: str) -> Report:
        document = connection.execute(query.document(report_id)).scalar()
        if document is None:
            message = f"There is no report {report_id!r} in the store {self._database}."
            raise StoreError("unknown_report", message, hint="dpq report list names the reports.", quotes_data=False)
        return parse_report(document)

    def latest(self, *, dag_ids: Collection[str] | None = None) -> list[Entry]:
        """Return the newest entry of each gate, by gate name.

        Args:
            dag_ids: Only entries of these DAGs count, and none from outside Airflow; None for all.
        """
        wanted = None if dag_ids is None else set(dag_ids)
        newest: dict[str, Entry] = {}
        for entry in self._entries(query.latest()):
            if wanted is None or entry.dag_id in wanted:
                newest.setdefault(entry.gate, entry)
        return [newest[gate] for gate in sorted(newest)]

    def history(self, gate: str, *, limit: int = 20, kind: str | None = None) -> list[Entry]:
        """Return the entries of a gate, newest first.

        Args:
            gate: Name of the gate.
            limit: Most entries returned.
            kind: Only entries of this kind; None for all.
        """
        return self._entries(query.history(gate, limit, kind))

    def reports(self, gate: str, *, limit: int, kind: str) -> list[Report]:
        """Return whole reports of a gate, newest first.

        Args:
            gate: Name of the gate.
            limit: Most reports returned.
            kind: Kind of the gate.

        Raises:
            StoreError: ``unreadable_report``: a newer release wrote one of them.
        """
        with self._database.reading() as connection:
            documents = connection.execute(query.documents(gate, limit, kind)).scalars().all()
        return [parse_report(document) for document in documents]

    def of_task(self, dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> list[Entry]:
        """Return the entries that a task instance left, newest try first, whatever their gate.

        Args:
            dag_id: DAG.
            task_id: Task.
            run_id: Run of the DAG.
            map_index: Index of a mapped task, -1 where it is not mapped.
        """
        return self._entries(query.of_task(dag_id, task_id, run_id, map_index))

    def of_interval(self, gate: str, start: datetime, end: datetime) -> list[Entry]:
        """Return the entries of a gate about exactly this data interval, newest first.

        Args:
            gate: Name of the gate.
            start: Start of the interval, with time zone.
            end: End of the interval, with time zone.
        """
        return self._entries(query.of_interval(gate, start, end))

    def _entries(self, asked: Select[Any]) -> list[Entry]:
        with self._database.reading() as connection:
            return [entry_of(row) for row in connection.execute(asked).mappings()]

    def accept_baseline(self, report_id: str, *, actor: str, reason: str) -> Baseline:
        """Let the history of a gate begin anew with a report, and note that in the audit trail; both or neither.

        Args:
            report_id: Identifier of the report whose measurement is the new level.
            actor: Who accepts it.
            reason: Why, for people.

        Raises:
            DeclarationError: ``unexplained_baseline``: `actor` or `reason` is empty; ``kind_without_baseline``;
                ``nothing_to_accept``: the report measured nothing.
            StoreError: ``unknown_report``; ``unreadable_report``: a newer release wrote it.
        """
        require_explained(actor, reason)
        with self._database.writing() as connection:
            report = self._read(connection, report_id)
            require_acceptable(report)
            row: dict[str, Any] = {
                "gate": report.gate,
                "report_id": report.id,
                "started_at": report.started_at.astimezone(UTC),
                "accepted_at": datetime.now(UTC),
                "actor": actor,
                "reason": reason,
            }
            (number,) = tuple(connection.execute(insert(tables.baselines).values(row)).inserted_primary_key or ())
            baseline = Baseline(number=number, **row)
            connection.execute(insert(tables.audit).values(asdict(acceptance(baseline, report))))
        return baseline

    def baselines(self, gate: str) -> list[Baseline]:
        """Return what was accepted as the level of a gate, in the order of accepting.

        Args:
            gate: Name of the gate.
        """
        with self._database.reading() as connection:
            return [Baseline(**row) for row in connection.execute(query.baselines(gate)).mappings()]

    def append_audit(self, event: AuditEvent) -> None:
        """Add an event to the end of the audit trail."""
        with self._database.writing() as connection:
            connection.execute(insert(tables.audit).values(asdict(event)))

    def audit(self, *, limit: int = 100) -> list[AuditEvent]:
        """Return the newest events of the audit trail, the last one appended first.

        Args:
            limit: Most events returned.
        """
        columns = [tables.audit.c[field.name] for field in fields(AuditEvent)]
        newest = select(*columns).order_by(tables.audit.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [AuditEvent(**row) for row in connection.execute(newest).mappings()]

    def probe(self) -> None:
        """Read from the store, and write to it what is taken back at once.

        Raises:
            StoreError: One of the two is not possible.
        """
        self.latest()
        event = AuditEvent(at=datetime.now(UTC), actor="probe", event="probe")
        with self._database.writing() as connection:
            connection.execute(insert(tables.audit).values(asdict(event)))
            connection.rollback()
