"""The store of reports, opened by URL: each try of a gate writes one, and the verdicts are read from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final, Self

from sqlalchemy import Connection, Select, delete, insert, select
from sqlalchemy.exc import IntegrityError

from airflow_provider_dpq.core.errors import ReportExistsError, StoreBusyError, StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import query, tables
from airflow_provider_dpq.core.store.audit import AuditEvent
from airflow_provider_dpq.core.store.baseline import Baseline, acceptance, require_acceptable, require_explained
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.entry import Entry, entry_of, key_of, row_of, trusted_report
from airflow_provider_dpq.core.store.limits import TASKS, StoreLimits
from airflow_provider_dpq.core.store.newest import NewestRun, newest_run
from airflow_provider_dpq.core.store.rename import Moved, rename, renaming
from airflow_provider_dpq.core.store.start import Start, start_of
from airflow_provider_dpq.core.store.upgrade import require_version, upgrade_tables

_ATTEMPTS: Final = 30
"""How often to try to replace a row that other processes replace at the same time."""


def open_store(url: str, *, upgrade: bool = True, limits: StoreLimits = TASKS) -> Store:
    """Open a store.

    Args:
        url: SQLAlchemy URL: ``sqlite:////path/dpq.db``, ``postgresql+psycopg2://user:password@host/database``.
        upgrade: Whether to make a missing store, and to upgrade one of an older release.
        limits: How long operations may take.

    Returns:
        The store; close it, preferably with ``with``.

    Raises:
        StoreError: ``store_unreachable``, ``not_a_store``, ``newer_store`` ...: it cannot be used.
    """
    database = Database(url, create=upgrade, limits=limits)
    require_version(database, upgrading=upgrade)
    return Store(database)


def upgrade_store(url: str, *, anew: bool = False) -> tuple[int, int]:
    """Make a store, or upgrade one that an older release made.

    Args:
        url: SQLAlchemy URL of the store.
        anew: Whether to make what is missing even if a store was here that is gone, or lacks tables.

    Returns:
        The schema version found, 0 if there was no store, and the schema version now.

    Raises:
        StoreError: ``store_unreachable``, ``newer_store``, ``store_gone`` ...: it cannot be used.
    """
    return upgrade_tables(Database(url, anew=anew), requested=True, anew=anew)


class Store:
    """Reports of gates, their accepted baselines and the audit trail, in one database.

    Each call is one transaction on a connection of its own, so that threads and forked processes can share a store.
    Every method raises `StoreError` if the database cannot be reached, read or written.

    Args:
        database: A database whose tables have the version of this release.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the database."""
        self._database.close()

    def write(self, report: Report, *, replace: bool = False) -> None:
        """Store a report, whole or not at all.

        Args:
            report: The report.
            replace: Whether to replace an earlier report of the same gate, task instance and try.

        Raises:
            StoreError: ``report_exists``: there is one already; ``unreadable_report``, ``invalid_text`` or
                ``invalid_time``: it holds something that cannot be stored.
        """
        row = row_of(report)
        # If another process stores a report with this key in between, that report is replaced in turn.
        ways = (self._replaced, self._inserted) * _ATTEMPTS if replace else (self._inserted,)
        if not any(way(row) for way in ways):
            source = report.provenance
            message = (
                f"Gate {str(report.identity)!r} already has a report from try {source.try_number} of task"
                f" {source.task_id!r} (map index {source.map_index}) in run {source.run_id!r}."
            )
            hint = "Each try stores one report per gate: give each gate of a task its own name."
            raise ReportExistsError("report_exists", message, hint=hint, quotes_data=False)

    def _inserted(self, row: dict[str, Any]) -> bool:
        try:
            with self._database.writing() as connection:
                connection.execute(insert(tables.reports).values(row))
                connection.execute(delete(tables.starts).where(tables.starts.c.key == row["key"]))
        except IntegrityError:
            return False
        return True

    def _replaced(self, row: dict[str, Any]) -> bool:
        """Replace an earlier report, as the newest of all; False if there is none."""
        of_key = tables.reports.c.key == row["key"]
        try:
            with self._database.writing() as connection:
                number = _number_to_come(connection)
                if connection.execute(delete(tables.reports).where(of_key)).rowcount:
                    connection.execute(insert(tables.reports).values(row | number))
                    connection.execute(delete(tables.starts).where(tables.starts.c.key == row["key"]))
                    return True
        except IntegrityError:
            pass
        return False

    def begin(self, start: Start) -> None:
        """Record that a measurement starts; writing its report removes the record.

        Args:
            start: The start.

        Raises:
            StoreBusyError: ``store_locked``: other processes record the start of the same try over and over.
        """
        # If another process records a start of the same try in between, that start is replaced in turn.
        if not any(self._begun(start) for _ in range(_ATTEMPTS)):
            message = f"Other processes keep recording starts of the same try of gate {str(start.identity)!r}."
            raise StoreBusyError(
                "store_locked", message, hint="Check whether the same try is running more than once.", quotes_data=False
            )

    def _begun(self, start: Start) -> bool:
        key = key_of(start.gate, start.source)
        try:
            with self._database.writing() as connection:
                connection.execute(delete(tables.starts).where(tables.starts.c.key == key))
                after = connection.execute(query.NEWEST_NUMBER).scalar_one()
                connection.execute(insert(tables.starts).values(asdict(start) | {"key": key, "after": after}))
        except IntegrityError:
            return False
        return True

    def withdraw(self, start: Start) -> None:
        """Remove a start: the measurement was refused before it began, and leaves no report."""
        key = key_of(start.gate, start.source)
        with self._database.writing() as connection:
            connection.execute(delete(tables.starts).where(tables.starts.c.key == key))

    def starts(self, gate: Gate | None = None, *, dag_ids: Collection[str] | None = None) -> list[Start]:
        """Return the measurements that have started and left no report, newest first.

        What of a row is damaged its start says; one whose gate nobody can tell may be of any gate.

        Args:
            gate: Only of this gate; None for all.
            dag_ids: Only of these DAGs, and none from outside Airflow; None for all.
        """
        with self._database.reading() as connection:
            found = [
                start_of(row) for row in connection.execute(query.starts(gate, connection.dialect.name)).mappings()
            ]
        wanted = None if dag_ids is None else set(dag_ids) - {""}
        return [start for start in found if wanted is None or start.dag_id in wanted]

    def report(self, report_id: str) -> Report:
        """Return a report by its identifier.

        Raises:
            StoreError: ``unknown_report``; ``report_altered``: it is not what was written; ``unreadable_report``: a
                newer release wrote it.
        """
        with self._database.reading() as connection:
            return self._read(connection, report_id)

    def _read(self, connection: Connection, report_id: str) -> Report:
        row = connection.execute(query.report(report_id)).mappings().first()
        if row is None:
            message = f"The store {self._database} has no report {report_id!r}."
            raise StoreError(
                "unknown_report", message, hint="Run dpq report list to see the reports.", quotes_data=False
            )
        return trusted_report(row)

    def entry(self, report_id: str) -> Entry | None:
        """Return the entry of a report by its identifier; None if there is no such report."""
        return next(iter(self._entries(query.report(report_id))), None)

    def gates(self, name: str | None = None) -> list[Gate]:
        """Return the gates that have a report, or have started to measure, by DAG and name.

        Args:
            name: Only gates of this name; None for all.
        """
        with self._database.reading() as connection:
            reported = {Gate(str(dag_id), str(gate)) for dag_id, gate in connection.execute(query.gates(name))}
        begun = {start.identity for start in self.starts() if start.gate and name in (None, start.gate)}
        return sorted(reported | begun)

    def latest(self, *, dag_ids: Collection[str] | None = None) -> list[NewestRun]:
        """Return the newest run of each gate, by DAG and name.

        Args:
            dag_ids: Only gates of these DAGs, or whose run was one of these DAGs before they were moved, and none from
                outside Airflow; None for all.
        """
        found: dict[Gate, list[Entry]] = defaultdict(list)
        for entry in self._entries(query.newest_runs()):
            found[entry.identity].append(entry)
        runs = [newest_run(found[gate]) for gate in sorted(found)]
        wanted = None if dag_ids is None else frozenset(dag_ids)
        # A run of which a part may not be read is not shown as the others are: that part may be the worst.
        return [
            run
            for run in runs
            if run is not None and (wanted is None or all(entry.dag_ids & wanted for entry in run.entries))
        ]

    def newest_run(
        self, gate: Gate, *, kind: str | None = None, interval: tuple[datetime, datetime] | None = None
    ) -> NewestRun | None:
        """Return the newest run of a gate; None if it has no report.

        Args:
            gate: The gate.
            kind: Only reports of this kind; None for all.
            interval: Only reports about exactly this data interval, as start and end with time zone; None for all.
        """
        with self._database.reading() as connection:
            if interval is not None:
                statement = query.of_interval(gate, *interval, kind)
            else:
                run_id = connection.execute(query.newest_run_id(gate, kind)).scalar()
                if run_id is None:
                    return None
                statement = query.of_run(gate, run_id, kind)
            return newest_run([entry_of(row, interval) for row in connection.execute(statement).mappings()])

    def history(self, gate: Gate, *, limit: int = 20, kind: str | None = None) -> list[Entry]:
        """Return the entries of a gate, newest first.

        Args:
            gate: The gate.
            limit: Most entries returned.
            kind: Only entries of this kind; None for all.
        """
        return self._entries(query.history(gate, limit, kind))

    def reports(self, gate: Gate, *, limit: int, kind: str) -> list[Report]:
        """Return whole reports of a gate, newest first.

        Args:
            gate: The gate.
            limit: Most reports returned.
            kind: Kind of the gate.

        Raises:
            StoreError: ``report_altered``; ``unreadable_report``: a newer release wrote one of them.
        """
        with self._database.reading() as connection:
            rows: Sequence[Any] = connection.execute(query.history(gate, limit, kind)).mappings().all()
        return [trusted_report(row) for row in rows]

    def of_run(self, gate: Gate, run_id: str) -> list[Entry]:
        """Return the entries that a gate left in one run, newest first.

        Args:
            gate: The gate.
            run_id: The run.
        """
        return self._entries(query.of_run(gate, run_id, None))

    def of_task(self, dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> list[Entry]:
        """Return the entries of a task instance for all its gates, newest try first, also of gates that were moved.

        Args:
            dag_id: DAG.
            task_id: Task.
            run_id: Run of the DAG.
            map_index: Index of a mapped task, -1 if it is not mapped.
        """
        dag_ids = {dag_id, *(gate.dag_id for gate in self.gates())}
        found = self._entries(query.of_task(dag_ids, task_id, run_id, map_index))
        return [entry for entry in found if (entry.measured_by or entry.dag_id) == dag_id]

    def elsewhere(self, gate: Gate, run_id: str) -> set[tuple[str, int]]:
        """Return the task instances that reported in a run under other gates of the DAG, by task and map index.

        Args:
            gate: The gate.
            run_id: The run.
        """
        found = self._entries(query.elsewhere(gate, run_id))
        return {(str(entry.task_id), entry.map_index) for entry in found if entry.problem is None}

    def _entries(self, statement: Select[Any]) -> list[Entry]:
        with self._database.reading() as connection:
            return [entry_of(row) for row in connection.execute(statement).mappings()]

    def accept_baseline(self, report_id: str, *, actor: str, reason: str) -> Baseline:
        """Start the history of a gate over at a report, and record that in the audit trail; both or neither.

        Args:
            report_id: Identifier of the report that becomes the baseline.
            actor: Who accepts it.
            reason: Why, for people.

        Raises:
            DeclarationError: ``unexplained_baseline``: `actor` or `reason` is empty; ``kind_without_baseline``;
                ``nothing_to_accept``: the report measured nothing.
            StoreError: What `report` raises.
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
                "dag_id": report.identity.dag_id,
            }
            (number,) = tuple(connection.execute(insert(tables.baselines).values(row)).inserted_primary_key or ())
            baseline = Baseline(number=number, **row)
            connection.execute(insert(tables.audit).values(asdict(acceptance(baseline, report))))
        return baseline

    def baselines(self, gate: Gate) -> list[Baseline]:
        """Return the baselines of a gate, in the order of acceptance.

        Args:
            gate: The gate.
        """
        with self._database.reading() as connection:
            return [Baseline(**row) for row in connection.execute(query.baselines(gate)).mappings()]

    def rename_gates(self, renamed: Mapping[Gate, Gate], *, actor: str) -> dict[Gate, Moved]:
        """Move what gates left in the store to other DAGs or names, and note it in the audit trail; all or none.

        Args:
            renamed: The gates as they are known from now on, by what they were known as.
            actor: Who does it.

        Returns:
            What of each gate was moved.

        Raises:
            StoreError: ``unknown_gate``: there is nothing to move; ``gate_exists``: the new gate has a history of its
                own; ``report_altered`` or ``unreadable_report``: a report cannot be rewritten.
        """
        moved = {}
        with self._database.writing() as connection:
            for old, new in renamed.items():
                moved[old] = rename(connection, old, new)
                connection.execute(insert(tables.audit).values(asdict(renaming(old, new, moved[old], actor))))
        return moved

    def append_audit(self, event: AuditEvent) -> None:
        """Add an event to the end of the audit trail."""
        with self._database.writing() as connection:
            connection.execute(insert(tables.audit).values(asdict(event)))

    def audit(self, *, limit: int = 100) -> list[AuditEvent]:
        """Return the newest events of the audit trail, newest first.

        Args:
            limit: Most events returned.
        """
        columns = [tables.audit.c[field.name] for field in fields(AuditEvent)]
        newest = select(*columns).order_by(tables.audit.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [AuditEvent(**row) for row in connection.execute(newest).mappings()]

    def probe(self) -> None:
        """Check that the store can be read and written; what is written is rolled back.

        Raises:
            StoreError: One of the two is not possible.
        """
        self.gates()
        event = AuditEvent(at=datetime.now(UTC), actor="probe", event="probe")
        with self._database.writing() as connection:
            connection.execute(insert(tables.audit).values(asdict(event)))
            connection.rollback()


def _number_to_come(connection: Connection) -> dict[str, int]:
    """Return the next report's number for SQLite, which would reuse that of a deleted one; others count up."""
    if connection.dialect.name != "sqlite":
        return {}
    return {"number": connection.execute(query.NEWEST_NUMBER).scalar_one() + 1}
