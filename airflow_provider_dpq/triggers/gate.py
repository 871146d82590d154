"""Waiting for a gate outside a worker, and what "the gate has passed" means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.identity import Gate, meant, the_only
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.triggers.runs import Runs, TriggererRuns

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Entry, NewestRun, Store
    from airflow_provider_dpq.core.store.attendance import Attendance

DEFAULT_KIND: Final = "quality"
"""Kind of the gates that are waited for where nothing else is said."""

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ: a report that began later than this from now satisfies nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a gate stands.

    Attributes:
        verdict: Worst verdict of its newest run; None where there is no report to go by yet.
        run_id: That run; None where there is none.
        attendance: Who of that run has not reported yet, or ended without a report that counts.
        rerun: Whether what decided runs once more.
        tally: How many of several instances decided as the worst; empty where there is one.
        doubt: Why the newest run counts for nothing although it has a verdict; empty where it counts.
        unreported: What has started since and left no report; empty where nothing has.
        overtaken: Number of the newest report of the run, where a task of the gate has ended without one since.
        note: What else to know where there is no report, such as the gates that may be meant.
    """

    verdict: Verdict | None = None
    run_id: str | None = None
    attendance: Attendance | None = None
    rerun: bool = False
    tally: str = ""
    doubt: str = ""
    unreported: str = ""
    overtaken: int | None = field(default=None, compare=False)
    note: str = field(default="", compare=False)

    @property
    def passed(self) -> bool:
        """Whether downstream work may run: every instance has reported, and each passed."""
        return (
            self.verdict is not None
            and self.verdict.passed
            and not (self.attendance and (self.attendance.awaited or self.attendance.lost))
            and not self.doubt
            and not self.unreported
        )

    @property
    def final(self) -> bool:
        """Whether the gate decided against it in a way that no retry changes."""
        return self.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) and not self.unreported and not self.rerun

    def __str__(self) -> str:
        """Say it in words."""
        if self.verdict is None and self.unreported:
            return self.unreported
        missing = f", {self.attendance}" if str(self.attendance or "") else ""
        if self.verdict is None:
            return f"no report yet{missing}. {self.note}" if self.note else f"no report yet{missing}"
        tally = f" ({self.tally})" if self.tally else ""
        doubt = f", which does not count: {self.doubt}" if self.doubt else ""
        since = f"; since then {self.unreported}" if self.unreported else ""
        return f"{self.verdict.value}{tally} in run {self.run_id}{missing}{doubt}{since}"

    @property
    def sentence(self) -> str:
        """The same as the end of a sentence of the log."""
        said = str(self)
        return said if said.endswith((".", "?")) else f"{said}."


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuery:
    """Which reports of a gate count.

    Attributes:
        gate: Name of the gate.
        dag_id: DAG of the gate; None where no other DAG has a gate of that name.
        kind: Kind of the reports.
        outside_airflow: Whether the gate is one that no DAG has, such as one of `dpq check`.
        interval: Data interval that the reports must be of, exactly; None where `max_age` decides.
        max_age: Age that the reports may have at most; None where `interval` decides.
        overtaken: Number of a report; a run that has no newer one does not count, for somebody who could ask has seen
            that a task of the gate ended without a report since.
    """

    gate: str
    dag_id: str | None = None
    kind: str = DEFAULT_KIND
    outside_airflow: bool = False
    interval: tuple[datetime, datetime] | None = None
    max_age: timedelta | None = None
    overtaken: int | None = None

    def __str__(self) -> str:
        """Name the gate, with its DAG where that is given."""
        return str(Gate.of(self.gate, self.dag_id))

    def standing(self, store: Store, runs: Runs, *, now: datetime | None = None) -> Standing:
        """Return where the gate stands: its newest run, and of that the newest try of each task instance.

        Args:
            store: The store of reports.
            runs: What Airflow knows of the gate's tasks.
            now: Moment that `max_age` is counted from; the present if not given.

        Raises:
            DeclarationError: ``ambiguous_gate``: several DAGs have a gate of that name, and none is given.
            StoreError: The store cannot be read.
        """
        now = now or datetime.now(UTC)
        gate = self._gate(store)
        interval = None if self.max_age is not None else self.interval
        run = None if gate is None else store.newest_run(gate, kind=self.kind, interval=interval)
        if gate is None or run is None:
            unreported = (
                "" if gate is None else self._unreported(store, gate, None) or self._unmeasured(store, gate, runs, now)
            )
            return Standing(unreported=unreported, note="" if unreported else self._note(store, gate))
        unreported = self._unreported(store, gate, run)
        if self.max_age is not None and any(_began(entry) < now - self.max_age for entry in run.entries):
            unreported = unreported or _lost_since(store, gate, run, runs, now)
            return Standing(unreported=unreported, note=_too_old(run, self.max_age))
        found, missing = _attended(store, gate, run, runs)
        if found is None:
            return Standing(attendance=missing, unreported=unreported)
        overtaken = None
        if self.max_age is not None and found.verdict.passed and not unreported:
            unreported = self._overtaken(store, gate, found, runs, now)
            overtaken = found.number if unreported else None
        worst = {(str(entry.task_id), entry.map_index) for entry in found.entries if entry.verdict is found.verdict}
        return Standing(
            verdict=found.verdict,
            run_id=found.run_id,
            attendance=missing,
            rerun=worst <= set(missing.awaited),
            tally=found.tally,
            doubt=_doubt(found, now),
            unreported=unreported,
            overtaken=overtaken,
        )

    def _unreported(self, store: Store, gate: Gate, run: NewestRun | None) -> str:
        from airflow_provider_dpq.core.store.start import outstanding

        interval = None if self.max_age is not None else self.interval
        left = outstanding((start for start in store.starts(gate) if start.may_be(self.kind, interval)), run)
        return left[0].describe() if left else ""

    def _overtaken(self, store: Store, gate: Gate, run: NewestRun, runs: Runs, now: datetime) -> str:
        if self.overtaken is not None and run.number <= self.overtaken:
            return "a task of the gate ended without a report"
        return _lost_since(store, gate, run, runs, now)

    def _unmeasured(self, store: Store, gate: Gate, runs: Runs, now: datetime) -> str:
        """Say which of the gate's tasks ended without a report; empty where none did.

        With `max_age` in the newest run that is known, else in the run of this interval.
        """
        if self.max_age is not None:
            return _lost_since(store, gate, None, runs, now)
        if not gate.dag_id or self.interval is None:
            return ""
        from airflow_provider_dpq.core.store.attendance import FAILED, Lost

        known = store.history(gate, limit=1, kind=self.kind)
        # A gate without a report bears the name of its task, unless it was given another one.
        tasks = sorted(
            {str(one.task_id) for one in known}.union(*(one.gate_tasks or () for one in known)) or {gate.name}
        )
        lost = (
            f"{Lost(one, str(state))} in run {run_id}"
            for run_id, states in runs.at(gate.dag_id, self.interval[0], tasks).items()
            for one, state in sorted(states.items())
            if state in FAILED
        )
        return next(lost, "")

    def _gate(self, store: Store) -> Gate | None:
        """The gate that is meant; None where no DAG has one of that name."""
        if self.dag_id is not None or self.outside_airflow:
            return Gate.of(self.gate, self.dag_id)
        of_dags = [gate for gate in store.gates(self.gate) if gate.dag_id]
        return the_only(of_dags, self.gate, hint="Set dag_id.") if of_dags else None

    def _note(self, store: Store, gate: Gate | None) -> str:
        newest = store.history(gate, limit=1) if gate is not None else []
        if newest:
            if newest[0].kind != self.kind:
                return f"It has reports of kind {newest[0].kind!r}, but this sensor waits for kind {self.kind!r}."
            return "It has reports for other data intervals only." if self.max_age is None else ""
        outside = Gate.of(self.gate, None)
        if not self.outside_airflow and store.history(outside, limit=1):
            return "It has reports from outside Airflow; they count only with outside_airflow=True."
        return f"This store has no reports of gate {str(self)!r}. {meant(gate or outside, store.gates())}".rstrip()


