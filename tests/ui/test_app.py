"""The pages show what the user may read and nothing else, and say plainly what is wrong."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.merged import MergedPart
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Failure, Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality.parts import merge_reports
from airflow_provider_dpq.core.render import render_html
from airflow_provider_dpq.core.store import Start, Store, open_store
from airflow_provider_dpq.ui.app import Access, build_app

START = datetime(2013, 7, 1, 6, 30, tzinfo=UTC)
RUN = "manual__2013-07-01T06:30:00+00:00"
ODD_DAG = 'a"b?c#d'
READABLE = {"ann": {"flights", "weather", ODD_DAG}, "bob": {"weather"}, "eve": set()}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-type": "text/html; charset=utf-8",
}


def user(request: Request) -> str:
    """The user whom the request names."""
    name = request.headers.get("x-user", "")
    if name not in READABLE:
        raise HTTPException(401, "Not authenticated")
    return name


def may_read_dag(request: Request) -> None:
    """Refuse a DAG that is not readable to the user."""
    if request.path_params["dag_id"] not in READABLE[user(request)]:
        raise HTTPException(403, "Forbidden")


def readable_dags(request: Request) -> set[str]:
    """The DAGs that are readable to the user."""
    return READABLE[user(request)]


ACCESS = Access(signed_in=user, may_read_dag=may_read_dag, readable_dags=readable_dags)


def a_report(
    gate: str = "flights_complete",
    *,
    verdict: Verdict = Verdict.PASS,
    dag_id: str | None = "flights",
    task_id: str | None = "check",
    run_id: str = RUN,
    map_index: int = -1,
    try_number: int = 1,
    subject: str = "flights.csv.gz",
    started_at: datetime = START,
) -> Report:
    """A report with one check."""
    check = CheckResult(
        name=f"{gate}.1", type="expect_something", verdict=verdict, severity="critical", success=verdict is Verdict.PASS
    )
    return make_report(
        gate=gate,
        kind="quality",
        subject=subject,
        provenance=Provenance(
            dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=map_index, try_number=try_number
        ),
        started_at=started_at,
        duration_seconds=1.25,
        checks=[check],
    )


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The address of an empty store in a file."""
    return f"sqlite:///{tmp_path / 'dpq.db'}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The store that the pages read."""
    with open_store(store_url) as opened:
        yield opened


def client_of(opener: Callable[[], Store], user_name: str | None = "ann", root_path: str = "") -> TestClient:
    """A browser of one user, with the pages mounted as Airflow mounts them."""
    airflow = FastAPI(root_path=root_path)
    airflow.mount("/dpq", build_app(opener, ACCESS))
    headers = {"x-user": user_name} if user_name else {}
    return TestClient(airflow, headers=headers, follow_redirects=False)


@pytest.fixture
def browse(store_url: str, store: Store) -> Callable[..., TestClient]:
    """A function that returns the browser of a user."""
    return lambda user_name="ann", root_path="": client_of(lambda: open_store(store_url), user_name, root_path)


def tab(run_id: str = RUN, map_index: str = "{MAP_INDEX}") -> str:
    """The path of the tab of a task instance, as Airflow's UI fills it in."""
    return f"/dpq/dags/flights/runs/{run_id}/tasks/check/{map_index}/report"


def links(html: str) -> list[str]:
    """The targets of a page's links."""
    return re.findall(r'href="([^"]*)"', html)


def cells(html: str) -> list[list[str]]:
    """The text of each cell of each row of a page's table."""
    rows = re.findall(r"<tr>\n(.*?)</tr>", html, re.DOTALL)
    return [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in rows]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize(
    "path",
    ["/dpq/gates", tab(), "/dpq/dags/flights/reports/x", "/dpq/", "/dpq/gates/", "/dpq/nothing/here", "/dpq/docs"],
)
def test_every_path_refuses_a_request_without_credentials(
    browse: Callable[..., TestClient], method: str, path: str
) -> None:
    """Whatever is asked for, in whatever way, needs credentials first, and the refusal carries the headers too."""
    for name in (None, "mallory"):
        response = browse(name).request(method, path)
        assert response.status_code == 401
        assert response.headers.items() >= HEADERS.items()


