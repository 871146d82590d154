"""Airflow's auth manager decides who reads which report, in Airflow's own API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.store import open_store

COOKIE = "_token"


def report_of(dag_id: str) -> Report:
    """A report of a DAG."""
    return make_report(
        gate=f"gate_of_{dag_id}",
        kind="quality",
        subject="a.csv",
        provenance=Provenance(dag_id=dag_id, task_id="check", run_id="run"),
        started_at=datetime(2013, 7, 1, tzinfo=UTC),
        duration_seconds=1.0,
        metrics=[Metric(name="row_count", value=1)],
        thresholds=parse_thresholds(["row_count > 0"], "quality"),
    )


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """Airflow's API server with the plugin, two DAGs with a report each, and the identifiers of the reports."""
    home: Path = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of these tests, long enough for the algorithm " * 2)
        patch.setenv("AIRFLOW__CORE__AUTH_MANAGER", "tests.plugins.auth.PartialAuthManager")
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(home / "passwords.json"))
        patch.setenv("AIRFLOW__DPQ__STORE_URL", f"sqlite:///{home / 'dpq.db'}")
        from airflow.api_fastapi.app import create_app, purge_cached_app
        from airflow.models.dag import DagModel
        from airflow.models.dagbundle import DagBundleModel
        from airflow.utils.db import initdb
        from airflow.utils.session import create_session

        initdb()
        with create_session() as session:
            session.add(DagBundleModel(name="dpq-tests"))
            session.flush()
            for dag_id in ("flights", "weather"):
                session.merge(DagModel(dag_id=dag_id, bundle_name="dpq-tests"))
        reports = {dag_id: report_of(dag_id) for dag_id in ("flights", "weather")}
        with open_store(f"sqlite:///{home / 'dpq.db'}") as store:
            for report in reports.values():
                store.write(report)
        purge_cached_app()
        with TestClient(create_app("core"), follow_redirects=False) as client:
            yield client, {dag_id: report.id for dag_id, report in reports.items()}
        purge_cached_app()


@pytest.fixture
def get(api_server: tuple[TestClient, dict[str, str]]) -> Callable[..., tuple[int, str]]:
    """A function that gets a page as a user of a role and returns status and text."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    client, _ = api_server

    def get_page(path: str, name: str | None, role: str | None = "viewer", *, cookie: bool = False) -> tuple[int, str]:
        client.cookies.clear()
        headers = {}
        if name:
            token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
            if cookie:
                client.cookies.set(COOKIE, token)
            else:
                headers["Authorization"] = f"Bearer {token}"
        response = client.get(path, headers=headers)
        return response.status_code, response.text

    return get_page


PAGES = ["/dpq/gates", "/dpq/dags/flights/runs/run/tasks/check/{MAP_INDEX}/report", "/dpq/dags/flights/reports/x"]


@pytest.mark.parametrize("path", [*PAGES, "/dpq/", "/dpq/nothing", "/dpq/openapi.json"])
def test_nothing_answers_without_credentials(get: Callable[..., tuple[int, str]], path: str) -> None:
    """Mounted in Airflow, every path below /dpq demands credentials, and a forged token is none."""
    assert get(path, None)[0] == 401


def test_forged_token_is_refused(api_server: tuple[TestClient, dict[str, str]]) -> None:
    """A token that Airflow did not sign opens nothing."""
    client, _ = api_server
    client.cookies.clear()
    for path in PAGES:
        assert client.get(path, headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}).status_code in (401, 403)


@pytest.mark.parametrize("cookie", [False, True])
def test_viewer_reads_list_tab_and_report(
    get: Callable[..., tuple[int, str]], api_server: tuple[TestClient, dict[str, str]], cookie: bool
) -> None:
    """A viewer reads every page, with a token or with the cookie that the browser sends from within the frame."""
    _, reports = api_server
    status, text = get("/dpq/gates", "ann", cookie=cookie)
    assert (status, "gate_of_flights" in text, "gate_of_weather" in text) == (200, True, True)
    for path in (PAGES[1], f"/dpq/dags/flights/reports/{reports['flights']}"):
        status, text = get(path, "ann", cookie=cookie)
        assert (status, "gate_of_flights" in text) == (200, True)


def test_user_without_a_role_reads_nothing(get: Callable[..., tuple[int, str]]) -> None:
    """Credentials alone open nothing: the list is empty, the rest refused."""
    status, text = get("/dpq/gates", "eve", None)
    assert (status, "gate_of" in text) == (200, False)
    assert [get(path, "eve", None)[0] for path in PAGES[1:]] == [403, 403]


def test_user_reads_the_reports_of_readable_dags_only(
    get: Callable[..., tuple[int, str]], api_server: tuple[TestClient, dict[str, str]]
) -> None:
    """What the auth manager refuses for one DAG stays shut, also through another DAG and through the placeholder ~."""
    _, reports = api_server
    status, text = get("/dpq/gates", "partial")
    assert (status, "gate_of_flights" in text, "gate_of_weather" in text) == (200, True, False)
    assert get(f"/dpq/dags/flights/reports/{reports['flights']}", "partial")[0] == 200
    assert get(f"/dpq/dags/weather/reports/{reports['weather']}", "partial")[0] == 403
    assert get("/dpq/dags/weather/runs/run/tasks/check/-1/report", "partial")[0] == 403
    for dag_id in ("flights", "~", "flights?dag_id=weather"):
        status, text = get(f"/dpq/dags/{dag_id}/reports/{reports['weather']}", "partial")
        assert (status, "gate_of_weather" in text) == (404, False)


@pytest.mark.parametrize("query", ["", "?dag_id=flights", "?dag_id=~"])
def test_user_who_may_not_read_xcoms_reads_no_reports(get: Callable[..., tuple[int, str]], query: str) -> None:
    """A report says more than a DAG's state: it takes the right to read what tasks left behind."""
    status, text = get(f"/dpq/gates{query}", "no_xcom")
    assert (status, "gate_of" in text) == (200, False)
    assert [get(path + query, "no_xcom")[0] for path in PAGES[1:]] == [403, 403]
