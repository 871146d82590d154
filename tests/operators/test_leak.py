"""The leak gate in tasks that Airflow really runs."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.leak import LeakCheckOperator
from tests.airflow_home import DagOutcome, RunDag
from tests.operators import workloads
from tests.operators.test_benchmark import spawned

pytestmark = pytest.mark.alone

STAGES = (40, 80)


def checked(run_dag: RunDag, **arguments: Any) -> DagOutcome:
    """Run a DAG of one leak check."""
    with DAG("leaks", schedule=None) as dag:
        LeakCheckOperator(task_id="leak", **({"stages": STAGES} | arguments))
    return run_dag(dag)


def report_of(store: Store, outcome: DagOutcome) -> Report:
    """Return the one report of the task."""
    (entry,) = store.of_task("leaks", "leak", outcome.run_id, -1)
    return store.report(entry.report_id)


def test_function_that_keeps_nothing_passes(run_dag: RunDag, store: Store) -> None:
    """The default limits judge where nothing is declared."""
    outcome = checked(run_dag, target=workloads.total, dataset=workloads.rows, size=100)
    assert outcome.states == {"leak": "success"}
    report = report_of(store, outcome)
    assert (report.kind, report.verdict) == ("leak", Verdict.PASS)
    assert "growth < 512B/op" in {item.threshold for item in report.thresholds}


@pytest.mark.parametrize(
    ("tolerance", "state", "limit"),
    [("1kB", "failed", "growth < 1000B/op"), ("1MiB", "success", "growth < 1048576B/op")],
)
def test_function_that_keeps_memory_is_judged_by_the_tolerance(
    run_dag: RunDag, store: Store, tolerance: str, state: str, limit: str
) -> None:
    """Five kilobytes an iteration are more than one and less than a thousand."""
    outcome = checked(run_dag, target=f"{workloads.__name__}:keep", tolerance=tolerance)
    assert outcome.states == {"leak": state}
    (judged,) = [item for item in report_of(store, outcome).thresholds if item.metric == "growth"]
    assert judged.threshold == limit
    assert judged.observed == pytest.approx(5000, rel=0.1)


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(signal.SIGTERM, {}), (signal.SIGALRM, {"execution_timeout": timedelta(hours=1)})],
    ids=["killed", "out of time"],
)
def test_what_was_seen_is_kept_when_the_task_is_cut_short(
    run_dag: RunDag, store: Store, number: int, arguments: dict[str, Any]
) -> None:
    """A task that is killed, or whose time is up, leaves an error report with its samples, and no process."""
    outcome = checked(run_dag, target=workloads.signal_parent, op_args=[int(number)], warm_up_iterations=2, **arguments)
    assert outcome.states == {"leak": "failed"}
    assert spawned() == []
    report = report_of(store, outcome)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "cancelled")
    (resident,) = [item.values for item in report.series if item.name == "resident"]
    assert 1 <= len(resident) <= workloads.SIGNALLED_AT
