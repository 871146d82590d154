"""Tables of a DuckDB database: by a connection or an address, with SQL's answers and DuckDB's types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import great_expectations.expectations as gxe
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with orders in its own schema, and in another one."""
    path = tmp_path / "shop.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT range AS id, range % 3 AS state, range::DECIMAL(10, 2) / 4 AS price,"
            " 'a' || range AS name, TIMESTAMPTZ '2026-01-01 12:00:00+02' + range * INTERVAL 1 HOUR AS at,"
            " CASE WHEN range = 7 THEN 'NaN'::DOUBLE ELSE range END AS score FROM range(10)"
        )
        connection.execute('CREATE SCHEMA "old.shop"')
        connection.execute('CREATE VIEW "old.shop"."order" AS SELECT id AS "group" FROM orders WHERE id < 4')
        connection.execute('CREATE TABLE "data.csv" (n INTEGER)')
    return path


@pytest.fixture(params=["connection", "address", "URL"])
def connection(path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The database as a connection or an address."""
    if request.param == "connection":
        with duckdb.connect(str(path)) as opened:
            yield opened
            assert opened.execute("SELECT 1").fetchall() == [(1,)]
    else:
        yield f"duckdb:///{path}" if request.param == "address" else sa.make_url(f"duckdb:///{path}")


@pytest.mark.parametrize(
    "data", ["orders", "main.orders", "shop.main.orders", "SELECT * FROM orders WHERE name <> ':x'"]
)
def test_table_and_query_are_checked(connection: Any, data: str) -> None:
    """A table, by any of its names, and a query give the database's answers."""
    options = {"connection": connection}
    assert rows(data, **options) == 10
    assert found(data, "column_values_to_be_unique", column="state", options=options)["unexpected_count"] == 10
    assert (
        found(data, "column_median_to_be_between", column="price", max_value=9, options=options)["observed_value"]
        == 1.125
    )
    assert found(data, "column_values_to_match_regex", column="name", regex="[5-9]$", options=options) | {
        "partial_unexpected_counts": []
    } == {
        "element_count": 10,
        "missing_count": 0,
        "missing_percent": 0.0,
        "unexpected_count": 5,
        "unexpected_percent": 50.0,
        "unexpected_percent_total": 50.0,
        "unexpected_percent_nonmissing": 50.0,
        "partial_unexpected_list": [f"a{n}" for n in range(5)],
        "partial_unexpected_counts": [],
    }


def test_names_are_names(connection: Any) -> None:
    """A schema with a dot, a word of SQL and a table that is called like a file are found, and a file is none."""
    assert rows("old.shop.order", connection=connection) == 4
    assert rows("data.csv", connection=connection) == 0
    with pytest.raises(SourceError) as refused:
        rows(__file__, connection=connection)
    assert refused.value.reason == "missing_table"


def test_answers_are_those_of_a_database(connection: Any) -> None:
    """As on other databases the sum of nothing is nothing, types have the database's names, and NaN is missing."""
    options = {"connection": connection}
    nothing = answer("data.csv", "column_sum_to_be_between", column="n", min_value=0, options=options)
    assert (nothing.success, nothing.result) == (False, {"observed_value": None})
    assert answer("orders", "column_values_to_be_of_type", column="id", type_="bigint", options=options).success
    assert found("orders", "column_values_to_not_be_null", column="score", options=options)["unexpected_count"] == 1


def test_moments_with_a_zone_are_shown_in_utc(connection: Any) -> None:
    """DuckDB's own way needs a package that is not there; the answers are instants all the same."""
    options = {"connection": connection}
    least = found(
        "orders", "column_min_to_be_between", column="at", min_value="2026-01-01T00:00:00+00:00", options=options
    )
    assert least["observed_value"] == "2026-01-01T10:00:00+00:00"
    late = found(
        "orders", "column_values_to_be_between", column="at", max_value="2026-01-01T18:00:00+00:00", options=options
    )
    assert late["partial_unexpected_list"] == ["2026-01-01T19:00:00+00:00"]


def test_variable_of_this_process_is_no_table(connection: Any) -> None:
    """A query never reads a frame that happens to have the name of a table."""
    frame = pd.DataFrame({"n": [1]})
    with pytest.raises(SourceError, match="frame"):
        rows("SELECT * FROM frame", connection=connection)
    assert len(frame) == 1


def test_statements_see_one_state_and_only_read(path: Path) -> None:
    """What is written between two statements is not seen, and a query cannot write."""
    with duckdb.connect(str(path)) as opened:
        suite = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]

        def write(told: str) -> None:
            if told.startswith("check 1"):
                opened.execute("INSERT INTO orders (id) VALUES (1)")

        assert check("orders", suite, connection=opened, progress=write).results[0].success
        opened.execute("CREATE SEQUENCE numbers")
        with pytest.raises(MeasurementError, match="read-only"):
            rows("SELECT nextval('numbers') AS n", connection=opened)