def _began(entry: Entry) -> datetime:
    # What cannot be read has the verdict error, and no age that would let it be overlooked.
    return entry.started_at or datetime.max.replace(tzinfo=UTC)


def _too_old(run: NewestRun, max_age: timedelta) -> str:
    oldest = min(map(_began, run.entries)).astimezone(UTC)
    return (
        f"Its newest run, {run.run_id}, was measured at {oldest:%Y-%m-%d %H:%M:%S} "
        f"UTC and is older than max_age ({max_age})."
    )


def _doubt(run: NewestRun, now: datetime) -> str:
    ahead = [entry.started_at for entry in run.entries if entry.started_at and entry.started_at > now + CLOCK_SKEW]
    if not ahead:
        return ""
    minutes = CLOCK_SKEW.total_seconds() / 60
    return f"it began at {max(ahead).isoformat()}, more than {minutes:.0f} minutes ahead of the clock here"


def _attended(store: Store, gate: Gate, run: NewestRun, runs: Runs) -> tuple[NewestRun | None, Attendance]:
    """Return the run as far as Airflow still has it, and who is missing from it."""
    from airflow_provider_dpq.core.store.attendance import Attendance, attended

    if not gate.dag_id:
        return run, Attendance()
    return attended(
        run,
        runs.states(gate.dag_id, run.run_id, sorted(run.known_tasks)),
        elsewhere=lambda: store.elsewhere(gate, run.run_id),
        failed=lambda: runs.has_failed(gate.dag_id, run.run_id),
    )


