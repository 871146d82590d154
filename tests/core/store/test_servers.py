"""The store on a database server: PostgreSQL, and MariaDB as far as it goes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import AuditEvent, Entry, Start, Store, limits, open_store, upgrade, upgrade_store
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.patience import patiently

pytestmark = pytest.mark.service

Vary: TypeAlias = Callable[..., Report]
WRITER = Path(__file__).with_name("write_reports.py")
ROOT = Path(__file__).parents[3]
START = datetime(2013, 7, 1, 6, 30, 0, 250, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = "hunter2"


def _on_server(url: str, *statements: str) -> list[Any]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        rows = [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    engine.dispose()
    return rows


@pytest.fixture
def postgres_store_url(postgres_url: str) -> Iterator[str]:
    """The address of an empty schema in PostgreSQL."""
    name = f"dpq_store_{uuid.uuid4().hex}"
    _on_server(postgres_url, f"CREATE SCHEMA {name}")
    yield f"{postgres_url}?options=-csearch_path%3D{name}"
    _on_server(postgres_url, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def mariadb_store_url(mysql_url: str) -> Iterator[str]:
    """The address of an empty database in MariaDB."""
    name = f"dpq_store_{uuid.uuid4().hex}"
    _on_server(mysql_url, f"CREATE DATABASE {name}")
    yield make_url(mysql_url).set(database=name).render_as_string(hide_password=False)
    _on_server(mysql_url, f"DROP DATABASE {name}")


@pytest.fixture(params=["psycopg2", "psycopg", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, on each server and by each driver."""
    if request.param == "mariadb":
        return str(request.getfixturevalue("mariadb_store_url"))
    pytest.importorskip(request.param)
    return str(request.getfixturevalue("postgres_store_url")).replace("+psycopg2", f"+{request.param}")


@pytest.fixture
def server_store(server_url: str) -> Iterator[Store]:
    """An empty store on a server."""
    with open_store(server_url) as opened:
        yield opened


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


def _ids(entries: list[Entry]) -> list[str]:
    return [entry.report_id for entry in entries]


def test_server_returns_what_it_was_given(server_store: Store, variant: Vary) -> None:
    """Reports come back equal, with their odd names, entries in UTC, and are refused a second time."""
    interval = DataInterval(start=START, end=START + HOUR)
    names = [{"gate": "Flüge 🛫 \\ % ' \" ü"}, {"gate": "flights"}, {"gate": "Flights"}, {"dag_id": None}]
    reports = [variant(started_at=START, data_interval=interval, **name) for name in names]
    for report in reports:
        server_store.write(report)
        assert server_store.report(report.id) == report
        assert _reason(lambda report=report: server_store.write(report)) == "report_exists"
        entry = server_store.history(report.identity)[0]
        assert (entry.started_at, entry.started_at.utcoffset()) == (START, timedelta(0))
        run = server_store.newest_run(report.identity, interval=(interval.start, interval.end))
        assert run is not None
        assert _ids(list(run.entries)) == [report.id]
    assert [run.gate for run in server_store.latest()] == sorted(report.identity for report in reports)
    assert server_store.history(Gate("flights_quality", "FLIGHTS")) == []
    assert _reason(lambda: server_store.report("nowhere")) == "unknown_report"
    assert _reason(lambda: server_store.write(variant(gate="a\0b"))) == "invalid_text"


def test_server_keeps_a_large_report(server_store: Store, variant: Vary, make_check: Callable[..., Any]) -> None:
    """More than the 64 KiB that a text has on some databases."""
    report = variant(checks=(make_check(result={"unexpected_list": ["ß"] * 200_000}),))
    server_store.write(report)
    assert server_store.report(report.id) == report


def test_server_replaces_a_report(server_store: Store, variant: Vary) -> None:
    """The later report of a try takes the place of the earlier one."""
    first, second = variant(), variant(subject="again")
    server_store.write(first, replace=True)
    server_store.write(second, replace=True)
    assert _ids(server_store.history(Gate("flights_quality", "flights"))) == [second.id]
    assert _reason(lambda: server_store.report(first.id)) == "unknown_report"


