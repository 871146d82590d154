"""The audit trail, written by callbacks that Airflow really calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import AuditEvent, Store
from airflow_provider_dpq.notifications.audit import AuditNotifier, audit_callback
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from tests.airflow_home import DagOutcome, RunDag
from tests.reports import report_with

CALLBACKS = ("on_execute", "on_success", "on_failure", "on_retry", "on_skipped")
ALL: dict[str, Any] = {f"{name}_callback": audit_callback for name in CALLBACKS}


class Work(BaseOperator):
    """A task that ends as it is told."""

    def __init__(self, *, error: Exception | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error = error

    def execute(self, context: Any) -> None:
        """End so."""
        if self.error:
            raise self.error


def run(run_dag: RunDag, error: Exception | None = None, **arguments: Any) -> DagOutcome:
    """Run a task of Ada's that calls back whatever happens."""
    with DAG("audited", schedule=None) as dag:
        Work(task_id="work", error=error, owner="ada", retry_delay=timedelta(0), **(ALL | arguments))
    return run_dag(dag)


def events(store: Store) -> list[tuple[str, int | None]]:
    """Return what happened at which try, in order."""
    return [(event.event, event.try_number) for event in reversed(store.audit())]


@pytest.mark.parametrize(
    ("error", "retries", "expected"),
    [
        (None, 0, [("on_execute_callback", 1), ("on_success_callback", 1)]),
        (AirflowSkipException(), 0, [("on_execute_callback", 1), ("on_skipped_callback", 1)]),
        (AirflowFailException("x"), 3, [("on_execute_callback", 1), ("on_failure_callback", 1)]),
        (
            ValueError("x"),
            1,
            [
                ("on_execute_callback", 1),
                ("on_retry_callback", 1),
                ("on_execute_callback", 2),
                ("on_failure_callback", 2),
            ],
        ),
    ],
)
def test_every_callback_of_a_task_leaves_an_entry(
    error: Exception | None, retries: int, expected: list[tuple[str, int]], run_dag: RunDag, store: Store
) -> None:
    """One function serves as any callback, and the entry names which one it was, and of which try."""
    run(run_dag, error, retries=retries)
    assert events(store) == expected


def test_entry_says_who_what_when_and_where(run_dag: RunDag, store: Store) -> None:
    """An entry names the user who triggered the run, else the owner, and the task instance."""
    before = datetime.now(UTC)
    outcome = run(run_dag, AirflowFailException("the secret value"))
    failed, _ = store.audit()
    assert isinstance(failed, AuditEvent)
    assert (failed.dag_id, failed.task_id, failed.run_id, failed.map_index) == ("audited", "work", outcome.run_id, -1)
    assert failed.actor == "dag_test"
    assert before <= failed.at <= datetime.now(UTC)
    assert "owner: ada" in failed.detail
    assert "exception: AirflowFailException" in failed.detail
    assert "secret" not in failed.detail


def test_entry_has_the_verdict_of_the_try(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """After a gate has decided, its verdict is in the entry; before, there is none."""
    path = tmp_path / "orders.csv"
    path.write_text("id\n1\n1\n")
    unique = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}
    with DAG("audited", schedule=None) as dag:
        DataQualityCheckOperator(task_id="orders", path=path, suite=[unique], **ALL)
    run_dag(dag)
    assert [(event.event, event.verdict) for event in reversed(store.audit())] == [
        ("on_execute_callback", None),
        ("on_failure_callback", "fail"),
    ]


def test_callbacks_of_a_dag_leave_entries_about_the_run(run_dag: RunDag, store: Store) -> None:
    """The same function serves as a DAG's callback; the entry is about the run and names no task."""
    for error in (None, AirflowFailException("x")):
        with DAG(
            "audited", schedule=None, on_success_callback=audit_callback, on_failure_callback=audit_callback
        ) as dag:
            Work(task_id="work", error=error, owner="ada")
        run_dag(dag)
    failure, success = store.audit()
    assert (success.event, failure.event) == ("on_success_callback", "on_failure_callback")
    assert (failure.task_id, failure.try_number, failure.dag_id) == (None, None, "audited")
    assert "reason: task_failure" in failure.detail


def test_minimal_context_of_a_dag_callback_is_enough(store: Store) -> None:
    """Where Airflow knows no task instance it only tells DAG, run and reason."""
    with DAG("audited") as dag:
        Work(task_id="work", owner="ada")
    audit_callback({"dag": dag, "run_id": "manual__1", "reason": "timed_out"})  # type: ignore[typeddict-item, typeddict-unknown-key]
    (event,) = store.audit()
    assert (event.actor, event.event, event.run_id, event.verdict) == ("ada", "on_failure_callback", "manual__1", None)
    assert "reason: timed_out" in event.detail


class DeadWorkersInstance:
    """A task instance as the DAG processor describes it, after its worker died."""

    dag_id, task_id, run_id, map_index, try_number, state = "audited", "work", "manual__1", 3, 2, None


def test_callback_for_a_dead_worker_is_a_failure(store: Store) -> None:
    """The DAG processor calls back for tasks whose worker died, with neither state nor exception, nor a new verdict."""
    earlier = {"dag_id": "audited", "task_id": "work", "run_id": "manual__1", "map_index": 3, "try_number": 1}
    store.write(report_with(Verdict.PASS, **earlier))
    with DAG("audited") as dag:
        Work(task_id="work")
    audit_callback({"dag": dag, "run_id": "manual__1", "ti": DeadWorkersInstance()})  # type: ignore[typeddict-item]
    (event,) = store.audit()
    assert (event.event, event.map_index, event.try_number) == ("on_failure_callback", 3, 2)
    assert event.verdict is None


def test_store_out_of_reach_is_logged_and_changes_nothing(
    run_dag: RunDag, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing entry is told with its cause, and the task ends as it did."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    outcome = run(run_dag)
    assert outcome.states == {"work": "success"}
    (first, *_) = [record for record in caplog.records if record.name == "airflow_provider_dpq.notifications.audit"]
    assert "No entry could be added to the audit trail for DAG 'audited'" in first.getMessage()
    assert first.exc_info is not None


def test_notifier_writes_to_the_store_of_its_connection(
    run_dag: RunDag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notifier may keep its trail in a store of its own."""
    from airflow_provider_dpq.core.store import open_store

    url = f"sqlite:///{tmp_path / 'trail.db'}"
    monkeypatch.setenv("AIRFLOW_CONN_TRAIL", f'{{"conn_type": "dpq", "host": "{url}"}}')
    run(run_dag, on_success_callback=AuditNotifier(dpq_conn_id="trail"), on_execute_callback=None)
    with open_store(url) as store:
        assert events(store) == [("on_success_callback", 1)]
