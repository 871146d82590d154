"""Databases in files below an allowed root: no view and no query of theirs reads another file."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError
from airflow_provider_dpq.core.quality import SuiteResult, check

SUM = [{"type": "expect_column_sum_to_be_between", "kwargs": {"column": "a", "max_value": 3}}]
READING: Final = (
    "outside",
    "linked",
    "SELECT * FROM outside",
    "SELECT * FROM read_csv('{outside}/a.csv')",
    "SELECT * FROM '{outside}/a.csv'",
    "SELECT * FROM '{root}/link/a.csv'",
    "SELECT * FROM '{root}/../outside/a.csv'",
    "SELECT * FROM '{outside}/a.parquet'",
    "SELECT 1000 AS a, * FROM read_text('/etc/hostname')",
    "SELECT 1000 AS a, * FROM read_blob('{outside}/shop.db')",
    "SELECT 1000 AS a, * FROM glob('/*')",
    "SELECT 1000 AS a, * FROM sniff_csv('{outside}/a.csv')",
    "SELECT 1000 AS a, * FROM parquet_metadata('{outside}/a.parquet')",
    "SELECT * FROM macro('{outside}/a.csv')",
    "SELECT * FROM query('SELECT * FROM ''{outside}/a.csv''')",
    "SELECT * FROM query_table('{outside}/a.csv')",
    "WITH a AS (SELECT 1) SELECT * FROM read_csv('http://127.0.0.1:1/a.csv')",
    "ATTACH '{outside}/shop.db' AS other",
    "SELECT 1; ATTACH '{outside}/shop.db' AS other",
    "SELECT 1; SET enable_external_access = true",
    "COPY a TO '{outside}/copied.csv'",
)
"""What reads or writes files, as a table or query of a DuckDB database."""


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with files and databases that nobody may read."""
    folder = tmp_path / "outside"
    folder.mkdir()
    with duckdb.connect(str(folder / "shop.db")) as connection:
        connection.execute("CREATE TABLE a AS SELECT 1000 AS a")
        for name in ("a.csv", "a.parquet"):
            connection.execute(f"COPY a TO '{folder / name}'")
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
        connection.execute("CREATE TABLE a AS SELECT 1000 AS a")
    return folder


@pytest.fixture
def root(outside: Path) -> Path:
    """The allowed root: a DuckDB database with views and a macro that read files, and a link that leads outside."""
    folder = outside.parent / "root"
    folder.mkdir()
    with duckdb.connect(str(folder / "shop.db")) as connection:
        connection.execute("CREATE TABLE a AS SELECT range AS a FROM range(1, 3)")
        connection.execute("CREATE VIEW inside AS SELECT a FROM a")
        connection.execute(f"CREATE VIEW outside AS SELECT * FROM read_csv('{outside / 'a.csv'}')")
        (folder / "link").symlink_to(outside)
        connection.execute(f"CREATE VIEW linked AS SELECT * FROM read_csv('{folder / 'link' / 'a.csv'}')")
        connection.execute("CREATE MACRO macro(path) AS TABLE SELECT * FROM read_csv(path)")
    return folder


def _sum(found: SuiteResult) -> Any:
    (one,) = found.results
    return None if one.error else one.result["observed_value"]


def _references(**kwargs: Any) -> list[dict[str, Any]]:
    return [{"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "a", **kwargs}}]


@pytest.mark.parametrize("data", READING)
@pytest.mark.parametrize("used", ["address", "connection", "other table", "other connection"])
def test_duckdb_database_reads_no_other_file(data: str, used: str, root: Path, outside: Path) -> None:
    """Neither where it is checked nor where it is looked up in; by its address, and by a connection of the caller's."""
    data, address = data.format(outside=outside, root=root), f"duckdb:///{root / 'shop.db'}"
    suite = {
        "other table": _references(other_table=data),
        "other connection": _references(other_table=data, other_connection="shop"),
    }.get(used)
    with duckdb.connect(str(root / "shop.db")) if used == "connection" else nullcontext() as opened:
        try:
            (found,) = check(
                data if suite is None else "a",
                suite or SUM,
                connection=opened or address,
                root=root,
                connect=lambda _: address,
            ).results
        except DpqError as error:
            assert error.reason in ("outside_root", "invalid_query", "missing_table", "query_failed")  # noqa: PT017
        else:
            assert found.error is not None, found
    assert not (outside / "copied.csv").exists()


def test_duckdb_database_below_the_root_is_checked(root: Path) -> None:
    """Its tables, and by its address its views and queries."""
    for data in ("a", "inside", "SELECT * FROM a"):
        address = f"duckdb:///{root / 'shop.db'}"
        assert _sum(check(data, SUM, connection=address, root=root, temp_directory=str(root.parent))) == 3
    with duckdb.connect(str(root / "shop.db")) as connection:
        assert _sum(check("a", SUM, connection=connection, root=root)) == 3
        with pytest.raises(DeclarationError) as refused:
            check("inside", SUM, connection=connection, root=root)
        assert refused.value.reason == "outside_root"
        connection.execute("SET enable_external_access = false")
        assert _sum(check("inside", SUM, connection=connection, root=root)) == 3


def test_duckdb_database_reads_files_without_a_root(root: Path) -> None:
    """Where no root is set, views over files are tables as any other."""
    assert _sum(check("outside", SUM, connection=f"duckdb:///{root / 'shop.db'}")) == 1000


@pytest.mark.parametrize(
    "address",
    [
        "duckdb:///{outside}/shop.db",
        "duckdb:///{root}/link/shop.db",
        "duckdb:///{root}/../outside/shop.db",
        "sqlite:///{outside}/shop.sqlite",
        "sqlite:///file:{outside}/shop.sqlite?mode=ro&uri=true",
    ],
)
@pytest.mark.parametrize("used", ["connection", "other connection"])
def test_address_of_a_database_outside_is_refused(address: str, used: str, root: Path, outside: Path) -> None:
    """A file that holds a database is data as any other."""
    address = address.format(outside=outside, root=root)
    here = f"duckdb:///{root / 'shop.db'}" if used == "other connection" else address
    suite = SUM if used == "connection" else _references(other_table="a", other_connection="shop")
    with pytest.raises(DeclarationError) as refused:
        check("a", suite, connection=here, root=root, connect=lambda _: address)
    assert refused.value.reason == "outside_root"