def test_server_orders_entries(server_store: Store, variant: Vary) -> None:
    """Newest first, tries from the last, and the newest of each gate in the DAGs asked for."""
    for number, dag_id in enumerate(("x", "y", None, "x")):
        for gate in ("a", "b"):
            server_store.write(
                variant(gate=gate, dag_id=dag_id, task_id="t", run_id="r", map_index=-1, try_number=number + 1,
                        started_at=START + number * HOUR)
            )  # fmt: skip
    assert [entry.try_number for entry in server_store.history(Gate("x", "a"), limit=3)] == [4, 1]
    assert [(entry.try_number, entry.gate) for entry in server_store.of_task("x", "t", "r")] == [
        (4, "b"), (4, "a"), (1, "b"), (1, "a"),
    ]  # fmt: skip
    every = [3, 3, 4, 4, 2, 2]
    for dag_ids, newest in ((None, every), (["x"], [4, 4]), (["y"], [2, 2]), (["z"], []), ([], [])):
        assert [run.worst.try_number for run in server_store.latest(dag_ids=dag_ids)] == newest


def test_server_keeps_the_audit_trail(server_store: Store) -> None:
    """Events come back in the order of appending, and a probe is none."""
    events = [AuditEvent(at=START, actor="ß", event=str(number), detail="d" * 5000) for number in range(3)]
    for happened in events:
        server_store.append_audit(happened)
    server_store.probe()
    assert server_store.audit() == events[::-1]
    assert server_store.audit(limit=1) == events[:1:-1]


def test_server_store_is_upgraded_once(server_url: str) -> None:
    """Version 0 to the present one, then nothing more; a newer one is refused."""
    assert upgrade_store(server_url) == (0, upgrade.VERSION)
    assert upgrade_store(server_url) == (upgrade.VERSION, upgrade.VERSION)
    _on_server(server_url, "UPDATE dpq_schema SET version = version + 1")
    assert _reason(lambda: open_store(server_url)) == "newer_store"
    assert _reason(lambda: upgrade_store(server_url)) == "newer_store"


