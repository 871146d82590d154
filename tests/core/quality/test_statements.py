"""How many statements a database is asked: few, however many checks there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.database import DatabaseTable

ORDERS = pd.DataFrame(
    {
        "id": range(50),
        "customer": [n % 7 for n in range(50)],
        "amount": [n / 4 for n in range(50)],
        "tax": [n / 16 for n in range(50)],
        "state": ["paid", "sent"] * 25,
    }
)
CUSTOMERS = {"other_table": "dpq_customers", "other_column": "n"}
USUAL: list[tuple[str, dict[str, Any]]] = [
    ("table_row_count_to_be_between", {"min_value": 1}),
    ("table_columns_to_match_set", {"column_set": list(ORDERS)}),
    *[("column_values_to_not_be_null", {"column": name}) for name in ("id", "customer", "amount")],
    ("column_values_to_be_unique", {"column": "id"}),
    ("column_values_to_be_in_set", {"column": "state", "value_set": ["paid", "sent"]}),
    *[("column_values_to_be_between", {"column": name, "min_value": 0}) for name in ("amount", "tax")],
    ("column_values_to_match_regex", {"column": "state", "regex": "^[a-z]+$"}),
    ("column_value_lengths_to_be_between", {"column": "state", "min_value": 4, "max_value": 4}),
    ("column_mean_to_be_between", {"column": "amount", "min_value": 0}),
    ("column_stdev_to_be_between", {"column": "amount", "min_value": 0}),
    ("column_median_to_be_between", {"column": "amount", "min_value": 0}),
    ("compound_columns_to_be_unique", {"column_list": ["id", "customer"]}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "amount", "column_B": "tax", "or_equal": True}),
    (
        "column_values_to_exist_in_other_table",
        {"column": "customer", "other_table": "dpq_customers", "other_column": "n"},
    ),
]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[sa.Select[Any]]:
    """The statements that the checks fetch from."""
    asked: list[sa.Select[Any]] = []
    fetch = DatabaseTable.fetch

    def counted(table: DatabaseTable, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        asked.append(query)
        return fetch(table, query)

    monkeypatch.setattr(DatabaseTable, "fetch", counted)
    return asked


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sa.Engine]:
    """A PostgreSQL database with the orders and their customers."""
    engine = sa.create_engine(postgres_url)
    ORDERS.to_sql("dpq_orders", engine, index=False, if_exists="replace")
    pd.DataFrame({"n": range(7)}).to_sql("dpq_customers", engine, index=False, if_exists="replace")
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE dpq_orders, dpq_customers"))
    engine.dispose()


def _suite(checks: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in checks]


@pytest.mark.service
def test_seventeen_usual_checks_take_four_statements_at_most(
    postgres: sa.Engine, statements: list[sa.Select[Any]]
) -> None:
    """What rides on the shared scan is asked in one statement, and uniqueness in few more."""
    assert len(USUAL) == 17
    found = check("dpq_orders", _suite(USUAL), connection=postgres)
    assert [result.name for result in found.results if not result.success] == []
    assert len(statements) <= 4


COUNTS = [("column_unique_value_count_to_be_between", {"column": name, "min_value": 1}) for name in ORDERS]


def test_queries_of_one_figure_each_are_asked_together(tmp_path: Path, statements: list[sa.Select[Any]]) -> None:
    """The scan, and one statement for the different values of all columns."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}", poolclass=sa.NullPool)
    ORDERS.to_sql("orders", engine, index=False)
    found = check("orders", _suite(COUNTS), connection=engine)
    assert [result.result["observed_value"] for result in found.results] == [50, 7, 50, 50, 2]
    assert len(statements) == 2


def test_one_query_that_is_refused_spoils_no_other(tmp_path: Path) -> None:
    """Where a database refuses them together, each check is answered by its own."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}", poolclass=sa.NullPool)
    ORDERS.to_sql("orders", engine, index=False)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW broken AS SELECT 1 AS x WHERE json('{') = x"))
    other = ("table_row_count_to_equal_other_table", {"other_table_name": "broken"})
    *counts, broken = check("orders", _suite([*COUNTS, other]), connection=engine).results
    assert [result.result["observed_value"] for result in counts] == [50, 7, 50, 50, 2]
    assert broken.error is not None
    assert broken.error.reason == "query_failed"
