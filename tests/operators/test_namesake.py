"""Two tasks of one DAG do not report under one name unless both say so, and two DAGs never share a gate."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators import namesake
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.sensors.gate import QualityGateSensor
from airflow_provider_dpq.sensors.quality import DataQualitySensor
from tests.airflow_home import RunDag

SUITE = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]


def check(task_id: str, **arguments: Any) -> DataQualityCheckOperator:
    """Return a gate on a file that has one row."""
    return DataQualityCheckOperator(task_id=task_id, **{"path": "rows.csv", "suite": SUITE, **arguments})


@pytest.fixture(autouse=True)
def _rows(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,area\n1,EU\n")


@pytest.mark.parametrize(
    "second",
    [
        lambda: check("b", gate="orders"),
        lambda: check("b", gate="orders", shared_gate=True),
        lambda: check("orders"),
        lambda: DataQualitySensor(task_id="b", gate="orders", path="rows.csv", suite=SUITE),
    ],
)
def test_gate_of_another_task_is_refused_while_the_dag_is_parsed(second: Any) -> None:
    """The message names both tasks, the gate and what to do; that one of them shares is not enough."""
    with DAG("twice"):
        check("a", gate="orders")
        with pytest.raises(
            GateDeclarationError, match=r"Gate 'orders': The tasks .* the same gate 'orders'.*shared_gate"
        ):
            second()


def test_what_is_not_the_same_gate_is_left_alone() -> None:
    """Names that differ, gates of two DAGs, and names that a template or a mapping makes."""
    for dag_id in ("one", "two"):
        with DAG(dag_id):
            check("a", gate="orders")
            check("b", gate="Orders")
            check("c", gate="orders of {{ ds }}")
            check("d", gate="orders of {{ ds }}")
            DataQualityCheckOperator.partial(task_id="e", path="rows.csv", suite=SUITE).expand(gate=["x", "y"])
            DataQualityCheckOperator.partial(task_id="f", suite=SUITE).expand_kwargs([{"path": "a", "gate": "z"}])
    with DAG("shared"):
        check("a", gate="orders", shared_gate=True)
        check("b", gate="orders", shared_gate=True)


def test_each_task_is_looked_at_once_while_the_dag_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DAG of many gates is read in a time that grows with their number, shared or not, and is then let go."""
    looks: list[str] = []
    declared = namesake.declared_gate
    monkeypatch.setattr(namesake, "declared_gate", lambda task: (looks.append(task.task_id), declared(task))[1])
    with DAG("many") as dag:
        for number in range(50):
            check(f"own_{number}")
            check(f"shared_{number}", gate="orders", shared_gate=True)
        with pytest.raises(GateDeclarationError):
            check("late", gate="own_0")
        with pytest.raises(GateDeclarationError):
            check("later", gate="orders")
    assert len(looks) < 4 * len(dag.task_dict)
    (kept,) = [kept for kept in namesake._Namesakes._of_dags.values() if kept._dag() is dag]
    gone = weakref.ref(dag)
    DagContext.autoregistered_dags.clear()
    del dag, kept
    gc.collect()
    assert gone() is None


def test_task_that_was_taken_out_has_no_gate_any_more() -> None:
    """It may be made again, and another may have its gate; so may the task of another DAG of that name."""
    with DAG("again") as dag:
        check("a", gate="orders")
        check("b")
        del dag.task_dict["a"]
        dag.task_group.used_group_ids.discard("a")
        del dag.task_group.children["a"]
        check("c", gate="orders")
        with pytest.raises(GateDeclarationError, match="'c' and 'd'"):
            check("d", gate="orders")
    with DAG("again"):
        check("a", gate="orders")


def test_gate_of_a_mapped_task_is_refused_when_it_runs(run_dag: RunDag, store: Store) -> None:
    """What was not made yet when the first was parsed is seen at last, and the refusal is kept as an error."""
    with DAG("twice", schedule=None) as dag:
        check("a", gate="orders")
        DataQualityCheckOperator.partial(task_id="b", gate="orders", suite=SUITE).expand(path=["rows.csv"])
    outcome = run_dag(dag)
    assert outcome.states == {"a": "failed", ("b", 0): "failed"}
    (run,) = store.latest()
    assert (run.gate, run.verdict) == (Gate("twice", "orders"), Verdict.ERROR)
    error = store.report(run.worst.report_id).error
    assert error is not None
    assert error.reason == "gate_taken"


