"""The load gate in tasks that Airflow really runs."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    shared_iterations,
)
from airflow_provider_dpq.core.load.preset import smoke
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.load import LoadTestOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import DagOutcome, RunDag
from tests.loopback import Service, serving
from tests.operators import workloads
from tests.operators.test_benchmark import spawned

pytestmark = pytest.mark.alone

STEADY = constant_arrival_rate("20/s", "2s")
ANSWERS = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service of this machine."""
    with serving() as started:
        yield started


def loaded(run_dag: RunDag, **arguments: Any) -> DagOutcome:
    """Run a DAG of one load test."""
    with DAG("loads", schedule=None) as dag:
        LoadTestOperator(task_id="load", **({"load": STEADY} | arguments))
    return run_dag(dag)


def report_of(store: Store, outcome: DagOutcome) -> Report:
    """Return the one report of the task."""
    (entry,) = store.of_task("loads", "load", outcome.run_id, -1)
    return store.report(entry.report_id)


def count_of(report: Report, name: str, **tags: str) -> float:
    """Return the one metric of a name and exactly these tags."""
    (value,) = [metric.value for metric in report.metrics if (metric.name, metric.tags) == (name, tags)]
    assert value is not None
    return value


@pytest.mark.parametrize(
    "case",
    [
        (workloads.fail_with_a_value, "1s", ""),
        (workloads.lose_connection, "1s", "target_down"),
        (workloads.lose_connection_later, "9s", "target_died"),
    ],
)
def test_what_failed_iterations_say_is_in_the_report_alone(
    run_dag: RunDag,
    store: Store,
    case: tuple[Any, str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It may quote data, and task logs and XCom are read by many: they have its kind and its count."""
    target, duration, reason = case
    with caplog.at_level("DEBUG"):
        outcome = loaded(run_dag, target=target, load=constant_arrival_rate("20/s", duration))
    assert outcome.states == {"load": "failed"}
    report = report_of(store, outcome)
    said = caplog.text + "".join(capfd.readouterr())
    assert "load gate loads > load: " in said
    assert reason in said
    assert "secret-word" not in said + json.dumps(outcome.xcoms["load", XCOM_KEY])
    assert ("secret-word" in report.to_json()) is (reason != "target_down")


def test_function_under_load_passes_and_xcom_gets_a_summary(run_dag: RunDag, store: Store) -> None:
    """The report has the recording; XCom has the verdict, and nothing as large as that."""
    outcome = loaded(
        run_dag, target=workloads.total, op_args=[[1, 2]], thresholds=["iteration_count == 40", "p(50) < 1s"]
    )
    assert outcome.states == {"load": "success"}
    report = report_of(store, outcome)
    assert (report.kind, report.verdict) == ("load", Verdict.PASS)
    assert {item.threshold for item in report.thresholds} >= {"error_rate < 1%", "dropped_iterations < 1"}
    assert report.recording is not None
    summary = outcome.xcoms["load", XCOM_KEY]
    assert (summary["kind"], summary["verdict"], "recording" in summary) == ("load", "pass", False)
    assert len(json.dumps(summary)) < 4096


def test_failures_fail_the_task_without_a_retry(run_dag: RunDag, store: Store) -> None:
    """An operation that raises each time breaches the threshold that stands where none is declared."""
    outcome = loaded(run_dag, target=workloads.fail_now_and_then, load=smoke(20), retries=2)
    assert (outcome.states, outcome.tries) == ({"load": "failed"}, {"load": 1})
    report = report_of(store, outcome)
    assert report.verdict is Verdict.FAIL
    (errors,) = [item for item in report.thresholds if item.metric == "error_rate"]
    assert (errors.threshold, errors.observed) == ("error_rate < 1%", 50)
    assert report.recording is not None
    assert [(one.name, one.count) for one in report.recording.failures] == [("exception ValueError", 10)]


def test_scenarios_share_the_load_through_a_connection(
    run_dag: RunDag, store: Store, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gets its share by weight, from the address and with the login of the connection, which no report shows."""
    monkeypatch.setenv("AIRFLOW_CONN_WEB", f"http://somebody:secret-word@127.0.0.1:{service.port}")
    outcome = loaded(
        run_dag,
        scenarios={
            "read": {"http_conn_id": "web", "url": "/read", "weight": 3},
            "write": {
                "http_conn_id": "web",
                "url": "/write/{{ ds }}",
                "op_kwargs": {"method": "POST", "body": "x", "headers": {"X-Worker": "{{ ds }}"}},
            },
        },
        thresholds=["iteration_count{scenario:read} == 30", "error_rate{scenario:write} < 1%"],
    )
    assert outcome.states == {"load": "success"}
    report = report_of(store, outcome)
    assert (report.verdict, count_of(report, "iteration_count", scenario="write")) == (Verdict.PASS, 10)
    assert service.requests["GET", "/read", ""] >= 30
    assert service.requests["POST", "/write/2026-01-01", "2026-01-01"] >= 10
    assert "secret-word" not in report.to_json()
    assert f"127.0.0.1:{service.port}" in report.subject


def test_coroutine_function_is_awaited(run_dag: RunDag, store: Store) -> None:
    """An asynchronous function, by itself or decorated, runs on an event loop, many at a time."""

    @task
    async def sleep() -> None:
        import asyncio

        await asyncio.sleep(0.05)

    outcome = loaded(run_dag, target=sleep, load=constant_concurrency(10, "1s"), thresholds=["throughput > 20/s"])
    assert outcome.states == {"load": "success"}
    assert report_of(store, outcome).verdict is Verdict.PASS


def test_target_that_is_down_is_an_error_at_once(run_dag: RunDag, store: Store) -> None:
    """Nothing listens there: no load is generated, and the task is retried as after any measurement that failed."""
    outcome = loaded(run_dag, url="http://127.0.0.1:1/", load=constant_arrival_rate("1/s", "1h"))
    assert outcome.states == {"load": "failed"}
    report = report_of(store, outcome)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "target_down")


def test_host_that_only_the_run_knows_is_refused_there(
    run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template and a connection are checked once they are resolved, before anything is sent."""
    monkeypatch.setenv("AIRFLOW_CONN_FAR", "http://far.example.com")
    for arguments in ({"url": "http://{{ 'far' }}.example.com/"}, {"url": "/", "http_conn_id": "far"}):
        outcome = loaded(run_dag, **arguments, retries=1)
        assert (outcome.states, outcome.tries) == ({"load": "failed"}, {"load": 1})
        report = report_of(store, outcome)
        assert report.error is not None
        assert (report.error.reason, "far.example.com" in report.error.message) == ("host_not_allowed", True)


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(signal.SIGTERM, {}), (signal.SIGALRM, {"execution_timeout": timedelta(hours=1)})],
    ids=["killed", "out of time"],
)
def test_what_was_recorded_is_kept_when_the_task_is_cut_short(
    run_dag: RunDag, store: Store, number: int, arguments: dict[str, Any]
) -> None:
    """A task that is killed, or whose time is up, leaves an error report with what there was, and no process."""
    outcome = loaded(
        run_dag,
        target=workloads.signal_parent_at,
        op_args=[int(number), 60],
        load=constant_arrival_rate("20/s", "10min"),
        **arguments,
    )
    assert outcome.states == {"load": "failed"}
    assert spawned() == []
    report = report_of(store, outcome)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "cancelled")
    assert report.recording is not None
    assert sum(window.completed for window in report.recording.windows) > 0
    assert report.duration_seconds < 60


def test_threshold_ends_the_load_early(run_dag: RunDag, store: Store) -> None:
    """A limit that is to abort does so once its delay is over, and the verdict is its own."""
    outcome = loaded(
        run_dag,
        target=workloads.fail_now_and_then,
        load=constant_arrival_rate("20/s", "10min"),
        thresholds=[{"threshold": "error_rate < 10%", "abort_on_fail": True, "abort_delay": "1s"}],
    )
    assert outcome.states == {"load": "failed"}
    report = report_of(store, outcome)
    assert report.verdict is Verdict.FAIL
    assert report.duration_seconds < 60


@pytest.mark.parametrize(
    ("arguments", "reason", "words"),
    [
        ({"url": None}, "ambiguous_operation", "No operation"),
        ({"target": workloads.work}, "ambiguous_operation", "target and url"),
        ({"scenarios": {"a": {"target": workloads.work}}}, "ambiguous_operation", "both scenarios and url"),
        ({"url": None, "scenarios": {}}, "invalid_load", "no scenario"),
        ({"url": None, "scenarios": [{"target": workloads.work}]}, "invalid_argument", "must be a mapping"),
        ({"url": None, "scenarios": {"a": workloads.work}}, "invalid_argument", "'a'"),
        ({"url": None, "scenarios": {"a": {"target": workloads.work, "wait": 1}}}, "unused_argument", "'wait'"),
        ({"url": None, "scenarios": {"a": {"target": workloads.work, "weight": 0}}}, "invalid_load", "weight"),
        (
            {"url": None, "scenarios": {"a": {"target": workloads.work, "think_time": 1}}},
            "malformed_duration",
            "think_time",
        ),
        (
            {"url": None, "scenarios": {"a": {"target": workloads.work, "load": breakpoint_search("1/s", "9/s")}}},
            "invalid_argument",
            "load of scenario 'a'",
        ),
        ({"load": None}, "invalid_load", "load"),
        ({"load": "100/s"}, "invalid_argument", "'100/s'"),
        ({"processes": 0}, "invalid_load", "processes"),
        ({"processes": 100}, "invalid_load", "processes"),
        ({"iteration_timeout": 30}, "malformed_duration", "no unit"),
        ({"max_duration": "3"}, "malformed_duration", "'3'"),
        ({"max_duration": "1s"}, "over_cap", "1"),
        ({"max_requests": 10}, "over_cap", "10"),
        ({"url": "http://example.com/"}, "host_not_allowed", "example.com"),
        (
            {
                "url": None,
                "scenarios": {
                    "far": {"url": "http://example.com/", "weight": "{{ params.weight }}"},
                    "late": {"url": "/", "http_conn_id": "somewhere"},
                },
            },
            "host_not_allowed",
            "example.com",
        ),
        (
            {
                "url": None,
                "scenarios": {
                    "rows": {
                        "target": workloads.total,
                        "dataset": workloads.rows,
                        "load": constant_arrival_rate("1/s", "1s"),
                    },
                    "late": {"url": "{{ ds }}"},
                },
            },
            "invalid_sizes",
            "needs a size",
        ),
        ({"allow_hosts": "['example.com'"}, "invalid_argument", "allow_hosts"),
        ({"allow_hosts": "example.com"}, "invalid_argument", "allow_hosts"),
        ({"url": "{{ ds }}", "allow_hosts": ["http://example.com"]}, "invalid_load", "allow_hosts"),
        ({"target_pid": -1}, "invalid_load", "process"),
        ({"thresholds": ["p(99.9) < 1s"]}, "too_few_requests", "10,000"),
        ({"thresholds": ["speed < 1s"]}, "unknown_metric", "speed"),
        ({"thresholds": ["max{scenario:other} < 1s"]}, "unknown_tag", "other"),
        ({"thresholds": ["max{colour:red} < 1s"]}, "unknown_tag", "colour"),
        ({"thresholds": ["median < 1.1x baseline"]}, "missing_baseline", "baseline"),
        ({"thresholds": [{"threshold": "max < 1s", "abort_on_fail": True, "abort_delay": 3}]}, None, "abort_delay"),
        ({"url": "ftp://127.0.0.1/"}, "invalid_url", "ftp"),
        ({"url": None, "target": lambda: (yield)}, "runs_nothing", "generator"),
    ],
)
def test_mistake_is_refused_while_the_file_is_parsed(arguments: dict[str, Any], reason: str | None, words: str) -> None:
    """What can be known to be wrong keeps the DAG from being imported."""
    with pytest.raises(GateDeclarationError) as refused:
        LoadTestOperator(task_id="load", **({"url": ANSWERS, "load": STEADY} | arguments))
    assert words in str(refused.value)
    assert reason is None or refused.value.reason == reason


def test_numbers_and_lists_that_templates_give_are_read_at_run(run_dag: RunDag, store: Store, service: Service) -> None:
    """A template gives a text: it stands for the number, the duration or the list that is written in it."""
    outcome = loaded(
        run_dag,
        params={"size": 3, "weight": 1.5, "wait": "10ms", "hosts": ["far.example.com"]},
        load=shared_iterations(8, 4),
        scenarios={
            "rows": {
                "target": workloads.total,
                "dataset": workloads.rows,
                "size": "{{ params.size }}",
                "weight": "{{ params.weight }}",
                "think_time": "{{ params.wait }}",
            },
            "page": {"url": f"http://127.0.0.1:{service.port}/", "weight": "{{ 0.5 }}"},
        },
        allow_hosts="{{ params.hosts }}",
        thresholds=["iteration_count{scenario:rows} == 6", "iteration_count{scenario:page} == 2", "error_rate < 1%"],
    )
    assert outcome.states == {"load": "success"}
    assert report_of(store, outcome).verdict is Verdict.PASS


def test_size_and_allowed_hosts_may_be_templates(run_dag: RunDag, store: Store) -> None:
    """The size of the only operation is read, and a host of a rendered list is one that may get load."""
    params = {"size": 3, "hosts": ["no-such-host.invalid"]}
    outcome = loaded(
        run_dag, params=params, target=workloads.total, dataset=workloads.rows, size="{{ params.size }}", load=smoke(3)
    )
    assert (outcome.states, report_of(store, outcome).verdict) == ({"load": "success"}, Verdict.PASS)
    outcome = loaded(
        run_dag, params=params, url="http://no-such-host.invalid/", allow_hosts="{{ params.hosts }}", load=smoke(3)
    )
    error = report_of(store, outcome).error
    assert error is not None
    assert error.reason == "target_down"


def test_arguments_that_only_the_run_knows_are_left_to_it() -> None:
    """Templates in what could be checked do not keep the file from being parsed."""
    LoadTestOperator(
        task_id="load",
        load=shared_iterations(10, 2),
        scenarios={
            "page": {"url": "http://{{ var.value.host }}/", "weight": "{{ params.weight }}"},
            "other": {"url": "/", "http_conn_id": "somewhere", "think_time": "1s"},
        },
        allow_hosts="{{ var.value.hosts }}",
        target_pid="{{ ti.xcom_pull('start') }}",
        thresholds=["max{scenario:page} < 1s"],
    )
