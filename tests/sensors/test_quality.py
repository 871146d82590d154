"""Waiting for the data itself to be good, in tasks that Airflow really runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from airflow_provider_dpq.sensors.quality import DataQualitySensor
from tests.airflow_home import DagOutcome, RunDag

UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}


def wait(run_dag: RunDag, between: Callable[[], None] | None = None, **arguments: Any) -> DagOutcome:
    """Run a sensor; between two looks something happens, and without that it gives up after the first."""
    looks = itertools.count(1)
    settings: dict[str, Any] = {"suite": [UNIQUE], "poke_interval": 0, "retries": 1, "retry_delay": timedelta(0)}
    settings |= {"timeout": 3600 if between else 0}

    class Sensor(DataQualitySensor):
        def _get_next_poke_interval(self, *args: Any) -> float:
            assert next(looks) < 5, "it waits for what will never come"
            if between:
                between()
            return 0.0

    with DAG("waiting", schedule=None) as dag:
        Sensor(task_id="orders", **(settings | arguments))
    return run_dag(dag)


def test_sensor_passes_when_the_data_are_good(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """Good data let downstream run at once, with report and summary."""
    path = tmp_path / "orders.csv"
    path.write_text("id\n1\n")
    outcome = wait(run_dag, path=path)
    assert outcome.states["orders"] == "success"
    (entry,) = store.of_task("waiting", "orders", outcome.run_id)
    assert (entry.gate, entry.verdict) == ("orders", Verdict.PASS)
    assert outcome.xcoms["orders", XCOM_KEY]["report_id"] == entry.report_id


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_sensor_looks_again_until_the_data_are_good(
    mode: str, run_dag: RunDag, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Data that are missing, then bad, then good: one report remains, that of the last look."""
    path = tmp_path / "orders.csv"
    deliveries = iter(["id\n1\n1\n", "id\n1\n2\n"])

    def deliver() -> None:
        path.write_text(next(deliveries))

    outcome = wait(run_dag, deliver, path=path, mode=mode)
    assert outcome.states["orders"] == "success"
    assert outcome.tries["orders"] == 1
    (entry,) = store.of_task("waiting", "orders", outcome.run_id)
    assert entry.verdict is Verdict.PASS
    assert "It is replaced" not in caplog.text


def test_sensor_times_out_on_bad_data_and_keeps_the_last_report(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """Data that stay bad block, without a retry; the report says why."""
    path = tmp_path / "orders.csv"
    path.write_text("id\n1\n1\n")
    outcome = wait(run_dag, path=path, thresholds=["row_count > 0"])
    assert (outcome.states["orders"], outcome.tries["orders"]) == ("failed", 1)
    assert outcome.xcoms["orders", XCOM_KEY]["verdict"] == "fail"
    assert outcome.xcoms["orders", XCOM_KEY]["thresholds"][0]["verdict"] == "pass"


def test_missing_data_are_waited_for(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """A file that does not exist yet is no failure: the sensor runs out of time, and is not retried."""
    outcome = wait(run_dag, path=tmp_path / "later.csv", soft_fail=True)
    assert outcome.states["orders"] == "skipped"
    assert outcome.xcoms["orders", XCOM_KEY]["error"]["reason"] == "missing_file"


def test_wrong_declaration_fails_at_once(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """What only shows itself as declared wrongly when the task runs is not waited for, and not retried."""
    limit = {"$PARAMETER": "limit"}
    suite = [{"type": "expect_column_max_to_be_between", "kwargs": {"column": "amount", "max_value": limit}}]
    outcome = wait(run_dag, lambda: None, path=tmp_path / "later.csv", suite=suite)
    assert (outcome.states["orders"], outcome.tries["orders"]) == ("failed", 1)
    assert outcome.xcoms["orders", XCOM_KEY]["error"]["reason"] == "missing_parameter"


def test_unknown_connection_is_not_waited_for(run_dag: RunDag, store: Store) -> None:
    """A connection that is not defined ends the waiting; the task is retried."""
    outcome = wait(run_dag, lambda: None, table="orders", conn_id="warehouse")
    assert (outcome.states["orders"], outcome.tries["orders"]) == ("failed", 2)


def test_store_out_of_reach_ends_the_waiting(run_dag: RunDag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good data without a report do not pass: the task is retried."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    path = tmp_path / "orders.csv"
    path.write_text("id\n1\n")
    outcome = wait(run_dag, lambda: None, path=path)
    assert (outcome.states["orders"], outcome.tries["orders"]) == ("failed", 2)


def test_path_and_thresholds_are_templated(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """The sensor waits for the file of the day."""
    (tmp_path / "2026-01-01.csv").write_text("id\n1\n")
    outcome = wait(run_dag, path=f"{tmp_path}/{{{{ ds }}}}.csv", thresholds=["row_count == {{ 1 }}"])
    assert outcome.states["orders"] == "success"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"thresholds": ["row_count"]}, "Malformed threshold"),
        ({"suite": [{"type": "expect_nothing"}]}, "Unknown expectation"),
        ({"path": None}, "exactly one of table, path and sql"),
    ],
)
def test_wrong_declaration_is_refused_while_the_dag_is_parsed(arguments: dict[str, Any], told: str) -> None:
    """What is wrong is an import error of the DAG file that names the gate."""
    with pytest.raises(GateDeclarationError, match=r"^Gate 'orders': ") as caught:
        DataQualitySensor(task_id="orders", **({"path": "x.csv", "suite": [UNIQUE]} | arguments))
    assert told in str(caught.value)


def test_sensor_bounds_what_its_report_shows() -> None:
    """The limits of values that the operator has are the sensor's too."""
    limits: dict[str, Any] = {"sample_rows": 1, "hidden_columns": ["email"], "exclude_unexpected_values": True}
    sensor = DataQualitySensor(task_id="a", path="x.csv", suite=[UNIQUE], **limits)
    assert {name: getattr(sensor, name) for name in limits} == limits


def test_sensor_templates_what_the_operator_templates() -> None:
    """Who moves a check from the operator to the sensor finds the same fields rendered; a sensor writes no rows."""
    written = {"quarantine", "good_rows"}
    assert set(DataQualitySensor.template_fields) == set(DataQualityCheckOperator.template_fields) - written
