"""Queries of the user's own: over files and frames in DuckDB's SQL, over databases in theirs, and nothing beyond."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.suite import validate_suite

FRAME = pd.DataFrame(
    {
        "Order Id": [1, 2, 3, 4],
        "amount": [10.0, None, -1.0, 5.0],
        "at": pd.to_datetime(["2026-01-01"] * 4).tz_localize("UTC"),
        "odd": [{}, [], 1, "x"],
    }
)
COMPLETE = {"result_format": "COMPLETE"}


def _unexpected(data: Any, query: str, **options: Any) -> CheckResult:
    suite = [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}]
    (result,) = check(data, suite, **options).results
    return result


def _file(path: Path) -> Path:
    FRAME.drop(columns="odd").to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["pandas", "polars", "parquet", "csv"])
def test_query_sees_columns_by_their_names_wherever_they_come_from(kind: str, tmp_path: Path) -> None:
    """The names are the user's, values are typed, and what pandas alone can read is left out."""
    plain = FRAME.drop(columns="odd")
    plain.to_csv(tmp_path / "t.csv", index=False)
    data: Any = {"pandas": FRAME, "polars": pl.from_pandas(plain), "csv": tmp_path / "t.csv"}.get(kind)
    data = _file(tmp_path / "t.parquet") if data is None else data
    query = 'SELECT "Order Id", amount, "at" FROM {batch} WHERE amount < 0;'
    result = _unexpected(data, query, result_format="COMPLETE")
    assert result.error is None, result.error
    assert (result.success, result.result["observed_value"], result.evaluated_by) == (False, 1, "scan")
    (row,) = result.result["details"]["unexpected_rows"]  # type: ignore[index, call-overload]
    assert (row["Order Id"], row["amount"]) == (3, -1.0)


def test_query_sees_the_rows_that_the_gate_keeps() -> None:
    """A row condition of the whole gate is part of the batch, also where it is joined with itself."""
    query = 'SELECT a."Order Id" FROM {batch} a JOIN {batch} b ON a."Order Id" = b."Order Id"'
    result = _unexpected(
        FRAME, query, row_condition={"type": "nullity", "column": {"name": "amount"}, "is_null": False}
    )
    assert result.result["observed_value"] == 3


def test_rows_are_shown_as_far_as_the_gate_allows() -> None:
    """None where values are excluded, and no more than may be sampled."""
    query = "SELECT amount FROM {batch} WHERE amount > 0"
    assert (
        "details" not in _unexpected(FRAME, query, **COMPLETE, sample_rows=None, exclude_unexpected_values=True).result
    )
    shown = _unexpected(FRAME, query, **COMPLETE, sample_rows=1).result["details"]
    assert shown == {"unexpected_rows": [{"amount": 10.0}]}


@pytest.mark.parametrize("query", ["SELECT nothing FROM {batch}", "DROP TABLE x", "SELECT 1; SELECT 2", "SELEC 1"])
def test_query_that_is_no_selection_is_an_error(query: str) -> None:
    """It is an error of that check, and nobody else is asked."""
    result = _unexpected(FRAME, query)
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("invalid_query", "error")


def test_query_reads_no_file_outside_of_the_allowed_root(tmp_path: Path) -> None:
    """What the gate may not check, a query in its suite may not read either."""
    secret = tmp_path / "secret.csv"
    secret.write_text("x\n1\n")
    root = tmp_path / "data"
    root.mkdir()
    data = _file(root / "t.parquet")
    query = f"SELECT * FROM {{batch}} JOIN read_csv('{secret}') s ON true"
    result = _unexpected(data, query, root=root)
    assert result.error is not None
    assert result.error.reason != "query_failed"
    assert _unexpected(data, "SELECT * FROM {batch} WHERE amount > 100", root=root).success


@pytest.mark.parametrize("query", ["SELECT * FROM {table}", "SELECT '{'", "SELECT {}", ""])
def test_malformed_query_is_refused_when_it_is_declared(query: str) -> None:
    """Braces are for the batch alone."""
    with pytest.raises(DeclarationError):
        validate_suite([{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}])


def _match(base: str, other: str, **kwargs: Any) -> list[dict[str, Any]]:
    declared = {"base_query": base, "comparison_query": other, "comparison_data_source_name": "warehouse", **kwargs}
    return [{"type": "expect_query_results_to_match_comparison", "kwargs": declared}]


def test_rows_of_a_frame_are_held_against_those_of_a_connection() -> None:
    """Equal rows are matched as often as both have them; the others are shown by their own names."""
    warehouse = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    pd.DataFrame({"n": [1, 1, 2, 5]}).to_sql("orders", warehouse, index=False)
    suite = _match('SELECT "Order Id" AS n FROM {batch} ORDER BY n DESC', "SELECT n FROM orders;", mostly=0.5)
    connections = {"warehouse": warehouse}
    (result,) = check(FRAME, suite, connect=connections.__getitem__, **COMPLETE).results
    assert result.error is None, result.error
    assert (result.success, result.result["unexpected_count"], result.result["unexpected_percent"]) == (True, 2, 50.0)
    assert result.result["details"] == {
        "missing_rows": [{"n": 1}, {"n": 5}],
        "unexpected_rows": [{"n": 3}, {"n": 4}],
    }


def test_unknown_connection_is_an_error() -> None:
    """A check that could not be made never passes."""
    (result,) = check(FRAME, _match("SELECT 1", "SELECT 1"), connect={}.__getitem__).results
    assert result.error is not None
    assert result.error.reason == "unknown_connection"


@pytest.mark.service
@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_query_on_a_server_is_its_own(server: str, request: pytest.FixtureRequest) -> None:
    """Percent signs and colons are part of the query, and rows come back with their names."""
    engine = sa.create_engine(request.getfixturevalue(server))
    frame = pd.DataFrame({"n": [1, 2], "s": ["a%b", "c:d"]})
    frame.to_sql("dpq_queried", engine, index=False, if_exists="replace")
    query = "SELECT n, s FROM {batch} WHERE s LIKE '%:d' OR s = ':n'"
    result = _unexpected("dpq_queried", query, connection=engine, **COMPLETE)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE dpq_queried"))
    engine.dispose()
    assert result.error is None, result.error
    assert result.result["details"] == {"unexpected_rows": [{"n": 2, "s": "c:d"}]}
