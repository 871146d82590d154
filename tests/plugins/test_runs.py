"""The pages tell which gates failed before they measured, by what Airflow's metadata database has of their tasks."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.sdk import DAG, BaseOperator
from airflow.utils.session import create_session
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Start, Store, open_store
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.plugins import runs as of_plugin
from airflow_provider_dpq.plugins.runs import MetadataRuns
from airflow_provider_dpq.ui.app import Access, build_app
from tests.airflow_home import LOGICAL_DATE, RunDag
from tests.reports import report_with

SUITE = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]
NEXT_DAY = LOGICAL_DATE + timedelta(days=1)
DAGS = {"orders", "customers", "alerts"}
ACCESS = Access(signed_in=lambda: None, may_read_dag=lambda: None, readable_dags=lambda: DAGS)


class Load(BaseOperator):
    """A task that fails on every day but the first."""

    def execute(self, context: Any) -> None:
        """Fail, or do nothing."""
        if context["logical_date"] > LOGICAL_DATE:
            message = "broken"
            raise ValueError(message)


@pytest.fixture(autouse=True)
def _rows(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,area\n1,EU\n")


def check(task_id: str, **arguments: Any) -> DataQualityCheckOperator:
    """Return a gate on a file that has one row."""
    return DataQualityCheckOperator(task_id=task_id, **{"path": "rows.csv", "suite": SUITE, **arguments})


@pytest.fixture
def page(store_url: str, store: Store) -> Callable[[str], str]:
    """A function that returns the text of a page."""
    app = FastAPI()
    app.mount("/dpq", build_app(lambda: open_store(store_url), ACCESS, MetadataRuns()))
    client = TestClient(app)

    def read(path: str) -> str:
        got = client.get(f"/dpq{path}")
        assert got.status_code == 200
        return html.unescape(" ".join(re.sub("<[^>]*>", " ", got.text.split("</style>")[-1]).split()))

    return read


@pytest.fixture
def gates(page: Callable[[str], str]) -> Callable[[], str]:
    """A function that returns the text of the page "Quality gates"."""
    return lambda: page("/gates")


def test_gate_whose_upstream_failed_is_shown_as_not_measured(
    run_dag: RunDag, gates: Callable[[], str], store: Store
) -> None:
    """Beside the pass of the day before; a pass of an earlier try is not the last word, a fail is."""
    with DAG("orders", schedule=None) as dag:
        Load(task_id="load") >> check("check", gate="complete")
    run_dag(dag)
    assert "not measured orders" not in gates()
    died = dag.test(logical_date=NEXT_DAY)
    assert (
        f"not measured orders > complete 'check' ended in state upstream_failed without a report {died.run_id}"
        in gates()
    )
    assert "pass orders > complete" in gates()
    named: dict[str, Any] = {"gate": "complete", "dag_id": "orders", "run_id": died.run_id}
    store.write(report_with(Verdict.PASS, **named))
    assert "pass incomplete orders > complete 'check' ended in state upstream_failed since its report" in gates()
    store.write(report_with(Verdict.FAIL, try_number=2, **named))
    assert "ended in state" not in gates()


def test_loss_counts_until_the_gate_reports_in_a_newer_run(
    run_dag: RunDag, gates: Callable[[], str], store: Store
) -> None:
    """While that run goes on; a report of an earlier day that is repeated meanwhile answers nothing."""
    with DAG("orders", schedule=None) as dag:
        Load(task_id="load") >> check("check")
    first = run_dag(dag)
    died = dag.test(logical_date=NEXT_DAY)
    lost = f"'check' ended in state upstream_failed without a report {died.run_id}"
    with create_session() as session:
        session.add(DagRun(dag_id="orders", run_id="newest", run_type="manual", state="running"))
    assert lost in gates()
    repeated = report_with(Verdict.PASS, gate="check", dag_id="orders", run_id=first.run_id, try_number=2)
    store.write(repeated)
    assert lost in gates()
    store.write(report_with(Verdict.PASS, gate="check", dag_id="orders", run_id="newest"))
    assert lost not in gates()
    store.write(report_with(Verdict.PASS, gate="check", dag_id="orders", run_id=first.run_id, try_number=3))
    assert lost not in gates()


def test_gate_that_has_never_reported_is_shown_by_its_task(run_dag: RunDag, gates: Callable[[], str]) -> None:
    """A newcomer's first run fails before the gate; what is no gate, or of another DAG, is not listed."""
    for dag_id in ("customers", "hidden"):
        with DAG(dag_id, schedule=None) as dag:
            Load(task_id="load") >> [check("check"), Load(task_id="report")]
        run_dag(dag, logical_date=NEXT_DAY)
    text = gates()
    assert "not measured customers > check 'check' ended in state upstream_failed without a report" in text
    assert "'load'" not in text
    assert "'report'" not in text
    assert "hidden" not in text


def test_tab_of_a_task_that_measured_nothing_says_how_it_ended(run_dag: RunDag, page: Callable[[str], str]) -> None:
    """A gate's alone: what is no gate has nothing to measure, and what has ended well did not fail."""
    with DAG("orders", schedule=None) as dag:
        Load(task_id="load") >> check("check")
    run = run_dag(dag, logical_date=NEXT_DAY)

    def tab(task: str) -> str:
        return page(f"/dags/orders/runs/{run.run_id}/tasks/{task}/{{MAP_INDEX}}/report")

    lost = (
        "'check' ended in state upstream_failed without a report, and nothing was measured. See the log of the upstream"
    )
    assert lost in tab("check")
    assert "task may not be a gate" in tab("load")


def test_gate_that_was_killed_is_counted_once(
    run_dag: RunDag, gates: Callable[[], str], page: Callable[[str], str], store: Store
) -> None:
    """As killed, which says more than that it ended without a report."""
    with DAG("orders", schedule=None) as dag:
        Load(task_id="load") >> check("check")
    run = run_dag(dag, logical_date=NEXT_DAY)
    begun = Start.now("check", "quality", "s", Provenance(dag_id="orders", task_id="check", run_id=run.run_id))
    store.begin(replace(begun, process=begun.process.rpartition("/")[0] + "/1.00"))
    text = gates()
    assert "1 killed" in text.partition("killed orders > check")[0]
    assert text.count("orders > check") == 1
    tab = page(f"/dags/orders/runs/{run.run_id}/tasks/check/{{MAP_INDEX}}/report")
    assert tab.count("was killed") == 1


def test_parts_that_are_missing_from_a_pass_are_named(run_dag: RunDag, gates: Callable[[], str], store: Store) -> None:
    """A gate of several tasks, one of which did not come to measuring, is no plain pass."""
    with DAG("alerts", schedule=None) as dag:
        check("good", gate="shared", shared_gate=True)
        Load(task_id="load") >> check("late", gate="shared", shared_gate=True)
    run_dag(dag, logical_date=NEXT_DAY)
    assert [run.gate for run in store.latest()] == [Gate("alerts", "shared")]
    text = gates()
    assert "pass incomplete alerts > shared 'late' ended in state upstream_failed without a report" in text
    assert "not measured alerts" not in text


def test_metadata_database_out_of_reach_is_said(
    run_dag: RunDag, gates: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reports are shown all the same, and the page does not pretend to know more."""

    def refuse() -> Any:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(of_plugin, "create_session", refuse)
    with DAG("orders", schedule=None) as dag:
        check("check")
    run_dag(dag)
    text = gates()
    assert "pass orders > check" in text
    assert "Airflow's database could not be read, so this page cannot show which gates failed" in text
