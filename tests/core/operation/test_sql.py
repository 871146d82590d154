"""SQL statements as operations: bound values, a transaction for each iteration, and no password in sight."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError
from airflow_provider_dpq.core.operation.sql import SqlOperation

InChild = Callable[..., list[Any]]
SECRET = "hunter2"


@pytest.fixture(params=["sqlite", "duckdb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of this process, with a table of one row."""
    path = tmp_path / "orders.db"
    if request.param == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            _fill(connection)
            connection.commit()
    else:
        with duckdb.connect(str(path)) as connection:
            _fill(connection)
    return f"{request.param}:///{path}"


def _fill(connection: Any) -> None:
    connection.execute("CREATE TABLE orders (id INTEGER, name VARCHAR(20))")
    connection.execute("INSERT INTO orders VALUES (1, 'first')")


def _ids(url: str) -> list[int]:
    path = url.partition(":///")[2]
    with closing(sqlite3.connect(path) if url.startswith("sqlite") else duckdb.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM orders ORDER BY id").fetchall()]


def _run(operation: SqlOperation, size: int | None = None, count: int = 1) -> None:
    operation.validate()
    with operation.opened(size) as iteration:
        for _ in range(count):
            iteration.run()


def test_a_statement_is_committed_within_the_call(database: str) -> None:
    """What is measured is done when the call returns: another connection sees it where the database allows."""
    operation = SqlOperation(
        statement="INSERT INTO orders SELECT id + :step, name FROM orders WHERE id = :size",
        url=database,
        parameters={"step": 1, "left_over": 7},
    )
    assert operation.sized
    assert operation.clock == "cpu"
    with operation.opened(1) as iteration:
        assert iteration.is_bare
        iteration.call()
        if database.startswith("sqlite"):
            assert _ids(database) == [1, 2]
        iteration.call()
    assert _ids(database) == [1, 2, 2]


def test_set_up_and_tear_down_go_around_each_iteration(database: str) -> None:
    """They are statements of their own, with the same parameters."""
    operation = SqlOperation(
        statement="INSERT INTO orders VALUES (:size, 'measured')",
        url=database,
        parameters={"base": 100},
        set_up=[
            "DELETE FROM orders WHERE id = :size",
            "INSERT INTO orders VALUES (:base, 'x')",
        ],
        tear_down=["UPDATE orders SET id = id + 1000 WHERE id = :base"],
    )
    _run(operation, size=5, count=2)
    assert _ids(database) == [1, 5, 1100, 1100]


def test_a_size_in_set_up_alone_makes_it_sized() -> None:
    """The set-up may make the table that the statement reads."""
    operation = SqlOperation(statement="SELECT 1", url="sqlite://", set_up=["INSERT INTO t VALUES (:size)"])
    assert operation.sized
    assert not SqlOperation(statement="SELECT '12:size', x::size", url="sqlite://").sized


def test_all_rows_are_fetched(database: str) -> None:
    """A row whose computation fails, far behind the first ones, is reached."""
    statement = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
        "SELECT CASE WHEN i = 24999 THEN abs(-9223372036854775807 - 1) ELSE i END FROM n"
    )
    operation = SqlOperation(statement=statement, url=database)
    with operation.opened(None) as iteration, pytest.raises(MeasurementError) as caught:
        iteration.call()
    assert caught.value.reason == "statement_failed"
    assert "verflow" in caught.value.message


def test_a_refused_statement_leaves_nothing(database: str) -> None:
    """Its transaction is rolled back, and the next iteration runs."""
    insert = "INSERT INTO orders VALUES (7, 'x')"
    operation = SqlOperation(statement="SELECT * FROM missing", url=database, set_up=[insert])
    broken = SqlOperation(statement="SELECT 1", url=database, set_up=[insert, "SELECT 'secret' FROM missing"])
    with broken.opened(None) as iteration, pytest.raises(MeasurementError) as caught:
        iteration.run()
    assert _ids(database) == [1]
    with operation.opened(None) as iteration:
        for _ in range(2):
            with pytest.raises(MeasurementError, match="missing") as caught:
                iteration.run()
    assert "secret" not in caught.value.message
    assert _ids(database) == [1, 7, 7]


def test_a_colon_that_is_no_parameter_is_escaped(database: str) -> None:
    """As SQLAlchemy has it, for DuckDB too."""
    operation = SqlOperation(
        statement=r"INSERT INTO orders SELECT 3, 'a \:b' WHERE :yes = 1", url=database, parameters={"yes": 1}
    )
    _run(operation)
    assert _ids(database) == [1, 3]


def test_a_frame_of_this_process_is_no_table(tmp_path: Path) -> None:
    """DuckDB would read a variable of the caller's in the place of a table."""
    operation = SqlOperation(statement="SELECT * FROM values", url=f"duckdb:///{tmp_path}/new.db")
    with operation.opened(None) as iteration, pytest.raises(MeasurementError, match="values"):
        iteration.call()


