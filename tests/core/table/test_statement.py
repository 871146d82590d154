"""A query of the user's own is one statement that only reads, on every database, or nothing of it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DpqError, SourceError
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.statement import reading_query
from tests.core.table.servers import own_schema

ROWS = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}]

SECOND = [
    "SELECT 1 AS a) AS q; COMMIT; CREATE TABLE pwned (a int); SELECT * FROM (SELECT 1 AS a",
    "SELECT 1 AS a) AS q; COMMIT; CREATE TABLE pwned (a int); --",
    "SELECT 1 AS a; CREATE TABLE pwned (a int)",
    "SELECT 1 AS a; COMMIT; DROP TABLE orders",
    "SELECT ';' AS a; CREATE TABLE pwned (a int)",
    "SELECT 1 AS a /* ; */; CREATE TABLE pwned (a int)",
    "SELECT 1 AS a -- ;\n; COMMIT; CREATE TABLE pwned (a int)",
    "SELECT $$;$$ AS a; COMMIT; CREATE TABLE pwned (a int)",
    "SELECT 1 AS a\0; COMMIT; CREATE TABLE pwned (a int)",
    "SELECT 1 AS a; SET TRANSACTION READ WRITE; DELETE FROM orders; COMMIT",
    "WITH x AS (SELECT 1 AS a) DELETE FROM orders",
    "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT 1 AS a) INSERT INTO orders SELECT 9, 'x' FROM x",
    "WITH x AS (SELECT 1 AS a) UPDATE orders SET id = 0",
    "SELECT * INTO pwned FROM orders",
    "SELECT 1 AS a UNION SELECT 2; CREATE TABLE pwned (a int)",
]
BY_POSTGRESQL = [
    "SELECT id FROM orders FOR UPDATE",
    "SELECT setval('numbers', 99)",
    "SELECT nextval('numbers')",
    "SELECT lo_export(1, '/tmp/dpq_pwned')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT \"pg_read_file\"('/etc/hostname')",
    "SELECT U&\"pg_read\\005ffile\"('/etc/hostname')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT * FROM pg_hba_file_rules()",
    "SELECT * FROM pg_show_all_file_settings()",
    "SELECT * FROM dblink('dbname=postgres', 'CREATE TABLE pwned (a int)') AS t(a text)",
    "SELECT pg_terminate_backend(1)",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_notify('a', 'b')",
    "SELECT query_to_xml('DELETE FROM orders', true, true, '')",
    "SELECT query_to_xml('SELECT pg_re' || 'ad_file(''/etc/hostname'')', true, true, '')::text",
    "SELECT * FROM ts_stat('SELECT to_tsvector(pg_re' || 'ad_file(''/etc/hostname''))')",
    "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, plainto_tsquery(pg_re' || 'ad_file(''/etc/hostname''))')",
    "SELECT pg_create_physical_replication_slot('dpq_pwned')",
    "SELECT pg_replication_origin_create('dpq_pwned')",
    "SELECT pg_switch_wal()",
    "SELECT pg_stat_reset()",
    "SELECT pg_log_backend_memory_contexts(pg_backend_pid())",
    "SELECT 1 AS a $a$; COMMIT; CREATE TABLE pwned (a int); $a$",
    "SELECT '\\' AS a; COMMIT; CREATE TABLE pwned (a int) -- '",
    "SELECT E'\\'' AS a; COMMIT; CREATE TABLE pwned (a int) --'",
    "SELECT 1 AS a /* /* */; COMMIT; CREATE TABLE pwned (a int); /* */ */; DROP TABLE orders",
]
BY_MARIADB = [
    "SELECT 1 AS a INTO OUTFILE '/tmp/dpq_pwned'",
    "SELECT 1 AS a INTO DUMPFILE '/tmp/dpq_pwned'",
    "SELECT 1 AS a) AS q INTO OUTFILE '/tmp/dpq_pwned' -- ",
    "SELECT 1 AS a INTO @a",
    "SELECT LOAD_FILE('/etc/hostname') AS a",
    "SELECT `load_file`('/etc/hostname') AS a",
    "SELECT GET_LOCK('dpq', 1) AS a",
    "SELECT 1 AS a /*! INTO OUTFILE '/tmp/dpq_pwned' */",
    "SELECT 1 AS a /*M! INTO OUTFILE '/tmp/dpq_pwned' */",
    "SELECT 1 AS a # ; \n; CREATE TABLE pwned (a int)",
]
READING = [
    "SELECT id, note FROM orders",
    "SELECT id, note FROM orders;",
    "SELECT id, note FROM orders -- all; of them",
    "SELECT id, note FROM orders /* ) ; ( */",
    "SELECT id, ';) DROP TABLE orders; --' AS note FROM orders",
    "WITH x AS (SELECT id, note FROM orders) SELECT * FROM x",
    "SELECT id, note FROM orders WHERE note LIKE '%a%' OR note NOT LIKE ':b%'",
    "select id, note from orders union all select id, note from orders where 1 = 0",
    "SELECT id, note FROM orders ORDER BY id LIMIT 3",
]


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres_url", marks=pytest.mark.service),
        pytest.param("mysql_url", marks=pytest.mark.service),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with three orders."""
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}")
        _fill(engine)
        yield engine
        engine.dispose()
        return
    with own_schema(request.getfixturevalue(request.param)) as engine:
        _fill(engine)
        yield engine


