"""What benchmark and leak gates are told to measure: what is refused while a DAG file is parsed, and what is built."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, Connection, task

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.benchmark import BenchmarkOperator
from airflow_provider_dpq.operators.leak import LeakCheckOperator
from airflow_provider_dpq.operators.operation import OperationArguments
from tests.operators import workloads

WORK = "tests.operators.workloads:work"


def locking() -> Callable[[], None]:
    """Return a function that refers to what cannot be sent to another process."""
    lock = threading.Lock()

    def locked() -> None:
        with lock:
            pass

    return locked


REFUSED: dict[str, tuple[type, dict[str, Any], str, str]] = {
    "nothing": (BenchmarkOperator, {}, "ambiguous_operation", "No operation"),
    "two": (BenchmarkOperator, {"target": WORK, "command": "true"}, "ambiguous_operation", "target and command"),
    "sql without connection": (BenchmarkOperator, {"sql": "SELECT 1"}, "missing_connection", "connection"),
    "empty sql": (BenchmarkOperator, {"sql": " ", "conn_id": "db"}, "empty_statement", "empty"),
    "unbound": (BenchmarkOperator, {"sql": "SELECT :x", "conn_id": "db"}, "unbound_parameter", "'x'"),
    "argument of another kind": (BenchmarkOperator, {"command": "true", "op_args": [1]}, "unused_argument", "op_args"),
    "unknown of a request": (
        BenchmarkOperator,
        {"url": "http://h/", "op_kwargs": {"verb": "GET"}},
        "unused_argument",
        "'verb'",
    ),
    "text for a list": (BenchmarkOperator, {"target": WORK, "op_args": "ab"}, "invalid_argument", "op_args"),
    "number for a mapping": (BenchmarkOperator, {"target": WORK, "op_kwargs": 3}, "invalid_argument", "op_kwargs"),
    "lock": (BenchmarkOperator, {"target": WORK, "op_args": [threading.Lock()]}, "not_picklable", "arguments[0]"),
    "lock by name, beside a template": (
        BenchmarkOperator,
        {"target": WORK, "op_args": ["{{ ds }}"], "op_kwargs": {"by": threading.Lock()}},
        "not_picklable",
        "'by'",
    ),
    "timeout of words": (
        BenchmarkOperator,
        {"url": "http://h/", "op_kwargs": {"timeout_seconds": "soon"}},
        "malformed_duration",
        "'soon'",
    ),
    "method that is no text": (
        BenchmarkOperator,
        {"url": "http://h/", "op_kwargs": {"method": 3}},
        "invalid_argument",
        "method",
    ),
    "headers that are no mapping": (
        BenchmarkOperator,
        {"url": "http://h/", "op_kwargs": {"headers": 3}},
        "invalid_argument",
        "headers",
    ),
    "scheme": (BenchmarkOperator, {"url": "ftp://h/"}, "invalid_url", "'ftp'"),
    "empty command": (BenchmarkOperator, {"command": ""}, "invalid_command", "empty"),
    "no module": (BenchmarkOperator, {"target": "tests.nowhere:work"}, "unknown_target", "tests.nowhere"),
    "no function": (BenchmarkOperator, {"target": "tests.operators.workloads:works"}, "unknown_target", "'works'"),
    "not a function": (BenchmarkOperator, {"target": 7}, "not_callable", "7"),
    "closure": (BenchmarkOperator, {"target": locking()}, "not_picklable", "'lock'"),
    "metric": (BenchmarkOperator, {"target": WORK, "thresholds": ["speed < 1s"]}, "unknown_metric", "speed"),
    "percentile": (BenchmarkOperator, {"target": WORK, "thresholds": ["p(100) < 1s"]}, "malformed_threshold", "100"),
    "no sizes": (BenchmarkOperator, {"target": WORK, "dataset": workloads.rows, "sizes": []}, "invalid_sizes", "[]"),
    "negative size": (
        BenchmarkOperator,
        {"target": WORK, "dataset": workloads.rows, "sizes": [-1]},
        "invalid_sizes",
        "-1",
    ),
    "sizes of nothing": (BenchmarkOperator, {"target": WORK, "sizes": [10]}, "invalid_sizes", "nothing"),
    "budget without unit": (
        BenchmarkOperator,
        {"target": WORK, "time_budget": 120},
        "malformed_duration",
        "time_budget is 120",
    ),
    "budget of words": (BenchmarkOperator, {"target": WORK, "time_budget": "soon"}, "malformed_duration", "'soon'"),
    "no budget": (BenchmarkOperator, {"target": WORK, "time_budget": timedelta(0)}, "invalid_option", "time_budget"),
    "tolerance without unit": (
        BenchmarkOperator,
        {"target": WORK, "baseline": WORK, "tolerance": 5},
        "missing_unit",
        "tolerance is 5",
    ),
    "tolerance of bytes": (
        BenchmarkOperator,
        {"target": WORK, "baseline": WORK, "tolerance": "5B"},
        "malformed_percent",
        "'5B'",
    ),
    "tolerance of nothing": (BenchmarkOperator, {"target": WORK, "tolerance": "5%"}, "missing_baseline", "5%"),
    "two baselines": (
        BenchmarkOperator,
        {"target": WORK, "baseline": WORK, "history": True},
        "ambiguous_baseline",
        "baseline and against_history",
    ),
    "revision of a function by value": (
        BenchmarkOperator,
        {"target": workloads.work, "baseline_revision": "main"},
        "invalid_baseline",
        "work",
    ),
    "clock": (BenchmarkOperator, {"target": WORK, "clock": "sun"}, "unknown_option", "'sun'"),
    "multiple of nothing": (
        BenchmarkOperator,
        {"target": WORK, "thresholds": ["median < 2x baseline"]},
        "missing_baseline",
        "median < 2x baseline",
    ),
    "leak of a baseline": (
        LeakCheckOperator,
        {"target": WORK, "thresholds": ["growth < 2x baseline"]},
        "missing_baseline",
        "growth < 2x baseline",
    ),
    "leak without unit": (LeakCheckOperator, {"target": WORK, "tolerance": 512}, "missing_unit", "512"),
    "leak in percent": (LeakCheckOperator, {"target": WORK, "tolerance": "5%"}, "malformed_bytes", "'5%'"),
    "leak of no size": (LeakCheckOperator, {"target": WORK, "dataset": workloads.rows}, "invalid_sizes", "None"),
    "leak of few iterations": (LeakCheckOperator, {"target": WORK, "stages": (3,)}, "invalid_option", "3"),
}


@pytest.mark.parametrize(("operator", "arguments", "reason", "words"), REFUSED.values(), ids=REFUSED)
def test_mistake_is_refused_when_the_dag_file_is_parsed(
    operator: type, arguments: dict[str, Any], reason: str, words: str
) -> None:
    """The error says which gate, what is wrong and with which value."""
    with DAG("parsed"), pytest.raises(GateDeclarationError) as refused:
        operator(task_id="speed", **arguments)
    assert refused.value.reason == reason
    assert words in str(refused.value)
    assert "'speed'" in str(refused.value)


TEMPLATE = {"target": "{{ params.target }}"}


@pytest.mark.parametrize(
    ("operator", "arguments", "reason"),
    [
        (BenchmarkOperator, {"clock": "sun"}, "unknown_option"),
        (BenchmarkOperator, {"baseline": "{{ params.old }}", "tolerance": 5}, "missing_unit"),
        (BenchmarkOperator, {"tolerance": "5%"}, "missing_baseline"),
        (BenchmarkOperator, {"time_budget": 120}, "malformed_duration"),
        (BenchmarkOperator, {"iteration_timeout": timedelta(0)}, "invalid_option"),
        (BenchmarkOperator, {"sizes": [0]}, "invalid_sizes"),
        (BenchmarkOperator, {"baseline": "{{ params.old }}", "history": True}, "ambiguous_baseline"),
        (BenchmarkOperator, {"thresholds": ["median < 2x baseline"]}, "missing_baseline"),
        (LeakCheckOperator, {"tolerance": 512}, "missing_unit"),
        (LeakCheckOperator, {"stages": (3,)}, "invalid_option"),
        (LeakCheckOperator, {"warm_up_iterations": -1}, "invalid_option"),
        (LeakCheckOperator, {"size": 0}, "invalid_sizes"),
        (LeakCheckOperator, {"iteration_timeout": 120}, "malformed_duration"),
        (LeakCheckOperator, {"thresholds": ["growth < 2x baseline"]}, "missing_baseline"),
    ],
)
def test_template_in_the_operation_does_not_hide_other_mistakes(
    operator: type, arguments: dict[str, Any], reason: str
) -> None:
    """What does not depend on the operation is checked all the same."""
    with DAG("parsed"), pytest.raises(GateDeclarationError) as refused:
        operator(task_id="speed", **TEMPLATE, **arguments)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "arguments",
    [
        TEMPLATE,
        {**TEMPLATE, "sizes": [10]},
        {**TEMPLATE, "sizes": "{{ params.sizes }}", "thresholds": "{{ params.limits }}"},
        {**TEMPLATE, "baseline_revision": "{{ params.old }}", "thresholds": ["median < 2x baseline"]},
        {"command": "{{ params.command }}", "baseline": "{{ params.old }}", "tolerance": "5%"},
        {"sql": "SELECT {{ params.column }}", "conn_id": "db"},
        {"sql": "SELECT :day", "conn_id": "db", "op_kwargs": {"day": "{{ ds }}"}},
        {"url": "/flights/{{ ds }}", "http_conn_id": "api"},
        {"url": "http://h/", "op_kwargs": {"timeout_seconds": "{{ params.timeout }}"}},
        {"target": WORK, "op_args": "{{ params.arguments }}", "op_kwargs": "{{ params.keywords }}"},
    ],
)
def test_template_is_left_for_the_run(arguments: dict[str, Any]) -> None:
    """What is not known yet is not refused."""
    with DAG("parsed"):
        made = BenchmarkOperator(task_id="speed", **arguments)
    assert made.gate == "speed"


def test_result_of_another_task_is_left_for_the_run() -> None:
    """Arguments may come from upstream, and make the task depend on it."""
    with DAG("parsed"):

        @task
        def years() -> list[int]:
            return [2013]

        found = years()
        made = BenchmarkOperator(
            task_id="speed", target=workloads.total, op_args=[found], sizes=found, dataset=workloads.rows
        )
        BenchmarkOperator(task_id="whole", target=workloads.total, op_args=found, op_kwargs=found)
    assert made.upstream_task_ids == {"years"}


def test_function_of_a_task_is_what_is_measured() -> None:
    """A function decorated with @task is measured, not the task."""

    @task
    def flights() -> None:
        """Do nothing."""

    with DAG("parsed"):
        made = BenchmarkOperator(task_id="speed", target=flights, baseline=flights)
    assert made.target is flights.function
    assert made.baseline is flights.function


def test_arguments_of_a_function_go_to_the_operation() -> None:
    """Nothing is lost on the way."""
    arguments = OperationArguments(
        target=workloads.total, op_args=[3], op_kwargs={"by": 2}, set_up=workloads.rows, dataset=workloads.rows
    )
    assert arguments.operation() == PythonOperation(
        target=workloads.total, arguments=(3,), keywords={"by": 2}, set_up=workloads.rows, dataset=workloads.rows
    )


def test_statement_runs_on_the_database_of_the_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The connection becomes a SQLAlchemy URL, and op_kwargs the parameters."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", f"sqlite:///{tmp_path / 'x.db'}")
    arguments = OperationArguments(sql="SELECT :x", conn_id="db", op_kwargs={"x": 1}, set_up="SELECT 2")
    operation = arguments.operation()
    assert isinstance(operation, SqlOperation)
    assert operation.url.startswith("sqlite:///")
    assert (operation.parameters, operation.set_up) == ({"x": 1}, ("SELECT 2",))
    assert arguments.subject == "a statement on db"


def test_password_of_a_connection_reaches_the_database_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the URL, and in nothing that is shown."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", "postgres://me:s3cret@h/db")
    operation = OperationArguments(sql="SELECT 1", conn_id="db").operation()
    assert isinstance(operation, SqlOperation)
    assert "s3cret" in operation.url
    assert "s3cret" not in f"{operation!r} {operation.subject}"


def test_connection_that_is_not_there_is_retried() -> None:
    """Airflow says the same of a secrets backend that does not answer."""
    with pytest.raises(MeasurementError, match="'nowhere' is not defined") as failed:
        OperationArguments(sql="SELECT 1", conn_id="nowhere").operation()
    assert failed.value.reason == "unknown_connection"


@pytest.mark.parametrize(
    ("connection", "address"),
    [
        (Connection(conn_id="api", conn_type="http", host="h", port=8080), "http://h:8080/a"),
        (Connection(conn_id="api", conn_type="http", host="https://h/"), "https://h/a"),
        (Connection(conn_id="api", conn_type="http", schema="https", host="h", login="me"), "https://me:@h/a"),
        (Connection(conn_id="api", conn_type="http", host="h", password="p@"), "http://:p%40@h/a"),
        (
            Connection(conn_id="api", conn_type="http", host="h", login="me", password="p@:/"),
            "http://me:p%40%3A%2F@h/a",
        ),
    ],
)
def test_request_goes_to_the_host_of_its_connection(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, address: str
) -> None:
    """Host, port, protocol and login are those of the connection."""
    monkeypatch.setenv("AIRFLOW_CONN_API", connection.get_uri())
    operation = OperationArguments(url="/a", http_conn_id="api").operation()
    assert isinstance(operation, HttpOperation)
    assert operation.url == address


def test_request_has_the_headers_of_its_connection_and_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the extra says of the transport is no header."""
    connection = Connection(conn_id="api", conn_type="http", host="h", extra='{"X-Key": "1", "verify": false}')
    monkeypatch.setenv("AIRFLOW_CONN_API", connection.get_uri())
    operation = OperationArguments(
        url="/a", http_conn_id="api", op_kwargs={"method": "POST", "headers": {"X-Own": "2"}}
    ).operation()
    assert isinstance(operation, HttpOperation)
    assert (operation.method, operation.headers) == ("POST", {"X-Key": "1", "X-Own": "2"})


