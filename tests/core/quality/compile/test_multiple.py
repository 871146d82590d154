"""Multiples on databases: the remainder of a negative number is none, whatever sign the server gives it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from tests.core.quality.answers import answer, found
from tests.core.table.servers import own_schema

VALUES = ["-3", "-1.5", "-1", "-0.25", "0", "0.25", "1.5", "3"]


@pytest.mark.service
@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
@pytest.mark.parametrize("type_", [sa.Double(), sa.Float(), sa.Numeric(10, 2)])
def test_multiples_are_those_of_exact_arithmetic(url: str, type_: Any, request: pytest.FixtureRequest) -> None:
    """Python's fractions are the oracle."""
    with own_schema(request.getfixturevalue(url)) as engine:
        table = sa.Table("t", sa.MetaData(), sa.Column("x", type_))
        table.create(engine)
        with engine.begin() as connection:
            connection.execute(table.insert(), [{"x": Decimal(value)} for value in VALUES])
        for unit in ("0.5", "0.25", "1", "1.5"):
            expected = sum(Fraction(value) % Fraction(unit) != 0 for value in VALUES)
            options = {"connection": engine}
            answer = found("t", "column_values_to_be_multiples", column="x", multiple_of=float(unit), options=options)
            assert answer["unexpected_count"] == expected


@pytest.mark.service
@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_small_multiples_are_exact(url: str, request: pytest.FixtureRequest) -> None:
    """No number and no unit is rounded to the places of a decimal type."""
    with own_schema(request.getfixturevalue(url)) as engine:
        table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.Double()))
        table.create(engine)
        values = ["2e-15", "3e-15", "1e-16", "0.10000000000000004", "0.1"]
        with engine.begin() as connection:
            connection.execute(table.insert(), [{"x": float(value)} for value in values])
        for unit in ("1.5e-15", "1e-16", "0.1", "1e-17"):
            expected = sum(Fraction(value) % Fraction(unit) != 0 for value in values)
            options = {"connection": engine}
            answer = found("t", "column_values_to_be_multiples", column="x", multiple_of=float(unit), options=options)
            assert answer["unexpected_count"] == expected, unit


def test_unit_of_more_places_than_a_database_has_is_an_error(tmp_path: Path) -> None:
    """It would be another number there, of which others are multiples."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest([2e-15, 0.10000000000000004, 0.1]) AS x")
    options = {"connection": f"duckdb:///{tmp_path / 'a.duckdb'}"}
    small = answer("t", "column_values_to_be_multiples", column="x", multiple_of=1.5e-16, options=options)
    assert small.error is not None
    assert small.error.reason == "unsupported_expectation"
    assert (
        found("t", "column_values_to_be_multiples", column="x", multiple_of=0.1, options=options)["unexpected_count"]
        == 2
    )
