"""Numbers of several kinds, and days with moments, compared alike on every source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from tests.core.table.servers import own_schema

SERVERS = {
    "postgresql": "postgresql+psycopg2://postgres@127.0.0.1/postgres",
    "psycopg": "postgresql+psycopg://postgres@127.0.0.1/postgres",
    "mariadb": "mysql+pymysql://root@127.0.0.1/",
}
ON_SERVERS = [pytest.param(name, marks=pytest.mark.service) for name in SERVERS]
EVERYWHERE = ["parquet", "arrow", "duckdb", *ON_SERVERS]
BIG = 2**53
NUMBERS = [(1, 0.1, Decimal("0.1")), (BIG + 1, float(BIG), Decimal(BIG + 1)), (2, 1.5, Decimal("1.5"))]


def _expect(type_: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{type_}", "kwargs": kwargs}


def _arrow(columns: dict[str, pa.Array]) -> pa.Table:
    return pa.table(columns)


def _checked(table: pa.Table, ddl: str, source: str, suite: list[dict[str, Any]], folder: Path) -> list[CheckResult]:
    """Answer a suite about an Arrow table, brought to a source."""
    if source == "arrow":
        return list(check(table, suite).results)
    if source == "parquet":
        pq.write_table(table, folder / "t.parquet")
        return list(check(folder / "t.parquet", suite).results)
    if source == "duckdb":
        with duckdb.connect() as connection:
            connection.register("arrow", table)
            connection.execute("CREATE TABLE t AS SELECT * FROM arrow")
            return list(check("t", suite, connection=connection).results)
    with own_schema(SERVERS[source]) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE t ({ddl})")
        names = ", ".join(f":{name}" for name in table.column_names)
        connection.execute(sa.text(f"INSERT INTO t VALUES ({names})"), table.to_pylist())
        connection.commit()
        return list(check("t", suite, connection=engine).results)


NUMBER_CHECKS: list[tuple[dict[str, Any], int]] = [
    (_expect("column_pair_values_to_be_equal", column_A="i", column_B="f"), 3),
    (_expect("column_pair_values_to_be_equal", column_A="n", column_B="f"), 1),
    (_expect("column_pair_values_a_to_be_greater_than_b", column_A="i", column_B="f"), 0),
    (_expect("column_pair_values_a_to_be_greater_than_b", column_A="f", column_B="i", or_equal=True), 3),
    (_expect("column_values_to_be_in_set", column="i", value_set=[1, 2.0, float(BIG)]), 1),
    (_expect("column_values_to_be_in_set", column="n", value_set=[0.1, 1.5, float(BIG)]), 1),
    (_expect("column_values_to_be_in_set", column="f", value_set=[0.1, 1.5, BIG]), 0),
    (_expect("column_values_to_be_in_set", column="f", value_set=[0.1, 1.5, BIG + 1]), 1),
    (_expect("column_values_to_be_between", column="i", max_value=BIG), 1),
    (_expect("column_values_to_be_between", column="f", max_value=BIG + 1), 0),
    (_expect("column_values_to_be_between", column="n", min_value=0.1, strict_min=True), 1),
    (_expect("column_pair_values_to_be_in_set", column_A="n", column_B="f", value_pairs_set=[(0.1, 0.1)]), 2),
    (_expect("multicolumn_values_to_be_equal", column_list=["n", "f"]), 1),
]


@pytest.mark.parametrize("source", EVERYWHERE)
def test_numbers_are_equal_where_their_decimal_texts_are(source: str, tmp_path: Path) -> None:
    """2**53 + 1 is no floating number, and a decimal 0.1 is the floating 0.1, whatever an engine makes of them."""
    table = _arrow(
        {
            "i": pa.array([row[0] for row in NUMBERS], pa.int64()),
            "f": pa.array([row[1] for row in NUMBERS], pa.float64()),
            "n": pa.array([row[2] for row in NUMBERS], pa.decimal128(38, 4)),
        }
    )
    ddl = "i BIGINT, f DOUBLE PRECISION, n NUMERIC(38, 4)"
    results = _checked(table, ddl, source, [declared for declared, _ in NUMBER_CHECKS], tmp_path)
    found = [(result.error, result.result.get("unexpected_count")) for result in results]
    assert found == [(None, count) for _, count in NUMBER_CHECKS]


@pytest.mark.parametrize("source", EVERYWHERE)
def test_figures_of_exact_numbers_are_exact(source: str, tmp_path: Path) -> None:
    """Sums, means and the greatest of whole and decimal numbers are held against bounds digit by digit."""
    table = _arrow(
        {
            "i": pa.array([BIG, 1, 0, 1], pa.int64()),
            "n": pa.array([Decimal("0.1"), Decimal("0.2"), Decimal("0.3"), Decimal("0.4")], pa.decimal128(10, 2)),
        }
    )
    total = BIG + 2
    suite = [
        _expect("column_sum_to_be_between", column="i", min_value=total, max_value=total),
        _expect("column_sum_to_be_between", column="i", max_value=total - 1),
        _expect("column_mean_to_be_between", column="n", min_value=0.25, max_value=0.25),
        _expect("column_sum_to_be_between", column="n", min_value=1, max_value=1),
        _expect("column_max_to_be_between", column="i", max_value=BIG - 1),
    ]
    results = _checked(table, "i BIGINT, n NUMERIC(10, 2)", source, suite, tmp_path)
    assert [result.success for result in results] == [True, False, True, True, False]


MOMENTS: list[tuple[str, str, int]] = [
    ("d", "2024-01-02T00:00:00", 0),
    ("d", "2024-01-02T12:00:00", 1),
    ("d", "2024-01-02T01:00:00+02:00", 0),
    ("ts", "2024-01-02", 0),
    ("ts", "2024-01-02T12:00:00+02:00", 1),
    ("tz", "2024-01-02", 0),
    ("tz", "2024-01-02T00:00:01", 1),
    ("tz", "2024-01-02T01:30:00+01:30", 0),
]


@pytest.mark.parametrize("source", ["parquet", "arrow", "duckdb", *ON_SERVERS[:2]])
def test_days_are_compared_with_moments(source: str, tmp_path: Path) -> None:
    """A day is the moment at which it begins, and a moment without a time zone is one of UTC."""
    moments = [datetime(2024, 1, 2), datetime(2024, 1, 3, 12), None]  # noqa: DTZ001 - the column has no zone
    table = _arrow(
        {
            "d": pa.array([date(2024, 1, 2), date(2024, 1, 3), None]),
            "ts": pa.array(moments, pa.timestamp("us")),
            "tz": pa.array([moment and moment.replace(tzinfo=UTC) for moment in moments], pa.timestamp("us", "UTC")),
        }
    )
    bounds = [_expect("column_values_to_be_between", column=column, min_value=bound) for column, bound, _ in MOMENTS]
    rows = [
        _expect("column_values_to_be_null", column="ts", row_condition=f"{column} == '2024-01-02T00:00:00'")
        for column in ("d", "ts", "tz")
    ]
    pairs = [
        _expect("column_pair_values_a_to_be_greater_than_b", column_A=a, column_B=b, or_equal=True)
        for a, b in (("ts", "d"), ("tz", "d"), ("tz", "ts"))
    ]
    suite = [*bounds, *rows, *pairs]
    results = _checked(table, "d DATE, ts TIMESTAMP, tz TIMESTAMP WITH TIME ZONE", source, suite, tmp_path)
    counts = [result.result.get("unexpected_count") for result in results]
    ignored = 1 if source in ("parquet", "arrow") else 0  # pandas holds no pair of missing values
    assert [result.error for result in results] == [None] * len(suite)
    assert counts[: len(bounds)] == [count for *_, count in MOMENTS]
    assert counts[len(bounds) : len(bounds) + 3] == [1, 1, 1], "each condition finds its row"
    assert all(count in (0, ignored) for count in counts[len(bounds) + 3 :])


@pytest.mark.service
@pytest.mark.parametrize("driver", ["postgresql", "psycopg"])
def test_moments_that_python_has_none_for_are_text(driver: str) -> None:
    """The year 20224, years before Christ and infinity are judged, and cost no other check its result."""
    with own_schema(SERVERS[driver]) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (d DATE, ts TIMESTAMP, n INTEGER)")
            connection.exec_driver_sql(
                "INSERT INTO t VALUES ('20224-01-01', 'infinity', 1), ('0044-03-15 BC', '-infinity', 2), "
                "('2024-01-02', '2024-01-02', 3)"
            )
        suite = [
            _expect("column_max_to_be_between", column="d", max_value="2030-01-01"),
            _expect("column_min_to_be_between", column="ts", min_value="1990-01-01"),
            _expect("column_values_to_be_between", column="ts", max_value="9999-12-31"),
            _expect("column_values_to_not_be_null", column="n"),
        ]
        for data in ("t", "SELECT * FROM t"):
            results = check(data, suite, connection=engine).results
            assert [result.verdict for result in results] == [Verdict.FAIL, Verdict.FAIL, Verdict.FAIL, Verdict.PASS]
            observed = [result.result.get("observed_value") for result in results[:2]]
            assert observed == ["20224-01-01", "-infinity"]
            assert results[2].result["partial_unexpected_list"] == ["infinity"]


@pytest.mark.service
def test_zero_date_of_mariadb_is_earlier_than_every_bound() -> None:
    """MySQL's zero date, a day that there is not, and YEAR are judged, and cost no other check its result."""
    with own_schema(SERVERS["mariadb"]) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET sql_mode = 'ALLOW_INVALID_DATES'")
            connection.exec_driver_sql("CREATE TABLE t (d DATE, y YEAR)")
            connection.exec_driver_sql("INSERT INTO t VALUES ('0000-00-00', 2024), ('2024-02-31', 1999)")
        suite = [
            _expect("column_min_to_be_between", column="d", min_value="1990-01-01"),
            _expect("column_values_to_be_in_set", column="d", value_set=["2024-01-02"]),
            _expect("column_values_to_be_between", column="y", min_value=2000),
        ]
        results = check("t", suite, connection=engine).results
        assert [result.verdict for result in results] == [Verdict.FAIL] * 3
        assert results[0].result["observed_value"] == "0000-00-00"
        assert results[1].result["partial_unexpected_list"] == ["0000-00-00", "2024-02-31"]


