"""What it means that a gate has passed, and waiting for it outside a worker."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.jobs.triggerer_job_runner import ToTriggerRunner
from airflow.sdk.execution_time import task_runner
from pydantic import TypeAdapter

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import DataInterval
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Start, Store
from airflow_provider_dpq.triggers import gate as triggers
from airflow_provider_dpq.triggers.gate import GateQuery, QualityGateTrigger, Standing
from airflow_provider_dpq.triggers.runs import LastInstance
from tests.reports import DAY, report_with

OF_DAY = GateQuery(gate="orders", interval=(DAY.start, DAY.end))
RECENT = GateQuery(gate="orders", max_age=timedelta(hours=1))


@dataclass
class Known:
    """An Airflow that knows these runs.

    Attributes:
        states_of: States of task instances, such as ``check`` or ``check_0``, by run.
        failed: Runs that have failed.
        ended: When instances ended, by run and name; those of other runs never did.
    """

    states_of: dict[str, dict[str, str | None]] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    ended: dict[str, datetime] = field(default_factory=dict)

    def states(self, dag_id: str, run_id: str, task_ids: Sequence[str]) -> dict[tuple[str, int], str | None]:
        """Return the states of some tasks in a run."""
        found = {named(name): state for name, state in self.states_of.get(run_id, {}).items()}
        return {instance: state for instance, state in found.items() if instance[0] in task_ids}

    def at(self, dag_id: str, logical_date: datetime, task_ids: Sequence[str]) -> dict[str, Any]:
        """Return the states of some tasks in the runs of a day."""
        assert logical_date == DAY.start
        return {run_id: self.states(dag_id, run_id, task_ids) for run_id in self.states_of}

    def last(self, dag_id: str, instance: tuple[str, int], state: str, *, before: datetime) -> LastInstance | None:
        """Return the last instance that ended so."""
        for run_id in reversed(self.states_of):
            if self.states(dag_id, run_id, [instance[0]]).get(instance) == state:
                day = DAY.end if run_id > "scheduled__2026-01-02" else DAY.start - timedelta(days=1)
                return LastInstance(run_id, day, self.ended.get(run_id))
        return None

    def has_failed(self, dag_id: str, run_id: str) -> bool:
        """Return whether a run has failed."""
        return run_id in self.failed


RUN = "scheduled__2026-01-02"


def named(name: str) -> tuple[str, int]:
    """Return the task and the map index of ``check`` or ``check_0``."""
    task, _, index = name.rpartition("_")
    return (task, int(index)) if index.isdecimal() else (name, -1)


def known(*, of: str = RUN, failed: bool = False, **states: str | None) -> Known:
    """Return an Airflow that knows the states of task instances of one run."""
    return Known({of: states}, (of,) if failed else ())


strange = Known()
"""An Airflow that does not know the run."""


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_gate_without_a_report_has_not_passed(query: GateQuery, store: Store) -> None:
    """What was not measured has not passed."""
    assert query.standing(store, strange) == Standing()
    assert not Standing().passed
    assert not Standing().final


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize(
    ("verdict", "passed", "final"),
    [
        (Verdict.PASS, True, False),
        (Verdict.WARN, True, False),
        (Verdict.INCONCLUSIVE, False, True),
        (Verdict.FAIL, False, True),
        (Verdict.ERROR, False, False),
    ],
)
def test_verdict_decides(query: GateQuery, verdict: Verdict, passed: bool, final: bool, store: Store) -> None:
    """Pass and warn let through; an error may be measured again, the others are final."""
    store.write(report_with(verdict))
    standing = query.standing(store, strange)
    assert (standing.verdict, standing.passed, standing.final) == (verdict, passed, final)


def test_only_reports_of_exactly_this_interval_count(store: Store) -> None:
    """A report about another day, even one that contains this one, says nothing about this day."""
    for start, end in ((DAY.end, DAY.end + timedelta(days=1)), (DAY.start, DAY.end + timedelta(days=1))):
        store.write(report_with(Verdict.PASS, run_id=str(start), data_interval=DataInterval(start=start, end=end)))
    store.write(report_with(Verdict.PASS, run_id="manual", data_interval=None))
    assert OF_DAY.standing(store, strange).verdict is None


def test_only_reports_of_this_gate_count(store: Store) -> None:
    """Another gate of the same run decides nothing."""
    store.write(report_with(Verdict.PASS, gate="customers"))
    assert OF_DAY.standing(store, strange).verdict is None
    assert RECENT.standing(store, strange).verdict is None


def test_old_reports_do_not_count_for_max_age(store: Store) -> None:
    """A report that is too old is as good as none, be it good or bad."""
    store.write(report_with(Verdict.PASS, run_id="a", age=timedelta(minutes=61)))
    assert RECENT.standing(store, strange) == Standing()
    store.write(report_with(Verdict.PASS, run_id="b", age=timedelta(minutes=59)))
    assert RECENT.standing(store, strange).passed


def test_age_is_counted_from_the_moment_given(store: Store) -> None:
    """Time is passed in."""
    store.write(report_with(Verdict.PASS))
    assert RECENT.standing(store, strange, now=datetime.now(UTC) + timedelta(hours=2)) == Standing()


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_newest_try_of_a_task_decides(query: GateQuery, store: Store) -> None:
    """An error that a retry got over is over."""
    store.write(report_with(Verdict.ERROR, try_number=1, age=timedelta(minutes=2)))
    store.write(report_with(Verdict.PASS, try_number=2, age=timedelta(minutes=1)))
    assert query.standing(store, strange).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize(("older", "newer"), [(Verdict.FAIL, Verdict.PASS), (Verdict.PASS, Verdict.FAIL)])
def test_newest_run_decides(query: GateQuery, older: Verdict, newer: Verdict, store: Store) -> None:
    """A gate that was run again, as after mending the data, is judged by that run."""
    store.write(report_with(older, run_id="first", age=timedelta(minutes=2)))
    store.write(report_with(newer, run_id="second", age=timedelta(minutes=1)))
    standing = query.standing(store, strange)
    assert (standing.verdict, standing.run_id) == (newer, "second")


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_every_mapped_instance_must_pass(query: GateQuery, store: Store) -> None:
    """One bad file of many keeps the gate shut."""
    for index, verdict in enumerate([Verdict.PASS, Verdict.FAIL, Verdict.WARN]):
        store.write(report_with(verdict, map_index=index))
    assert query.standing(store, strange).verdict is Verdict.FAIL


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_mapped_instances_that_have_not_reported_are_waited_for(query: GateQuery, store: Store) -> None:
    """Two good files of three are no good day yet."""
    for index in (0, 1):
        store.write(report_with(Verdict.PASS, map_index=index))
    ended = {"check_0": "success", "check_1": "success"}
    standing = query.standing(store, known(**ended, check_2="running"))
    assert (standing.passed, str(standing)) == (
        False,
        "pass (2 of 2 passed) in run scheduled__2026-01-02, waiting for 'check[2]'",
    )
    assert query.standing(store, known(**ended)).passed
    assert query.standing(store, known(**ended, check_2="removed")).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_every_task_that_shares_a_gate_is_waited_for(query: GateQuery, store: Store) -> None:
    """Each report names them all, so that one that has not begun is not forgotten, and a skipped one not waited for."""
    sharing = ("check_a", "check_b", "check_c")
    store.write(report_with(Verdict.PASS, task_id="check_a", gate_tasks=sharing))
    standing = query.standing(store, strange)
    assert not standing.passed
    assert str(standing) == "pass in run scheduled__2026-01-02, waiting for 'check_b' and 'check_c'"
    states = {"check_a": "success", "check_b": "skipped", "check_c": "queued"}
    assert "waiting for 'check_c'" in str(query.standing(store, known(**states)))
    store.write(report_with(Verdict.WARN, task_id="check_c", gate_tasks=sharing))
    assert query.standing(store, known(**states | {"check_c": "success"})).passed
    store.write(report_with(Verdict.FAIL, task_id="check_b", gate_tasks=sharing))
    standing = query.standing(store, known(**states | {"check_b": "failed"}))
    assert (standing.verdict, standing.final) == (Verdict.FAIL, True)


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("index", [-1, 0])
@pytest.mark.parametrize("state", ["failed", "upstream_failed", "success"])
def test_task_that_ended_without_a_report_keeps_the_gate_shut(
    query: GateQuery, index: int, state: str, store: Store
) -> None:
    """As one that failed before it measured, or that somebody marked; it is told by name and state."""
    store.write(report_with(Verdict.PASS, task_id="good", map_index=index, gate_tasks=("good", "bad")))
    name = {-1: "{}", 0: "{}_0"}[index]
    standing = query.standing(store, known(**{name.format("good"): "success", name.format("bad"): state}))
    part = "bad" if index < 0 else "bad[0]"
    assert not standing.passed
    assert str(standing) == f"pass in run scheduled__2026-01-02, '{part}' ended in state {state} without a report"


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "restarting", "up_for_retry", "deferred"])
def test_older_report_does_not_stand_for_a_task_that_runs_again(
    query: GateQuery, state: str | None, store: Store
) -> None:
    """Cleared, as after mending the data: neither its pass nor its fail is the last word."""
    store.write(report_with(Verdict.PASS))
    standing = query.standing(store, known(check=state))
    assert (standing.passed, str(standing)) == (False, "pass in run scheduled__2026-01-02, waiting for 'check'")
    store.write(report_with(Verdict.FAIL, run_id="second"))
    assert query.standing(store, known(of="second", check="failed")).final
    assert not query.standing(store, known(of="second", check=state)).final


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped"])
def test_pass_of_an_earlier_try_does_not_count_once_the_task_ended_otherwise(
    query: GateQuery, state: str, store: Store
) -> None:
    """Cleared, and then not measured: its DAG file is broken, or what stands before it failed."""
    store.write(report_with(Verdict.PASS))
    standing = query.standing(store, known(check=state))
    assert not standing.passed
    assert str(standing) == f"pass in run scheduled__2026-01-02, 'check' ended in state {state} since its report"


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_part_with_a_gate_of_its_own_waits_for_no_other_part(query: GateQuery, store: Store) -> None:
    """``gate="orders-{{ ti.map_index }}"``: the others have other gates, whatever becomes of them."""
    store.write(report_with(Verdict.PASS, map_index=3, gate_tasks=()))
    states = {"check_0": "failed", "check_1": "running", "check_2": None, "check_3": "success"}
    assert query.standing(store, known(**states)).passed
    assert not query.standing(store, known(**states | {"check_3": "queued"})).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("gate_tasks", [("check",), None])
def test_part_that_may_share_its_gate_waits_until_the_others_have_reported_elsewhere(
    query: GateQuery, gate_tasks: tuple[str, ...] | None, store: Store
) -> None:
    """With ``shared_gate=True``, or where a report of an older release does not say whose the gate is."""
    store.write(report_with(Verdict.PASS, map_index=0, gate_tasks=gate_tasks))
    assert not query.standing(store, known(check_0="success", check_1="running")).passed
    assert not query.standing(store, known(check_0="success", check_1="success")).passed
    store.write(report_with(Verdict.FAIL, gate="customers", map_index=1, gate_tasks=gate_tasks))
    assert query.standing(store, known(check_0="success", check_1="failed")).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("failed", [False, True])
def test_part_that_is_skipped_as_its_run_fails_was_not_measured(query: GateQuery, failed: bool, store: Store) -> None:
    """A run whose time is over skips what has not ended; a branch skips what need not be measured."""
    store.write(report_with(Verdict.PASS, task_id="a", gate_tasks=("a", "b")))
    standing = query.standing(store, known(a="success", b="skipped", failed=failed))
    assert standing.passed is not failed
    assert ("'b' ended in state skipped without a report" in str(standing)) is failed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_reports_of_a_deleted_run_of_the_same_id_do_not_count(query: GateQuery, store: Store) -> None:
    """It was made anew and measured anew, with other parts and from the first try on."""
    minutes = timedelta(minutes=1)
    for index, verdict in ((0, Verdict.PASS), (1, Verdict.PASS), (2, Verdict.FAIL)):
        store.write(report_with(verdict, map_index=index, try_number=3, age=30 * minutes))
    waiting = query.standing(store, known(check=None))
    assert (waiting.passed, waiting.final, str(waiting)) == (False, False, "no report yet, waiting for 'check'")
    ended = {"check_0": "failed", "check_1": "success"}
    store.write(report_with(Verdict.PASS, map_index=1, age=20 * minutes))
    store.write(report_with(Verdict.FAIL, map_index=0, age=20 * minutes))
    assert query.standing(store, known(**ended)).tally == "1 of 2 failed: [0]"
    store.write(report_with(Verdict.PASS, map_index=0, try_number=2, age=10 * minutes))
    assert query.standing(store, known(**ended | {"check_0": "success"})).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_worker_that_was_given_up_does_not_outrank_the_retry(query: GateQuery, store: Store) -> None:
    """It wrote its report after that of the try which took its place."""
    store.write(report_with(Verdict.FAIL, try_number=2, age=timedelta(minutes=5)))
    store.write(report_with(Verdict.PASS, try_number=1, age=timedelta(minutes=30)))
    assert query.standing(store, known(check="failed")).verdict is Verdict.FAIL


@pytest.mark.parametrize("measured_before", [False, True])
@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_task_of_the_interval_that_failed_before_it_measured_is_told(
    measured_before: bool, state: str, store: Store
) -> None:
    """By its name, which is the gate's where nobody has said otherwise."""
    gate, task = "orders", "check"
    if measured_before:
        store.write(report_with(Verdict.PASS, run_id="before", data_interval=None))
    else:
        gate = task
    asked = replace(OF_DAY, gate=gate, dag_id="orders_quality")
    standing = asked.standing(store, known(check=state))
    assert (standing.passed, standing.final) == (False, False)
    assert str(standing) == f"'check' ended in state {state} without a report in run {RUN}"
    assert "no report yet" in str(asked.standing(store, known(check="queued")))


