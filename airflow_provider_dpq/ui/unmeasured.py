"""Gates that were to measure and did not: as far as no report and no start tells it, and the runs of their DAGs do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.store import NewestRun, Start, Store
from airflow_provider_dpq.core.store.attendance import Attendance, Lost, attended
from airflow_provider_dpq.ui.runs import EndedTask, Runs

_MOST: Final = 200
"""So many task instances are looked up in the store at most."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A task of a gate that ended, and not with a report that counts, in the newest run of its DAG or the newest ended.

    In the newest that has ended only as long as the gate has not reported in a newer one.

    Attributes:
        gate: The gate; named as its task where it has no report yet, unless it was given another name.
        lost: Its task instances.
        run_id: The run.
    """

    gate: Gate
    lost: tuple[Lost, ...]
    run_id: str

    def __str__(self) -> str:
        """Say it in words."""
        return str(Attendance(lost=self.lost))


@dataclass(frozen=True, slots=True)
class RunFindings:
    """What the runs of DAGs say about gates, in addition to their reports.

    Attributes:
        unmeasured: What ended without a report.
        missing: Who is missing from the newest run of a gate that would pass otherwise, by gate.
        known: Whether the runs could be read.
    """

    unmeasured: Sequence[Unmeasured] = ()
    missing: Mapping[Gate, Attendance] = field(default_factory=dict)
    known: bool = True


def run_findings(
    store: Store, runs: Runs, newest: Sequence[NewestRun], starts: Iterable[Start], dag_ids: Collection[str]
) -> RunFindings:
    """Return what the runs of DAGs say about gates, in addition to their reports.

    Args:
        store: The store of reports.
        runs: The runs.
        newest: The newest run of each gate that has a report.
        starts: Starts without a report, which are reported separately.
        dag_ids: The DAGs.
    """
    passing = [run for run in newest if run.verdict.passed]
    states, ended = runs.states(passing), runs.ended(dag_ids)
    if states is None or ended is None:
        return RunFindings(known=False)
    missing = {run.gate: _missing(store, run, states.get((run.gate.dag_id, run.run_id), {})) for run in passing}
    missing = {gate: found for gate, found in missing.items() if found.awaited or found.lost}
    seen = {(run.gate, run.run_id) for run in passing if run.gate in missing}
    begun = {(start.dag_id, start.run_id, (start.task_id, start.map_index)) for start in starts}
    ended = [one for one in ended if (one.dag_id, one.run_id, one.instance) not in begun]
    return RunFindings(
        [one for one in _unmeasured(store, newest, ended) if (one.gate, one.run_id) not in seen], missing
    )


def _missing(store: Store, run: NewestRun, states: Mapping[tuple[str, int], str | None]) -> Attendance:
    _, missing = attended(run, states, elsewhere=lambda: store.elsewhere(run.gate, run.run_id))
    return missing


def _unmeasured(store: Store, newest: Sequence[NewestRun], ended: Iterable[EndedTask]) -> list[Unmeasured]:
    gates: defaultdict[tuple[str, str], set[Gate]] = defaultdict(set)
    for run in newest:
        for task in run.known_tasks:
            gates[run.gate.dag_id, task].add(run.gate)
    found: defaultdict[tuple[Gate, str], list[Lost]] = defaultdict(list)
    looked_up = 0

    @cache
    def answered(gate: Gate, runs: frozenset[str]) -> bool:
        return bool(runs) and any(entry.run_id in runs for entry in store.history(gate))

    for one in ended:
        task = one.instance[0]
        bearing = gates.get((one.dag_id, task), {Gate(one.dag_id, task)} if one.is_gate else set())
        if not bearing or looked_up == _MOST:
            continue
        looked_up += 1
        entries = store.of_task(one.dag_id, task, one.run_id, one.instance[1])
        last = max(entries, key=lambda entry: entry.number, default=None)
        if last is None or last.verdict.passed:
            lost = Lost(one.instance, one.state, reported=last is not None)
            for gate in {last.identity} if last is not None else bearing:
                if not answered(gate, one.newer):
                    found[gate, one.run_id].append(lost)
    return [Unmeasured(gate, tuple(found[gate, run_id]), run_id) for gate, run_id in sorted(found)]
