"""A statement that takes too long, or whose gate is cancelled, is stopped: here, and in the server's own list."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core import driver
from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.options import parse_query_timeout
from airflow_provider_dpq.core.table import snapshot
from tests.core.interrupts import TimeLimit, interrupted_once

ROWS: list[dict[str, Any]] = [
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}},
]
ENDLESS = "SELECT count(*) AS n FROM range(100000000) a(x), range(100000) b(y) WHERE a.x * b.y % 7 = 3"
RECURSIVE = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t WHERE n < 0"
QUICK_SECONDS = 4.0


def slow(query: str) -> dict[str, Any]:
    """A query of the user's that does not end by itself."""
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}


def reasons(found: Any) -> list[str]:
    """The verdict of each check, with the reason where it is an error."""
    return [result.error.reason if result.error else result.verdict.value for result in found.results]


@contextmanager
def table(url: str) -> Iterator[sa.Engine]:
    """A database with a table of three rows."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS dpq_three")
        connection.exec_driver_sql("CREATE TABLE dpq_three (n integer)")
        connection.exec_driver_sql("INSERT INTO dpq_three VALUES (1), (2), (3)")
    try:
        yield engine
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE dpq_three")
        engine.dispose()


RUNNING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{mark}%'"
    " AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%{mark}%' AND id <> connection_id()",
}


def running(engine: sa.Engine, mark: str) -> int:
    """How many statements with a mark the server lists."""
    with engine.connect() as connection:
        text = RUNNING[engine.dialect.name].format(mark=mark).replace("%", "%%")
        return int(connection.exec_driver_sql(text).scalar_one())


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(params=["psycopg2", "psycopg", "pymysql", "mysqldb"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[sa.Engine, str, str]]:
    """A server with the table, a mark, and a query that does not end, which bears the mark."""
    driver: str = request.param
    mark = f"dpq_mark_{time.monotonic_ns()}"
    if driver in ("pymysql", "mysqldb"):
        url = sa.make_url(request.getfixturevalue("mysql_url")).set(drivername=f"mysql+{driver}")
        query = f"SELECT n FROM dpq_three WHERE sleep(30) = 0 AND '{mark}' <> ''"
    else:
        url = sa.make_url(request.getfixturevalue("postgres_url")).set(drivername=f"postgresql+{driver}")
        query = f"SELECT n FROM dpq_three, pg_sleep(30) WHERE '{mark}' <> ''"
    with table(url.render_as_string(hide_password=False)) as engine:
        yield engine, mark, query


@pytest.mark.service
def test_a_statement_over_its_time_is_an_error_of_its_check(server: tuple[sa.Engine, str, str]) -> None:
    """The others stand, also those that come after it, and the server lists the statement no more."""
    engine, mark, query = server
    begun = time.monotonic()
    found = check("dpq_three", [ROWS[0], slow(query), ROWS[1]], connection=engine, query_timeout="1s")
    assert time.monotonic() - begun < 1 + QUICK_SECONDS
    assert reasons(found) == ["pass", "query_timeout", "pass"]
    until(lambda: running(engine, mark) == 0, 2)


@pytest.mark.service
def test_a_time_limit_ends_a_check_and_its_statement(server: tuple[sa.Engine, str, str]) -> None:
    """Of a task that calls `check` itself, whatever its driver waits for; the server lists the statement no more."""
    engine, mark, query = server
    begun = time.monotonic()
    with pytest.raises(TimeLimit), interrupted_once(lambda: running(engine, mark) > 0):
        check("dpq_three", [slow(query)], connection=engine)
    assert time.monotonic() - begun < 2 * QUICK_SECONDS
    until(lambda: running(engine, mark) == 0, 2)


@pytest.mark.service
@pytest.mark.parametrize("kind", ["engine", "url"])
def test_a_view_that_hangs_is_an_error_in_time(server: tuple[sa.Engine, str, str], kind: str) -> None:
    """Where nothing of the table can be read, nothing stands, and it ends."""
    engine, _, _ = server
    sleep = "pg_sleep(30)" if engine.dialect.name == "postgresql" else "(SELECT sleep(30) AS s) AS s"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE VIEW dpq_hangs AS SELECT n FROM dpq_three, {sleep}")
    given: Any = engine if kind == "engine" else engine.url.render_as_string(hide_password=False)
    try:
        begun = time.monotonic()
        with pytest.raises(MeasurementError) as caught:
            check("dpq_hangs", ROWS, connection=given, query_timeout=1)
        assert caught.value.reason == "query_timeout"
        assert time.monotonic() - begun < 4 + QUICK_SECONDS
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW dpq_hangs")


@pytest.mark.service
def test_a_cancelled_attempt_stops_the_statement_on_the_server(server: tuple[sa.Engine, str, str]) -> None:
    """What was answered stands, the rest was cancelled, and the server lists the statement no more."""
    engine, mark, query = server
    attempt = Attempt()

    def cancel() -> None:
        until(lambda: running(engine, mark) > 0)
        attempt.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    ended = attempt.run(lambda: check("dpq_three", [ROWS[0], slow(query), ROWS[1]], connection=engine))
    thread.join()
    assert isinstance(ended.error, EndedError)
    assert ended.value is not None
    assert reasons(ended.value) == ["pass", "cancelled", "cancelled"]
    until(lambda: running(engine, mark) == 0, 2)


@pytest.mark.service
def test_a_pooled_connection_is_given_back_without_our_limit(server: tuple[sa.Engine, str, str]) -> None:
    """A limit of ours ends no statement of the caller's."""
    url = server[0].url
    engine = sa.create_engine(url, pool_size=1, max_overflow=1)
    assert reasons(check("dpq_three", ROWS, connection=engine, query_timeout=1)) == ["pass", "pass"]
    sleep = "SELECT pg_sleep(1.5)" if engine.dialect.name == "postgresql" else "SELECT sleep(1.5)"
    with engine.connect() as connection:
        connection.exec_driver_sql(sleep)
    engine.dispose()