def test_run_that_failed_since_before_it_measured_keeps_the_gate_shut(store: Store) -> None:
    """With max_age an older pass is not the last word; a failure before it, of older data, or told by a report is."""
    store.write(report_with(Verdict.PASS, age=timedelta(minutes=30)))
    now = datetime.now(UTC)
    later = "scheduled__2026-01-03"
    airflow = Known({later: {"check": "upstream_failed"}}, ended={later: now})
    standing = RECENT.standing(store, airflow)
    assert not standing.passed
    assert str(standing) == (
        f"pass in run {RUN}; since then 'check' ended in state upstream_failed without a report in run {later}"
    )
    assert RECENT.standing(store, replace(airflow, ended={later: now - timedelta(hours=1)})).passed
    older = "scheduled__2026-01-01"
    assert RECENT.standing(store, Known({older: {"check": "failed"}}, ended={older: now})).passed
    assert OF_DAY.standing(store, airflow).passed
    store.write(report_with(Verdict.FAIL, run_id=later, age=timedelta(minutes=20)))
    store.write(report_with(Verdict.PASS, run_id="again", age=timedelta(minutes=10)))
    assert RECENT.standing(store, airflow).passed


def test_reports_of_another_airflow_are_taken_as_they_are(store: Store) -> None:
    """Where this Airflow knows no such run, the reports in the store are all there is."""
    store.write(report_with(Verdict.PASS, map_index=0))
    assert OF_DAY.standing(store, strange).passed


