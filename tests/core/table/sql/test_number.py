"""Numbers of four bytes beside those of eight and exact ones: each is the number that its shortest text writes."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.sql.functions import widened
from airflow_provider_dpq.core.table.sql.number import limit, nearest, shortest_single
from tests.core.table.servers import own_schema

VALUES: Final = [0.1, 1234567.0, 0.1234567, 0.7, -2.5, 16777216.0]
PAIR: Final = {"column_A": "f", "column_B": "d"}
EXACT: Final = {"column_A": "f", "column_B": "n"}
UP_TO: Final = {"row_condition": "f <= 0.7", "condition_parser": "pandas"}
CHECKS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("column_values_to_be_in_set", {"column": "f", "value_set": VALUES}),
    ("column_values_to_be_in_set", {"column": "f", "value_set": [Decimal(str(value)) for value in VALUES]}),
    ("column_values_to_not_be_in_set", {"column": "f", "value_set": [0.1]}),
    ("column_values_to_not_be_in_set", {"column": "f", "value_set": [0.10000000149011612, 1234570]}),
    ("column_distinct_values_to_equal_set", {"column": "f", "value_set": VALUES}),
    ("column_distinct_values_to_contain_set", {"column": "f", "value_set": [0.1, 0.7, 0.2]}),
    ("column_most_common_value_to_be_in_set", {"column": "f", "value_set": [0.1], "ties_okay": True}),
    ("column_values_to_be_between", {"column": "f", "min_value": 0.1, "strict_min": True}),
    ("column_values_to_be_between", {"column": "f", "min_value": 0.1}),
    ("column_values_to_be_between", {"column": "f", "max_value": 0.7}),
    ("column_values_to_be_between", {"column": "f", "max_value": 0.7, "strict_max": True}),
    ("column_max_to_be_between", {"column": "f", "max_value": 0.7, **UP_TO}),
    ("column_max_to_be_between", {"column": "f", "max_value": 16777216}),
    ("column_median_to_be_between", {"column": "f", "max_value": 0.1, **UP_TO}),
    ("column_sum_to_be_between", {"column": "f", "max_value": 18011781.4234567}),
    ("column_values_to_be_unique", {"column": "f"}),
    ("column_pair_values_to_be_equal", PAIR),
    ("column_pair_values_to_be_equal", EXACT),
    ("column_pair_values_a_to_be_greater_than_b", PAIR),
    ("column_pair_values_a_to_be_greater_than_b", {**PAIR, "or_equal": True}),
    ("column_pair_values_a_to_be_greater_than_b", {**EXACT, "or_equal": True}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "f", "or_equal": True}),
    ("column_pair_values_to_be_in_set", {**PAIR, "value_pairs_set": [[value, value] for value in VALUES]}),
    ("multicolumn_values_to_be_equal", {"column_list": ["f", "d", "n"]}),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["f", "d"]}),
    *[
        ("column_values_to_exist_in_other_table", {"column": one, "other_table": "t", "other_column": other})
        for one, other in (("f", "d"), ("d", "f"), ("f", "n"), ("n", "f"), ("f", "f"))
    ],
    ("column_values_to_exist_in_other_table", {"column": "f", "other_table": "file", "other_column": "d"}),
    ("row_condition_to_hold", {"expression": "f = d and f = n and f <= d and f >= n"}),
    ("row_condition_to_hold", {"expression": "f in (0.1, 1234567, 0.1234567, 0.7, -2.5, 16777216)"}),
    ("row_condition_to_hold", {"expression": "f > 0.1"}),
    ("column_values_to_be_multiples", {"column": "f", "multiple_of": Decimal("0.0000001")}),
]
SUITE: Final = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in CHECKS]
SHOWN: Final = ("unexpected_count", "observed_value", "partial_unexpected_list", "partial_missing_list")


def _shown(result: CheckResult) -> tuple[Any, ...]:
    assert result.error is None, (result.name, result.error)
    found = [result.result.get(name) for name in SHOWN]
    return result.name, result.success, *(sorted(map(str, one)) if isinstance(one, list) else one for one in found)


@contextmanager
def _duckdb(single: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (f {single}, d double, n numeric(20, 10))")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(value, value, value) for value in VALUES])
        yield connection


@contextmanager
def _server(address: str, single: str) -> Iterator[sa.Engine]:
    with own_schema(address) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE t (f {single}, d double precision, n numeric(20, 10))")
            rows = [{"value": value} for value in VALUES]
            connection.execute(sa.text("INSERT INTO t VALUES (:value, :value, :value)"), rows)
        yield engine


@pytest.fixture
def references(tmp_path: Path) -> dict[str, str]:
    """The same numbers in a file."""
    (tmp_path / "d.csv").write_text("\n".join(["d", *map(repr, VALUES)]) + "\n", encoding="utf-8")
    return {"file": str(tmp_path / "d.csv")}


SERVERS: Final = [
    pytest.param("postgres_url", "real", marks=pytest.mark.service),
    pytest.param("mysql_url", "float", marks=pytest.mark.service),
    (None, "float"),
]


@pytest.mark.parametrize(("server", "single"), SERVERS)
def test_numbers_of_four_bytes_are_judged_as_those_of_eight(
    server: str | None, single: str, references: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """In every check, of a table and of a query, 0.1 is 0.1."""
    with _duckdb("double") as connection:
        wanted = list(map(_shown, check("t", SUITE, connection=connection, references=references).results))
    opened = _duckdb(single) if server is None else _server(request.getfixturevalue(server), single)
    with opened as connection:
        for data in ("t", "SELECT * FROM t"):
            found = check(data, SUITE, connection=connection, references=references).results
            assert list(map(_shown, found)) == wanted


@pytest.mark.parametrize(("server", "single"), SERVERS)
def test_partition_holds_numbers_of_four_bytes(server: str | None, single: str, request: pytest.FixtureRequest) -> None:
    """A partition is found by the number that its text writes, of exact numbers with all their digits."""
    suite = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}]
    opened = _duckdb(single) if server is None else _server(request.getfixturevalue(server), single)
    with opened as connection:
        for partition in ({"f": 0.1}, {"f": "0.1234567"}, {"n": "0.7"}, {"n": 1234567}):
            assert check("t", suite, connection=connection, partition=partition).results[0].success
        assert not check("t", suite, connection=connection, partition={"n": "0.70000000000000001"}).results[0].success


def _singles(count: int) -> list[float]:
    """Return numbers of four bytes of every size."""
    chosen = random.Random(7)
    drawn = (struct.unpack("f", struct.pack("I", chosen.getrandbits(32)))[0] for _ in range(count))
    whole = [float(np.float32(chosen.randrange(2**30))) for _ in range(count)]
    tenths = [float(np.float32(chosen.randrange(10**7) / 10 ** chosen.randrange(9))) for _ in range(count)]
    return [value for value in (*drawn, *whole, *tenths) if np.isfinite(value)]


def test_shortest_text_of_a_single_is_numpy_s() -> None:
    """Of every number of four bytes."""
    assert {value: shortest_single(value) for value in _singles(2000)} == {
        value: float(str(np.float32(value))) for value in _singles(2000)
    }
    assert shortest_single(0.1) == 0.1
    assert nearest(Decimal("0.1"), single=True) == float(np.float32(0.1))


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">="])
def test_limit_of_singles_is_that_of_their_texts(symbol: str) -> None:
    """A bound compares with the number that is stored as with the one that is written."""
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}
    values = _singles(300)
    bounds = [*values[::7], *(shortest_single(value) for value in values[::5]), 0.1, 1e300, -1e300, float("inf")]
    for value in values[::11]:
        for bound in bounds:
            found, fitting = limit(symbol, bound, single=True)
            assert compare[found](value, fitting) is compare[symbol](shortest_single(value), bound), (value, bound)


def _is_between(text: float) -> bool:
    near = np.float32(text)
    low, high = float(np.nextafter(near, np.float32(-np.inf))), float(np.nextafter(near, np.float32(np.inf)))
    return text in ((low + float(near)) / 2, (float(near) + high) / 2)


@pytest.mark.service
@pytest.mark.parametrize(("server", "single"), [("postgres_url", sa.REAL()), ("mysql_url", sa.FLOAT())])
def test_server_writes_a_single_by_its_shortest_text(server: str, single: Any, request: pytest.FixtureRequest) -> None:
    """Of numbers from 1e-20 to 1e30, which MariaDB's exact arithmetic holds, the server finds the fewest digits.

    A text half way between two numbers is read as one of them, and PostgreSQL does not rely on which.
    """
    values = sorted({value for value in _singles(700) if 1e-20 <= abs(value) <= 1e30 or value == 0})
    table = sa.table("singles", sa.column("f", single))
    with own_schema(request.getfixturevalue(server)) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE singles (f {'real' if server == 'postgres_url' else 'float'})")
        connection.execute(table.insert(), [{"f": value} for value in values])
        wide: Any = sa.cast(table.c.f, sa.Double())
        found = connection.execute(sa.select(wide, widened(wide))).all()
    assert len(found) == len(values)
    for value, text in found:
        assert nearest(text, single=True) == value
        assert text == shortest_single(value) or _is_between(shortest_single(value))