@pytest.mark.parametrize("path", ["/dpq/docs", "/dpq/redoc", "/dpq/openapi.json", "/dpq/", "/dpq/gates/", "/dpq/x"])
def test_there_are_no_other_pages(browse: Callable[..., TestClient], path: str) -> None:
    """No documentation, no schema and no redirect: a signed-in user gets a page that says so."""
    response = browse().get(path)
    assert response.status_code == 404
    assert response.headers.items() >= HEADERS.items()


def test_gates_are_listed_with_their_latest_report(browse: Callable[..., TestClient], store: Store) -> None:
    """Each gate is listed once, with the verdict, subject, time and origin of its newest report and a link to it."""
    store.write(a_report(run_id="one", verdict=Verdict.FAIL, subject="old.csv", started_at=START - timedelta(days=1)))
    newest = a_report(run_id="two", verdict=Verdict.WARN, map_index=3)
    store.write(newest)
    response = browse().get("/dpq/gates")
    assert response.status_code == 200
    assert response.headers.items() >= HEADERS.items()
    assert "old.csv" not in response.text
    for shown in (
        "flights_complete",
        "warn",
        "flights.csv.gz",
        "2013-07-01 06:30:00 UTC",
        "1.25 s",
        "flights",
        "check[3]",
    ):
        assert shown in response.text
    assert links(response.text) == [f"/dpq/dags/flights/reports/{newest.id}"]
    assert browse().get(links(response.text)[0]).status_code == 200


def test_gates_are_listed_the_worst_first(browse: Callable[..., TestClient], store: Store) -> None:
    """A gate that failed is not hidden below those that passed."""
    store.write(a_report("a_passing"))
    store.write(a_report("b_failing", verdict=Verdict.FAIL))
    store.write(a_report("c_broken", verdict=Verdict.ERROR))
    text = browse().get("/dpq/gates").text
    assert text.index("c_broken") < text.index("b_failing") < text.index("a_passing")


def test_overview_says_why_a_gate_did_not_pass(browse: Callable[..., TestClient], store: Store) -> None:
    """The error of the whole, or else the first check that broke, without a value of the data."""
    broken = a_report("rows", verdict=Verdict.FAIL)
    check = broken.checks[0].model_copy(
        update={"result": {"unexpected_count": 2, "element_count": 5, "partial_unexpected_list": ["SECRET"]}}
    )
    store.write(broken.model_copy(update={"checks": (check,)}))
    quoting = Problem(reason="malformed_values", message="SECRET is no number.")
    plain = Problem(reason="missing_file", message="a.csv is gone.", quotes_data=False)
    for name, problem in (("quoting", quoting), ("plain", plain)):
        store.write(a_report(name, verdict=Verdict.ERROR).model_copy(update={"error": problem}))
    text = browse().get("/dpq/gates").text
    told = {row[1] for row in cells(text) if row}
    assert "SECRET" not in text
    assert told == {
        "flights &gt; rowsrows.1: 2 of 5 unexpected",
        "flights &gt; quotingSee the report for the reason (malformed_values).",
        "flights &gt; plaina.csv is gone.",
    }


