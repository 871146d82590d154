"""Tables and queries of a database, on SQLite: what is asked of it, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, SourceError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows

DAYS = [date(2013, 1, 1), date(2013, 1, 2), None]
MOMENTS = [datetime.fromisoformat(text) for text in ("2013-01-01T00:30:00", "2013-01-01T23:30:00")]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sa.Engine]:
    """A SQLite database with three rows in one table, a view of them, and tables with odd names."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'data.db'}")
    tables = sa.MetaData()
    data = sa.Table(
        "data",
        tables,
        *(
            sa.Column(name, kind)
            for name, kind in {"n": sa.Integer, "s": sa.String, "b": sa.Boolean, "d": sa.Date}.items()
        ),
        sa.Column("t", sa.DateTime),
        sa.Column("price", sa.Numeric(10, 2)),
    )
    for name in ("with.dot", 'x"; DROP TABLE data; --', "select", "Mixed Case"):
        sa.Table(name, tables, sa.Column("n", sa.Integer))
    tables.create_all(engine)
    moments, prices = [*MOMENTS, None], map(Decimal, ["1.01", "1.02", "1.05"])
    values = zip([1, 2, 2], ["a", None, "b:c"], [True, False, None], DAYS, moments, prices, strict=True)
    with engine.begin() as connection:
        connection.execute(
            data.insert(), [dict(zip(("n", "s", "b", "d", "t", "price"), row, strict=True)) for row in values]
        )
        connection.execute(sa.text("CREATE VIEW present AS SELECT n, s FROM data WHERE s IS NOT NULL"))
    yield engine
    assert sa.inspect(engine).has_table("data")
    engine.dispose()


@pytest.fixture
def statements(database: sa.Engine) -> list[str]:
    """What the database is asked while the test runs."""
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *event: asked.append(event[2]))
    return asked


@pytest.mark.parametrize(
    "data", ["data", "main.data", "SELECT * FROM data", " with d as (select * from data) select * from d ; "]
)
def test_table_schema_and_query_are_the_same_rows(database: sa.Engine, data: str) -> None:
    """A table may be named with its schema, or be what a query returns."""
    options = {"connection": database}
    assert rows(data, **options) == 3
    assert found(data, "column_values_to_be_unique", column="n", options=options)["unexpected_count"] == 2
    assert found(data, "column_values_to_not_be_null", column="s", options=options)["unexpected_count"] == 1


def test_view_is_a_table(database: sa.Engine) -> None:
    """A view is checked like a table."""
    assert rows("present", connection=database) == 2


@pytest.mark.parametrize("name", ["with.dot", "main.with.dot", 'x"; DROP TABLE data; --', "main.select", "Mixed Case"])
def test_odd_table_name_is_a_name(database: sa.Engine, name: str) -> None:
    """Dots, quotes, keywords and blanks are part of a name that exists."""
    assert rows(name, connection=database) == 0


@pytest.mark.parametrize(
    "name",
    [
        "nowhere",
        "main.nowhere",
        "elsewhere.data",
        "",
        'y"; DROP TABLE data; --',
        "data; DROP TABLE data",
        "data--",
        "'data'",
        '"data"',
    ],
)
def test_missing_table_is_an_error_and_nothing_else(database: sa.Engine, name: str) -> None:
    """A name that is no table is missing: no part of it is ever SQL. The fixture sees that the table survives."""
    with pytest.raises(SourceError) as refused:
        rows(name, connection=database)
    assert refused.value.reason in ("missing_table", "invalid_query")
    assert repr(name) in str(refused.value)


