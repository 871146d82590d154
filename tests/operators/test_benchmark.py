"""The benchmark gate in tasks that Airflow really runs."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psutil
import pytest
from airflow.sdk import DAG

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.summary import MAX_BYTES
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.benchmark import BenchmarkOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import DagOutcome, RunDag
from tests.operators import workloads

pytestmark = pytest.mark.alone

WORKLOADS = "tests.operators.workloads"


def measured(run_dag: RunDag, *, task_id: str = "speed", **arguments: Any) -> DagOutcome:
    """Run a DAG of one benchmark."""
    with DAG("benchmarks", schedule=None) as dag:
        BenchmarkOperator(task_id=task_id, **({"time_budget": "1s"} | arguments))
    return run_dag(dag)


def report_of(store: Store, outcome: DagOutcome, task_id: str = "speed", map_index: int = -1) -> Report:
    """Return the one report of a task instance."""
    (entry,) = store.of_task("benchmarks", task_id, outcome.run_id, map_index)
    return store.report(entry.report_id)


def spawned() -> Sequence[psutil.Process]:
    """Return the interpreters that measure, and that this process started."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if any("core.operation.child" in word for word in child.cmdline())
    ]


def metric(report: Report, name: str) -> float:
    """Return the value of a metric."""
    return next(item.value for item in report.metrics if item.name == name)


def test_function_is_measured_and_judged(run_dag: RunDag, store: Store) -> None:
    """A function of a module is timed, and the report says how it was judged."""
    outcome = measured(run_dag, target=workloads.work, op_args=[2], thresholds=["median < 10s"])
    assert outcome.states == {"speed": "success"}
    report = report_of(store, outcome)
    assert (report.kind, report.verdict, report.subject) == ("benchmark", Verdict.PASS, f"{WORKLOADS}:work")
    assert metric(report, "sample_count") >= 10
    assert outcome.xcoms["speed", XCOM_KEY]["report_id"] == report.id


def test_slower_version_fails_the_task(run_dag: RunDag, store: Store) -> None:
    """Twice the work of the baseline is found with the default tolerance, and is final."""
    outcome = measured(
        run_dag, target=f"{WORKLOADS}:work_twice", baseline=f"{WORKLOADS}:work", time_budget="20s", retries=2
    )
    assert outcome.states == {"speed": "failed"}
    assert outcome.tries["speed"] == 1
    report = report_of(store, outcome)
    assert report.verdict is Verdict.FAIL
    assert [item.threshold for item in report.thresholds] == ["cpu_median < 1.05x baseline"]
    assert report.profile is not None


def test_history_without_reports_is_no_pass(run_dag: RunDag, store: Store) -> None:
    """The first run of a gate has nothing to be held against: it succeeds with a warning."""
    outcome = measured(run_dag, target=workloads.work, history=True)
    assert outcome.states == {"speed": "success"}
    report = report_of(store, outcome)
    assert report.verdict is Verdict.WARN
    assert {check.error.reason for check in report.checks if check.error} == {"no_baseline"}


def test_history_is_read_from_the_store(run_dag: RunDag, store: Store) -> None:
    """With a report in the store, the next run says how many it found comparable."""
    for _ in range(2):
        outcome = measured(run_dag, target=workloads.work, history=True)
    (check,) = [item for item in report_of(store, outcome).checks if item.type == "history"]
    assert check.result == {"report_count": 1}


def test_sizes_are_measured_each(run_dag: RunDag, store: Store) -> None:
    """Each size has its metrics, and a threshold may be about one of them."""
    outcome = measured(
        run_dag,
        target=workloads.total,
        dataset=workloads.rows,
        sizes=[100, 1000],
        thresholds=["median{size:1000} < 1s"],
        time_budget="30s",
    )
    report = report_of(store, outcome)
    assert report.verdict is Verdict.PASS
    assert {item.tags["size"] for item in report.metrics if item.name == "throughput"} == {"100", "1000"}
    assert len(json.dumps(outcome.xcoms["speed", XCOM_KEY])) <= MAX_BYTES


