"""Waiting for a gate outside a worker, and what "the gate has passed" means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.verdict import Verdict, worst

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Entry, Store

_PAGE: Final = 100

CountTasks: TypeAlias = Callable[[str, str, Sequence[str]], int]
"""Counts the task instances of some tasks (by DAG, run and task ids) that Airflow knows."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a gate stands.

    Attributes:
        verdict: Worst verdict of its newest run; None where there is no report to go by yet.
        run_id: That run; None where there is none.
        missing: Mapped task instances of that run that have not reported yet.
    """

    verdict: Verdict | None = None
    run_id: str | None = None
    missing: int = 0

    @property
    def passed(self) -> bool:
        """Whether downstream work may run: every instance has reported, and each passed."""
        return self.verdict is not None and self.verdict.passed and not self.missing

    @property
    def final(self) -> bool:
        """Whether the gate decided against it in a way that no retry changes."""
        return self.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)

    def __str__(self) -> str:
        """Say it in words."""
        if self.verdict is None:
            return "no report yet"
        waiting = f", {self.missing} of its mapped tasks have not reported yet" if self.missing else ""
        return f"{self.verdict.value} in run {self.run_id}{waiting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuery:
    """Which reports of a gate count.

    Attributes:
        gate: Name of the gate.
        interval: Data interval that the reports must be of, exactly; None where `max_age` decides.
        max_age: Age that the reports may have at most; None where `interval` decides.
    """

    gate: str
    interval: tuple[datetime, datetime] | None = None
    max_age: timedelta | None = None

    def standing(self, store: Store, count: CountTasks, *, now: datetime | None = None) -> Standing:
        """Return where the gate stands: its newest run, and of that the newest try of each task instance.

        Args:
            store: The store of reports.
            count: Counts task instances; asked only about mapped ones that have all passed.
            now: Moment that `max_age` is counted from; the present if not given.

        Raises:
            StoreError: The store cannot be read.
        """
        entries = self._newest_run(store)
        if self.max_age is not None:
            oldest = (now or datetime.now(UTC)) - self.max_age
            if any(entry.started_at < oldest for entry in entries):
                return Standing()
        if not entries:
            return Standing()
        verdict = worst(entry.verdict for entry in entries)
        first = entries[0]
        missing = 0
        if verdict.passed and first.dag_id is not None and any(entry.map_index >= 0 for entry in entries):
            tasks = sorted({str(entry.task_id) for entry in entries})
            missing = max(0, count(first.dag_id, first.run_id, tasks) - len(entries))
        return Standing(verdict, first.run_id, missing)

    def _newest_run(self, store: Store) -> list[Entry]:
        if self.max_age is None:
            start, end = self.interval or (None, None)
            entries = store.of_interval(self.gate, start, end) if start and end else []
            return _newest_tries([entry for entry in entries if _run_of(entry) == _run_of(entries[0])])
        limit = _PAGE
        while True:
            entries = store.history(self.gate, limit=limit)
            run = [entry for entry in entries if _run_of(entry) == _run_of(entries[0])]
            if len(run) < limit:
                return _newest_tries(run)
            limit *= 10


def _run_of(entry: Entry) -> tuple[str | None, str]:
    return entry.dag_id, entry.run_id


def _newest_tries(entries: Sequence[Entry]) -> list[Entry]:
    newest: dict[tuple[str | None, int], Entry] = {}
    for entry in entries:
        key = (entry.task_id, entry.map_index)
        if key not in newest or entry.try_number > newest[key].try_number:
            newest[key] = entry
    return list(newest.values())


def count_tasks(dag_id: str, run_id: str, task_ids: Sequence[str]) -> int:
    """Count the task instances of some tasks that Airflow knows, those removed from the run left out.

    Zero where the run belongs to another Airflow that keeps its reports in the same store.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = RuntimeTaskInstance.get_task_states(dag_id=dag_id, task_ids=list(task_ids), run_ids=[run_id])
    return sum(1 for state in states.get(run_id, {}).values() if state != "removed")


class QualityGateTrigger(BaseTrigger):
    """Fires once a gate has passed, or has failed for good where that is asked for.

    The store is read in a thread, with one connection for each look.

    Args:
        gate: Name of the gate.
        interval_start: Start of the data interval, in ISO 8601; None where `max_age_seconds` decides.
        interval_end: End of the data interval.
        max_age_seconds: Age that the reports may have at most, in seconds.
        fail_on_verdict: Whether a final verdict against it fires as well.
        poke_interval: Seconds between two looks.
        dpq_conn_id: Connection of the store; None for the configured one.
    """

    def __init__(
        self,
        *,
        gate: str,
        interval_start: str | None = None,
        interval_end: str | None = None,
        max_age_seconds: float | None = None,
        fail_on_verdict: bool = False,
        poke_interval: float = 60.0,
        dpq_conn_id: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.gate = gate
        self.interval_start = interval_start
        self.interval_end = interval_end
        self.max_age_seconds = max_age_seconds
        self.fail_on_verdict = fail_on_verdict
        self.poke_interval = poke_interval
        self.dpq_conn_id = dpq_conn_id

    @property
    def query(self) -> GateQuery:
        """Which reports it waits for."""
        interval = None
        if self.interval_start is not None and self.interval_end is not None:
            interval = (datetime.fromisoformat(self.interval_start), datetime.fromisoformat(self.interval_end))
        max_age = None if self.max_age_seconds is None else timedelta(seconds=self.max_age_seconds)
        return GateQuery(gate=self.gate, interval=interval, max_age=max_age)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments: plain values, and the name of a connection in place of a secret."""
        names = ("gate", "interval_start", "interval_end", "max_age_seconds", "fail_on_verdict", "poke_interval")
        arguments = {name: getattr(self, name) for name in (*names, "dpq_conn_id")}
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the store again and again; the event says what was seen, the sensor looks for itself."""
        while True:
            try:
                standing = await asyncio.to_thread(self._look)
            except StoreError as error:
                yield TriggerEvent({"standing": str(error)})
                return
            if standing.passed or (self.fail_on_verdict and standing.final):
                yield TriggerEvent({"standing": str(standing)})
                return
            self.log.info("Gate %r: %s. Next look in %s seconds.", self.gate, standing, self.poke_interval)
            await asyncio.sleep(self.poke_interval)

    def _look(self) -> Standing:
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook(self.dpq_conn_id).get_store() as store:
            return self.query.standing(store, count_tasks)