def _fill(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id int, note varchar(40))"))
        connection.execute(sa.text("INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c')"))
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("CREATE SEQUENCE numbers"))


def _state(engine: sa.Engine) -> Any:
    with engine.connect() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        found = [tuple(row) for row in connection.execute(sa.text("SELECT id, note FROM orders ORDER BY id"))]
        if engine.dialect.name == "postgresql":
            found.append(tuple(connection.execute(sa.text("SELECT last_value, is_called FROM numbers")).one()))
        return names, found


def _suites(query: str) -> list[list[dict[str, Any]]]:
    batch = query.replace("{", "{{").replace("}", "}}")
    return [
        [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": batch}}],
        [
            {
                "type": "expect_query_results_to_match_comparison",
                "kwargs": {
                    "base_query": batch,
                    "comparison_data_source_name": "same",
                    "comparison_query": "SELECT 1 AS a",
                },
            }
        ],
        [
            {
                "type": "expect_query_results_to_match_comparison",
                "kwargs": {
                    "base_query": "SELECT 1 AS a FROM {batch}",
                    "comparison_data_source_name": "same",
                    "comparison_query": query,
                },
            }
        ],
        [
            {
                "type": "expect_table_row_count_to_equal_other_table",
                "kwargs": {"other_table_name": query},
            }
        ],
        [
            {
                "type": "expect_table_to_reconcile_with_other_table",
                "kwargs": {"other_table_name": query},
            }
        ],
    ]


def _verdicts(data: Any, suite: Any, **options: Any) -> set[Verdict]:
    """Return what came of each check, where it came to checks."""
    try:
        return {result.verdict for result in check(data, suite, **options).results}
    except DpqError:
        return {Verdict.ERROR}


@pytest.mark.parametrize("query", [*SECOND, *BY_POSTGRESQL, *BY_MARIADB])
def test_nothing_but_a_query_runs(database: sa.Engine, query: str) -> None:
    """Whatever a suite or a gate gives in the place of a query, nothing in the database changes."""
    before = _state(database)
    own = {"postgresql": BY_POSTGRESQL, "mysql": BY_MARIADB, "mariadb": BY_MARIADB}.get(database.dialect.name, [])
    options = {"connection": database, "connect": lambda _: database, "result_format": "COMPLETE"}
    found = [_verdicts(query, ROWS, **options)]
    found += [_verdicts("orders", suite, **options) for suite in _suites(query)]
    assert _state(database) == before
    assert not Path("/tmp/dpq_pwned").exists()  # the server would write it
    if query in {*SECOND, *own}:
        assert found == [{Verdict.ERROR}] * len(found)


@pytest.mark.parametrize("query", READING)
def test_query_that_reads_is_let_through(database: sa.Engine, query: str) -> None:
    """Semicolons at the end, in texts and in comments, percent signs, colons and WITH are parts of queries."""
    options = {"connection": database, "connect": lambda _: database, "result_format": "COMPLETE"}
    assert _verdicts(query, ROWS, **options) == {Verdict.PASS}
    batch = query.replace("{", "{{")
    expected = [
        {"type": "unexpected_rows_expectation", "severity": "warning", "kwargs": {"unexpected_rows_query": batch}}
    ]
    assert _verdicts("orders", expected, **options) == {Verdict.WARN}
    assert _verdicts(
        "orders",
        [
            {
                "type": "expect_query_results_to_match_comparison",
                "kwargs": {
                    "base_query": batch,
                    "comparison_data_source_name": "same",
                    "comparison_query": query,
                },
            }
        ],
        **options,
    ) == {Verdict.PASS}


@pytest.mark.service
def test_views_about_the_server_are_tables(postgres_url: str) -> None:
    """What PostgreSQL tells of itself in views may be checked, whatever functions are named alike."""
    views = ["pg_stat_activity", "pg_replication_slots", "pg_replication_origin", "pg_locks", "pg_stat_database"]
    expected = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}, "severity": "info"}]
    for view in views:
        assert _verdicts(f"SELECT * FROM {view}", expected, connection=postgres_url) == {Verdict.PASS}


