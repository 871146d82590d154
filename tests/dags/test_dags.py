"""The example DAGs are what Airflow can run and what the documentation includes."""

from __future__ import annotations

import os
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil
import pytest
from airflow.sdk import DAG

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality.suite import load_suite
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import RunDag, metadata_database, run_dag, store, store_url

DAGS = Path(__file__).parent.parent.parent / "dags"

__all__ = ["metadata_database", "run_dag", "store", "store_url"]


@pytest.mark.usefixtures("metadata_database")
def test_example_dags_import_without_an_error() -> None:
    """Airflow reads the DAGs, and the publication stands behind every gate."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS))
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        "flights_publish",
        "flights_quality",
        "flights_report",
        "morning_report",
        "nightly_benchmarks",
        "nightly_load",
        "partitions_quality",
    }
    publish = bag.dags["flights_quality"].get_task("publish")
    assert len(publish.get_flat_relative_ids(upstream=True)) == 6


@pytest.mark.parametrize("path", sorted((DAGS / "suites").iterdir()), ids=lambda path: path.stem)
def test_suite_is_valid(path: Path) -> None:
    """Every suite beside the DAGs can be read, and is named after its file."""
    assert load_suite(path).name == path.stem


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.stem)
def test_markers_come_in_pairs(path: Path) -> None:
    """What the documentation includes begins and ends."""
    text = path.read_text()
    assert re.findall(r"\[START (\w+)\]", text) == re.findall(r"\[END (\w+)\]", text) != []


def test_parts_are_checked_and_merged(run_dag: RunDag, store: Store) -> None:
    """The weather of three airports is checked in three tasks, and the whole is published once all of it is good."""
    outcome = run_dag(runpy.run_path(str(DAGS / "partitions_quality.py"))["dag"])
    assert set(outcome.states.values()) == {"success"}
    assert [run.gate.name for run in store.latest()] == ["weather", "weather EWR", "weather JFK", "weather LGA"]
    (entry,) = store.of_task("partitions_quality", "weather", outcome.run_id)
    rows = [metric.value for metric in store.report(entry.report_id).metrics if metric.name == "row_count"]
    assert rows == [26115]


@pytest.fixture
def publishing(metadata_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DAG:
    """The DAG that writes, audits and publishes, with a lake of its own."""
    monkeypatch.setenv("DPQ_EXAMPLE_LAKE", str(tmp_path))
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS / "flights_publish.py")).dags["flights_publish"]


def _count(path: Path) -> int:
    ((count,),) = duckdb.connect().execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()
    return int(count)


@pytest.mark.usefixtures("store")
def test_good_rows_are_published_and_the_others_wait(publishing: DAG, run_dag: RunDag, tmp_path: Path) -> None:
    """Every staged row is published or in quarantine; the gate warns, and says where they wait."""
    outcome = run_dag(publishing)
    assert outcome.states == {"write": "success", "audit": "success", "publish": "success", "tell": "success"}
    summary = outcome.xcoms["audit", XCOM_KEY]
    assert summary["verdict"] == "warn"
    (quarantine,) = (tmp_path / "quarantine" / "flights").iterdir()
    waiting, published = _count(quarantine), _count(tmp_path / "published" / "flights.parquet")
    assert (waiting, waiting + published) == (outcome.xcoms["tell", "return_value"], 27_004)
    assert 0 < waiting < published
    assert not (tmp_path / "checked" / "flights.parquet").exists()


@pytest.mark.usefixtures("store")
def test_what_was_published_stays_where_the_audit_fails(publishing: DAG, run_dag: RunDag, tmp_path: Path) -> None:
    """Too many faulty rows publish nothing, but still wait in quarantine to be looked at."""
    published = tmp_path / "published" / "flights.parquet"
    published.parent.mkdir()
    published.write_bytes(b"of yesterday")
    audit = publishing.get_task("audit")
    audit.thresholds = ["unexpected_percent < 0.01%"]
    outcome = run_dag(publishing)
    assert outcome.states["audit"] == "failed"
    assert outcome.states["publish"] == "upstream_failed"
    assert published.read_bytes() == b"of yesterday"
    assert len(list((tmp_path / "quarantine" / "flights").iterdir())) == 1


def test_the_morning_waits_for_the_benchmarks_of_the_night(
    metadata_database: None, run_dag: RunDag, store: Store
) -> None:
    """The first night has nothing to compare with: it warns, and the report goes on. A leak holds the next one back."""
    from airflow.dag_processing.dagbag import DagBag

    dags = DagBag(str(DAGS / "nightly_benchmarks.py")).dags
    night, morning = dags["nightly_benchmarks"], dags["morning_report"]
    for task in night.tasks:
        if task.task_id != "no_leak":
            task.sizes = [100, 200, 400]
    assert set(run_dag(night).states.values()) == {"success"}
    verdicts = {run.gate.name: run.verdict.value for run in store.latest()}
    assert verdicts == {"busiest_routes": "warn", "delays_by_carrier": "warn", "no_leak": "pass"}
    assert run_dag(morning).states["report"] == "success"
    leaking = store.report(store.history(Gate("nightly_benchmarks", "no_leak"))[0].report_id)
    later = leaking.model_copy(
        update={
            "id": "of-a-leak",
            "verdict": Verdict.FAIL,
            "started_at": datetime.now(UTC),
            "provenance": leaking.provenance.model_copy(update={"run_id": "next"}),
        }
    )
    store.write(later)
    states = run_dag(morning, logical_date=datetime(2026, 2, 2, tzinfo=UTC)).states
    assert (states["no_leak_passed"], states["report"]) == ("failed", "upstream_failed")


@pytest.mark.alone
def test_service_of_the_night_holds_the_load_and_ends_with_its_task(
    metadata_database: None, run_dag: RunDag, store: Store
) -> None:
    """Both scenarios and the checks of the flights run under load, and nothing is left of the service."""
    from airflow.dag_processing.dagbag import DagBag

    from airflow_provider_dpq.core.load.model import constant_arrival_rate, shared_iterations

    dag = DagBag(str(DAGS / "nightly_load.py")).dags["nightly_load"]
    dag.get_task("flights_service").load = constant_arrival_rate("100/s", "3s")
    dag.get_task("flights_checks").load = shared_iterations(2, workers=2)
    assert set(run_dag(dag).states.values()) == {"success"}
    kinds = {run.gate.name: run.worst.kind for run in store.latest()}
    assert kinds == {"flights_service": "load", "flights_checks": "load"}
    report = store.report(store.history(Gate("nightly_load", "flights_service"))[0].report_id)
    counts = {one.tags.get("scenario"): one.value for one in report.metrics if one.name == "iteration_count"}
    assert counts == {None: 300, "read": 270, "book": 30}
    assert [
        child for child in psutil.Process().children(recursive=True) if "flights.py" in " ".join(child.cmdline())
    ] == []
    assert "AIRFLOW_CONN_FLIGHTS_SERVICE" not in os.environ


def test_service_of_the_night_that_does_not_start_is_told(tmp_path: Path) -> None:
    """A program that is not there, or fails at once, is an error of its own, and no connection without an address."""
    service = runpy.run_path(str(DAGS / "nightly_load.py"))["flights_service"]
    service.__wrapped__.__globals__["HERE"] = tmp_path
    with pytest.raises(RuntimeError, match="ended with code 2 before"), service():
        pass