def test_texts_of_sqlite_that_are_no_days_do_not_pass() -> None:
    """SQLite orders texts: the year 20224 is smaller than 2030 there, and is no day."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (d DATE, at DATETIME)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('20224-01-01', '2024-01-02T00:00:00')")
        connection.exec_driver_sql("INSERT INTO t VALUES ('2024-01-01', '2024-01-02 00:00:00')")
    suite = [
        _expect("column_values_to_be_between", column="d", max_value="2030-01-01"),
        _expect("column_max_to_be_between", column="d", max_value="2030-01-01"),
        _expect("column_values_to_be_in_set", column="at", value_set=["2024-01-02"]),
    ]
    between, greatest, held = check("t", suite, connection=engine).results
    assert (between.result["unexpected_count"], between.verdict) == (1, Verdict.FAIL)
    assert greatest.error is not None
    assert held.success
    engine.dispose()


@pytest.mark.parametrize("infinite", ["infinity", "-infinity"])
def test_infinity_of_duckdb_is_named(infinite: str) -> None:
    """DuckDB hands infinity over as the last or first day of Python's."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT DATE '{infinite}' AS d")
        bound = {"max_value": "9999-12-31"} if infinite == "infinity" else {"min_value": "0001-01-01"}
        (result,) = check(
            "t", [_expect("column_max_to_be_between", column="d", **bound)], connection=connection
        ).results
    assert (result.verdict, result.result["observed_value"]) == (Verdict.FAIL, infinite)