@pytest.mark.service
def test_a_stricter_limit_of_the_server_holds_and_ends_one_check(server: tuple[sa.Engine, str, str]) -> None:
    """Ours neither lifts it nor changes it for those who use the connection next; the other checks stand."""
    engine, _, query = server
    postgres = engine.dialect.name == "postgresql"
    set_limit = "SET statement_timeout = '700ms'" if postgres else "SET SESSION max_statement_time = 0.7"
    pooled = sa.create_engine(engine.url, pool_size=1, max_overflow=1)

    @sa.event.listens_for(pooled, "connect")
    def be_strict(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(set_limit)
        connection.commit()

    begun = time.monotonic()
    found = check("dpq_three", [ROWS[0], slow(query), ROWS[1]], connection=pooled, query_timeout=20)
    assert time.monotonic() - begun < 1 + QUICK_SECONDS
    assert reasons(found) == ["pass", "query_stopped", "pass"]
    with pooled.connect() as connection:
        shown = "SHOW statement_timeout" if postgres else "SELECT @@SESSION.max_statement_time"
        assert str(connection.exec_driver_sql(shown).scalar_one()) in {"700ms", "0.7"}
    pooled.dispose()


@pytest.mark.service
@pytest.mark.parametrize("address", ["postgres_url", "mysql_url"])
def test_a_reference_that_is_locked_ends_its_check_alone(address: str, request: pytest.FixtureRequest) -> None:
    """What the server itself stops is one question: the others are asked all the same."""
    with table(request.getfixturevalue(address)) as engine:
        postgres = engine.dialect.name == "postgresql"
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS dpq_other")
            connection.exec_driver_sql("CREATE TABLE dpq_other (n integer)")
        query = "SELECT n FROM dpq_three WHERE n IN (SELECT n FROM dpq_other)"
        impatient = sa.create_engine(engine.url, poolclass=sa.NullPool)

        @sa.event.listens_for(impatient, "connect")
        def be_impatient(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '500ms'" if postgres else "SET SESSION lock_wait_timeout = 1")
            connection.commit()

        with engine.connect() as other:
            other.exec_driver_sql("LOCK TABLE dpq_other" if postgres else "LOCK TABLES dpq_other WRITE")
            found = check("dpq_three", [ROWS[0], slow(query), ROWS[1]], connection=impatient)
            if not postgres:
                other.exec_driver_sql("UNLOCK TABLES")
            other.rollback()
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE dpq_other")
        assert reasons(found) == ["pass", "query_stopped", "pass"]


@pytest.mark.service
def test_a_stop_that_comes_late_does_not_hit_the_next_statement(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a slow link: another connection is used as long as the server may still be told to stop one."""
    kill = driver._kill

    def kill_late(engine: sa.Engine, number: int) -> None:
        time.sleep(2.2)
        kill(engine, number)

    monkeypatch.setattr(driver, "_kill", kill_late)
    monkeypatch.setattr(snapshot, "bound", lambda _: None)
    with table(mysql_url) as engine:
        endless = "SELECT n FROM dpq_three WHERE n = 1 AND sleep(1.5) = 1"
        longer = "SELECT n FROM dpq_three WHERE n = 1 AND sleep(0.9) = 1"
        suite = [ROWS[0], slow(endless), slow(longer), slow(longer + " OR n = 5"), ROWS[1]]
        found = check("dpq_three", suite, connection=engine, query_timeout=1)
    assert reasons(found) == ["pass", "query_timeout", "pass", "pass", "pass"]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sa.Engine]:
    """A SQLite file with the table."""
    with table(f"sqlite:///{tmp_path / 'three.db'}") as engine:
        yield engine


def test_sqlite_is_interrupted(sqlite: sa.Engine) -> None:
    """A statement of SQLite runs in this process, and ends there."""
    found = check("dpq_three", [ROWS[0], slow(RECURSIVE), ROWS[1]], connection=sqlite, query_timeout=0.5)
    assert reasons(found) == ["pass", "query_timeout", "pass"]


def test_duckdb_is_interrupted(tmp_path: Path) -> None:
    """A statement on a DuckDB database, and one on a file."""
    with duckdb.connect(str(tmp_path / "three.duckdb")) as connection:
        connection.execute("CREATE TABLE dpq_three AS SELECT unnest([1, 2, 3]) AS n")
        with pytest.raises(MeasurementError) as caught:
            check(ENDLESS, ROWS, connection=connection, query_timeout=0.5)
        assert caught.value.reason == "query_timeout"
        assert str(caught.value).startswith("A statement on the query took longer than 0.5 s")  # without its literals
        assert reasons(check("dpq_three", ROWS, connection=connection, query_timeout=0.5)) == ["pass", "pass"]
        connection.execute(f"COPY dpq_three TO '{tmp_path / 'three.parquet'}'")
    found = check(str(tmp_path / "three.parquet"), [ROWS[0], slow(ENDLESS), ROWS[1]], query_timeout="500ms")
    assert reasons(found) == ["pass", "query_timeout", "pass"]


def test_an_attempt_ends_although_the_work_does_not() -> None:
    """Work that listens to nobody is left behind."""
    attempt, released = Attempt(), threading.Event()
    threading.Timer(0.2, attempt.cancel).start()
    begun = time.monotonic()
    ended = attempt.run(lambda: released.wait(60))
    released.set()
    assert time.monotonic() - begun < QUICK_SECONDS
    assert isinstance(ended.error, EndedError)
    assert ended.value is None


def test_an_attempt_cancelled_before_it_begins_does_not_begin() -> None:
    """A kill may come before there is anything to kill."""
    attempt, begun = Attempt(), []
    attempt.cancel()
    ended = attempt.run(lambda: begun.append(1))
    assert isinstance(ended.error, EndedError)
    assert begun == []


class _LimitError(BaseException):
    """A time limit of a task, which is no Exception."""


@pytest.mark.parametrize(
    "error", [ValueError("a"), MemoryError(), RecursionError(), KeyboardInterrupt(), _LimitError()]
)
def test_what_the_work_raises_is_what_ended_the_attempt(error: BaseException) -> None:
    """Whatever it is."""

    def work() -> None:
        raise error

    assert Attempt().run(work).error is error


@pytest.mark.parametrize(
    ("declared", "seconds"), [(None, 3600), (2, 2), (0.5, 0.5), ("90", 90), ("1.5", 1.5), ("90s", 90), ("30 min", 1800)]
)
def test_a_query_timeout_is_seconds_or_a_duration(declared: Any, seconds: float) -> None:
    """An hour where nothing is said."""
    assert parse_query_timeout(declared) == seconds


@pytest.mark.parametrize("declared", [0, -1, "0", True, [], "soon", float("inf"), float("nan"), "5 rows"])
def test_a_query_timeout_that_is_none_is_refused(declared: Any) -> None:
    """Before anything is read."""
    with pytest.raises(DeclarationError):
        check("nowhere.csv", ROWS, query_timeout=declared)


@pytest.mark.parametrize("declared", ["\u0669\u0660", "²", "1_0", "."])
def test_time_limit_in_other_digits_is_refused(declared: str) -> None:
    """It is a number as JSON and Python write it, or a duration."""
    with pytest.raises(DeclarationError):
        parse_query_timeout(declared)