def test_name_that_a_template_makes_twice_is_refused_when_it_runs(run_dag: RunDag, store: Store) -> None:
    """The second task of the run finds the first one's report, and what is acted on is an error."""
    with DAG("twice", schedule=None) as dag:
        check("a", gate="orders {{ ds }}") >> check("b", gate="orders {{ ds }}")
    assert run_dag(dag).states == {"a": "success", "b": "failed"}
    (run,) = store.latest()
    assert (run.verdict, run.tally) == (Verdict.ERROR, "1 of 2 in error")


def test_shared_gate_is_one_history_in_which_the_worst_counts(run_dag: RunDag, store: Store) -> None:
    """A pass of the one task does not hide the fail of the other."""
    with DAG("shared", schedule=None) as dag:
        check("good", gate="orders", shared_gate=True)
        check("bad", gate="orders", shared_gate=True, thresholds=["row_count > 5"], on_fail="continue")
    assert set(run_dag(dag).states.values()) == {"success"}
    (run,) = store.latest()
    assert (run.verdict, run.tally, run.worst.task_id) == (Verdict.FAIL, "1 of 2 failed", "bad")


def test_dags_of_two_teams_share_nothing(run_dag: RunDag, store: Store) -> None:
    """Each task is called check: two gates, two histories, and a sensor has to say which one it waits for."""
    for dag_id, limit in (("orders", "row_count > 5"), ("customers", "row_count > 0")):
        with DAG(dag_id, schedule=None) as dag:
            check("check", thresholds=[limit], on_fail="continue")
        run_dag(dag)
    assert {str(run.gate): run.verdict.value for run in store.latest()} == {
        "customers > check": "pass",
        "orders > check": "fail",
    }
    states = {}
    for dag_id in ("orders", "customers", None):
        with DAG(f"waiting_{dag_id}", schedule=None) as dag:
            QualityGateSensor(
                task_id="wait", gate="check", dag_id=dag_id, max_age=timedelta(hours=1), timeout=0.1, poke_interval=0.1
            )
        states[dag_id] = run_dag(dag).states["wait"]
    assert states == {"orders": "failed", "customers": "success", None: "failed"}


def test_mapped_parts_are_labelled(run_dag: RunDag, store: Store) -> None:
    """By `map_index_template` where it is given, else by the partition; what is not mapped has no label."""
    with DAG("mapped", schedule=None) as dag:
        check("whole", partition={"area": "EU"})
        DataQualityCheckOperator.partial(
            task_id="by_partition", path="rows.csv", suite=SUITE, on_fail="continue"
        ).expand(partition=[{"area": "EU"}, {"area": "US"}])
        DataQualityCheckOperator.partial(
            task_id="by_hidden", path="rows.csv", suite=SUITE, hidden_columns=["AREA"], on_fail="continue"
        ).expand(partition=[{"area": "EU"}])
        DataQualityCheckOperator.partial(
            task_id="by_hidden_template",
            path="rows.csv",
            suite=SUITE,
            hidden_columns=["area"],
            map_index_template="the {{ task.partition['area'] }}",
            on_fail="continue",
        ).expand(partition=[{"area": "EU"}])
        DataQualityCheckOperator.partial(
            task_id="by_template", suite=SUITE, map_index_template="file {{ task.path }}"
        ).expand(path=["rows.csv"])
    run_dag(dag)
    parts = {run.gate.name: [(entry.part, entry.verdict.value) for entry in run.entries] for run in store.latest()}
    assert parts == {
        "whole": [("", "pass")],
        "by_partition": [("area=US", "fail"), ("area=EU", "pass")],
        "by_hidden": [("[0]", "pass")],
        "by_hidden_template": [("[0]", "pass")],
        "by_template": [("file rows.csv", "pass")],
    }
    (mapped,) = [run for run in store.latest() if run.gate.name == "by_partition"]
    assert (mapped.verdict, mapped.tally) == (Verdict.FAIL, "1 of 2 failed: area=US")