@pytest.mark.parametrize("query", SECOND)
@pytest.mark.parametrize("owned", [True, False])
def test_nothing_but_a_query_runs_in_duckdb(query: str, owned: bool, tmp_path: Path) -> None:
    """A DuckDB database is read alike, by its address and by a connection that may write."""
    path = tmp_path / "orders.duckdb"
    with duckdb.connect(path) as made:
        made.execute("CREATE TABLE orders (id int, note varchar)")
        made.execute("INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    connection: Any = f"duckdb:///{path}" if owned else duckdb.connect(path)
    options = {"connection": connection, "connect": lambda _: connection, "result_format": "COMPLETE"}
    found = [_verdicts(query, ROWS, **options)]
    found += [_verdicts("orders", suite, **options) for suite in _suites(query)]
    if not owned:
        connection.close()
    with duckdb.connect(path) as looked:
        assert looked.execute("SHOW TABLES").fetchall() == [("orders",)]
        assert looked.execute("SELECT count(*) FROM orders").fetchall() == [(3,)]
    assert found == [{Verdict.ERROR}] * len(found)


@pytest.mark.parametrize("query", [*SECOND, "COPY (SELECT 1) TO 'pwned'", "ATTACH 'pwned' AS p", "PRAGMA version"])
def test_nothing_but_a_query_runs_over_a_file(query: str, tmp_path: Path) -> None:
    """A query over a file is one query of DuckDB's, too."""
    path = tmp_path / "orders.csv"
    path.write_text("id,note\n1,a\n2,b\n3,c\n")
    for suite in _suites(query)[:1]:
        assert _verdicts(path, suite) == {Verdict.ERROR}
    assert [entry.name for entry in tmp_path.iterdir()] == ["orders.csv"]


DOING_MORE = [
    "SELECT * FROM enable_logging(storage = 'file', storage_config = {'path': 'pwned'})",
    "SELECT * FROM Enable_Profiling(format := 'json', save_location := 'pwned')",
    "SELECT 1 AS a WHERE EXISTS (FROM \"enable_logging\" /* */ (storage = 'file', storage_config = {'path': 'pwned'}))",
    "SELECT * FROM query('SELECT * FROM enable_' || 'logging(storage = ''file'', storage_config = {path: ''pwned''})')",
    "WITH x AS (FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1 AS a'))) FROM x",
    "SELECT write_log('a') AS a",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM truncate_duckdb_logs()",
]


@pytest.mark.parametrize("query", DOING_MORE)
@pytest.mark.parametrize("confined", [True, False])
def test_function_of_duckdb_that_does_more_than_read_is_refused(
    query: str, confined: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logging into a file writes it, and ends the whole process where it may not; a query as a text may hold it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "orders.csv"
    path.write_text("id,note\n1,a\n2,b\n3,c\n")
    root = tmp_path if confined else None
    for suite in _suites(query)[:1]:
        found = check(path, suite, root=root).results[0]
        assert (found.verdict, found.error and found.error.reason) == (Verdict.ERROR, "invalid_query")
    assert [entry.name for entry in tmp_path.iterdir()] == ["orders.csv"]
    with duckdb.connect() as connection, pytest.raises(SourceError, match="reaches beyond the tables"):
        check(query, ROWS, connection=connection)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'enable_logging(' AS note, query FROM (SELECT id AS query FROM {batch})",
        'SELECT \'"function_name":"query"\' AS checkpoint FROM {batch}',
        "SELECT * FROM {batch}, range(1) AS query(n)",
    ],
)
def test_name_that_is_no_call_is_let_through(query: str, tmp_path: Path) -> None:
    """A text or a column may have the name of such a function."""
    path = tmp_path / "orders.csv"
    path.write_text("id,note\n1,a\n2,b\n3,c\n")
    expected = [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}]
    assert check(path, expected).results[0].result["observed_value"] == 3


class _Dialect:
    name = "mssql"


class _Connection:
    dialect = _Dialect()


@pytest.mark.parametrize(
    "query",
    [
        *SECOND[:10],
        "SELECT 1 AS a) AS q CREATE TABLE pwned (a int) SELECT * FROM (SELECT 1 AS a",
        "SELECT [x' ) AS q DROP TABLE orders SELECT ([']",
        "SELECT (1 AS a",
    ],
)
def test_database_whose_parser_cannot_be_asked_takes_no_query_that_could_end(query: str) -> None:
    """Where nobody can say how the database reads quotes, none of them hides a bracket or a semicolon."""
    connection: Any = _Connection()
    with pytest.raises(SourceError) as refused:
        reading_query(connection, query)
    assert (refused.value.reason, refused.value.quotes_data) == ("invalid_query", False)


def test_query_runs_in_brackets_where_no_parser_can_be_asked() -> None:
    """What could follow a query without a semicolon cannot follow it in brackets."""
    connection: Any = _Connection()
    query = "SELECT count(*) AS n FROM orders WHERE note IN ('a', 'b')"
    assert reading_query(connection, query) == f"SELECT * FROM (\n{query}\n) AS dpq_query"