def test_what_measures_stands_between_what_is_broken_and_what_passed(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """It may come to anything; its older report stands in its row and in no row of its own."""
    for gate, verdict in (("a", Verdict.PASS), ("b", Verdict.PASS), ("c", Verdict.FAIL)):
        store.write(a_report(gate, verdict=verdict))
    store.begin(Start.now("b", "quality", "s", Provenance(dag_id="flights", task_id="check", run_id="later")))
    assert [row[0] for row in cells(browse().get("/dpq/gates").text) if row] == ["fail", "measuring", "pass"]


def test_gates_of_dags_that_are_not_readable_are_not_listed(browse: Callable[..., TestClient], store: Store) -> None:
    """A user sees the gates of readable DAGs only, and none where no DAG is readable."""
    store.write(a_report("flights_complete"))
    store.write(a_report("weather_complete", dag_id="weather"))
    assert "flights_complete" in browse("ann").get("/dpq/gates").text
    of_bob = browse("bob").get("/dpq/gates").text
    assert "weather_complete" in of_bob
    assert "flights_complete" not in of_bob
    of_eve = browse("eve").get("/dpq/gates").text
    assert "_complete" not in of_eve
    assert "has a report yet" in of_eve


def test_reports_from_outside_airflow_are_not_shown(browse: Callable[..., TestClient], store: Store) -> None:
    """A report that belongs to no DAG is on no list and below no path, because no right covers it."""
    outside = a_report("by_hand", dag_id=None, task_id=None)
    store.write(outside)
    assert "by_hand" not in browse().get("/dpq/gates").text
    for dag_id in ("flights", "weather"):
        assert browse().get(f"/dpq/dags/{dag_id}/reports/{outside.id}").status_code == 404


def test_tab_is_the_report_where_the_task_has_one(browse: Callable[..., TestClient], store: Store) -> None:
    """One gate and one try: the tab is the report as it is rendered everywhere."""
    report = a_report(verdict=Verdict.FAIL)
    store.write(report)
    response = browse().get(tab())
    assert response.status_code == 200
    assert response.headers.items() >= HEADERS.items()
    assert response.text == render_html(report)


def test_tab_draws_a_load_under_the_policy_of_the_page(browse: Callable[..., TestClient], store: Store) -> None:
    """Plots need no script and no address, which the policy would refuse; what failed iterations said is shown."""
    seconds = range(10)
    report = a_report(verdict=Verdict.FAIL).model_copy(
        update={
            "kind": "load",
            "metrics": (Metric(name="iteration_count", value=990),),
            "series": (Series(name="rate", unit="/s", values=[99.0] * 10, positions=seconds),),
            "recording": Recording(failures=(Failure(scenario="s", name="timeout", count=3, samples=(HOSTILE,)),)),
        }
    )
    store.write(report)
    response = browse().get(tab())
    assert response.headers.items() >= HEADERS.items()
    assert "per second: 99 /s at most." in response.text
    assert '<svg viewBox="' in response.text
    assert "alert(1)" in response.text
    assert not re.search(r"<script|<img|https?:", response.text)


def test_tab_shows_the_newest_try_and_links_to_the_earlier_ones(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """After a retry the tab shows what the last try decided; what the others decided is one click away."""
    tries = [
        a_report(try_number=number, verdict=verdict, subject=f"try-{number}.csv")
        for number, verdict in enumerate((Verdict.ERROR, Verdict.ERROR, Verdict.PASS), start=1)
    ]
    for report in tries:
        store.write(report)
    text = browse().get(tab()).text
    assert "try-3.csv" in text
    assert [address.rpartition("/")[2] for address in links(text)] == [report.id for report in reversed(tries)]
    assert "try-1.csv" in browse().get(links(text)[-1]).text


def test_tab_of_a_task_with_several_gates_shows_the_worst_and_links_to_all(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """A task that judged several gates shows first the one that stopped it."""
    for gate, verdict in (("a_gate", Verdict.PASS), ("b_gate", Verdict.FAIL), ("c_gate", Verdict.WARN)):
        store.write(a_report(gate, verdict=verdict, subject=f"{gate}.csv"))
    text = browse().get(tab()).text
    assert "b_gate.csv" in text
    assert "a_gate.csv" not in text
    pages = [browse().get(address).text for address in links(text)]
    assert [re.findall("._gate.csv", page) for page in pages] == [["a_gate.csv"], ["b_gate.csv"], ["c_gate.csv"]]


def test_tab_of_a_mapped_task_shows_its_own_report(browse: Callable[..., TestClient], store: Store) -> None:
    """Each index of a mapped task has its own report; Airflow's placeholder means that it is not mapped."""
    for index in (-1, 0, 1):
        store.write(a_report(map_index=index, subject=f"part{index}.csv"))
    for map_index, subject in (
        ("0", "part0.csv"),
        ("1", "part1.csv"),
        ("-1", "part-1.csv"),
        ("{MAP_INDEX}", "part-1.csv"),
    ):
        assert subject in browse().get(tab(map_index=map_index)).text


def test_tab_says_so_where_there_is_no_report_yet(browse: Callable[..., TestClient]) -> None:
    """Before the task stored anything the tab explains that, and is no error."""
    response = browse().get(tab())
    assert response.status_code == 200
    assert "No report" in response.text
    assert response.headers.items() >= HEADERS.items()


@pytest.mark.parametrize("map_index", ["x", "1.5", "-2", "{map_index}", "9" * 30, "\u0661"])
def test_tab_refuses_what_is_no_map_index(browse: Callable[..., TestClient], map_index: str) -> None:
    """What is no index of a mapped task has no page."""
    assert browse().get(tab(map_index=map_index)).status_code == 404


def test_tab_and_report_of_a_dag_that_is_not_readable_are_refused(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """A user who may not read the DAG gets neither its tab nor its report, whether or not there is one."""
    report = a_report()
    store.write(report)
    for path in (tab(), tab("no_such_run"), f"/dpq/dags/flights/reports/{report.id}", "/dpq/dags/flights/reports/x"):
        response = browse("bob").get(path)
        assert response.status_code == 403
        assert "flights.csv" not in response.text


def test_report_is_not_shown_below_another_dag(browse: Callable[..., TestClient], store: Store) -> None:
    """Knowing a report's identifier does not open it through a DAG that is readable: it is as if there were none."""
    secret = a_report()
    store.write(secret)
    refused = browse("bob").get(f"/dpq/dags/weather/reports/{secret.id}")
    unknown = browse("bob").get("/dpq/dags/weather/reports/00000000-0000-4000-8000-000000000000")
    assert refused.status_code == unknown.status_code == 404
    assert refused.text.replace(secret.id, "") == unknown.text.replace("00000000-0000-4000-8000-000000000000", "")


def test_report_links_back_to_the_list(browse: Callable[..., TestClient], store: Store) -> None:
    """From a report reached through the list there is a way back, since the frame has no address bar."""
    report = a_report()
    store.write(report)
    text = browse().get(f"/dpq/dags/flights/reports/{report.id}").text
    assert links(text) == ["/dpq/gates"]
    assert render_html(report).partition("<header>")[2] == text.partition("<header>")[2]


def test_links_keep_the_path_that_airflow_is_served_under(browse: Callable[..., TestClient], store: Store) -> None:
    """Where Airflow is served below a path of its own, every link stays below that path."""
    report = a_report()
    store.write(report)
    client = browse(root_path="/tools/airflow")
    (to_report,) = links(client.get("/tools/airflow/dpq/gates").text)
    assert to_report == f"/tools/airflow/dpq/dags/flights/reports/{report.id}"
    assert links(client.get(to_report).text) == ["/tools/airflow/dpq/gates"]


def test_hostile_names_are_escaped(browse: Callable[..., TestClient], store: Store) -> None:
    """Markup in the name of a gate, a subject or a path is shown, never obeyed."""
    hostile = a_report(HOSTILE, subject=HOSTILE)
    store.write(hostile)
    store.write(a_report(f"{HOSTILE}2", subject=HOSTILE))
    paths = ["/dpq/gates", tab(), f"/dpq/dags/flights/reports/{hostile.id}", f"/dpq/{HOSTILE}", tab(map_index=HOSTILE)]
    for path in paths:
        text = browse().get(path).text
        assert "alert(1)" in text
        assert "<script" not in text
        assert "<img" not in text


def test_hostile_dag_id_stays_inside_the_link(browse: Callable[..., TestClient], store: Store) -> None:
    """A DAG id with marks that mean something in an address is quoted in it."""
    store.write(a_report(dag_id=ODD_DAG))
    (address,) = links(browse().get("/dpq/gates").text)
    assert address.startswith("/dpq/dags/a%22b%3Fc%23d/reports/")
    assert browse().get(address).status_code == 200


def test_store_out_of_reach_is_said_in_neutral_words(caplog: pytest.LogCaptureFixture) -> None:
    """The page names the reason alone, for anyone who is signed in; the server's log says which store, and why."""

    def opener() -> Store:
        raise StoreError(
            "store_unreachable", "The store postgresql://dpq:***@db/dpq does not answer.", hint="Is it up?"
        )

    client = client_of(opener)
    for path in ("/dpq/gates", tab(), "/dpq/dags/flights/reports/x"):
        response = client.get(path)
        assert response.status_code == 503
        assert response.headers.items() >= HEADERS.items()
        assert "postgresql" not in response.text
        assert "does not answer" not in response.text
        assert "server&#39;s log has the details" in response.text
        assert "store_unreachable" in response.text
        assert "Traceback" not in response.text
    assert caplog.text.count("postgresql://dpq:***@db/dpq does not answer. Is it up?") == 3


def test_real_store_out_of_reach_hides_its_address(caplog: pytest.LogCaptureFixture) -> None:
    """Of a PostgreSQL server that does not answer, the log has the address without the password, the page neither."""
    client = client_of(lambda: open_store("postgresql+psycopg2://dpq:hunter2@127.0.0.1:1/dpq"))
    response = client.get("/dpq/gates")
    assert response.status_code == 503
    assert "hunter2" not in response.text
    assert "127.0.0.1" not in response.text
    assert ("127.0.0.1" in caplog.text, "hunter2" in caplog.text) == (True, False)


def test_head_answers_like_get(browse: Callable[..., TestClient], store: Store) -> None:
    """HEAD gives the status of GET."""
    store.write(a_report())
    assert browse().head("/dpq/gates").status_code == 200
    assert browse().head(tab()).status_code == 200
    assert browse("bob").head(tab()).status_code == 403


def test_what_started_and_left_no_report_is_shown(browse: Callable[..., TestClient], store: Store) -> None:
    """On the list of gates and on the task's tab, to those who may read its DAG; a report takes it away."""
    source = Provenance(dag_id="flights", task_id="check", run_id="later", try_number=2)
    store.begin(Start.now("flights_begun", "quality", HOSTILE, source))
    begun = browse("ann").get("/dpq/gates").text
    assert "flights &gt; flights_begun" in begun
    assert "measuring" in begun
    assert "<script>alert" not in begun
    assert "flights_begun" not in browse("bob").get("/dpq/gates").text
    shown = browse("ann").get(tab("later")).text
    assert "measuring started at" in shown
    store.write(a_report("flights_begun", run_id="later", try_number=2))
    assert "measuring" not in browse("ann").get("/dpq/gates").text


def test_a_killed_process_is_shown_as_killed(browse: Callable[..., TestClient], store: Store) -> None:
    """Its gate's older pass is on the page, too, and below it."""
    store.write(a_report("flights_killed"))
    source = Provenance(dag_id="flights", task_id="check", run_id="later")
    begun = Start.now("flights_killed", "quality", "s", source)
    store.begin(replace(begun, process=begun.process.rpartition("/")[0] + "/1.00"))
    shown = browse("ann").get("/dpq/gates").text
    (row,) = [row for row in cells(shown) if row]
    assert row[0] == "killed"
    assert "Its process was killed" in row[1]
    assert "the log of try 1 of task &#39;check&#39;" in row[1]
    assert row[1].endswith("Older report, which satisfies no sensor: pass of 2013-07-01 06:30:00 UTC")
    assert "1 killed</span>" in shown.partition("</h1>")[0]
    to_task, _ = links(shown)
    assert "the log of try 1" in browse().get(to_task).text


@pytest.mark.parametrize(
    ("column", "gate"), [("ends_by", "flights &gt; begun"), ("gate", "a gate that nobody can tell")]
)
def test_a_damaged_start_leaves_the_other_rows(
    browse: Callable[..., TestClient], store: Store, tmp_path: Path, column: str, gate: str
) -> None:
    """It is told in its own row, also where nobody can tell whose it is."""
    store.write(a_report("flights_whole"))
    store.begin(Start.now("begun", "quality", "s", Provenance(dag_id="flights", task_id="check", run_id="later")))
    with closing(sqlite3.connect(tmp_path / "dpq.db")) as connection, connection:
        connection.execute(f"UPDATE dpq_start SET {column} = x'00ff'")
    damaged, whole = [row for row in cells(browse("ann").get("/dpq/gates").text) if row]
    assert damaged[0] == "damaged"
    assert damaged[1].startswith(f"{gate}The record that measuring started is damaged ({column}).")
    assert "delete row 1 of dpq_start" in damaged[1]
    assert whole[:2] == ["pass", "flights &gt; flights_whole"]


def test_a_killed_retry_is_told_above_the_older_report(browse: Callable[..., TestClient], store: Store) -> None:
    """The pass of an earlier try is no answer any more; what an earlier try left is of no matter after a later one."""
    earlier = a_report("flights_retried", try_number=2)
    store.write(earlier)
    source = Provenance(dag_id="flights", task_id="check", run_id=RUN, try_number=1)
    store.begin(Start.now("flights_retried", "quality", "s", source))
    assert "left no report" not in browse().get(tab()).text
    begun = Start.now("flights_retried", "quality", "s", source.model_copy(update={"try_number": 3}))
    store.begin(replace(begun, process=begun.process.rpartition("/")[0] + "/1.00"))
    for path in (tab(), f"/dpq/dags/flights/reports/{earlier.id}"):
        shown = browse().get(path).text
        assert shown.index("The report below is older.") < shown.index("<h1")
    store.write(a_report("flights_retried", try_number=3))
    assert "left no report" not in browse().get(tab()).text


def labelled(label: str, **fields: object) -> Report:
    """A part of a mapped gate, with what it is about."""
    report = a_report(**fields)  # type: ignore[arg-type]
    return report.model_copy(update={"provenance": report.provenance.model_copy(update={"label": label})})


def test_mapped_gate_shows_the_worst_of_its_newest_run_and_each_part(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """One row says how many failed, and the report of a part leads to all others by their labels."""
    store.write(a_report(run_id="older", map_index=7, verdict=Verdict.ERROR))
    for index, (label, verdict) in enumerate(
        [("area=EU", Verdict.PASS), (HOSTILE, Verdict.FAIL), ("area=US", Verdict.PASS)]
    ):
        store.write(labelled(label, map_index=index, verdict=verdict))
    listed = browse().get("/dpq/gates").text
    (row,) = [row for row in cells(listed) if row]
    assert row[0] == "fail"
    assert row[1].startswith("flights &gt; flights_complete 1 of 3 failed: ")
    assert HOSTILE not in listed
    page = browse().get(tab(map_index="0")).text
    parts = page.split('aria-label="Parts of this run"')[1].split("</ul>")[0]
    assert HOSTILE not in parts
    assert [text for text in re.findall(r">([^<>]+)</a>", parts) if text.startswith("area")] == ["area=EU", "area=US"]
    assert len(links(parts)) == 3


def test_merged_report_leads_to_the_reports_of_its_parts(browse: Callable[..., TestClient], store: Store) -> None:
    """The worst first, by what each is called; none of another DAG, whatever the report says."""
    parts = [a_report("part", map_index=0), a_report("part", map_index=1, verdict=Verdict.FAIL)]
    other = a_report("part", dag_id="weather")
    whole = merge_reports(
        [*parts, None], gate="whole", provenance=Provenance(dag_id="flights", task_id="m", run_id=RUN)
    )
    stranger = MergedPart(name="stranger", verdict=Verdict.PASS, report_id=other.id)
    whole = whole.model_copy(update={"merged": (*whole.merged, stranger)})
    for report in (*parts, other, whole):
        store.write(report)
    page = browse().get(f"/dpq/dags/flights/reports/{whole.id}").text
    listed = page.split('aria-label="Parts of this run"')[1].split("</ul>")[0]
    assert re.findall(r'href="([^"]+)"[^>]*>([^<>]+)</a>', listed) == [
        (f"/dpq/dags/flights/reports/{parts[1].id}", "[1]"),
        (f"/dpq/dags/flights/reports/{parts[0].id}", "[0]"),
    ]
    assert "1 of 4 parts in error: [2]" in page


def test_moved_report_is_read_with_the_dag_that_measured_or_the_new_one(
    browse: Callable[..., TestClient], store: Store
) -> None:
    """Before the new DAG is parsed nobody may read it: the tab of the old task and the overview show its gate."""
    report, secret = a_report(verdict=Verdict.FAIL), a_report("secret", dag_id="hidden")
    for one in (report, secret):
        store.write(one)
    store.rename_gates({one.identity: Gate("not_parsed", one.gate) for one in (report, secret)}, actor="ben")
    listed = browse().get("/dpq/gates").text
    assert "not_parsed &gt; flights_complete" in listed
    assert "secret" not in listed
    (address,) = links(listed)
    assert address == f"/dpq/dags/flights/reports/{report.id}"
    for path in (address, tab()):
        shown = browse().get(path).text
        assert "not_parsed &gt; flights_complete" in shown
        assert "flights.check, try 1" in shown
    assert "flights_complete" not in browse("bob").get("/dpq/gates").text
    store.rename_gates({Gate("not_parsed", "flights_complete"): Gate("weather", "flights_complete")}, actor="ben")
    (address,) = links(browse("bob").get("/dpq/gates").text)
    assert browse("bob").get(address).status_code == 200


def test_moved_gate_whose_process_was_killed_is_no_pass(browse: Callable[..., TestClient], store: Store) -> None:
    """What started moves to a DAG that nobody may read yet, and still stands before the older pass."""
    store.write(a_report())
    store.begin(
        Start.now("flights_complete", "quality", "s", Provenance(dag_id="flights", task_id="check", run_id="x"))
    )
    store.rename_gates({Gate("flights", "flights_complete"): Gate("not_parsed", "flights_complete")}, actor="ben")
    assert [row[0] for row in cells(browse().get("/dpq/gates").text) if row] == ["measuring"]


def test_run_of_which_a_part_may_not_be_read_is_not_listed(browse: Callable[..., TestClient], store: Store) -> None:
    """That part may be the worst: the others do not stand for it."""
    mine, other = a_report("g"), a_report("g", dag_id="weather", task_id="t", verdict=Verdict.FAIL)
    store.write(mine)
    store.rename_gates({mine.identity: Gate("weather", "g")}, actor="ben")
    assert "weather &gt; g" in browse().get("/dpq/gates").text
    store.write(other)
    assert READABLE["ann"] >= {"weather"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(READABLE, "ann", {"flights"})
        assert "weather &gt; g" not in browse().get("/dpq/gates").text


def test_gates_of_two_dags_are_two_rows(browse: Callable[..., TestClient], store: Store) -> None:
    """Each with its DAG before its name, and only those that the user may read."""
    store.write(a_report("check"))
    store.write(a_report("check", dag_id="weather", verdict=Verdict.FAIL))
    listed = [row[:2] for row in cells(browse().get("/dpq/gates").text) if row]
    assert [verdict for verdict, _ in listed] == ["fail", "pass"]
    assert listed[0][1].startswith("weather &gt; check")
    assert listed[1][1] == "flights &gt; check"
    (of_bob,) = [row for row in cells(browse("bob").get("/dpq/gates").text) if row]
    assert of_bob[1].startswith("weather &gt; check")


def test_report_that_was_changed_is_shown_as_such(
    browse: Callable[..., TestClient], store: Store, tmp_path: Path
) -> None:
    """The list, its page and its tab say so, and all other pages stay as they are."""
    changed, other = a_report(), a_report("others")
    store.write(changed)
    store.write(other)
    with closing(sqlite3.connect(tmp_path / "dpq.db")) as connection, connection:
        connection.execute("UPDATE dpq_report SET document = 'x' || document WHERE gate <> 'others'")
    rows = [row for row in cells(browse().get("/dpq/gates").text) if row]
    assert [row[0] for row in rows] == ["error", "pass"]
    assert "was changed after it was stored" in rows[0][1]
    for path in (f"/dpq/dags/flights/reports/{changed.id}", tab()):
        page = browse().get(path)
        assert page.status_code == 200
        assert "report_altered" in page.text
    assert browse().get(f"/dpq/dags/flights/reports/{other.id}").status_code == 200
