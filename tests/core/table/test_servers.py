"""Tables of PostgreSQL and MariaDB: what is asked of them, one state for all of it, and what happens when they fail."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import great_expectations.expectations as gxe
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError, SourceError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows
from tests.core.table.servers import own_schema

pytestmark = pytest.mark.service

COUNT = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}


@pytest.fixture(params=["postgres_url", "mysql_url"])
def server(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A schema with orders, a view of them, and a table that is named and has columns like words of SQL."""
    with own_schema(request.getfixturevalue(request.param)) as engine:
        tables = sa.MetaData()
        columns = [
            sa.Column("id", sa.Integer),
            sa.Column("state", sa.String(20)),
            sa.Column("amount", sa.Numeric(10, 2)),
            sa.Column("note", sa.String(20)),
        ]
        orders = sa.Table("orders", tables, *columns)
        odd = sa.Table("order", tables, sa.Column("group", sa.Integer), sa.Column('Key "of" it', sa.Integer))
        tables.create_all(engine)
        with engine.begin() as connection:
            states = ["paid", "sent", "lost"]
            values = [
                {"id": number, "state": states[number % 3], "amount": number / 4, "note": "n"} for number in range(30)
            ]
            connection.execute(orders.insert(), values)
            connection.execute(odd.insert(), [{"group": 1, 'Key "of" it': None}])
            connection.execute(sa.text("CREATE VIEW paid AS SELECT * FROM orders WHERE state = 'paid'"))
        yield engine


@pytest.fixture
def statements(server: sa.Engine) -> list[str]:
    """What the server is asked while the test runs."""
    asked: list[str] = []
    sa.event.listen(server, "before_cursor_execute", lambda *event: asked.append(event[2]))
    return asked


def schema_of(server: sa.Engine) -> str:
    """Return the name of the schema that the tables lie in."""
    query = "SELECT current_schema()" if server.dialect.name == "postgresql" else "SELECT schema()"
    with server.connect() as connection:
        return str(connection.scalar(sa.text(query)))


def test_view_schema_and_words_of_sql_are_names(server: sa.Engine) -> None:
    """A view, a name with its schema, and names that are words of SQL or hold quotes, are read as any other."""
    options = {"connection": server}
    assert rows("paid", connection=server) == 10
    assert rows(f"{schema_of(server)}.orders", connection=server) == 30
    assert rows(f"{schema_of(server)}.order", connection=server) == 1
    assert found("order", "column_values_to_not_be_null", column="group", options=options)["unexpected_count"] == 0
    odd = found("order", "column_values_to_not_be_null", column='Key "of" it', options=options)
    assert odd["unexpected_count"] == 1


def write_in_between(server: sa.Engine, statement: str, stage: str) -> Callable[[str], None]:
    """Return a progress function that lets somebody else write when a stage of the check begins."""

    def progress(told: str) -> None:
        if told.startswith(stage):
            with server.begin() as connection:
                connection.exec_driver_sql(statement)

    return progress


def test_statements_of_a_check_see_one_state(server: sa.Engine) -> None:
    """Rows that somebody else commits after the first statement are seen by none of the later ones."""
    suite = [
        COUNT,
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["id", "state"]}},
    ]
    insert = "INSERT INTO orders (id, state) VALUES (1, 'sent')"
    written = write_in_between(server, insert, "check 1 of")
    counted = check("orders", suite, connection=server, progress=written, result_format="COMPLETE")
    assert [result.success for result in counted.results] == [True, True, True]
    assert rows("orders", connection=server) == 31
    assert not answer("orders", "column_values_to_be_unique", column="id", options={"connection": server}).success


def test_one_state_outlives_a_refused_statement(server: sa.Engine) -> None:
    """A statement that the database refuses takes neither the snapshot nor the other checks with it."""
    suite = [
        COUNT,
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "state", "regex": "("}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    ]
    results = check("orders", suite, connection=server).results
    assert [result.error.reason if result.error else result.success for result in results] == [
        True,
        "query_failed",
        True,
    ]


