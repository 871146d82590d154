"""Days, moments and instants on PostgreSQL, MariaDB and DuckDB, whatever time zone the session has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check
from tests.core.table.servers import own_schema

pytestmark = pytest.mark.service

SESSIONS = {
    "postgres_url": {"options": "-ctimezone=America/New_York"},
    "mysql_url": {"init_command": "SET time_zone = '-05:00'"},
}
TYPES = {"postgres_url": "timestamptz", "mysql_url": "datetime", "duckdb": "timestamptz"}
COUNT = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}]
TEXTS = ("2024-01-01", "2024-01-01T00:00:00", "2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00Z")
MIDNIGHT = (*TEXTS, date(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC))  # noqa: DTZ001


@pytest.fixture(scope="module", params=TYPES)
def source(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A table whose one row is the beginning of 2024 in UTC, in a session that is five hours behind."""
    kind = TYPES[request.param]
    create = f"CREATE TABLE moments (d date, m {'datetime' if kind == 'datetime' else 'timestamp'}, z {kind})"
    zone = "" if kind == "datetime" else "+00"
    insert = f"INSERT INTO moments VALUES ('2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00{zone}')"
    if request.param == "duckdb":
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'America/New_York'")
            connection.execute(create)
            connection.execute(insert)
            yield connection
        return
    with own_schema(request.getfixturevalue(request.param)) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql(create)
            connection.exec_driver_sql(insert)
        query = dict(engine.url.query)
        session = {
            key: " ".join(part for part in (query.get(key), value) if part)
            for key, value in SESSIONS[request.param].items()
        }
        yield sa.create_engine(engine.url.update_query_dict(session), poolclass=sa.NullPool)


@pytest.mark.parametrize("value", MIDNIGHT, ids=repr)
@pytest.mark.parametrize("column", ["d", "m", "z"])
def test_partition_is_the_instant_that_its_value_names(source: Any, column: str, value: Any) -> None:
    """An offset is neither dropped nor is a moment without one taken for one of the session's time zone."""
    assert check("moments", COUNT, connection=source, partition={column: value}).success


@pytest.mark.parametrize("value", TEXTS)
@pytest.mark.parametrize("column", ["d", "m", "z"])
@pytest.mark.parametrize("kind", ["values_to_be", "most_common_value_to_be"])
def test_member_is_the_instant_that_it_names(source: Any, kind: str, column: str, value: str) -> None:
    """Each value and the most common one are in the same sets."""
    suite = [{"type": f"expect_column_{kind}_in_set", "kwargs": {"column": column, "value_set": [value]}}]
    assert check("moments", suite, connection=source).success


def test_moment_within_a_day_is_no_day(source: Any) -> None:
    """A column of days has no partition that begins at noon."""
    with pytest.raises(DeclarationError, match="does not fit the date column"):
        check("moments", COUNT, connection=source, partition={"d": "2024-01-01T12:00:00"})


def test_instants_name_partitions_by_the_clocks_of_utc(source: Any) -> None:
    """A database has few of them where they are dates of loading; in DuckDB they need another library."""
    if isinstance(source, duckdb.DuckDBPyConnection):
        pytest.skip("DuckDB's instants name no partitions")
    report = check("moments", COUNT, connection=source, partition_by="z")
    assert report.success
    (part,) = report.parts
    assert str(part.key["z"]).startswith("2024-01-01T00:00:00")
