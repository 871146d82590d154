"""A load test over mapped tasks, in tasks that Airflow really runs: here one after the other, in one process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, Asset, TaskGroup

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.model import breakpoint_search, constant_arrival_rate
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.load_group import LoadShardOperator, load_test_group
from tests.airflow_home import DagOutcome, RunDag
from tests.operators import workloads

pytestmark = pytest.mark.alone

STEADY = constant_arrival_rate("20/s", "1s")


def spread(run_dag: RunDag, **arguments: Any) -> DagOutcome:
    """Run a DAG of one group."""
    with DAG("groups", schedule=None, default_args={"retries": 3}) as dag:
        load_test_group("group", **({"target": workloads.work, "load": STEADY, "retries": 0} | arguments))
    return run_dag(dag)


def report_of(store: Store, outcome: DagOutcome, task_id: str, map_index: int = -1) -> Report:
    """Return the one report of a task instance."""
    (entry,) = store.of_task("groups", f"group.{task_id}", outcome.run_id, map_index)
    return store.report(entry.report_id)


def test_group_gives_one_verdict(run_dag: RunDag, store: Store) -> None:
    """The shard begins at the instant that the first task agreed on, and the last task judges what it recorded."""
    outcome = spread(run_dag, shards=1, gate="orders", start_delay="6s", thresholds=["iteration_count == 20"])
    assert outcome.states == {"group.start": "success", ("group.shard", 0): "success", "group.verdict": "success"}
    verdict, shard = report_of(store, outcome, "verdict"), report_of(store, outcome, "shard", 0)
    assert (verdict.gate, verdict.kind, verdict.verdict) == ("orders", "load", Verdict.PASS)
    assert shard.gate == "orders.shard"
    assert shard.recording is not None
    assert shard.recording.started_at_seconds == outcome.xcoms["group.start", "return_value"]
    assert {item.threshold for item in verdict.thresholds} == {
        "iteration_count == 20",
        "error_rate < 1%",
        "dropped_iterations < 1",
    }


def test_shard_without_a_slot_in_time_is_an_error(run_dag: RunDag, store: Store) -> None:
    """Where tasks run one after the other, one shard comes too late: it says so, once, and so does the whole."""
    outcome = spread(run_dag, shards=2, start_delay="4s")
    assert sorted(str(outcome.states["group.shard", index]) for index in range(2)) == ["failed", "success"]
    (second,) = [index for index in range(2) if outcome.states["group.shard", index] == "failed"]
    assert outcome.tries["group.shard", second] == 1
    assert outcome.states["group.verdict"] == "failed"
    late, verdict = report_of(store, outcome, "shard", second), report_of(store, outcome, "verdict")
    assert late.error is not None
    assert (late.error.reason, "A shard that is rerun alone is always late" in late.error.message) == (
        "shard_late",
        True,
    )
    assert verdict.error is not None
    assert (verdict.verdict, verdict.error.reason) == (Verdict.ERROR, "shard_late")
    assert f"In shard {second}" in verdict.error.message
    assert "Clear the whole group" in verdict.error.message


def test_shard_without_a_report_is_missed(run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard that died before it could store anything is missed, and so are all where none began."""

    def die(self: LoadShardOperator, context: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(LoadShardOperator, "execute", die)
    outcome = spread(run_dag, shards=2, start_delay="1s")
    verdict = report_of(store, outcome, "verdict")
    assert verdict.error is not None
    assert (verdict.verdict, verdict.error.reason) == (Verdict.ERROR, "missing_shard")
    assert "2 of 2 shards have no report" in verdict.error.message


def made(**arguments: Any) -> TaskGroup:
    """Make a group."""
    with DAG("groups"):
        return load_test_group("group", **({"shards": 2, "target": workloads.work, "load": STEADY} | arguments))


def of_each(group: TaskGroup, name: str) -> list[Any]:
    """Return an attribute of start, shard and verdict."""
    return [getattr(group.children[f"group.{task}"], name) for task in ("start", "shard", "verdict")]


def test_assets_are_updated_by_the_verdict_alone() -> None:
    """Else each shard would say that there is something new, whatever the verdict will be."""
    holds = Asset("holds")
    start, shard, verdict = of_each(made(outlets=[holds]), "outlets")
    assert (start, shard or [], verdict) == ([], [], [holds])


def test_arguments_of_airflow_reach_every_task() -> None:
    """The task that agrees on the start waits in the queue of the others; the trigger rule is that of the group."""
    limit = timedelta(minutes=5)
    group = made(queue="load", pool="few", execution_timeout=limit, trigger_rule="all_done", retries=2)
    assert of_each(group, "queue") == ["load"] * 3
    assert of_each(group, "pool") == ["few"] * 3
    assert of_each(group, "execution_timeout") == [limit] * 3
    assert of_each(group, "retries") == [2, 0, 2]
    assert of_each(group, "trigger_rule") == ["all_done", "all_success", "all_done"]
    assert of_each(made(), "trigger_rule") == ["all_success", "all_success", "all_done"]


@pytest.mark.parametrize("name", ["colour", "task_id", "shard", "starts_at_seconds"])
def test_unknown_argument_is_one_of_the_group(name: str) -> None:
    """Nobody has to know what the classes behind it are called."""
    with pytest.raises(TypeError, match=rf"load_test_group\(\) got .*'{name}'"):
        made(**{name: 1})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shards": 21}, "generators for only"),
        ({"shards": 0}, "shards"),
        ({"shards": "2"}, "shards"),
        ({"load": breakpoint_search("1/s", "10/s")}, "search cannot run on 2 shards"),
        ({"start_delay": "0s"}, "start_delay"),
        ({"start_delay": 30}, "no unit"),
        ({"target": None, "url": "http://example.com/"}, "example.com"),
        ({"thresholds": ["p(99) < 1s"]}, "1,000 requests"),
        ({"on_fail": "cry"}, "on_fail"),
    ],
)
def test_mistake_is_refused_while_the_file_is_parsed(arguments: dict[str, Any], words: str) -> None:
    """What can be known to be wrong of any of its tasks keeps the DAG from being imported."""
    with pytest.raises(GateDeclarationError, match=words):
        made(**arguments)
