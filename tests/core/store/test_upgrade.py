"""A store says which version it is of, is made or upgraded once, and is refused by a release that does not know it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.store import Store, open_store, upgrade, upgrade_store
from airflow_provider_dpq.core.store.entry import row_of


def _tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


def test_upgrade_makes_a_store_once(store_url: str, store_path: Path, report: Report) -> None:
    """The first time it makes the tables, all named after the project; the second time it changes nothing."""
    assert upgrade_store(store_url) == (0, upgrade.VERSION)
    assert _tables(store_path) == {"dpq_schema", "dpq_report", "dpq_audit", "dpq_baseline", "dpq_start"}
    with open_store(store_url) as store:
        store.write(report)
    assert upgrade_store(store_url) == (upgrade.VERSION, upgrade.VERSION)
    assert _execute(store_path, "SELECT version FROM dpq_schema") == [(upgrade.VERSION,)]
    with open_store(store_url) as store:
        assert store.report(report.id) == report


def test_first_use_makes_the_store_and_its_directory(tmp_path: Path, report: Report) -> None:
    """A fresh machine needs no step of its own."""
    url = f"sqlite:///{tmp_path}/a/b/dpq.db"
    with open_store(url) as store:
        store.write(report)
    with open_store(url, upgrade=False) as store:
        assert store.report(report.id) == report


def test_store_shares_a_database_with_others(store_path: Path, store_url: str, report: Report) -> None:
    """Tables of somebody else in the same database stay as they are."""
    _execute(store_path, "CREATE TABLE report (id)")
    _execute(store_path, "INSERT INTO report VALUES (7)")
    with open_store(store_url) as store:
        store.write(report)
    assert _execute(store_path, "SELECT id FROM report") == [(7,)]


def test_file_is_in_write_ahead_mode(store: Store, store_path: Path) -> None:
    """Readers and one writer use the file at the same moment."""
    assert store.latest() == []
    assert _execute(store_path, "PRAGMA journal_mode") == [("wal",)]


def test_newer_store_is_refused(store: Store, store_url: str, store_path: Path) -> None:
    """A release that does not know the tables neither reads nor changes them, and says what to do."""
    _execute(store_path, f"UPDATE dpq_schema SET version = {upgrade.VERSION + 1}")
    for action in (lambda: open_store(store_url), lambda: open_store(store_url, upgrade=False)):
        assert _reason(action) == "newer_store"
    with pytest.raises(StoreError, match=r"has schema version 5, but this release supports versions up to 4\. Upgrade"):
        upgrade_store(store_url)
    assert _execute(store_path, "SELECT version FROM dpq_schema") == [(upgrade.VERSION + 1,)]


def test_store_that_may_not_be_upgraded_is_left_alone(store_path: Path, store_url: str) -> None:
    """Opened without upgrading, a database without a store stays one, in its mode too."""
    _execute(store_path, "CREATE TABLE t (id)")
    before = store_path.read_bytes()
    with pytest.raises(StoreError, match=r"has schema version 0.*Run dpq store upgrade") as caught:
        open_store(store_url, upgrade=False)
    assert caught.value.reason == "older_store"
    assert store_path.read_bytes() == before


def test_store_that_may_not_be_made_is_not(tmp_path: Path) -> None:
    """Opened without upgrading, a file that is not there is an error, and is not there afterwards either."""
    assert _reason(lambda: open_store(f"sqlite:///{tmp_path}/a/dpq.db", upgrade=False)) == "store_unreachable"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def add_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Connection], None]], None]:
    """A function that makes this release one of the next schema version, reached by the step that it is given."""

    def add(step: Callable[[Connection], None]) -> None:
        monkeypatch.setattr(upgrade, "STEPS", (*upgrade.STEPS, step))
        monkeypatch.setattr(upgrade, "VERSION", len(upgrade.STEPS))

    return add


def _add_column(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE dpq_report ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"))


def test_older_store_is_upgraded_with_its_reports(
    store: Store, store_url: str, store_path: Path, report: Report, add_step: Callable[..., None]
) -> None:
    """A later release runs only the steps that the store lacks, and every report is still there."""
    store.write(report)
    add_step(_add_column)
    assert _reason(lambda: open_store(store_url, upgrade=False)) == "older_store"
    assert upgrade_store(store_url) == (upgrade.VERSION - 1, upgrade.VERSION)
    assert _execute(store_path, "SELECT note FROM dpq_report") == [("none",)]
    with open_store(store_url) as upgraded:
        assert upgraded.report(report.id) == report


def test_fresh_store_goes_through_all_steps(store_url: str, store_path: Path, add_step: Callable[..., None]) -> None:
    """A new store has what an upgraded one has."""
    add_step(_add_column)
    with open_store(store_url):
        pass
    assert _execute(store_path, "SELECT version FROM dpq_schema") == [(upgrade.VERSION,)]
    assert _execute(store_path, "SELECT note FROM dpq_report") == []


def test_upgrades_that_race_make_one_store(tmp_path: Path) -> None:
    """Of many at the same moment one makes the tables, and the others wait and find them made."""
    together = threading.Barrier(6)

    def race(url: str) -> tuple[int, int]:
        together.wait()
        return upgrade_store(url)

    with ThreadPoolExecutor(6) as threads:
        for number in range(10):
            path = tmp_path / str(number) / "dpq.db"
            outcomes = sorted(threads.map(race, [f"sqlite:///{path}"] * 6))
            assert outcomes == [(0, upgrade.VERSION)] + [(upgrade.VERSION, upgrade.VERSION)] * 5
            assert _execute(path, "SELECT version FROM dpq_schema") == [(upgrade.VERSION,)]


def test_upgrade_that_fails_leaves_the_old_store(
    store: Store, store_url: str, store_path: Path, report: Report, add_step: Callable[..., None]
) -> None:
    """All steps or none: after a failure in the middle the older release goes on working."""
    store.write(report)

    def fail(connection: Connection) -> None:
        _add_column(connection)
        connection.execute(text("INSERT INTO no_such_table VALUES (1)"))

    add_step(fail)
    assert _reason(lambda: open_store(store_url)) == "store_failed"
    assert _execute(store_path, "SELECT version FROM dpq_schema") == [(upgrade.VERSION - 1,)]
    assert store.report(report.id) == report
    assert "note" not in {row[1] for row in _execute(store_path, "PRAGMA table_info(dpq_report)")}


def test_creation_that_fails_leaves_no_tables(store_url: str, store_path: Path, add_step: Callable[..., None]) -> None:
    """A store is there whole or not at all."""
    add_step(lambda connection: connection.execute(text("INSERT INTO no_such_table VALUES (1)")) and None)
    assert _reason(lambda: open_store(store_url)) == "store_failed"
    assert _tables(store_path) == set()


def _schema(path: Path) -> dict[str, object]:
    """Columns and indexes, by name: a column that was added later stands elsewhere in the text of its table."""
    with closing(sqlite3.connect(path)) as connection:
        named = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
        return {
            name: [
                column[1:] if kind == "table" else column
                for column in connection.execute(f"PRAGMA {kind}_info({name})").fetchall()
            ]
            for kind, name in named
        }


def test_store_of_version_1_is_upgraded(store_url: str, store_path: Path, tmp_path: Path, report: Report) -> None:
    """It gets the table of baselines, keeps its reports, and is then what a new store is."""
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.executescript(Path(__file__).with_name("version_1.sql").read_text())
        row = {
            name: value.isoformat(" ") if isinstance(value, datetime) else value
            for name, value in row_of(report).items()
            if name != "digest"
        }
        connection.execute(
            f"INSERT INTO dpq_report ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
        )
    assert _reason(lambda: open_store(store_url, upgrade=False)) == "older_store"
    assert upgrade_store(store_url) == (1, upgrade.VERSION)
    with open_store(store_url, upgrade=False) as store:
        assert store.report(report.id) == report
        assert store.baselines(report.identity) == []
    fresh = tmp_path / "fresh.db"
    upgrade_store(f"sqlite:///{fresh}")
    assert _schema(store_path) == _schema(fresh)


def test_store_without_its_version_is_completed(store: Store, store_url: str, store_path: Path, report: Report) -> None:
    """Where a database cannot roll back tables, as MariaDB, an upgrade that was cut off is done again."""
    store.write(report)
    _execute(store_path, "DELETE FROM dpq_schema")
    _execute(store_path, "DROP TABLE dpq_audit")
    assert upgrade_store(store_url) == (0, upgrade.VERSION)
    with open_store(store_url) as completed:
        assert completed.report(report.id) == report
        assert completed.audit() == []


VERSION_2 = Path(__file__).with_name("version_2.sql")
"""A store as release 0.1 left it: gates of one name in two DAGs and outside Airflow, and three baselines."""


def _dags_of_baselines(store: Store) -> dict[str, str]:
    return {
        gate.dag_id: item.identity.dag_id
        for gate in (Gate(dag, "speed") for dag in ("nightly", "weekly", "gone"))
        for item in store.baselines(gate)
    }


def test_store_of_release_0_1_is_read_on(store_url: str, store_path: Path, tmp_path: Path) -> None:
    """Its reports are whole and trusted, each with its DAG's gate, and its baselines are those of their reports."""
    with closing(sqlite3.connect(store_path)) as connection:
        connection.executescript(VERSION_2.read_text())
        written = dict(connection.execute("SELECT report_id, document FROM dpq_report").fetchall())
    assert _reason(lambda: open_store(store_url, upgrade=False)) == "older_store"
    with open_store(store_url) as store:
        gates = [Gate("", "check"), Gate("customers", "check"), Gate("nightly", "speed"), Gate("orders", "check")]
        assert store.gates() == [*gates, Gate("weekly", "speed")]
        entries = [entry for gate in store.gates() for entry in store.history(gate)]
        assert {entry.report_id for entry in entries} == set(written)
        assert all(entry.problem is None for entry in entries)
        assert {one: parse_report(text) for one, text in written.items()} == {one: store.report(one) for one in written}
        assert [entry.run_id for entry in store.history(Gate("orders", "check"))] == [
            "scheduled__2026-01-02",
            "scheduled__2026-01-01",
        ]
        # The report of the last one is gone: the audit trail still knows its DAG.
        assert _dags_of_baselines(store) == {"nightly": "nightly", "weekly": "weekly", "gone": "gone"}
    fresh = tmp_path / "fresh.db"
    upgrade_store(f"sqlite:///{fresh}")
    assert _schema(store_path) == _schema(fresh)


def test_digests_are_added_in_batches_that_go_on_where_the_last_ended(
    store_url: str, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks only at what comes after it, and none of the reports is left out."""
    monkeypatch.setattr(upgrade, "_BATCH", 2)
    with closing(sqlite3.connect(store_path)) as connection:
        connection.executescript(VERSION_2.read_text())
    asked: list[str] = []

    def listen(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if "dpq_report.document" in statement and "LIMIT" in statement:
            asked.append(str(parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        upgrade_store(store_url)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert len(asked) == len(set(asked)) > 2
    with open_store(store_url) as store:
        assert all(entry.problem is None for gate in store.gates() for entry in store.history(gate))


def test_upgrade_that_was_cut_off_is_completed(store_url: str, store_path: Path) -> None:
    """Where a database cannot roll back tables: with some of the columns and digests there, the rest is added."""
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.executescript(VERSION_2.read_text())
        connection.execute("ALTER TABLE dpq_report ADD COLUMN digest VARCHAR(64) DEFAULT '' NOT NULL")
        connection.execute("DROP INDEX dpq_report_latest")
    with open_store(store_url) as store:
        assert {run.verdict.value for run in store.latest()} == {"pass", "fail"}
        assert len(_dags_of_baselines(store)) == 3
