"""Texts of databases are equal where they are the same, whatever the collation of their columns: as pandas has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from tests.core.table.servers import own_schema

ROWS: Final = [
    ("a", "A", "1"), ("A", "A", "1"), ("a ", "a", "1"), ("é", "e", "1"),
    ("e", "é", "1"), ("x", "x", "1"), ("ß", "ss", "1"), ("ss", "ß", "1"),
]  # fmt: skip
KEYS: Final = ["a", "E", "x", "ss"]
SETS: Final = {"column": "s", "value_set": ["a", "é", "x", "ß"]}
PAIR: Final = {"column_A": "s", "column_B": "t"}
CHECKS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("column_values_to_be_in_set", SETS),
    ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["E", "a"]}),
    ("column_values_to_be_unique", {"column": "s"}),
    ("column_values_to_be_unique", {"column": "t"}),
    ("column_unique_value_count_to_be_between", {"column": "s", "max_value": 7}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "s", "min_value": 0.9}),
    ("column_distinct_values_to_be_in_set", SETS),
    ("column_distinct_values_to_contain_set", {"column": "s", "value_set": ["a", "E"]}),
    ("column_distinct_values_to_equal_set", {"column": "s", "value_set": ["a", "é", "x", "ß", "ss"]}),
    ("column_most_common_value_to_be_in_set", {"column": "t", "value_set": ["a"], "ties_okay": True}),
    ("compound_columns_to_be_unique", {"column_list": ["s", "c"]}),
    ("column_pair_values_to_be_equal", PAIR),
    ("column_pair_values_to_be_in_set", {**PAIR, "value_pairs_set": [["a", "a"], ["x", "x"]]}),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["s", "t"]}),
    ("multicolumn_values_to_be_equal", {"column_list": ["s", "t"]}),
    ("column_values_to_exist_in_other_table", {"column": "s", "other_table": "k", "other_column": "k"}),
    ("row_condition_to_hold", {"expression": "s = t"}),
    ("row_condition_to_hold", {"expression": "upper(s) = 'X' or s in ('a', 'é') or length(s) = 2"}),
    ("table_row_count_to_equal", {"value": 1, "row_condition": 's == "a"', "condition_parser": "pandas"}),
    ("table_row_count_to_equal", {"value": 7, "row_condition": 's != "a"', "condition_parser": "pandas"}),
    ("table_to_match_contract", {"contract": {"columns": [{"name": "s", "unique": True}]}}),
]
SUITE: Final = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in CHECKS]
SHOWN: Final = (
    "unexpected_count", "observed_value", "partial_unexpected_list", "partial_missing_list", "missing_count",
)  # fmt: skip


def _shown(result: CheckResult) -> tuple[Any, ...]:
    assert result.error is None, (result.name, result.error)
    found = [result.result.get(name) for name in SHOWN]
    return result.name, result.success, *(sorted(map(str, one)) if isinstance(one, list) else one for one in found)


def _fill(connection: sa.Connection, text: str, key: str) -> None:
    connection.exec_driver_sql(f"CREATE TABLE t (s {text}, t {text}, c {text})")
    connection.exec_driver_sql(f"CREATE TABLE k (k {key})")
    connection.execute(
        sa.text("INSERT INTO t VALUES (:s, :t, :c)"), [dict(zip("stc", row, strict=True)) for row in ROWS]
    )
    connection.execute(sa.text("INSERT INTO k VALUES (:k)"), [{"k": key} for key in KEYS])


@contextmanager
def _sqlite(_: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        _fill(connection, "text COLLATE NOCASE", "text COLLATE RTRIM")
    yield engine
    engine.dispose()


@contextmanager
def _duckdb(_: pytest.FixtureRequest) -> Iterator[Any]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (s text COLLATE NOCASE.NOACCENT, t text COLLATE NOCASE, c text)")
        connection.execute("CREATE TABLE k (k text COLLATE NOCASE)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
        connection.executemany("INSERT INTO k VALUES (?)", [(key,) for key in KEYS])
        connection.execute("SET default_collation = 'nocase'")
        yield connection


@contextmanager
def _mariadb(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    with own_schema(request.getfixturevalue("mysql_url")) as engine:
        with engine.begin() as connection:
            _fill(connection, "varchar(9)", "varchar(9) COLLATE utf8mb4_general_ci")
        yield engine


@contextmanager
def _postgresql(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    with own_schema(request.getfixturevalue("postgres_url")) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
            )
            _fill(connection, "text COLLATE ci", "text COLLATE ci")
        yield engine


@contextmanager
def _citext(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    with own_schema(request.getfixturevalue("postgres_url")) as engine:
        with engine.begin() as connection:
            if not connection.exec_driver_sql("SELECT 1 FROM pg_available_extensions WHERE name = 'citext'").first():
                pytest.skip("The server has no citext.")
            connection.exec_driver_sql("CREATE EXTENSION citext")
            _fill(connection, "citext", "citext")
        yield engine


SERVER: Final = pytest.mark.service


@pytest.mark.parametrize(
    "source",
    [
        _sqlite,
        _duckdb,
        pytest.param(_mariadb, marks=SERVER),
        pytest.param(_postgresql, marks=SERVER),
        pytest.param(_citext, marks=SERVER),
    ],
)
def test_texts_are_equal_as_they_are_to_pandas(source: Any, request: pytest.FixtureRequest) -> None:
    """Neither capitals, nor accents, nor spaces at the end are passed over, in a table and in a query."""
    keys = {"k": pd.DataFrame({"k": KEYS})}
    wanted = list(map(_shown, check(pd.DataFrame(ROWS, columns=list("stc")), SUITE, references=keys).results))
    with ExitStack() as opened:
        connection = opened.enter_context(source(request))
        for data in ("t", "SELECT * FROM t"):
            assert list(map(_shown, check(data, SUITE, connection=connection).results)) == wanted


@pytest.mark.service
def test_pattern_follows_the_collation_as_great_expectations_has_it(mysql_url: str) -> None:
    """A pattern is the database's own."""
    with own_schema(mysql_url) as engine:
        with engine.begin() as connection:
            _fill(connection, "varchar(9)", "varchar(9)")
        kwargs = {"column": "t", "regex": "^[a-zéß]+$"}
        suite = [{"type": "expect_column_values_to_match_regex", "kwargs": kwargs}]
        assert check("t", suite, connection=engine).results[0].success