def test_column_name_is_never_sql(database: sa.Engine) -> None:
    """A column's name that closes its quotes is a missing column, wherever it stands in a declaration."""
    name = 'n"; DROP TABLE data; --'
    condition = {"type": "comparison", "column": {"name": name}, "operator": "==", "parameter": 1}
    suite = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n", "row_condition": condition}},
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["n", name]}},
        {"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "n", "other_table": name}},
        {
            "type": "expect_column_values_to_exist_in_other_table",
            "kwargs": {"column": "n", "other_table": "data", "other_column": name},
        },
    ]
    results = check("data", suite, connection=database).results
    assert [result.error.reason for result in results if result.error] == [
        *["missing_column"] * 3,
        "missing_table",
        "missing_column",
    ]


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("column_values_to_be_in_set", {"column": "s", "value_set": ["x'); DROP TABLE data; --", "a"]}),
        ("column_values_to_match_regex", {"column": "s", "regex": "'; DROP TABLE data; --"}),
        ("column_values_to_not_be_null", {"column": "s", "row_condition": 's != "\'; DROP TABLE data; --"'}),
    ],
)
def test_value_is_never_sql(database: sa.Engine, kind: str, kwargs: dict[str, Any]) -> None:
    """Values are bound, whatever they look like."""
    assert answer("data", kind, options={"connection": database}, **kwargs).error is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("SELECT 'a:b' AS x, ':y' AS y, '%s' AS z, 5 % 2 AS m", 1),
        ("SELECT * FROM data -- all of them", 3),
        ("SELECT * FROM data /* all */;", 3),
        ("SELECT count(*) FROM data", 1),
        ("SELECT * FROM data WHERE n > 100", 0),
        ("SELECT NULL AS x", 1),
        ('SELECT n AS "we""ird name" FROM data', 3),
    ],
)
def test_query_is_taken_as_it_is_written(database: sa.Engine, query: str, count: int) -> None:
    """Colons, percent signs, comments and a closing semicolon are the query's own."""
    assert rows(query, connection=database) == count


def test_types_of_a_query_are_found_behind_missing_values(database: sa.Engine) -> None:
    """A column whose first value is missing is typed by one that is not; one without values has nothing to type."""
    query = "SELECT NULLIF(n, 1) AS n, s, NULL AS never FROM data ORDER BY data.n"
    options = {"connection": database}
    between = found(query, "column_values_to_be_between", column="n", max_value=1, options=options)
    assert (between["unexpected_count"], between["missing_count"]) == (2, 1)
    assert found(query, "column_max_to_be_between", column="n", max_value=2, options=options)["observed_value"] == 2
    assert answer(query, "column_values_to_be_between", column="never", max_value=1, options=options).success


@pytest.mark.parametrize(
    ("query", "error", "reason"),
    [
        ("SELECT nothing FROM data", SourceError, "invalid_query"),
        ("SELECT n) AS x; DROP TABLE data; --", SourceError, "invalid_query"),
        ("SELECT 1; DROP TABLE data", SourceError, "invalid_query"),
    ],
)
def test_query_that_is_none_is_refused(database: sa.Engine, query: str, error: type[Exception], reason: str) -> None:
    """A query that does not run, or does not name its columns apart, is told with the database's own words."""
    with pytest.raises(error) as refused:
        rows(query, connection=database)
    assert getattr(refused.value, "reason", None) == reason


SUITE: list[dict[str, Any]] = [
    {"type": f"expect_{kind}", "kwargs": kwargs}
    for kind, kwargs in [
        ("table_row_count_to_be_between", {"min_value": 1}),
        ("column_values_to_not_be_null", {"column": "s"}),
        ("column_values_to_be_unique", {"column": "n"}),
        ("column_values_to_be_between", {"column": "n", "max_value": 1}),
        ("column_values_to_be_in_set", {"column": "s", "value_set": ["a"]}),
        ("column_values_to_match_regex", {"column": "s", "regex": "^a"}),
        ("column_mean_to_be_between", {"column": "n", "max_value": 1}),
        ("column_median_to_be_between", {"column": "n", "max_value": 1}),
        ("column_stdev_to_be_between", {"column": "n", "max_value": 1}),
        ("column_unique_value_count_to_be_between", {"column": "s", "max_value": 1}),
        ("compound_columns_to_be_unique", {"column_list": ["n", "b"]}),
        ("column_values_to_exist_in_other_table", {"column": "n", "other_table": "with.dot"}),
        ("column_values_to_match_regex", {"column": "s", "regex": "["}),
        ("column_values_to_not_be_null", {"column": "nowhere"}),
        ("column_values_to_be_increasing", {"column": "n"}),
    ]
]