def _frames() -> Iterator[tuple[str, Any]]:
    frame = pd.DataFrame({"Col One": [1, 2, 1], "two": [1, 2, 3]})
    yield "pandas", frame
    yield "polars", pl.from_pandas(frame)
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    frame.to_sql("t", engine, index=False)
    yield "sqlite", engine


@pytest.mark.parametrize(("name", "data"), list(_frames()))
def test_column_in_backticks_may_have_any_name(name: str, data: Any) -> None:
    """A row condition names a column with blanks in backticks, in databases as in pandas; in a text they are signs."""
    options = {"connection": data} if name == "sqlite" else {}
    conditions = {"`Col One` == 1": 2, "`Col One` == 2 and `two` > 1": 1, "`Col One` in [1, 2]": 3}
    suite = [_expect("column_values_to_not_be_null", column="two", row_condition=text) for text in conditions]
    results = check("t" if options else data, suite, **options).results
    assert [result.result["element_count"] for result in results] == list(conditions.values())


def test_column_exists_by_the_rule_of_the_checks_of_its_values() -> None:
    """In a frame a name in another case is the column where it is the only one; in both kinds of checks."""
    frame = pd.DataFrame({"Name": ["a"], "twin": [1], "TWIN": [2]})
    for name, there in (("Name", True), ("NAME", True), ("Twin", False), ("other", False)):
        suite = [_expect("column_to_exist", column=name), _expect("column_values_to_not_be_null", column=name)]
        assert [result.success for result in check(frame, suite).results] == [there, there]


