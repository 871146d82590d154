"""Whatever ends the task: a report with the verdict ``error`` is kept first, and the statement is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowTaskTerminated, AirflowTaskTimeout

from airflow_provider_dpq.core.errors import CancelledError, DeclarationError, EndedError, QueryError, StoreError
from airflow_provider_dpq.core.gate import redaction
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators import check
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import GateRun, is_hurried
from airflow_provider_dpq.sensors.quality import DataQualitySensor
from tests.airflow_home import LOGICAL_DATE, RunDag

pytestmark = pytest.mark.alone

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}
LATEST_SECONDS = 4.0
KINDS = (DataQualityCheckOperator, DataQualitySensor)


class _PanicError(BaseException):
    """What a driver raises that thinks little of Python's rules."""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Three rows, one of them without a value."""
    path = tmp_path / "rows.csv"
    path.write_text("n,word\n1,a\n2,b\n,c\n")
    return path


def a_dag(kind: Any = DataQualityCheckOperator, **arguments: Any) -> DAG:
    """A DAG of one gate."""
    with DAG("cut_short", schedule="@daily", start_date=LOGICAL_DATE) as dag:
        if kind is DataQualitySensor:
            arguments = {"timeout": 60, "poke_interval": 1} | arguments
        kind(task_id="gate", suite=[NOT_NULL], **arguments)
    return dag


def context_of(task: Any, push: Callable[..., None]) -> Any:
    """What Airflow hands a task, as far as a gate looks at it."""
    ti = SimpleNamespace(
        dag_id="cut_short", task_id="gate", run_id="a_run", map_index=-1, try_number=1, task=task, xcom_push=push
    )
    dag_run = SimpleNamespace(data_interval_start=None, data_interval_end=None)
    return {"ti": ti, "dag_run": dag_run, "task": task}


