"""Which tasks report under one gate, as their reports say it, and sensors go by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator, task, task_group

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.sensors.gate import QualityGateSensor
from tests.airflow_home import LOGICAL_DATE, RunDag

SUITE = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]


@pytest.fixture(autouse=True)
def _rows(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,area\n1,EU\n")


def check(task_id: str, **arguments: Any) -> DataQualityCheckOperator:
    """Return a gate on a file that has one row."""
    return DataQualityCheckOperator(task_id=task_id, **{"path": "rows.csv", "suite": SUITE, **arguments})


def mapped(task_id: str, **arguments: Any) -> Any:
    """Return a gate on that file that is still to be mapped."""
    return DataQualityCheckOperator.partial(
        task_id=task_id, **{"path": "rows.csv", "suite": SUITE, "on_fail": "continue", **arguments}
    )


def named(store: Store) -> dict[str, Any]:
    """Return the tasks that the newest reports of each gate name, by the name of the gate."""
    return {run.gate.name: {entry.gate_tasks for entry in run.entries} for run in store.latest()}


def test_reports_name_the_tasks_that_share_their_gate(run_dag: RunDag, store: Store) -> None:
    """By name, or by what a template makes of it in this run; where only the other task can tell, it may be one."""
    shared = {"shared_gate": True}
    with DAG("shared", schedule=None) as dag:
        check("a", gate="orders", **shared)
        check("b", gate="orders", **shared)
        check("c", gate="customers", **shared)
        check("d", gate="daily {{ ds }}", **shared)
        mapped("e", gate="daily {{ logical_date | ds }}", **shared).expand(partition=[{"area": "EU"}])
        check("f", gate="{{ ti.task_id }} of its own", **shared)
        check("g")
    run_dag(dag)
    assert named(store) == {
        "orders": {("a", "b", "f")},
        "customers": {("c", "f")},
        "daily 2026-01-01": {("d", "e", "f")},
        "f of its own": {("f",)},
        "g": {("g",)},
    }


def test_reports_tell_parts_with_gates_of_their_own(run_dag: RunDag, store: Store) -> None:
    """By a template of the instance, a mapped argument or a mapped group; else all instances report under one gate."""
    partitions = [{"area": "EU"}, {"area": "US"}]

    @task
    def names() -> list[dict[str, str]]:
        return [{"gate": "own of an xcom"}]

    @task
    def limits() -> list[dict[str, str]]:
        return [{"thresholds": "row_count > 0"}]

    @task
    def name() -> str:
        return "one of an xcom"

    with DAG("parts", schedule=None, params={"shop": "one"}) as dag:
        mapped("a", gate="own {{ ti.map_index }}").expand(partition=partitions)
        mapped("b", gate="own of {{ task.partition['area'] }}").expand(partition=partitions)
        mapped("c").expand(gate=["own c"])
        mapped("d", gate="own {{ params.shop }}").expand(params=[{"shop": "two"}])
        mapped("e").expand_kwargs(names())
        mapped("f").expand_kwargs(limits())
        mapped("g", gate="one of {{ ti.task_id }} {{ params.shop }} {{ task.dag_id }}").expand(partition=partitions)
        mapped("h", gate=name()).expand(partition=partitions)
        mapped("i").expand_kwargs([{"partition": one} for one in partitions])

        @task_group
        def group(shop: str) -> None:
            check("j", gate=shop)
            check("k", gate="one k")

        group.expand(shop=["own j", "own other j"])
    run_dag(dag)
    found = named(store)
    assert {gate for gate, tasks in found.items() if tasks == {()}} == {
        *("own 0", "own 1", "own of EU", "own of US", "own c", "own two", "own of an xcom", "own j", "own other j")
    }
    assert {gate: tasks for gate, tasks in found.items() if tasks != {()}} == {
        "f": {("f",)},
        "one of g one parts": {("g",)},
        "one of an xcom": {("h",)},
        "i": {("i",)},
        "one k": {("group.k",)},
    }


def test_instances_of_one_name_are_refused_unless_they_share_it(run_dag: RunDag, store: Store) -> None:
    """The name is meant to be each one's own: a sensor would pass on the first."""
    partitions = [{"area": "EU"}, {"area": "US"}]
    for shared in (False, True):
        with DAG("alike", schedule=None) as dag:
            gate = "orders of {{ task.path }}" + " shared" * shared
            mapped("check", gate=gate, shared_gate=shared, on_fail="continue").expand(partition=partitions)
        run_dag(dag)
    alone, together = store.latest()
    assert (alone.verdict, alone.tally.partition(":")[0]) == (Verdict.ERROR, "1 of 2 in error")
    error = store.report(alone.worst.report_id).error
    assert error is not None
    assert (error.reason, "instances 0 and 1 of the task 'check'" in error.message) == ("gate_taken", True)
    assert (together.verdict, together.tasks) == (Verdict.FAIL, {"check"})


