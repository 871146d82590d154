"""Patterns on SQLite, which are Python's: one that backtracks ends in time, and costs no other check."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.backtracking import is_quick, may_backtrack

ROWS = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}}
NESTED = "^(a+)+$"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sa.Engine]:
    """A text of which the half matches, and one that does."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'texts.db'}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE texts (id integer, s text)")
        connection.exec_driver_sql("INSERT INTO texts VALUES (1, ?), (2, ?)", ("a" * 40 + "b", "a" * 20))
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": NESTED}},
        {
            "type": "expect_column_values_to_not_match_regex_list",
            "kwargs": {"column": "s", "regex_list": ["x", NESTED]},
        },
        {
            "type": "unexpected_rows_expectation",
            "kwargs": {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE s REGEXP '{NESTED}'"},
        },
    ],
    ids=lambda asked: asked["type"],
)
def test_pattern_that_backtracks_ends_in_time(database: sa.Engine, asked: dict[str, Any]) -> None:
    """Its check is an error that names no value; the others stand, and the same pattern is quick on other texts."""
    begun = time.monotonic()
    slow, rows = check("texts", [asked, ROWS], connection=database, query_timeout=1).results
    assert time.monotonic() - begun < 20
    assert slow.error is not None
    assert slow.error.reason in ("value_too_slow", "query_timeout")
    assert "aaa" not in slow.error.message
    assert rows.success
    (short,) = check("texts", [asked], connection=database, row_condition="id == 2").results
    assert short.error is None
    assert short.success is (asked["type"] == "expect_column_values_to_match_regex")


def test_only_what_may_hang_is_searched_elsewhere() -> None:
    """Repetitions in a row take a power of the length, those in one another no time that is known."""
    address = r"^[\w.]+@[\w.]+\.\w+$"
    assert may_backtrack(address)
    assert (is_quick(address, 100), is_quick(address, 1000)) == (True, False)
    assert (is_quick(NESTED, 10), is_quick(NESTED, 40)) == (True, False)
    assert is_quick("^abc$", 1_000_000)
