"""The plugin costs other processes nothing, and tells Airflow's UI where the pages are."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from airflow_provider_dpq.plugins.dpq import DpqPlugin


def test_importing_and_making_the_plugin_imports_nothing_heavy() -> None:
    """Every process of Airflow makes the plugin; only the API server pays for the pages."""
    program = """
import sys
import airflow.sdk.plugins_manager
before = set(sys.modules)
from airflow_provider_dpq.plugins.dpq import DpqPlugin
DpqPlugin()
print(*sorted(name for name in set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if not name.startswith("airflow_provider_dpq")} == set()
    assert "airflow_provider_dpq.plugins.dpq" in done.stdout.split()
    assert "airflow_provider_dpq.ui" not in done.stdout


def test_airflow_finds_the_plugin() -> None:
    """The installed package announces the plugin where Airflow looks for plugins."""
    (found,) = entry_points(group="airflow.plugins", name="dpq")
    assert found.load() is DpqPlugin


@pytest.mark.parametrize(
    ("base_url", "root"),
    [("", ""), ("http://localhost:8080", ""), ("https://tools.example.com/airflow/", "/airflow")],
)
def test_views_lie_below_the_path_that_airflow_is_served_under(
    monkeypatch: pytest.MonkeyPatch, base_url: str, root: str
) -> None:
    """The frames find the pages wherever [api] base_url puts Airflow."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    nav, tab = DpqPlugin().external_views
    assert (nav["destination"], nav["href"]) == ("nav", f"{root}/dpq/gates")
    assert (tab["destination"], tab["href"]) == (
        "task_instance",
        f"{root}/dpq/dags/{{DAG_ID}}/runs/{{RUN_ID}}/tasks/{{TASK_ID}}/{{MAP_INDEX}}/report",
    )


def test_views_have_routes_of_their_own_in_the_ui() -> None:
    """Without a route Airflow's UI would lead away from itself; the button on a task leads to the tab's."""
    from airflow_provider_dpq.operators.link import tab_path

    nav, tab = DpqPlugin().external_views
    assert nav["url_route"] != tab["url_route"]
    assert tab_path("d", "r", "t").endswith(f"/plugin/{tab['url_route']}")