def test_server_store_of_version_1_is_upgraded(
    server_url: str, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the table of baselines, and keeps its reports."""
    with monkeypatch.context() as older:
        # With the table of starts, which this release's code writes to.
        first, starts = upgrade.STEPS[0], upgrade.STEPS[-1]
        older.setattr(upgrade, "STEPS", (lambda connection: (first(connection), starts(connection)),))
        older.setattr(upgrade, "VERSION", 1)
        with open_store(server_url) as store:
            store.write(report)
            assert _reason(lambda: store.baselines(report.identity)) == "store_failed"
    assert _reason(lambda: open_store(server_url, upgrade=False)) == "older_store"
    assert upgrade_store(server_url) == (1, upgrade.VERSION)
    with open_store(server_url, upgrade=False) as store:
        assert store.report(report.id) == report
        assert store.baselines(report.identity) == []


def _store_of_release_0_1(url: str) -> None:
    """Make the tables of version 2 on a server, with what the file of that version holds."""
    here = Path(__file__).parent
    name = "mariadb" if url.startswith("mysql") else "postgresql"
    _on_server(url, *(here / f"version_2_{name}.sql").read_text().strip().rstrip(";").split(";\n"))
    with closing(sqlite3.connect(":memory:")) as file:
        file.executescript((here / "version_2.sql").read_text())
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in ("dpq_schema", "dpq_report", "dpq_audit", "dpq_baseline"):
                rows = file.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in rows.description if column[0] != "number"]
                quoted = [connection.dialect.identifier_preparer.quote(one) for one in names]
                values = ", ".join(f":{one}" for one in names)
                statement = text(f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({values})")
                connection.execute(statement, [dict(zip(names, row[-len(names) :], strict=True)) for row in rows])
        engine.dispose()


def test_server_store_of_release_0_1_is_read_on(server_url: str) -> None:
    """Its reports are trusted, each with the gate of its DAG, and its baselines are those of their reports."""
    _store_of_release_0_1(server_url)
    assert _reason(lambda: open_store(server_url, upgrade=False)) == "older_store"
    assert upgrade_store(server_url) == (2, upgrade.VERSION)
    with open_store(server_url, upgrade=False) as store:
        verdicts = {str(run.gate): run.verdict.value for run in store.latest()}
        assert verdicts == {
            "check": "pass",
            "customers > check": "fail",
            "nightly > speed": "pass",
            "orders > check": "pass",
            "weekly > speed": "pass",
        }
        for dag_id in ("nightly", "weekly", "gone"):
            assert [item.dag_id for item in store.baselines(Gate(dag_id, "speed"))] == [dag_id]
        store.write(store.report(store.latest()[0].worst.report_id), replace=True)
        assert store.latest()[0].verdict is Verdict.PASS
    assert upgrade_store(server_url) == (upgrade.VERSION, upgrade.VERSION)


@pytest.mark.parametrize("table", ["dpq_report", "dpq_schema", "dpq_audit"])
def test_server_store_that_was_cut_is_not_completed(server_url: str, report: Report, table: str) -> None:
    """A table that was dropped is told, to whoever opens the store."""
    with open_store(server_url) as store:
        store.write(report)
    _on_server(server_url, f"DROP TABLE {table}")
    for create in (True, False):
        assert _reason(lambda create=create: open_store(server_url, upgrade=create)) == "store_gone"
    upgrade_store(server_url, anew=True)
    with open_store(server_url) as store:
        assert len(store.latest()) == (table != "dpq_report")


def test_server_keeps_baselines(server_store: Store, variant: Vary) -> None:
    """Many that accept at the same moment are all kept and told in one order, each with its event, or not at all."""
    fields = {"kind": "benchmark", "verdict": Verdict.FAIL, "started_at": START}
    reports = [variant(gate="Flüge 🛫", run_id=str(number), **fields) for number in range(8)]
    for report in reports:
        server_store.write(report)
    with ThreadPoolExecutor(8) as threads:
        given = list(
            threads.map(lambda item: server_store.accept_baseline(item.id, actor="ß", reason=item.id), reports)
        )
    kept = server_store.baselines(Gate("flights_quality", "Flüge 🛫"))
    assert kept == sorted(given, key=lambda item: item.number)
    assert {item.report_id for item in kept} == {item.reason for item in kept} == {report.id for report in reports}
    assert {item.started_at for item in kept} == {START}
    assert len({item.number for item in kept}) == len(server_store.audit()) == 8
    assert server_store.baselines(Gate("flights_quality", "flüge 🛫")) == []
    assert _reason(lambda: server_store.accept_baseline(reports[0].id, actor="a", reason="a\0")) == "invalid_text"
    assert (len(server_store.baselines(Gate("flights_quality", "Flüge 🛫"))), len(server_store.audit())) == (8, 8)


def _write_in_process(url: str, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), url, name, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_processes_make_one_store_and_lose_no_report(server_url: str) -> None:
    """Several that start on an empty database make its tables once, and every acknowledged report is there."""
    writers = [_write_in_process(server_url, str(number), 25) for number in range(4)]
    acknowledged: set[str] = set()
    for writer in writers:
        output, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
        acknowledged.update(output.split())
    with open_store(server_url) as store:
        assert set(_ids(store.history(Gate("flights", "shared"), limit=1000))) == acknowledged
        assert {store.report(identifier).id for identifier in acknowledged} == acknowledged
    assert len(acknowledged) == 100
    assert _on_server(server_url, "SELECT version FROM dpq_schema") == [(upgrade.VERSION,)]


def test_upgrades_that_race_run_each_step_once(postgres_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many at the same moment one upgrades and the others find it done."""
    together = threading.Barrier(6)

    def race(_: int) -> tuple[int, int]:
        together.wait()
        return upgrade_store(postgres_store_url)

    def add_column(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE dpq_report ADD COLUMN note TEXT"))

    found, released = 0, upgrade.VERSION
    for version in (released, released + 1):
        with ThreadPoolExecutor(6) as threads:
            outcomes = sorted(threads.map(race, range(6)))
        assert outcomes == [(found, version)] + [(version, version)] * 5
        monkeypatch.setattr(upgrade, "STEPS", (*upgrade.STEPS, add_column))
        monkeypatch.setattr(upgrade, "VERSION", released + 1)
        found = version
    assert _on_server(postgres_store_url, "SELECT version FROM dpq_schema") == [(released + 1,)]


def test_upgrade_that_waits_too_long_is_told(mariadb_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where MariaDB's lock is not to be had, the store is left alone."""
    monkeypatch.setattr(upgrade, "_LOCK_TIMEOUT_SECONDS", 0)
    engine = create_engine(mariadb_store_url)
    with engine.connect() as other:
        assert other.execute(text("SELECT get_lock('dpq_schema', 0)")).scalar() == 1
        assert _reason(lambda: open_store(mariadb_store_url)) == "store_locked"
    engine.dispose()
    assert _on_server(mariadb_store_url, "SHOW TABLES") == []


def test_reports_that_replace_each_other_race_without_an_error(server_store: Store, variant: Vary) -> None:
    """Whoever comes last stays, and there is exactly one."""
    reports = [variant() for _ in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda report: server_store.write(report, replace=True), reports))
    (entry,) = server_store.history(Gate("flights_quality", "flights"))
    assert server_store.report(entry.report_id) in reports


def test_one_of_many_reports_a_try(server_store: Store, variant: Vary) -> None:
    """Exactly one of those that write at the same moment is told that its report is kept."""
    reports = [variant() for _ in range(16)]

    def outcome(report: Report) -> str:
        try:
            server_store.write(report)
        except StoreError as error:
            return error.reason
        return "kept"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(outcome, reports))
    assert sorted(outcomes) == ["kept"] + ["report_exists"] * 15
    winner = reports[outcomes.index("kept")]
    assert _ids(server_store.history(Gate("flights_quality", "flights"))) == [winner.id]


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_connection_cut_in_a_write_is_told_and_the_next_write_works(
    postgres_store_url: str, postgres_url: str, variant: Vary, driver: str
) -> None:
    """The server ends the session before the report is in: the writer is told, and may try again."""
    pytest.importorskip(driver)

    def cut(connection: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("INSERT INTO dpq_report"):
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            _on_server(postgres_url, f"SELECT pg_terminate_backend({pid}, 5000)")

    report = variant()
    with open_store(postgres_store_url.replace("+psycopg2", f"+{driver}")) as store:
        event.listen(Engine, "before_cursor_execute", cut)
        try:
            assert _reason(lambda: store.write(report)) == "store_unreachable"
        finally:
            event.remove(Engine, "before_cursor_execute", cut)
        assert store.latest() == []
        store.write(report)
        assert store.report(report.id) == report


def test_sessions_cut_between_two_calls_are_not_noticed(
    postgres_store_url: str, postgres_url: str, variant: Vary
) -> None:
    """A restart of the server between two reports is nobody's error."""
    first, second = variant(), variant(try_number=2)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dpq_cut'"
    with open_store(f"{postgres_store_url}&application_name=dpq_cut") as store:
        store.write(first)
        assert _on_server(postgres_url, others) == []
        store.write(second)
        assert len(store.history(Gate("flights_quality", "flights"))) == 2


def test_store_whose_tables_are_all_gone_is_not_made_anew_by_a_user_who_may_not(
    postgres_store_url: str, postgres_url: str
) -> None:
    """A server remembers nothing of it: the missing right to create tables is what keeps it from being replaced."""
    name = f"dpq_{uuid.uuid4().hex}"
    url = make_url(postgres_store_url).set(username=name).render_as_string(hide_password=False)
    schema = str(make_url(postgres_store_url).query["options"]).removeprefix("-csearch_path=")
    with open_store(postgres_store_url):
        pass
    try:
        _on_server(
            postgres_url,
            f"CREATE ROLE {name} LOGIN",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name}",
        )
        with open_store(url) as store:
            assert store.latest() == []
        tables = ("dpq_report", "dpq_start", "dpq_audit", "dpq_baseline", "dpq_schema")
        _on_server(postgres_url, *(f"DROP TABLE {schema}.{table}" for table in tables))
        assert _reason(lambda: open_store(url)) == "store_unwritable"
    finally:
        _on_server(postgres_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_user_without_the_right_to_write_is_told(postgres_store_url: str, postgres_url: str, report: Report) -> None:
    """A role that may only read can read, and is told what it lacks when it writes; its password is not told."""
    role = f"dpq_reader_{uuid.uuid4().hex}"
    schema = postgres_store_url.rpartition("%3D")[2]
    with open_store(postgres_store_url) as store:
        store.write(report)
    _on_server(
        postgres_url,
        f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    )
    url = make_url(postgres_store_url).set(username=role, password=SECRET).render_as_string(hide_password=False)
    try:
        with open_store(url) as store:
            assert store.report(report.id) == report
            for action in (lambda: store.write(report, replace=True), store.probe):
                with pytest.raises(StoreError) as caught:
                    action()
                assert caught.value.reason == "store_unwritable"
                assert SECRET not in "".join(traceback.format_exception(caught.value))
    finally:
        _on_server(postgres_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_server_without_the_database_is_told(postgres_url: str) -> None:
    """A name that the server does not know is out of reach."""
    url = make_url(postgres_url).set(database="no_such_database", password=SECRET)
    with pytest.raises(StoreError, match="no_such_database") as caught:
        open_store(url.render_as_string(hide_password=False))
    assert caught.value.reason == "store_unreachable"
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda store: store.history(Gate("d", "gate 7")), "dpq_report_gate"),
        (
            lambda store: store.newest_run(Gate("d", "gate 7"), interval=(START, START + HOUR)),
            "dpq_report_interval_of_gate",
        ),
        (lambda store: store.of_task("d", "t", "7"), "dpq_report_task"),
        (lambda store: store.latest(), "dpq_report_gate"),
    ],
    ids=["history", "interval", "task", "latest"],
)
def test_postgres_answers_from_an_index(
    postgres_store_url: str, report: Report, ask: Callable[[Store], object], index: str
) -> None:
    """With a history of some length PostgreSQL's own plan uses the index and reads no table from end to end."""
    ran: list[tuple[str, Any]] = []
    with open_store(postgres_store_url) as store:
        store.write(report)
        columns = "kind, subject, verdict, map_index, duration_seconds, document, digest"
        _on_server(
            postgres_store_url,
            "INSERT INTO dpq_report (key, report_id, gate, dag_id, task_id, run_id, try_number, started_at,"
            f" data_interval_start, data_interval_end, {columns}) SELECT md5(n::text), n::text, 'gate ' || n % 200,"
            " 'd', 't', n::text, 1, started_at + n * interval '1 hour', started_at + n * interval '1 hour',"
            f" started_at, {columns} FROM dpq_report, generate_series(1, 20000) AS n",
            "ANALYZE dpq_report",
        )

        def see(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if "FROM dpq_report" in statement:
                ran.append((statement, parameters))

        event.listen(Engine, "before_cursor_execute", see)
        ask(store)
        event.remove(Engine, "before_cursor_execute", see)
    *_, (statement, parameters) = ran
    engine = create_engine(postgres_store_url)
    with engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    engine.dispose()
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


def test_upgrade_takes_as_long_as_it_needs(server_url: str) -> None:
    """Neither the server nor the driver gives up a statement that a task would not be allowed."""
    short = Database(server_url, limits=limits.StoreLimits(lock_seconds=1, statement_seconds=1))
    with short.upgrading() as connection:
        postgres = connection.dialect.name == "postgresql"
        timeout = "SHOW statement_timeout" if postgres else "SELECT @@max_statement_time"
        assert float(connection.execute(text(timeout)).scalar_one()) == 0
        driver = connection.connection.driver_connection
        assert postgres or getattr(driver, "_read_timeout", None) is None
        connection.execute(text("SELECT pg_sleep(2)" if postgres else "SELECT SLEEP(2)"))


def test_processes_that_start_one_try_together_all_measure(server_store: Store) -> None:
    """A try that Airflow took for dead may still run beside its successor: both have started, and one start is left."""

    def begin(start: Start, together: threading.Barrier) -> None:
        together.wait(timeout=30)
        patiently(lambda: server_store.begin(start), 30)

    with ThreadPoolExecutor(3) as pool:
        for number in range(10):
            source = Provenance(dag_id="d", task_id="t", run_id=f"run {number}")
            start, together = Start.now("rows", "quality", "orders", source), threading.Barrier(3)
            for done in [pool.submit(begin, start, together) for _ in range(3)]:
                done.result(timeout=60)
    assert sorted(start.run_id for start in server_store.starts()) == [f"run {number}" for number in range(10)]


def test_all_gates_of_a_dag_move_on_a_server(server_url: str, variant: Vary) -> None:
    """Reports, baselines and starts, by the command line."""
    with open_store(server_url) as store:
        for gate in ("flights", "planes"):
            store.write(variant(gate=gate, kind="benchmark", dag_id="old", verdict=Verdict.FAIL))
        (run, _) = store.latest()
        store.accept_baseline(run.worst.report_id, actor="ann", reason="faster")
        for gate in ("flights", "begun"):
            source = Provenance(dag_id="old", task_id="t", run_id="killed")
            store.begin(Start.now(gate, "benchmark", "s", source))
    command = ["gate", "rename", "--dag", "old", "--new-dag", "new", "--actor", "ann", "--store", server_url]
    moved = CliRunner().invoke(main, command)
    assert moved.stdout.splitlines() == [
        "Gate 'old > begun' is now 'new > begun'. Moved reports: 0, baselines: 0, starts without a report: 1.",
        "Gate 'old > flights' is now 'new > flights'. Moved reports: 1, baselines: 1, starts without a report: 1.",
        "Gate 'old > planes' is now 'new > planes'. Moved reports: 1, baselines: 0.",
    ]
    with open_store(server_url) as store:
        assert store.gates() == [Gate("new", "begun"), Gate("new", "flights"), Gate("new", "planes")]
        assert [run.gate.name for run in store.latest()] == ["flights", "planes"]
        assert len(store.baselines(Gate("new", "flights"))) == 1
        assert {start.identity for start in store.starts()} == {Gate("new", "begun"), Gate("new", "flights")}
        store.write(variant(gate="flights", dag_id="new", kind="benchmark", run_id="next"))
        assert len(store.history(Gate("new", "flights"))) == 2