def test_refused_check_leaves_the_others(connection: Any) -> None:
    """A pattern that DuckDB refuses is an error of its own check."""
    suite = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "name", "regex": "(?=a)"}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    ]
    refused, unique = check("orders", suite, connection=connection).results
    assert refused.error is not None
    assert refused.error.reason == "query_failed"
    assert unique.success


def test_column_that_goes_meanwhile_is_said(path: Path) -> None:
    """A column that is dropped after planning makes the check an error that names it."""
    with duckdb.connect(str(path)) as opened:

        def drop(told: str) -> None:
            if told.startswith("scanning"):
                opened.execute('DROP VIEW "old.shop"."order"; ALTER TABLE orders DROP COLUMN price')

        suite = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]
        with pytest.raises(MeasurementError, match="column 'price' is gone") as changed:
            check("orders", suite, connection=opened, progress=drop)
        assert changed.value.reason == "schema_changed"


class ExpectIdsToBeKnown(gxe.ExpectColumnValuesToBeInSet):
    """A user's own expectation."""

    column: str = "id"
    value_set: list[int] = [1]  # noqa: RUF012 - as Great Expectations' own models have it


def test_what_great_expectations_alone_knows_is_refused(connection: Any) -> None:
    """Great Expectations does not work on DuckDB: what only it can answer is an error, never a pass."""
    (result,) = check("orders", [ExpectIdsToBeKnown()], connection=connection).results
    assert result.error is not None
    assert result.error.reason == "unsupported_expectation"


@pytest.mark.parametrize(
    ("address", "error", "reason"),
    [
        ("duckdb://", DeclarationError, "invalid_connection"),
        ("duckdb:///:memory:", DeclarationError, "invalid_connection"),
        ("duckdb:////no such directory/shop.db", SourceError, "unreachable_database"),
        (f"duckdb:///{__file__}", SourceError, "unreachable_database"),
    ],
)
def test_address_that_leads_nowhere_is_refused(address: str, error: type[Exception], reason: str) -> None:
    """No database is made where there is none."""
    with pytest.raises(error) as refused:
        rows("orders", connection=address)
    assert getattr(refused.value, "reason", None) == reason


def test_database_that_is_open_for_writing_says_so(path: Path) -> None:
    """Where this process writes to the file, its connection is what to give."""
    with duckdb.connect(str(path)) as opened:
        with pytest.raises(SourceError, match="give its connection"):
            rows("orders", connection=f"duckdb:///{path}")
        assert rows("orders", connection=opened) == 10
    with pytest.raises(SourceError):
        rows("orders", connection=opened)


def test_length_of_a_list_is_the_database_s(tmp_path: Path) -> None:
    """What has a length in DuckDB has one here, though it has none in bytes."""
    with duckdb.connect(str(tmp_path / "lists.db")) as connection:
        connection.execute("CREATE TABLE lists AS SELECT [1, 2] AS two UNION ALL SELECT [1, 2, 3, 4]")
        lengths = {"column": "two", "min_value": 1, "max_value": 3, "options": {"connection": connection}}
        assert found("lists", "column_value_lengths_to_be_between", **lengths)["unexpected_count"] == 1


def test_query_of_the_user_sees_the_rows_that_are_checked(path: Path) -> None:
    """By an address and a connection alike, and of the batch those that condition and partition keep."""
    asked = "unexpected_rows_expectation"
    late = "WITH x AS (FROM {batch}) SELECT * FROM x WHERE seen < '1999-01-01'"
    queries = ["SELECT * FROM {batch} WHERE id > 1;", late]
    suite = [{"type": asked, "kwargs": {"unexpected_rows_query": query}} for query in queries]
    with duckdb.connect(path) as made:
        moment = "TIMESTAMPTZ '2024-01-01 00:00:00+02' AS seen"
        made.execute(f"CREATE TABLE moments AS SELECT range AS id, {moment} FROM range(4)")
        found = check("moments", suite, connection=made, result_format="COMPLETE").results
    assert [result.result["observed_value"] for result in found] == [2, 0]
    rows = found[0].result["details"]["unexpected_rows"]
    assert rows == [{"id": n, "seen": "2023-12-31T22:00:00+00:00"} for n in (2, 3)]
    for narrowed in ({"row_condition": "id < 3"}, {"partition": {"id": [0, 2]}}):
        found = check("moments", suite, connection=f"duckdb:///{path}", root=path.parent, **narrowed).results
        assert [result.result["observed_value"] for result in found] == [1, 0]


def test_query_of_the_user_reads_no_file_where_a_root_is_allowed(path: Path) -> None:
    """Through an address nothing but the database is read, and a connection that could read more is not asked."""
    query = {"unexpected_rows_query": "SELECT * FROM read_csv('/etc/hostname', header = false)"}
    suite = [{"type": "unexpected_rows_expectation", "kwargs": query}]
    with duckdb.connect(path) as made:
        made.execute("CREATE TABLE one AS SELECT 1 AS id")
        (found,) = check("one", suite, connection=made, root=path.parent).results
        assert (found.error and found.error.reason) == "outside_root"
    (found,) = check("one", suite, connection=f"duckdb:///{path}", root=path.parent).results
    assert (found.error and found.error.reason) == "query_failed"