def test_instants_of_partitions_are_merged_as_instants() -> None:
    """02:30+02:00 is earlier than 02:15+01:00, however their texts compare."""
    frame = pl.DataFrame({"p": ["a", "b"], "at": ["2024-10-27T02:30:00+02:00", "2024-10-27T02:15:00+01:00"]})
    data = frame.with_columns(pl.col("at").str.to_datetime(time_zone="UTC"))
    suite = [_expect("column_max_to_be_between", column="at", max_value="2024-10-27T01:00:00+00:00")]
    whole, parted = check(data, suite), check(data, suite, partition_by="p")
    assert [result.success for result in (*whole.results, *parted.results)] == [False, False]


@pytest.mark.parametrize("source", EVERYWHERE)
@pytest.mark.parametrize(("total", "verdict"), [(BIG + 1, "pass"), (BIG, "fail"), (BIG + 2, "fail")])
def test_whole_number_that_a_row_adds_up_to_has_all_its_digits(
    source: str, total: int, verdict: str, tmp_path: Path
) -> None:
    """A floating number would make 2^53 of 2^53 + 1."""
    table = _arrow({"a": pa.array([BIG], pa.int64()), "b": pa.array([1], pa.int64())})
    suite = [_expect("multicolumn_sum_to_equal", column_list=["a", "b"], sum_total=total)]
    (result,) = _checked(table, "a bigint, b bigint", source, suite, tmp_path)
    assert (result.error, result.verdict) == (None, verdict)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Vienna"])
def test_day_bounds_moments_of_a_pandas_frame(zone: str | None) -> None:
    """A day begins at 00:00, in UTC beside a time zone, where pandas itself compares it with no moment."""
    moments = pd.to_datetime(pd.Series(["2024-01-01T00:00:00", "2024-01-02T00:00:00"]), utc=zone is not None)
    frame = pd.DataFrame({"at": moments if zone is None else moments.dt.tz_convert(zone)})
    for bound in ("2024-01-01", date(2024, 1, 1), "2024-01-01T00:00:00"):
        between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "at", "max_value": bound}}
        highest = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "at", "max_value": bound}}
        least = {"type": "expect_column_min_to_be_between", "kwargs": {"column": "at", "min_value": bound}}
        results = check(frame, [between, highest, least]).results
        assert [one.error for one in results] == [None, None, None]
        assert [one.success for one in results] == [False, False, True]
        assert results[0].result["unexpected_count"] == 1
