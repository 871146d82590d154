"""Where the report of a task instance is read."""

from __future__ import annotations

import pytest
from airflow.sdk import BaseOperator

from airflow_provider_dpq.operators.link import GateReportLink, tab_path


class Key:
    """A task instance, as far as a link needs it."""

    dag_id = "flights"
    task_id = "group.check"
    run_id = "manual__2026-01-01T00:00:00+00:00"
    map_index = -1


def test_tab_path_is_the_route_of_the_tab_in_airflows_ui() -> None:
    """The path is that of the task instance's tab; what a run's id may contain is escaped."""
    path = tab_path("flights", "manual__2026-01-01T00:00:00+00:00", "group.check")
    assert path == ("/dags/flights/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/group.check/plugin/gate-report")


def test_tab_path_names_the_mapped_instance() -> None:
    """Each instance of a mapped task has a tab of its own, the first with index 0 too."""
    assert tab_path("d", "r", "t", 0) == "/dags/d/runs/r/tasks/t/mapped/0/plugin/gate-report"


def test_tab_path_cannot_leave_its_route() -> None:
    """A slash in a run's id does not become part of the path."""
    assert tab_path("d", "../x", "t") == "/dags/d/runs/..%2Fx/tasks/t/plugin/gate-report"


def test_link_stays_below_the_path_that_the_ui_is_served_under(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy the link follows [api] base_url."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/prod")
    link = GateReportLink().get_link(BaseOperator(task_id="t"), ti_key=Key())  # type: ignore[arg-type]
    assert link.startswith("/prod/dags/flights/runs/")