def test_run_of_many_instances_is_read_whole(store: Store) -> None:
    """The first report of a run with more instances than one look reads still counts."""
    store.write(report_with(Verdict.FAIL, map_index=0, age=timedelta(seconds=200)))
    for index in range(1, 120):
        store.write(report_with(Verdict.PASS, map_index=index, age=timedelta(seconds=150 - index)))
    assert RECENT.standing(store, strange).verdict is Verdict.FAIL


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_name_that_two_dags_bear_is_refused(query: GateQuery, store: Store) -> None:
    """Neither DAG's verdict is taken for the other's, and each is found when it is asked for."""
    store.write(report_with(Verdict.FAIL, dag_id="orders"))
    store.write(report_with(Verdict.PASS, dag_id="customers"))
    with pytest.raises(DeclarationError, match="2 gates are named 'orders': 'customers > orders', 'orders > orders'"):
        query.standing(store, strange)
    found = {
        dag_id: replace(query, dag_id=dag_id).standing(store, strange).verdict for dag_id in ("orders", "customers")
    }
    assert found == {"orders": Verdict.FAIL, "customers": Verdict.PASS}
    assert replace(query, dag_id="nobody").standing(store, strange) == Standing()


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_name_that_another_dag_has_begun_to_measure_is_refused(query: GateQuery, store: Store) -> None:
    """In its first run, or killed in it: the pass of the one DAG says nothing of the other."""
    store.write(report_with(Verdict.PASS, dag_id="customers"))
    source = report_with(Verdict.PASS, dag_id="orders", run_id="first").provenance
    store.begin(Start.now("orders", "quality", "orders.csv", source, interval=DAY))
    with pytest.raises(DeclarationError, match="2 gates are named 'orders'"):
        query.standing(store, strange)
    assert "has left no report yet" in str(replace(query, dag_id="orders").standing(store, strange))


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_reports_from_outside_airflow_count_only_when_asked_for(query: GateQuery, store: Store) -> None:
    """A gate on somebody's laptop opens nothing, and does not make a name ambiguous."""
    store.write(report_with(Verdict.PASS, dag_id=None))
    standing = query.standing(store, strange)
    assert standing == Standing()
    assert "reports from outside Airflow; they count only with outside_airflow=True" in str(standing)
    assert replace(query, outside_airflow=True).standing(store, strange).passed
    store.write(report_with(Verdict.FAIL))
    assert query.standing(store, strange).verdict is Verdict.FAIL
    assert replace(query, outside_airflow=True).standing(store, strange).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_reports_of_another_kind_do_not_count(query: GateQuery, store: Store) -> None:
    """A benchmark that passes says nothing of the data, before or after they failed."""
    benchmark = {"kind": "benchmark"}
    store.write(report_with(Verdict.PASS, run_id="a").model_copy(update=benchmark))
    standing = query.standing(store, strange)
    assert standing == Standing()
    assert "reports of kind 'benchmark', but this sensor waits for kind 'quality'" in str(standing)
    store.write(report_with(Verdict.FAIL, run_id="b"))
    store.write(report_with(Verdict.PASS, run_id="b", task_id="other").model_copy(update=benchmark))
    assert query.standing(store, strange).verdict is Verdict.FAIL
    assert replace(query, kind="benchmark").standing(store, strange).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_clock_ahead_does_not_outrank_a_later_fail(query: GateQuery, store: Store) -> None:
    """What the store got last counts, whatever the machine that measured before thought the time was."""
    store.write(report_with(Verdict.PASS, run_id="ahead", age=timedelta(minutes=-4)))
    store.write(report_with(Verdict.FAIL, run_id="later"))
    assert query.standing(store, strange).verdict is Verdict.FAIL
    store.write(report_with(Verdict.PASS, run_id="latest", age=timedelta(minutes=3)))
    assert query.standing(store, strange).run_id == "latest"


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
@pytest.mark.parametrize("map_index", [-1, 0])
def test_report_from_the_future_satisfies_nobody(query: GateQuery, map_index: int, store: Store) -> None:
    """It is kept, and counts once its time has come; until then no older pass stands in for it."""
    store.write(report_with(Verdict.PASS, run_id="before"))
    store.write(report_with(Verdict.PASS, run_id="future", age=timedelta(minutes=-6), map_index=map_index))
    standing = query.standing(store, strange)
    assert (standing.verdict, standing.passed) == (Verdict.PASS, False)
    assert "more than 5 minutes ahead of the clock here" in str(standing)
    assert query.standing(store, strange, now=datetime.now(UTC) + timedelta(minutes=2)).passed