def test_statement_is_measured_on_its_connection(
    run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A statement runs on the database of an Airflow connection, with templates rendered."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", f"sqlite:///{tmp_path / 'x.db'}")
    outcome = measured(run_dag, sql="SELECT '{{ ds }}', :x", conn_id="db", op_kwargs={"x": 1}, thresholds=["max < 10s"])
    report = report_of(store, outcome)
    assert report.verdict is Verdict.PASS
    assert report.subject.startswith("a statement on sqlite://")


@pytest.mark.parametrize(
    ("target", "reason"), [(workloads.fail, "operation_failed"), (workloads.exit_at_once, "child_exited")]
)
def test_operation_that_cannot_be_measured_is_an_error(run_dag: RunDag, store: Store, target: Any, reason: str) -> None:
    """It never passes fast: the task is retried, and the report says what was seen."""
    outcome = measured(run_dag, target=target, thresholds=["median < 10s"], retries=1, retry_delay=timedelta(0))
    assert outcome.states == {"speed": "failed"}
    entries = store.of_task("benchmarks", "speed", outcome.run_id, -1)
    assert [entry.verdict for entry in entries] == [Verdict.ERROR] * 2
    error = store.report(entries[0].report_id).error
    assert error is not None
    assert error.reason == reason
    if target is workloads.fail:
        assert "no such luck" in error.message
        assert "workloads.py" in error.message


def test_hang_is_ended(run_dag: RunDag, store: Store) -> None:
    """An iteration that does not come back is ended with its process."""
    outcome = measured(run_dag, target=workloads.hang, iteration_timeout="1s", thresholds=["median < 10s"])
    error = report_of(store, outcome).error
    assert error is not None
    assert error.reason == "operation_timeout"
    assert spawned() == []


@pytest.mark.parametrize(
    "case",
    [
        (signal.SIGTERM, "GateMeasurementError:", {}),
        (signal.SIGALRM, "AirflowTaskTimeout:", {"execution_timeout": timedelta(hours=1)}),
        (signal.SIGINT, "KeyboardInterrupt", {}),
    ],
    ids=["killed", "out of time", "interrupted"],
)
def test_what_was_measured_is_kept_when_the_task_is_cut_short(
    run_dag: RunDag,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    case: tuple[int, str, dict[str, Any]],
) -> None:
    """A task that is killed, or whose time is up, leaves an error report with its samples, and no process."""
    number, raised, arguments = case
    outcome = measured(
        run_dag,
        target=workloads.signal_parent,
        op_args=[int(number)],
        thresholds=["median < 10s"],
        time_budget="1h",
        **arguments,
    )
    assert outcome.states == {"speed": "failed"}
    assert spawned() == []
    report = report_of(store, outcome)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "cancelled")
    assert metric(report, "sample_count") >= 1
    assert raised in caplog.text + capfd.readouterr().out
    assert outcome.xcoms["speed", XCOM_KEY]["verdict"] == "error"


def test_kill_before_measuring_lets_nothing_begin(run_dag: RunDag, store: Store) -> None:
    """A signal that comes while the task still prepares is not lost."""

    class Killed(BenchmarkOperator):
        """Is killed before it measures."""

        def measure(self, run: Any) -> Report:
            """Be killed first."""
            self.on_kill()
            return super().measure(run)

    with DAG("benchmarks", schedule=None) as dag:
        Killed(task_id="speed", target=workloads.work, thresholds=["median < 1s"])
    outcome = run_dag(dag)
    report = report_of(store, outcome)
    assert (report.error and report.error.reason, report.series) == ("cancelled", ())


def test_mapped_benchmarks_have_a_report_each(run_dag: RunDag, store: Store) -> None:
    """A classic operator expands over its arguments."""
    with DAG("benchmarks", schedule=None) as dag:
        BenchmarkOperator.partial(task_id="speed", thresholds=["median < 10s"], time_budget="1s").expand(
            target=[f"{WORKLOADS}:work", f"{WORKLOADS}:work_twice"]
        )
    outcome = run_dag(dag)
    assert outcome.states == {("speed", 0): "success", ("speed", 1): "success"}
    assert report_of(store, outcome, map_index=1).subject == f"{WORKLOADS}:work_twice"
