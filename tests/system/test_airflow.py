"""In a real Airflow the gate stops bad data, once, and its report is read by whoever may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.store import open_store
from tests.system.running import Airflow, Run

pytestmark = pytest.mark.system

FAILING = "flight_references"
GATES = {"airlines", "airports", "planes", "weather", "flights", FAILING}


def test_failed_gate_stops_the_run_in_one_try(airflow: Airflow, flights: Run) -> None:
    """The bad references fail their task for good, although it has retries, and nothing is published."""
    tasks = airflow.tasks(flights.dag_id, flights.run_id)
    assert (tasks[FAILING]["state"], tasks[FAILING]["try_number"], tasks[FAILING]["max_tries"]) == ("failed", 1, 2)
    assert tasks["publish"]["state"] == "upstream_failed"
    assert {name: tasks[name]["state"] for name in GATES - {FAILING}} == dict.fromkeys(GATES - {FAILING}, "success")


def test_every_gate_has_stored_its_report(airflow: Airflow, flights: Run) -> None:
    """The store in AIRFLOW_HOME has one report of each gate, the failed one's too."""
    with open_store(f"sqlite:///{airflow.home / 'dpq.db'}") as store:
        entries = {run.gate.name: run.worst for run in store.latest(dag_ids=[flights.dag_id])}
    assert entries.keys() == GATES
    assert entries[FAILING].verdict.value == "fail"
    assert {entry.run_id for entry in entries.values()} == {flights.run_id}


def test_second_dag_runs_once_the_gate_has_passed(airflow: Airflow, flights: Run) -> None:
    """The sensor of another DAG finds the report of the gate on the flights, and lets its DAG go on."""
    run_id = airflow.run("flights_report")
    assert {task["state"] for task in airflow.tasks("flights_report", run_id).values()} == {"success"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_pages_demand_credentials(airflow: Airflow, flights: Run, method: str) -> None:
    """Nothing below /dpq answers without credentials."""
    for path in ("/dpq/gates", flights.page(FAILING), "/dpq/dags/flights_quality/reports/x", "/dpq/", "/dpq/docs"):
        assert airflow.ask(path, user=None, method=method).status_code == 401


@pytest.mark.parametrize("user", ["viewer", "admin"])
def test_pages_answer_users_who_may_read(airflow: Airflow, flights: Run, user: str) -> None:
    """A viewer of Airflow reads the list and the report, with the headers that keep both in their place."""
    for path in ("/dpq/gates", flights.page(FAILING)):
        response = airflow.ask(path, user=user)
        assert response.status_code == 200
        assert FAILING in response.text
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["cache-control"] == "no-store"


def test_task_has_a_link_to_its_report(airflow: Airflow, flights: Run) -> None:
    """The failed task has the button "Gate report", which leads to the tab."""
    links = airflow.ask(f"/api/v2/dags/{flights.dag_id}/dagRuns/{flights.run_id}/taskInstances/{FAILING}/links").json()
    assert links["extra_links"] == {"Gate report": flights.tab(FAILING)}


def test_tab_shows_the_report_inside_airflows_ui(
    browser_of: Callable[..., Any], flights: Run, screenshots: Path
) -> None:
    """The tab of the failed task shows the verdict and the checks within Airflow's frame, to a viewer."""
    page = browser_of(flights.tab(FAILING))
    frame = page.frame_locator("iframe[title='Gate report']")
    frame.locator("h1 .badge.fail").wait_for()
    assert FAILING in frame.locator("h1").inner_text()
    assert "dest" in frame.locator("#checks").inner_text()
    page.get_by_text("DataQualityCheckOperator").wait_for()
    page.get_by_text("publish", exact=True).first.wait_for()
    page.screenshot(path=screenshots / "gate-report.png", animations="disabled")


def test_button_on_the_task_opens_the_tab(browser_of: Callable[..., Any], flights: Run) -> None:
    """From the details of the failed task, the button leads to the report."""
    page = browser_of(f"/dags/{flights.dag_id}/runs/{flights.run_id}/tasks/{FAILING}/details")
    page.get_by_role("link", name="Gate report").last.click()
    page.frame_locator("iframe[title='Gate report']").locator("h1 .badge.fail").wait_for()


def test_navigation_leads_to_the_gates_and_their_reports(
    browser_of: Callable[..., Any], flights: Run, screenshots: Path
) -> None:
    """Browse, "Quality gates" lists every gate; a gate's name opens its report, which leads back."""
    page = browser_of("/")
    page.get_by_role("button", name="Browse").click()
    page.get_by_text("Quality gates", exact=True).click()
    frame = page.frame_locator("iframe[title='Quality gates']")
    frame.get_by_role("link", name=FAILING).wait_for()
    named = {f"{flights.dag_id} > {gate}" for gate in GATES}
    assert {link.inner_text() for link in frame.get_by_role("link").all()} >= named
    page.screenshot(path=screenshots / "quality-gates.png")
    frame.get_by_role("link", name=FAILING).click()
    frame.locator("h1 .badge.fail").wait_for()
    frame.get_by_role("link", name="Quality gates").click()
    frame.get_by_role("link", name="airlines").wait_for()


def test_tab_of_a_task_without_a_gate_says_so(browser_of: Callable[..., Any], flights: Run) -> None:
    """A task that is no gate has the tab as well, and the tab says that there is no report."""
    page = browser_of(flights.tab("publish"))
    page.frame_locator("iframe[title='Gate report']").get_by_role("heading", name="No report").wait_for()


@pytest.fixture(scope="session")
def night(airflow: Airflow) -> Run:
    """A scheduled run of the nightly benchmarks that has ended."""
    return Run("nightly_benchmarks", airflow.run_scheduled("nightly_benchmarks"))


def test_nightly_benchmarks_run_as_scheduled_and_the_morning_waits_for_them(airflow: Airflow, night: Run) -> None:
    """The first night has nothing to compare with and warns; the sensors of the other DAG find the gates passed."""
    tasks = airflow.tasks(night.dag_id, night.run_id)
    assert {name: task["state"] for name, task in tasks.items()} == dict.fromkeys(tasks, "success")
    with open_store(f"sqlite:///{airflow.home / 'dpq.db'}") as store:
        verdicts = {run.gate.name: run.verdict.value for run in store.latest(dag_ids=[night.dag_id])}
    assert verdicts == {"delays_by_carrier": "warn", "busiest_routes": "warn", "no_leak": "pass"}
    morning = airflow.tasks("morning_report", airflow.run_scheduled("morning_report"))
    assert {task["state"] for task in morning.values()} == {"success"}


def test_tab_plots_what_a_benchmark_measured(browser_of: Callable[..., Any], night: Run, screenshots: Path) -> None:
    """The plots are drawn within Airflow's frame, and the leak check beside them has its own."""
    page = browser_of(night.tab("delays_by_carrier"))
    frame = page.frame_locator("iframe[title='Gate report']")
    frame.locator("h1 .badge.warn").wait_for()
    assert frame.locator("svg").count() >= 2
    assert "Time by size" in frame.locator("body").inner_text()
    frame.get_by_text("Time by size").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "benchmark-report.png", animations="disabled")
    frame = browser_of(night.tab("no_leak")).frame_locator("iframe[title='Gate report']")
    frame.locator("h1 .badge.pass").wait_for()
    assert frame.locator("svg").count() >= 1