@pytest.mark.parametrize("query", [OF_DAY, RECENT])
def test_report_that_was_changed_never_passes(query: GateQuery, store: Store, tmp_path: Path) -> None:
    """Neither a verdict that was written into the row nor one written into the document opens the gate."""
    store.write(report_with(Verdict.FAIL))
    for change, verdict in (
        ("verdict = 'pass'", Verdict.FAIL),
        ("document = replace(document, '\"fail\"', '\"pass\"')", Verdict.ERROR),
    ):
        with closing(sqlite3.connect(tmp_path / "reports.db")) as connection, connection:
            connection.execute(f"UPDATE dpq_report SET {change}")
        standing = query.standing(store, strange)
        assert (standing.verdict, standing.passed) == (verdict, False)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (GateQuery(gate="order", max_age=timedelta(hours=1)), "'sales > orders' or 'orders_quality > orders'"),
        (GateQuery(gate="orders", dag_id="sale", max_age=timedelta(hours=1)), "'sales > orders'"),
        (GateQuery(gate="customer", dag_id="sales", max_age=timedelta(hours=1)), "'sales > customers'"),
    ],
)
def test_closest_gates_are_named_where_there_is_no_report(asked: GateQuery, meant: str, store: Store) -> None:
    """A slip of the pen is seen in the log of the sensor, and not after its timeout."""
    for dag_id, gate in (("sales", "orders"), ("orders_quality", "orders"), ("sales", "customers")):
        store.write(report_with(Verdict.PASS, gate=gate, dag_id=dag_id))
    said = str(asked.standing(store, strange))
    assert f"This store has no reports of gate {str(asked)!r}. Did you mean " in said
    for name in meant.split(" or "):
        assert name in said


