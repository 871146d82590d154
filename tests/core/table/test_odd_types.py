"""Types of servers that Python or a set has no value for: each is an answer of its own check, and no other is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer
from tests.core.table.servers import own_schema

pytestmark = [
    pytest.mark.service,
    # SQLAlchemy has no name for a type.
    pytest.mark.filterwarnings("ignore:Did not recognize type:sqlalchemy.exc.SAWarning"),
]

MARIADB: Final = {
    "zero": ("date", "'0000-00-00'"),
    "moment": ("datetime", "'0000-00-00 00:00:00'"),
    "partly": ("date", "'2024-00-10'"),
    "year": ("year", "2024"),
    "bits": ("bit(8)", "b'101'"),
    "one": ("enum('a', 'b')", "'b'"),
    "some": ("set('a', 'b')", "'a,b'"),
    "wide": ("bigint unsigned", "18446744073709551615"),
    "long": ("time", "'838:59:59'"),
    "id": ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
    "address": ("inet6", "'::1'"),
    "bytes": ("blob", "x'ff00'"),
}
POSTGRESQL: Final = {
    "late": ("time", "'24:00:00'"),
    "late_there": ("timetz", "'24:00:00+02'"),
    "never": ("date", "'infinity'"),
    "early": ("date", "'0044-03-15 BC'"),
    "far": ("timestamptz", "'20224-01-01+00'"),
    "months": ("interval", "'1 year 2 mons'"),
    "range": ("int4range", "'[1,5)'"),
    "list": ("int[]", "'{1,2}'"),
    "document": ("jsonb", "'[1]'"),
    "network": ("inet", "'10.0.0.1'"),
    "money": ("money", "'12.3'"),
}
SETS: Final[Sequence[tuple[str, dict[str, Any]]]] = [
    ("column_values_to_be_in_set", {"value_set": ["other"]}),
    ("column_distinct_values_to_be_in_set", {"value_set": ["other"]}),
    ("column_most_common_value_to_be_in_set", {"value_set": ["other"]}),
]
OTHERS: Final[Sequence[tuple[str, dict[str, Any]]]] = [
    ("column_max_to_be_between", {"max_value": -1}),
    ("column_median_to_be_between", {"max_value": -1}),
    ("column_values_to_match_regex", {"regex": "^other$"}),
    ("column_value_lengths_to_equal", {"value": 1000}),
]


@contextmanager
def _filled(address: str, columns: dict[str, tuple[str, str]]) -> Iterator[sa.Engine]:
    with own_schema(address) as engine, engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.exec_driver_sql("SET sql_mode = ''")
        described = ", ".join(f"c_{name} {kind}" for name, (kind, _) in columns.items())
        values = ", ".join(text for _, text in columns.values())
        connection.exec_driver_sql(f"CREATE TABLE t (n int, {described})")
        connection.exec_driver_sql(f"INSERT INTO t VALUES (1, {values})")
        connection.commit()
        yield engine


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pymysql", "mysqldb"])
@pytest.mark.parametrize("asked", ["table", "queries"])
def test_odd_value_passes_no_check_and_costs_no_other(driver: str, asked: str, request: pytest.FixtureRequest) -> None:
    """No set holds it, no bound and no pattern either; the checks of the column beside it stand."""
    mariadb = driver.startswith(("py", "my"))
    url = sa.make_url(request.getfixturevalue("mysql_url" if mariadb else "postgres_url"))
    columns = MARIADB if mariadb else POSTGRESQL
    address = url.set(drivername=f"{'mysql' if mariadb else 'postgresql'}+{driver}")
    with _filled(address.render_as_string(hide_password=False), columns) as engine:
        for name in columns:
            suite = [
                {"type": f"expect_{kind}", "kwargs": {"column": f"c_{name}", **kwargs}}
                for kind, kwargs in (*SETS, *OTHERS)
            ]
            beside = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "n", "value_set": [1]}}
            data = "t" if asked == "table" else f"SELECT n, c_{name} FROM t"
            *odd, last = check(data, [*suite, beside], connection=engine).results
            assert last.error is None
            assert last.success
            assert [result.name for result in odd if result.error is None and result.success] == []


def test_zero_date_is_in_a_set_that_names_it(mysql_url: str) -> None:
    """MariaDB casts any text to a zero date; here only its own text is one."""
    with _filled(mysql_url, MARIADB) as engine:
        for members, held in ((["0000-00-00"], True), (["other"], False), ([0], False)):
            kwargs = {"column": "c_zero", "value_set": members}
            assert answer("t", "column_values_to_be_in_set", **kwargs, options={"connection": engine}).success is held


@pytest.mark.parametrize("values", [[0.1] * 3000, [1e16, *[1.0] * 999, -1e16], [1e30, 1.0], [1e-20] * 7])
def test_sum_of_floating_numbers_loses_nothing(mysql_url: str, values: list[float]) -> None:
    """Where MariaDB can add them as decimals; the others are added as floating numbers."""
    with own_schema(mysql_url) as engine:
        table = sa.Table("t", sa.MetaData(), sa.Column("f", sa.Double()))
        table.create(engine)
        with engine.begin() as connection:
            connection.execute(table.insert(), [{"f": value} for value in values])
        for figure, wanted in (("sum", math.fsum(values)), ("mean", math.fsum(values) / len(values))):
            options = {"connection": engine}
            found = answer("t", f"column_{figure}_to_be_between", column="f", min_value=0, options=options)
            assert found.result["observed_value"] == pytest.approx(wanted, rel=1e-14)


def test_text_is_no_number_that_it_begins_with(mysql_url: str) -> None:
    """MariaDB casts 5b to 5."""
    with own_schema(mysql_url) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (s varchar(9))")
            connection.exec_driver_sql("INSERT INTO t VALUES ('5'), ('5b')")
        found = answer("t", "column_values_to_be_in_set", column="s", value_set=[5, 6], options={"connection": engine})
        assert found.result["partial_unexpected_list"] == ["5b"]


@pytest.mark.parametrize("member", ["2024-1-5", "2024/01/05", 20240105])
@pytest.mark.parametrize("column", ["day", "moment"])
def test_day_in_a_set_is_what_mysql_reads(column: str, member: Any, mysql_url: str) -> None:
    """As in PostgreSQL and Great Expectations; what it cannot read is no zero date."""
    with own_schema(mysql_url) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (day date, moment datetime)")
            connection.exec_driver_sql("INSERT INTO t VALUES ('2024-01-05', '2024-01-05')")
        kwargs = {"column": column, "value_set": [member, "2024-13-45", "other"]}
        suite = [{"type": f"expect_column_values_to_{kind}_set", "kwargs": kwargs} for kind in ("be_in", "not_be_in")]
        assert [result.success for result in check("t", suite, connection=engine).results] == [True, False]