def _lost_since(store: Store, gate: Gate, run: NewestRun | None, runs: Runs, now: datetime) -> str:
    """Say which of the gate's tasks ended without a report in a newer run, or in any; empty where none did."""
    from airflow_provider_dpq.core.store.attendance import FAILED, Lost

    if not gate.dag_id:
        return ""
    entries = run.entries if run is not None else ()
    newest = max(map(_began, entries), default=datetime.min.replace(tzinfo=UTC))
    of_data = [entry.data_interval_start for entry in entries if entry.data_interval_start is not None]
    # A gate without a report bears the name of its task, unless it was given another one.
    tasks = run.tasks if run is not None else {gate.name}
    instances = {(task, -1) for task in tasks} | {(str(one.task_id), one.map_index) for one in entries[:1]}
    for instance in sorted(instances):
        for state in FAILED:
            last = runs.last(gate.dag_id, instance, state, before=now + timedelta(days=1))
            if last is None or last.ended_at is None or last.ended_at <= newest:
                continue
            if run is not None and last.run_id == run.run_id:
                continue
            older = last.logical_date is not None and any(last.logical_date < start for start in of_data)
            if not older and not store.of_run(gate, last.run_id):
                return f"{Lost(instance, state)} in run {last.run_id}"
    return ""


class QualityGateTrigger(BaseTrigger):
    """Fires once a gate has passed, or has failed for good where that is asked for.

    The store is read in a thread, with one connection for each look.

    Args:
        gate: Name of the gate.
        dag_id: DAG of the gate; None where no other DAG has a gate of that name.
        kind: Kind of the reports.
        outside_airflow: Whether the gate is one that no DAG has.
        interval_start: Start of the data interval, in ISO 8601; None where `max_age_seconds` decides.
        interval_end: End of the data interval.
        max_age_seconds: Age that the reports may have at most, in seconds.
        fail_on_verdict: Whether a final verdict against it fires as well.
        poke_interval: Seconds between two looks.
        dpq_conn_id: Connection of the store; None for the configured one.
        overtaken: Number of the newest report, where the sensor saw that a task of the gate ended without one since.
    """

    def __init__(
        self,
        *,
        gate: str,
        dag_id: str | None = None,
        kind: str = DEFAULT_KIND,
        outside_airflow: bool = False,
        interval_start: str | None = None,
        interval_end: str | None = None,
        max_age_seconds: float | None = None,
        fail_on_verdict: bool = False,
        poke_interval: float = 60.0,
        dpq_conn_id: str | None = None,
        overtaken: int | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.gate = gate
        self.dag_id = dag_id
        self.kind = kind
        self.outside_airflow = outside_airflow
        self.interval_start = interval_start
        self.interval_end = interval_end
        self.max_age_seconds = max_age_seconds
        self.fail_on_verdict = fail_on_verdict
        self.poke_interval = poke_interval
        self.dpq_conn_id = dpq_conn_id
        self.overtaken = overtaken

    @property
    def query(self) -> GateQuery:
        """Which reports it waits for."""
        interval = None
        if self.interval_start is not None and self.interval_end is not None:
            interval = (datetime.fromisoformat(self.interval_start), datetime.fromisoformat(self.interval_end))
        max_age = None if self.max_age_seconds is None else timedelta(seconds=self.max_age_seconds)
        return GateQuery(
            gate=self.gate,
            dag_id=self.dag_id,
            kind=self.kind,
            outside_airflow=self.outside_airflow,
            interval=interval,
            max_age=max_age,
            overtaken=self.overtaken,
        )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments: plain values, and the name of a connection in place of a secret."""
        names = ("gate", "dag_id", "kind", "outside_airflow", "interval_start", "interval_end", "max_age_seconds")
        more = ("fail_on_verdict", "poke_interval", "dpq_conn_id", "overtaken")
        arguments = {name: getattr(self, name) for name in (*names, *more)}
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the store again and again; the event says what was seen, the sensor looks for itself."""
        while True:
            try:
                standing = await asyncio.to_thread(self._look)
            except DpqError as error:
                yield TriggerEvent({"standing": str(error)})
                return
            if standing.passed or (self.fail_on_verdict and standing.final):
                yield TriggerEvent({"standing": str(standing)})
                return
            said = standing.sentence
            self.log.info("Gate %r: %s Next look in %g seconds.", str(self.query), said, self.poke_interval)
            await asyncio.sleep(self.poke_interval)

    def _look(self) -> Standing:
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook(self.dpq_conn_id).get_store() as store:
            return self.query.standing(store, TriggererRuns())