def test_reports_of_other_intervals_are_told(store: Store) -> None:
    """Waiting for a day that nobody measured looks different from waiting for a gate that nobody has."""
    store.write(report_with(Verdict.PASS, data_interval=None))
    assert str(OF_DAY.standing(store, strange)) == "no report yet. It has reports for other data intervals only."


def test_report_that_is_too_old_is_told(store: Store) -> None:
    """Waiting for a run that is late looks different from waiting for a gate that nobody has."""
    store.write(report_with(Verdict.PASS, age=timedelta(hours=2)))
    standing = RECENT.standing(store, strange)
    assert not standing.passed
    assert str(standing).startswith(f"no report yet. Its newest run, {RUN}, was measured at ")
    assert str(standing).endswith(" UTC and is older than max_age (1:00:00).")
    later = "scheduled__2026-01-03"
    died = RECENT.standing(store, Known({later: {"check": "upstream_failed"}}, ended={later: datetime.now(UTC)}))
    assert str(died) == f"'check' ended in state upstream_failed without a report in run {later}"


@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_gate_that_has_never_reported_and_whose_run_died_is_told(state: str, store: Store) -> None:
    """With max_age as with an interval; other gates of the name are not offered in its place."""
    store.write(report_with(Verdict.PASS, gate="check", dag_id="customers"))
    asked = replace(RECENT, gate="check", dag_id="sales")
    standing = asked.standing(store, Known({RUN: {"check": state}}, ended={RUN: datetime.now(UTC)}))
    assert (standing.passed, standing.final) == (False, False)
    assert standing.sentence == f"'check' ended in state {state} without a report in run {RUN}."