def test_session_only_reads(server: sa.Engine) -> None:
    """A query that would write is refused by the database itself."""
    call = "nextval('numbers')" if server.dialect.name == "postgresql" else "nextval(numbers)"
    with server.begin() as connection:
        connection.exec_driver_sql("CREATE SEQUENCE numbers")
    with pytest.raises((SourceError, MeasurementError), match=r"read.only|READ ONLY"):
        rows(f"SELECT {call} AS n", connection=server)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE orders DROP COLUMN amount", "column 'amount' is gone"),
        ("ALTER TABLE orders RENAME COLUMN note TO remark", "column 'note' is gone; column 'remark' is new"),
        ("ALTER TABLE orders {alter} id {type} VARCHAR(20)", r"column 'id' was INTEGER.* and is VARCHAR"),
        ("DROP TABLE orders", "a table is gone"),
    ],
)
def test_schema_that_changes_after_planning_is_an_error(server: sa.Engine, change: str, named: str) -> None:
    """What was planned for other columns is never answered: the error says which changed."""
    words = (
        {"alter": "ALTER", "type": "TYPE"} if server.dialect.name == "postgresql" else {"alter": "MODIFY", "type": ""}
    )
    statement = change.format(**words)
    if server.dialect.name == "postgresql" and change.startswith(
        ("DROP", "ALTER TABLE orders {", "ALTER TABLE orders DROP")
    ):
        statement = f"DROP VIEW paid; {statement}"
    suite = [COUNT, {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "amount", "min_value": 1}}]
    with pytest.raises(MeasurementError) as refused:
        check("orders", suite, connection=server, progress=write_in_between(server, statement, "scanning"))
    assert refused.value.reason == "schema_changed"
    assert re.search(named, str(refused.value))


SLOW = {"postgresql": "SELECT id, state FROM orders, pg_sleep(30)", "mysql": "SELECT id, state, sleep(10) FROM orders"}


def watched(server: sa.Engine, act: Callable[[sa.Connection, int], None], *, again: bool = False) -> Any:
    """Run a slow check, act on its session from another connection, and return what the check raised."""
    raised: list[Exception] = []
    slow = SLOW[server.dialect.name]

    def run() -> None:
        try:
            check(slow, [COUNT], connection=server)
        except (MeasurementError, SourceError) as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    sleeping = {
        "postgresql": "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(30)%%' AND state = 'active'"
        " AND pid <> pg_backend_pid()",
        "mysql": "SELECT id FROM information_schema.processlist WHERE info LIKE '%%sleep(10)%%'"
        " AND id <> connection_id()",
    }[server.dialect.name]
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        while thread.is_alive():
            session = other.exec_driver_sql(sleeping).scalar()
            if session is not None:
                act(other, session)
                if not again:
                    break
    thread.join(timeout=60)
    assert not thread.is_alive()
    (error,) = raised
    return error


def test_database_that_dies_while_it_answers_is_a_lost_connection(server: sa.Engine) -> None:
    """A session that the server ends is an error of the measurement, which is tried again."""
    kill = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}[server.dialect.name]
    error = watched(server, lambda other, session: other.exec_driver_sql(kill.format(session)) and None)
    assert isinstance(error, MeasurementError)
    assert error.reason == "connection_lost"
    assert rows("orders", connection=server) == 30


def test_query_that_is_cancelled_is_stopped(server: sa.Engine) -> None:
    """Whoever cancels it each time that it is asked is told of as the server tells of a limit of its own."""
    kill = {"postgresql": "SELECT pg_cancel_backend({})", "mysql": "KILL QUERY {}"}[server.dialect.name]

    def cancel(other: sa.Connection, session: int) -> None:
        with suppress(sa.exc.DBAPIError):  # it has ended by now
            other.exec_driver_sql(kill.format(session))

    error = watched(server, cancel, again=True)
    assert isinstance(error, MeasurementError)
    assert error.reason == "query_stopped"