@pytest.mark.parametrize(("given", "expected"), [("5s", 5.0), (timedelta(minutes=1), 60.0), (7, 7)])
def test_timeout_of_a_request_is_a_duration_or_a_number_of_seconds(given: Any, expected: float) -> None:
    """The name says the unit of a bare number."""
    operation = OperationArguments(url="http://h/", op_kwargs={"timeout_seconds": given}).operation()
    assert isinstance(operation, HttpOperation)
    assert operation.timeout_seconds == expected


@pytest.mark.parametrize("given", [{"op_args": 3}, {"op_args": "{{ left }}"}, {"op_kwargs": 3}, {"op_kwargs": [1]}])
def test_arguments_of_another_form_are_refused_once_they_are_known(given: dict[str, Any]) -> None:
    """An XCom may be anything: the report says what it is instead."""
    with pytest.raises(DeclarationError) as refused:
        OperationArguments(target=WORK, **given).operation()
    assert refused.value.reason == "invalid_argument"


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        ({"target": WORK}, WORK),
        ({"command": "psql --password s3cret"}, "the command psql"),
        ({"command": "psql 's3cret"}, "an operation"),
        ({"url": "https://me:s3cret@h/a?key=s3cret"}, "GET https://h/a"),
        ({"url": "/a", "http_conn_id": "api"}, "a request on api"),
        ({}, "an operation"),
        ({"target": WORK, "op_args": 3}, "an operation"),
        ({"target": WORK, "op_kwargs": [3]}, "an operation"),
        ({"command": 3}, "an operation"),
    ],
)
def test_subject_is_told_whatever_is_declared(arguments: dict[str, Any], subject: str) -> None:
    """It is needed for the report of what is wrong, and holds no secret."""
    assert OperationArguments(**arguments).subject == subject
