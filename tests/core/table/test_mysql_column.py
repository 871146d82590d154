"""Columns of the type TIMESTAMP on MariaDB, which are instants whatever time zone the session has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.table.servers import own_schema

pytestmark = pytest.mark.service

NOON = "2024-01-01T12:00:00"
AHEAD = "2024-01-01T17:00:00+05:00"


@pytest.fixture(scope="module", params=[("pymysql", "+00:00"), ("pymysql", "+05:00"), ("mysqldb", "-05:00")])
def source(request: pytest.FixtureRequest, mysql_url: str) -> Iterator[sa.Engine]:
    """Noon in UTC as an instant and as a moment, and the zero date, in a session of some time zone."""
    driver, zone = request.param
    with own_schema(mysql_url) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET time_zone = '+00:00', sql_mode = ''")
            connection.exec_driver_sql("CREATE TABLE t (k int, z timestamp(6) NULL, m datetime(6), d date)")
            connection.exec_driver_sql(
                f"INSERT INTO t VALUES (1, '{NOON}', '{NOON}', '2024-01-01'), (2, NULL, NULL, NULL)"
            )
            connection.exec_driver_sql("CREATE TABLE zero (z timestamp NULL)")
            connection.exec_driver_sql("INSERT INTO zero VALUES ('0000-00-00 00:00:00')")
            connection.exec_driver_sql("CREATE TABLE fine (z timestamp(6) NULL)")
            connection.exec_driver_sql("INSERT INTO fine VALUES ('2024-01-01 12:00:00.123456')")
        session = {"init_command": f"SET time_zone = '{zone}'"}
        url = engine.url.set(drivername=f"mysql+{driver}").update_query_dict(session)
        yield sa.create_engine(url, poolclass=sa.NullPool)


def expectation(kind: str, **kwargs: Any) -> dict[str, Any]:
    """Return an expectation as a suite declares it."""
    return {"type": f"expect_{kind}", "kwargs": kwargs}


@pytest.mark.parametrize("table", ["t", "SELECT * FROM t"])
@pytest.mark.parametrize(
    ("kind", "kwargs", "holds"),
    [
        ("column_values_to_be_between", {"column": "z", "min_value": NOON, "max_value": AHEAD}, True),
        ("column_values_to_be_between", {"column": "z", "min_value": "2024-01-01T12:00:01"}, False),
        ("column_values_to_be_between", {"column": "z", "max_value": "2024-01-01T11:59:59"}, False),
        ("column_max_to_be_between", {"column": "z", "min_value": NOON, "max_value": NOON}, True),
        ("column_values_to_be_in_set", {"column": "z", "value_set": [AHEAD]}, True),
        ("column_values_to_be_in_set", {"column": "z", "value_set": ["2024-01-01T17:00:00"]}, False),
        ("column_values_to_not_be_in_set", {"column": "z", "value_set": [NOON]}, False),
        ("column_most_common_value_to_be_in_set", {"column": "z", "value_set": [NOON]}, True),
        ("column_distinct_values_to_equal_set", {"column": "z", "value_set": [NOON]}, True),
        ("column_pair_values_to_be_equal", {"column_A": "z", "column_B": "m"}, True),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "z", "column_B": "m"}, False),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "z", "column_B": "d"}, True),
        ("row_condition_to_hold", {"expression": "z > m"}, False),
        ("row_condition_to_hold", {"expression": f"z = m AND z = '{AHEAD}' AND seconds_between(z, d) = -43200"}, True),
        ("row_condition_to_hold", {"expression": f"z IN ('{NOON}')"}, True),
        ("column_values_to_exist_in_other_table", {"column": "z", "other_table": "t", "other_column": "m"}, True),
        ("column_values_to_be_unique", {"column": "z"}, True),
    ],
)
def test_timestamp_is_the_instant_that_it_keeps(
    source: sa.Engine, table: str, kind: str, kwargs: dict[str, Any], holds: bool
) -> None:
    """No check takes what the session's clocks show for UTC."""
    (result,) = check(table, [expectation(kind, **kwargs)], connection=source).results
    assert (result.success, result.error) == (holds, None)


def test_row_condition_and_partition_find_the_instant(source: sa.Engine) -> None:
    """A condition, a partition and the partitions of a table read the same instants as a check does."""
    one = expectation("table_row_count_to_equal", value=1)
    assert check("t", [one], connection=source, partition={"z": AHEAD}).success
    not_null = expectation("column_values_to_not_be_null", column="z", row_condition=f"z == '{AHEAD}'")
    (result,) = check("t", [not_null], connection=source).results
    assert (result.success, result.result["element_count"]) == (True, 1)
    report = check("t", [expectation("column_values_to_be_unique", column="k")], connection=source, partition_by="z")
    assert report.success


def test_freshness_is_the_age_of_the_instant(source: sa.Engine) -> None:
    """The zone declared for moments without one says nothing about an instant."""
    recent = expectation("column_max_to_be_recent", column="z", max_age="1h", timezone="Asia/Karachi")
    now = datetime(2024, 1, 1, 12, 30, tzinfo=UTC)
    (result,) = check("t", [recent], connection=source, now=now).results
    assert (result.success, result.result["age_seconds"]) == (True, 1800)


def test_values_are_shown_as_instants(source: sa.Engine) -> None:
    """As those of PostgreSQL's timestamptz, and to the microsecond."""
    (result,) = check(
        "fine", [expectation("column_max_to_be_between", column="z", max_value=NOON)], connection=source
    ).results
    assert (result.success, result.result["observed_value"]) == (False, "2024-01-01T12:00:00.123456+00:00")


def test_zero_date_stays_what_it_is(source: sa.Engine) -> None:
    """It is before every instant, and none of 1970."""
    before = expectation("column_values_to_be_between", column="z", min_value="1960-01-01")
    (result,) = check("zero", [before], connection=source).results
    assert (result.success, result.result["partial_unexpected_list"]) == (False, ["0000-00-00 00:00:00.000000"])
