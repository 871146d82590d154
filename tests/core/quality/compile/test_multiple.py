"""Multiples on databases: the remainder of a negative number is none, whatever sign the server gives it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from tests.core.quality.answers import found
from tests.core.quality.tables.servers import own_schema

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