@pytest.mark.parametrize("data", ["data", "SELECT * FROM data"])
def test_database_is_only_ever_asked(database: sa.Engine, statements: list[str], data: str) -> None:
    """Nothing but SELECT in one transaction, and SQLite's own questions about a table, runs, whatever the suite.

    A query of the user's own is explained first, which runs nothing of it.
    """
    check(data, SUITE, connection=database, result_format="COMPLETE")
    words = {statement.split("(")[0].split()[0].upper() for statement in statements}
    assert words <= {"SELECT", "PRAGMA", "BEGIN"} | ({"EXPLAIN"} if data != "data" else set())
    assert "SELECT" in words


def test_many_checks_are_one_statement(database: sa.Engine, statements: list[str]) -> None:
    """Counts and figures of all checks ride on one scan; each grouping is one more."""
    columns = ["n", "price", "s", "b", "d", "t"]
    suite = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column, "mostly": 0}} for column in columns
    ]
    figures = ("min", "max", "mean", "sum")
    suite += [{"type": f"expect_column_{figure}_to_be_between", "kwargs": {"column": "n"}} for figure in figures]
    suite += [{"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "n"}}]
    check("data", suite, connection=database, result_format="BOOLEAN_ONLY")
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 2


def test_connection_may_be_an_engine_an_address_or_a_connection(database: sa.Engine) -> None:
    """All three lead to the same table."""
    assert rows("data", connection=database) == 3
    assert rows("data", connection=str(database.url)) == 3
    assert rows("data", connection=database.url) == 3
    with database.connect() as connection:
        assert rows("data", connection=connection) == 3


def test_connection_of_the_caller_is_left_alone(database: sa.Engine) -> None:
    """A transaction of the caller's is neither ended nor used."""
    with database.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        transaction = connection.get_transaction()
        check("data", SUITE, connection=connection)
        assert connection.get_transaction() is transaction
        assert transaction is not None
        assert transaction.is_active


@pytest.mark.parametrize("data", ["data", "nowhere", "SELECT nothing FROM data"])
def test_connection_goes_back_to_its_pool(tmp_path: Path, data: str, database: sa.Engine) -> None:
    """An engine of the caller's has as many connections out after a run as before, however the run ended."""
    pooled = sa.create_engine(database.url, poolclass=sa.QueuePool)
    try:
        check(data, SUITE, connection=pooled)
    except SourceError:
        assert data != "data"
    assert isinstance(pooled.pool, sa.QueuePool)
    assert pooled.pool.checkedout() == 0
    pooled.dispose()


@pytest.mark.parametrize(
    ("connection", "error", "reason"),
    [
        ("no address", DeclarationError, "invalid_connection"),
        ("nosuchdialect://host/db", DeclarationError, "invalid_connection"),
        (object(), DeclarationError, "invalid_connection"),
        ("sqlite:////no such directory/data.db", SourceError, "unreachable_database"),
        ("postgresql+psycopg2://user:verysecret@127.0.0.1:1/db", SourceError, "unreachable_database"),
    ],
)
def test_connection_that_leads_nowhere_is_refused(connection: Any, error: type[Exception], reason: str) -> None:
    """A wrong address is a wrong declaration, a database out of reach was not measured; a password stays hidden."""
    with pytest.raises(error) as refused:
        rows("data", connection=connection)
    assert getattr(refused.value, "reason", None) == reason
    assert "verysecret" not in str(refused.value)


def test_bounds_of_moments_are_whole_moments(database: sa.Engine) -> None:
    """A day as a bound is its beginning; a moment is compared to the minute."""
    options = {"connection": database}

    def unexpected(column: str, **bounds: Any) -> int:
        return int(
            found("data", "column_values_to_be_between", column=column, options=options, **bounds)["unexpected_count"]
        )

    assert unexpected("t", min_value="2013-01-01") == 0
    assert unexpected("t", max_value="2013-01-01") == 2
    assert unexpected("t", max_value="2013-01-01T12:00:00") == 1
    assert unexpected("d", max_value="2013-01-01") == 1


@pytest.mark.parametrize(("column", "bound"), [("t", 2013), ("n", "2013-01-01"), ("s", 5), ("d", 5)])
def test_bound_of_another_type_is_an_error(database: sa.Engine, column: str, bound: Any) -> None:
    """A number is not compared with a moment, nor with a text: the database would make something up."""
    result = answer(
        "data", "column_values_to_be_between", column=column, min_value=bound, options={"connection": database}
    )
    assert result.error is not None
    assert result.error.reason == "incomparable"


def test_median_of_decimals_has_all_its_digits(database: sa.Engine) -> None:
    """The median of two prices may lie between two hundredths."""
    condition = "price < 1.05"
    observed = found(
        "data", "column_median_to_be_between", column="price", row_condition=condition, options={"connection": database}
    )
    assert observed["observed_value"] == pytest.approx(1.015)


def test_moment_and_day_are_written_in_iso(database: sa.Engine) -> None:
    """SQLite keeps moments as text; results have them in the form of any other source."""
    options = {"connection": database}
    assert found("data", "column_max_to_be_between", column="d", max_value="2013-01-02", options=options) == {
        "observed_value": "2013-01-02"
    }
    assert found("data", "column_min_to_be_between", column="t", min_value="2013-01-01T00:00", options=options) == {
        "observed_value": "2013-01-01T00:30:00"
    }


def test_sample_of_a_database_names_rows_by_columns_alone(database: sa.Engine) -> None:
    """Rows of a database have no position: they are named where columns are given for it, and else are not."""
    options: dict[str, Any] = {"connection": database}
    plain = found("data", "column_values_to_not_be_null", column="s", options=options)
    assert "partial_unexpected_index_list" not in plain
    options["result_format"] = {"result_format": "COMPLETE", "unexpected_index_column_names": ["n", "d"]}
    named = found("data", "column_values_to_not_be_null", column="s", options=options)
    assert named["unexpected_index_list"] == [{"s": None, "n": 2, "d": "2013-01-02"}]


def test_partition_and_condition_narrow_a_table(database: sa.Engine) -> None:
    """Filters are part of every statement."""
    assert rows("data", connection=database, partition={"d": ["2013-01-01", "2013-01-02"]}, row_condition="n == 2") == 1


def test_address_in_a_message_has_no_options(tmp_path: Path) -> None:
    """The options of an address may hold secrets, as its password does."""
    url = f"sqlite:///file:{tmp_path}/no such directory/data.db?uri=true&token=verysecret"
    with pytest.raises(SourceError) as caught:
        rows("data", connection=url)
    assert caught.value.reason == "unreachable_database"
    assert "verysecret" not in str(caught.value)


def test_missing_member_of_a_set_lets_no_value_pass(database: sa.Engine) -> None:
    """Beside NULL in a list SQL finds nothing outside of it; the check still finds what is."""
    result = answer(
        "data", "column_distinct_values_to_be_in_set", column="n", value_set=[1, None], options={"connection": database}
    )
    assert not result.success


@pytest.mark.parametrize("type_", ["numeric", "real", "integer"])
def test_text_in_a_column_of_numbers_is_no_zero(type_: str) -> None:
    """SQLite keeps it as it is and adds it as 0: no figure is told of such a column, but for rows without it."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"create table t (n {type_}, x integer)")
        connection.exec_driver_sql("insert into t values (2, 1), ('abc', 0), (null, 1), (3, 1)")
    figures = [f"expect_column_{name}_to_be_between" for name in ("mean", "sum", "min", "median", "stdev")]
    suite = [{"type": figure, "kwargs": {"column": "n", "min_value": 0}} for figure in figures]
    scores = {"column": "n", "threshold": 9, "double_sided": True}
    suite.append({"type": "expect_column_value_z_scores_to_be_less_than", "kwargs": scores})
    found = check("t", suite, connection=engine).results
    assert {result.error and result.error.reason for result in found} == {"malformed_values"}
    rest = check("t", suite, connection=engine, row_condition="x == 1").results
    assert [result.error for result in rest] == [None] * len(suite)
    assert rest[0].result["observed_value"] == 2.5