def test_statement_timeout_of_the_connection_is_honoured(server: sa.Engine) -> None:
    """The time that the connection allows a statement ends the check, not the worker's patience."""
    limit = {"postgresql": "SET statement_timeout = '200ms'", "mysql": "SET max_statement_time = 0.2"}

    def allow_little(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(limit[server.dialect.name])
        connection.commit()

    sa.event.listen(server, "connect", allow_little)
    assert rows("orders", connection=server) == 30
    with pytest.raises(MeasurementError) as stopped:
        rows(SLOW[server.dialect.name], connection=server)
    assert stopped.value.reason == "query_stopped"


def test_table_that_may_not_be_read_is_said(server: sa.Engine) -> None:
    """A user without SELECT is told so, and by which right it would be mended."""
    user, schema = f"reader_{schema_of(server)}", schema_of(server)
    postgres = server.dialect.name == "postgresql"
    created = [f"CREATE USER {user}", f"GRANT USAGE ON SCHEMA {schema} TO {user}"]
    if not postgres:
        created = [f"CREATE USER {user}@'127.0.0.1'", f"GRANT SELECT ON {schema}.paid TO {user}@'127.0.0.1'"]
    dropped = [f"DROP OWNED BY {user}", f"DROP USER {user}"] if postgres else [f"DROP USER {user}@'127.0.0.1'"]
    with server.begin() as connection:
        for statement in created:
            connection.exec_driver_sql(statement)
    reader = sa.create_engine(server.url.set(username=user), poolclass=sa.NullPool)
    try:
        with pytest.raises((SourceError, MeasurementError)) as refused:
            rows("orders", connection=reader)
        assert refused.value.reason in ("permission_denied", "missing_table")
        assert "orders" in str(refused.value)
    finally:
        reader.dispose()
        with server.begin() as connection:
            for statement in dropped:
                connection.exec_driver_sql(statement)


class ExpectStatesToBePaid(gxe.ExpectColumnValuesToBeInSet):
    """A user's own expectation."""

    column: str = "state"
    value_set: list[str] = ["paid"]  # noqa: RUF012 - as Great Expectations' own models have it


@pytest.mark.parametrize("data", ["orders", "SELECT * FROM orders WHERE state <> ':x' AND id % 1 = 0"])
@pytest.mark.parametrize("condition", [None, 'note != "a:b" and id < 20'])
def test_expectation_of_a_user_is_answered_by_great_expectations(
    server: sa.Engine, statements: list[str], data: str, condition: str | None
) -> None:
    """A subclass that only Great Expectations knows runs on its SQL engine, on the same rows, and writes nothing."""
    (result,) = check(data, [ExpectStatesToBePaid()], connection=server, row_condition=condition).results
    assert result.error is None
    assert result.evaluated_by == "gx"
    assert result.result["unexpected_count"] == (20 if condition is None else 13)
    assert not [text for text in statements if text.split()[0].upper() in ("CREATE", "INSERT", "DROP", "UPDATE")]


USUAL: list[dict[str, Any]] = [
    {"type": f"expect_{kind}", "kwargs": kwargs}
    for kind, kwargs in [
        ("table_row_count_to_be_between", {"min_value": 1}),
        ("table_columns_to_match_set", {"column_set": ["id", "state", "amount", "note"]}),
        ("column_values_to_not_be_null", {"column": "id"}),
        ("column_values_to_not_be_null", {"column": "state"}),
        ("column_values_to_not_be_null", {"column": "amount"}),
        ("column_values_to_be_unique", {"column": "id"}),
        ("column_values_to_be_in_set", {"column": "state", "value_set": ["paid", "sent", "lost"]}),
        ("column_values_to_be_between", {"column": "id", "min_value": 0, "max_value": 29}),
        ("column_values_to_be_between", {"column": "amount", "min_value": 0}),
        ("column_values_to_match_regex", {"column": "state", "regex": "^[a-z]+$"}),
        ("column_value_lengths_to_be_between", {"column": "state", "min_value": 4, "max_value": 4}),
        ("column_mean_to_be_between", {"column": "amount", "max_value": 9}),
        ("column_stdev_to_be_between", {"column": "amount", "max_value": 9}),
        ("column_median_to_be_between", {"column": "amount", "max_value": 9}),
        ("compound_columns_to_be_unique", {"column_list": ["id", "state"]}),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "id", "column_B": "amount", "or_equal": True}),
        ("column_values_to_exist_in_other_table", {"column": "state", "other_table": "paid", "mostly": 0.3}),
    ]
]
"""The checks that most tables get."""


def test_usual_checks_are_four_statements(server: sa.Engine, statements: list[str]) -> None:
    """Seventeen checks scan a table once, and once more for each grouping; a sample is asked for what failed alone."""
    asked = [*USUAL]
    asked[-1] = {**asked[-1], "kwargs": {**asked[-1]["kwargs"], "other_table": "orders", "mostly": 1}}
    assert all(result.success for result in check("orders", asked, connection=server).results)
    on_the_table = [text for text in statements if text.startswith("SELECT") and "orders" in text.partition("FROM")[2]]
    assert len(on_the_table) <= 4
    statements.clear()
    results = check("orders", USUAL, connection=server).results
    assert results[-1].success
    assert results[-1].result["unexpected_count"] == 20
    more = [text for text in statements if text.startswith("SELECT") and "orders" in text.partition("FROM")[2]]
    assert len(more) == len(on_the_table) + 1


def test_percent_sign_of_a_query_stays_one_in_a_query_of_its_rows(server: sa.Engine) -> None:
    """Drivers take a doubled sign for one, once: twice doubled, the text would be another one and no row be found."""
    query = "SELECT id, 'a%b' AS t FROM orders WHERE id % 2 = 1"
    asked = {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE t = 'a%b'"},
    }
    (result,) = check(query, [asked], connection=server).results
    assert result.result["observed_value"] == 15


def test_column_of_a_query_without_a_value_is_not_asked_for_nan(server: sa.Engine) -> None:
    """Neither days nor anything else without a value can be NaN, and PostgreSQL refuses the question."""
    query, options = "SELECT CAST(NULL AS date) AS day FROM orders", {"connection": server}
    assert found(query, "column_values_to_be_null", options=options, column="day")["unexpected_count"] == 0