@given(st.text(alphabet=":\\ ab1_'\n", max_size=30))
def test_parameters_are_those_that_sqlalchemy_sees(text: str) -> None:
    """One reading for all databases: SQLAlchemy's."""
    names = SqlOperation(statement=text, url="sqlite://")._names
    assert names == set(sa.text(text).compile().params)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"statement": " "}, "empty_statement"),
        ({"set_up": [""]}, "empty_statement"),
        ({"url": f"user:{SECRET}@host"}, "invalid_connection"),
        ({"statement": "SELECT :a, :size"}, "unbound_parameter"),
        ({"tear_down": ["SELECT :b"]}, "unbound_parameter"),
    ],
)
def test_validate_refuses(fields: dict[str, Any], reason: str) -> None:
    """What is wrong with the words alone is said without a connection, and without the password."""
    with pytest.raises(DeclarationError) as refused:
        SqlOperation(**{"statement": "SELECT 1", "url": "sqlite://", **fields}).validate()
    assert refused.value.reason == reason
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"postgresql+psycopg2://ada:{SECRET}@127.0.0.1:1/db?connect_timeout=1", "unreachable_database"),
        (f"nosuch://ada:{SECRET}@host/db", "missing_driver"),
        (f"postgresql+psycopg2://ada:{SECRET}@x@host/db", "invalid_connection"),
        (f"postgresql://ada:{SECRET}@host:port/db", "invalid_connection"),
        ("sqlite:////no/such/directory/x.db", "unreachable_database"),
        ("duckdb:////no/such/directory/x.db", "unreachable_database"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str, reason: str) -> None:
    """Nor is the password in the traceback's causes."""
    operation = SqlOperation(statement="SELECT 1", url=url)
    with pytest.raises(DpqError) as refused, operation.opened(None):
        pass
    assert refused.value.reason == reason
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert SECRET not in repr(operation)


class _Driver:
    """Connects to nothing, and tells of the password that it was given: it stands for SQLAlchemy's engine."""

    def __init__(self, *, refuses: str) -> None:
        self.refuses = refuses

    def connect(self) -> _Driver:
        """Return itself, or fail as a driver does."""
        self._refuse("connect")
        return self

    def begin(self) -> _Driver:
        """Return itself, which is a context too."""
        return self

    def execute(self, *_: object) -> None:
        """Fail as a driver does."""
        self._refuse("execute")

    def __enter__(self) -> _Driver:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _refuse(self, step: str) -> None:
        if self.refuses == step:
            original = RuntimeError(f"no entry for ada with password {SECRET}.\nSELECT {SECRET}")
            raise sa.exc.OperationalError("SELECT 1", {}, original)


@pytest.mark.parametrize(("refuses", "reason"), [("connect", "unreachable_database"), ("execute", "statement_failed")])
def test_what_a_driver_says_is_told_without_the_password(
    refuses: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first line is told, with the password struck out."""
    monkeypatch.setattr(sa, "create_engine", lambda *_, **__: _Driver(refuses=refuses))
    operation = SqlOperation(statement="SELECT 1", url=f"postgresql+psycopg2://ada:{SECRET}@host/db")
    with pytest.raises(DpqError, match=r"no entry for ada with password \*\*\*\.") as refused:
        _run(operation)
    assert refused.value.reason == reason
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_subject_is_the_database_alone() -> None:
    """Neither user, password nor options, nor anything of the statement."""
    operation = SqlOperation(
        statement="SELECT 'ada'", url=f"postgresql+psycopg2://me:{SECRET}@db.example:5433/shop?password={SECRET}"
    )
    assert operation.subject == "a statement on postgresql://db.example:5433/shop"
    assert operation.clock == "wall"
    assert SqlOperation(statement="SELECT 1", url="duckdb:////data/x.db").subject == (
        "a statement on duckdb:////data/x.db"
    )


def test_it_runs_in_a_child(database: str, in_child: InChild) -> None:
    """As it is declared, with nothing of this process."""
    in_child(SqlOperation(statement="INSERT INTO orders VALUES (:size, 'x')", url=database), size=9, count=2)
    assert _ids(database) == [1, 9, 9]


@pytest.mark.service
@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_a_statement_runs_on_a_server(server: str, request: pytest.FixtureRequest) -> None:
    """Bound, committed, and undone where it is refused, with percent signs as they are written."""
    url = request.getfixturevalue(server)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE operation_orders (id INTEGER, name VARCHAR(20))")
    try:
        operation = SqlOperation(
            statement="INSERT INTO operation_orders SELECT :size, :name WHERE '100%' LIKE '1%'",
            url=url,
            parameters={"name": "it's"},
            tear_down=["UPDATE operation_orders SET id = id + 1"],
        )
        assert operation.clock == "wall"
        _run(operation, size=4, count=2)
        with operation.opened(None) as iteration, engine.connect() as connection:
            iteration.call()
            rows = connection.execute(sa.text("SELECT id, name FROM operation_orders ORDER BY id DESC")).all()
        assert sorted(tuple(row) for row in rows if row[0] is not None) == [(5, "it's"), (6, "it's")]
        assert len(rows) == 3
        broken = SqlOperation(statement="SELECT * FROM missing_orders", url=url)
        with broken.opened(None) as iteration, pytest.raises(MeasurementError, match="missing_orders") as caught:
            iteration.call()
        assert caught.value.reason == "statement_failed"
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE operation_orders")