def test_sentence_ends_once(store: Store) -> None:
    """Whether there is a note or not."""
    store.write(report_with(Verdict.PASS, dag_id="sales"))
    assert replace(RECENT, dag_id="sale").standing(store, strange).sentence.endswith("Did you mean 'sales > orders'?")
    assert replace(RECENT, dag_id="sales").standing(store, strange).sentence == f"pass in run {RUN}."


def test_mapped_gate_says_how_many_failed(store: Store) -> None:
    """Of the newest run, in the words of the log."""
    for index in range(5):
        store.write(report_with(Verdict.FAIL if index == 3 else Verdict.PASS, map_index=index))
    assert str(OF_DAY.standing(store, strange)) == "fail (1 of 5 failed: [3]) in run scheduled__2026-01-02"


def trigger(**arguments: Any) -> QualityGateTrigger:
    """Return a trigger for the gate on the day's orders."""
    settings = {"interval_start": DAY.start.isoformat(), "interval_end": DAY.end.isoformat()}
    return QualityGateTrigger(gate="orders", **(settings | arguments))


def test_trigger_comes_back_from_its_arguments_as_it_was() -> None:
    """The triggerer makes the same trigger from plain JSON: the name of a connection, and no secret."""
    original = trigger(max_age_seconds=60.5, fail_on_verdict=True, poke_interval=7.0, dpq_conn_id="reports")
    path, arguments = original.serialize()
    assert path == "airflow_provider_dpq.triggers.gate.QualityGateTrigger"
    again = QualityGateTrigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)
    assert again.query == GateQuery(gate="orders", interval=(DAY.start, DAY.end), max_age=timedelta(seconds=60.5))