class Fail(BaseOperator):
    """A task that fails."""

    def execute(self, context: Any) -> None:
        """Fail."""
        message = "broken"
        raise ValueError(message)


def waited(run_dag: RunDag, gate: str, dag_id: str, **arguments: Any) -> str | None:
    """Return the state of a sensor that looks at a gate once."""
    with DAG("waiting", schedule=None) as dag:
        QualityGateSensor(
            task_id="wait",
            gate=gate,
            dag_id=dag_id,
            timeout=0,
            poke_interval=0,
            max_age=timedelta(hours=1),
            **arguments,
        )
    return run_dag(dag).states["wait"]


@pytest.mark.parametrize("mode", [{"mode": "poke"}, {"mode": "reschedule"}])
def test_sensor_waits_for_all_tasks_that_share_a_gate(mode: dict[str, str], run_dag: RunDag, store: Store) -> None:
    """One of them never comes to measuring, for what stands before it failed."""
    with DAG("shared", schedule=None) as dag:
        check("good", gate="orders", shared_gate=True)
        Fail(task_id="broken") >> check("late", gate="orders", shared_gate=True)
    assert run_dag(dag).states["good"] == "success"
    assert [run.verdict for run in store.latest()] == [Verdict.PASS]
    assert waited(run_dag, "orders", "shared", **mode) == "failed"
    with DAG("shared", schedule=None) as dag:
        check("good", gate="orders", shared_gate=True)
        check("late", gate="orders", shared_gate=True)
    run_dag(dag)
    assert waited(run_dag, "orders", "shared", **mode) == "success"


def test_sensor_on_a_part_looks_at_that_part_only(run_dag: RunDag, store: Store) -> None:
    """Neither a bad part nor one without a report keeps the gate of another one shut."""
    with DAG("parts", schedule=None) as dag:
        mapped("check", gate="orders-{{ ti.map_index }}").expand(partition=[{"area": "EU"}, {"area": "US"}])
    run_dag(dag)
    assert [run.gate for run in store.latest()] == [Gate("parts", "orders-0"), Gate("parts", "orders-1")]
    assert waited(run_dag, "orders-0", "parts") == "success"
    assert waited(run_dag, "orders-1", "parts") == "failed"


class FailLater(BaseOperator):
    """A task that fails on every day but the first."""

    def execute(self, context: Any) -> None:
        """Fail, or do nothing."""
        if context["logical_date"] > LOGICAL_DATE:
            message = "broken"
            raise ValueError(message)


@pytest.mark.parametrize("mode", [{"mode": "poke"}, {"mode": "reschedule"}])
def test_sensor_tells_of_a_run_that_died_before_it_measured(
    mode: dict[str, Any],
    run_dag: RunDag,
    store: Store,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither with max_age, where the pass of the day before is young enough, nor of that day itself does it pass."""
    with DAG("orders", schedule=None) as dag:
        FailLater(task_id="load") >> check("check", gate="complete")
    run_dag(dag)
    assert waited(run_dag, "complete", "orders", **mode) == "success"
    later = LOGICAL_DATE + timedelta(days=1)
    died = dag.test(logical_date=later)
    assert len(store.history(Gate("orders", "complete"))) == 1
    for asked in ({}, {"max_age": None}):
        caplog.clear()
        capfd.readouterr()
        settings = {"timeout": 0.1, "poke_interval": 0.05, "max_age": timedelta(hours=1), **mode, **asked}
        with DAG("waiting", schedule=None) as waiting:
            QualityGateSensor(task_id="wait", gate="complete", dag_id="orders", **settings)
        assert run_dag(waiting, logical_date=later).states["wait"] != "success"
        assert (
            f"'check' ended in state upstream_failed without a report in run {died.run_id}"
            in capfd.readouterr().out + caplog.text
        )