def report_of(store: Store, run_id: str) -> Report:
    """The one report of the run."""
    (entry,) = store.of_task("cut_short", "gate", run_id)
    assert entry.verdict is Verdict.ERROR
    return store.report(entry.report_id)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "error", [RuntimeError("query interrupted"), MemoryError(), RecursionError(), ZeroDivisionError(), _PanicError("x")]
)
def test_an_exception_that_nobody_foresaw_is_reported(  # noqa: PLR0917 - fixtures
    kind: Any, error: BaseException, run_dag: RunDag, store: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is stored, and the task fails."""

    def find(self: Any, run: Any) -> Any:
        raise error

    monkeypatch.setattr(check.QualityCheck, "find", find)
    outcome = run_dag(a_dag(kind, path=rows))
    assert outcome.states["gate"] == "failed"
    found = report_of(store, outcome.run_id)
    assert found.error is not None
    assert found.error.reason == "unexpected_error"
    assert found.error.quotes_data


@pytest.mark.parametrize("passes", [True, False])
def test_a_lost_xcom_backend_loses_no_report_and_no_verdict(
    passes: bool, run_dag: RunDag, store: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict that is final stays final: the task is not retried until it passes."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    def lose(*_: Any, **__: Any) -> None:
        raise ConnectionError("the backend is gone")

    monkeypatch.setattr(RuntimeTaskInstance, "xcom_push", lose)
    condition = "word != 'c'" if passes else None
    outcome = run_dag(a_dag(path=rows, row_condition=condition, retries=0 if passes else 1))
    (entry,) = store.of_task("cut_short", "gate", outcome.run_id)
    assert entry.verdict is (Verdict.PASS if passes else Verdict.FAIL)
    assert outcome.states["gate"] == "failed"
    assert outcome.tries["gate"] == 1


@pytest.mark.parametrize(
    "interrupt", [AirflowTaskTerminated("killed"), AirflowTaskTimeout("over"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_while_the_summary_is_pushed_does_not_end_green(
    kind: Any, interrupt: BaseException, store: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the verdict itself lets the task succeed, or be looked at again."""

    def end(**_: Any) -> None:
        raise interrupt

    source: dict[str, Any] = {"path": rows} if kind is DataQualityCheckOperator else {"path": rows.with_name("no.csv")}
    if kind is DataQualityCheckOperator:
        source["on_fail"] = "continue"
    task = a_dag(kind, **source).task_dict["gate"]
    with pytest.raises(type(interrupt)) as caught:
        (task.execute if kind is DataQualityCheckOperator else task.poke)(context_of(task, end))
    assert caught.value is interrupt
    assert len(store.of_task("cut_short", "gate", "a_run")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_that_is_not_stored_is_not_handed_on(kind: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What XCom names can be read."""
    pushed: list[Any] = []

    def find(self: Any, run: Any) -> Any:
        raise DeclarationError("unknown_option", "It is wrong.")

    def lose(self: Any, *_: Any, **__: Any) -> None:
        raise StoreError("store_full", "It is full.")

    monkeypatch.setattr(check.QualityCheck, "find", find)
    monkeypatch.setattr(GateRun, "_store", lose)
    task = a_dag(kind, path="rows.csv").task_dict["gate"]
    with pytest.raises(GateDeclarationError):
        (task.execute if kind is DataQualityCheckOperator else task.poke)(
            context_of(task, lambda **item: pushed.append(item))
        )
    assert pushed == []


def test_a_kill_does_not_wait_for_a_store_that_is_locked(
    store: Store, store_url: str, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow kills the process five seconds after it told it to end."""

    def find(self: Any, run: Any) -> Any:
        raise AirflowTaskTerminated("killed")

    monkeypatch.setattr(check.QualityCheck, "find", find)
    monkeypatch.setattr(GateRun, "_begin", lambda *_: None)
    task = a_dag(path=rows).task_dict["gate"]
    engine = sa.create_engine(store_url, poolclass=sa.NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        begun = time.monotonic()
        with pytest.raises(AirflowTaskTerminated):
            task.execute(context_of(task, lambda **_: None))
        assert time.monotonic() - begun < LATEST_SECONDS
        other.exec_driver_sql("ROLLBACK")


@pytest.mark.parametrize(
    ("error", "hurried"),
    [
        (AirflowTaskTerminated(), True),
        (AirflowTaskTimeout(), True),
        (KeyboardInterrupt(), True),
        (CancelledError("cancelled", "It was told to stop."), True),
        (EndedError("connection_lost", "It is gone."), False),
        (TimeoutError("a socket's"), False),
        (None, False),
    ],
)
def test_only_who_is_told_to_stop_is_in_a_hurry(error: BaseException | None, hurried: bool) -> None:
    """A database that is gone ends no process: its report has all the time to be stored."""
    assert is_hurried(error) is hurried


def test_a_report_that_cannot_be_drawn_is_stored(
    run_dag: RunDag, store: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is for people; the report is the record."""

    def lose(_: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(redaction, "without_values", lose)
    outcome = run_dag(a_dag(path=rows))
    (entry,) = store.of_task("cut_short", "gate", outcome.run_id)
    assert entry.verdict is Verdict.FAIL
    assert outcome.states["gate"] == "failed"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["time limit", "kill", "kill of work that does not listen"])
def test_work_that_runs_on_is_ended_and_reported(  # noqa: PLR0917 - fixtures
    kind: Any, ending: str, run_dag: RunDag, store: Store, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the time that Airflow leaves between telling a task to end and killing it."""
    released, told = threading.Event(), []

    def find(self: Any, run: Any) -> Any:
        told.append(time.monotonic())
        if ending != "time limit":
            os.kill(os.getpid(), signal.SIGTERM)
        released.wait(30)
        raise QueryError("query_failed", "Too late.")

    monkeypatch.setattr(check.QualityCheck, "find", find)
    limit = timedelta(seconds=1) if ending == "time limit" else None
    outcome = run_dag(a_dag(kind, path=rows, execution_timeout=limit))
    took = time.monotonic() - told[0]
    released.set()
    assert took < LATEST_SECONDS + (1 if limit else 0)
    assert outcome.states["gate"] == "failed"
    found = report_of(store, outcome.run_id)
    assert found.error is not None
    assert found.error.reason == "cancelled"
    if limit is not None:
        assert AirflowTaskTimeout.__name__ in found.error.message


@pytest.mark.service
@pytest.mark.parametrize("ending", ["time limit", "kill"])
@pytest.mark.parametrize("delegated", [False, True])
def test_the_statement_is_gone_from_the_server(  # noqa: PLR0917 - fixtures
    ending: str,
    delegated: bool,
    run_dag: RunDag,
    store: Store,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a view that hangs once rows are read, be it in the scan or by Great Expectations; what was found is kept."""
    url = sa.make_url(postgres_url)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f"postgres://{url.username}@{url.host}:{url.port}/{url.database}")
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    mark = f"dpq_mark_{time.monotonic_ns()}"
    listed = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%{mark}%%'"

    def running() -> int:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(f"{listed} AND pid <> pg_backend_pid()").scalar_one())

    killed: list[float] = []

    def kill() -> None:
        while not running():
            time.sleep(0.1)
        killed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    query = f"SELECT n FROM (VALUES (1)) AS t(n), pg_sleep(40) WHERE '{mark}' <> ''"
    user_query = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE cut_short AS SELECT 1 AS n")
    thread = threading.Thread(target=kill) if ending == "kill" else None
    limit = None if thread else timedelta(seconds=4)
    try:
        with DAG("cut_short", schedule="@daily", start_date=LOGICAL_DATE) as dag:
            if delegated:
                source: dict[str, Any] = {"table": "cut_short", "suite": [NOT_NULL, user_query, UNIQUE]}
            else:
                source = {"sql": query, "suite": [NOT_NULL]}
            DataQualityCheckOperator(task_id="gate", conn_id="warehouse", execution_timeout=limit, **source)
        if thread:
            thread.start()
        begun = time.monotonic()
        outcome = run_dag(dag)
        ended = time.monotonic()
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE cut_short")
    if thread:
        thread.join()
        assert ended - killed[0] < LATEST_SECONDS
    assert ended - begun < 30
    assert running() == 0
    assert outcome.states["gate"] == "failed"
    found = report_of(store, outcome.run_id)
    assert found.error is not None
    assert found.error.reason == "cancelled"
    if delegated:
        assert [check.verdict for check in found.checks] == [Verdict.PASS, Verdict.ERROR, Verdict.ERROR]
    engine.dispose()