class Sleeps:
    """A clock that does not wait: it counts the sleeps, and lets something happen during each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *events: Any) -> None:
        self.slept: list[float] = []
        self._events = list(events)
        monkeypatch.setattr(triggers.asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._events.pop(0)()


def first_event(of: QualityGateTrigger) -> Any:
    """Run a trigger until it fires."""

    async def fire() -> Any:
        return await anext(of.run())

    return asyncio.run(fire()).payload


def test_pass_that_a_later_run_overtook_does_not_fire_the_trigger(store: Store) -> None:
    """The sensor has seen it, and the triggerer cannot: it waits for a newer report, and does not wake the sensor."""
    store.write(report_with(Verdict.PASS, age=timedelta(minutes=30)))
    later = "scheduled__2026-01-03"
    airflow = Known({later: {"check": "failed"}}, ended={later: datetime.now(UTC)})
    overtaken = RECENT.standing(store, airflow).overtaken
    assert overtaken is not None
    assert RECENT.standing(store, strange).overtaken is None
    waiting = replace(RECENT, overtaken=overtaken)
    assert not waiting.standing(store, strange).passed
    store.write(report_with(Verdict.PASS, run_id=later))
    assert waiting.standing(store, strange).passed


def test_trigger_asks_nothing_whose_answer_the_triggerer_cannot_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow's triggerer takes the question of a task's last run, and fails on its own answer."""
    readable = TypeAdapter(ToTriggerRunner)

    class Comms:
        def send(self, asked: Any) -> Any:
            answers = {"GetTaskStates": {"type": "TaskStatesResult", "task_states": {}}}
            return readable.validate_python(answers.get(asked.type, {"type": "PreviousTIResult"}))

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Comms(), raising=False)
    store.write(report_with(Verdict.PASS, run_id="first"))
    recent = trigger(interval_start=None, interval_end=None, max_age_seconds=3600.0)
    assert first_event(recent) == {"standing": "pass in run first"}


def test_trigger_fires_once_the_gate_has_passed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks again after its interval, not at the verdicts that do not pass, and fires at the one that does."""
    clock = Sleeps(
        monkeypatch,
        lambda: store.write(report_with(Verdict.FAIL, run_id="first", age=timedelta(minutes=1))),
        lambda: store.write(report_with(Verdict.PASS, run_id="second")),
    )
    assert first_event(trigger(poke_interval=7.0)) == {"standing": "pass in run second"}
    assert clock.slept == [7.0, 7.0]


def test_trigger_fires_on_a_final_verdict_when_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fail_on_verdict there is nothing to wait for after a fail; an error is not final."""
    Sleeps(monkeypatch, lambda: store.write(report_with(Verdict.FAIL, try_number=2)))
    store.write(report_with(Verdict.ERROR, try_number=1))
    assert first_event(trigger(fail_on_verdict=True)) == {"standing": "fail in run scheduled__2026-01-02"}


def test_trigger_fires_when_the_store_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sensor is woken to fail or retry, rather than the trigger dying."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    assert "store" in first_event(trigger())["standing"]
