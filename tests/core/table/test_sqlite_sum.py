"""Sums and means of floating numbers in SQLite, held against exact ones."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.quality import check

SUITE = [
    {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "v", "min_value": -1e300}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "v", "min_value": -1e300}},
]


def _found(values: list[float | None]) -> list[object]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (v DOUBLE)")
        connection.execute(sa.text("INSERT INTO t VALUES (:v)"), [{"v": value} for value in values])
    results = check("t", SUITE, connection=engine).results
    assert [result.error for result in results] == [None, None]
    return [result.result["observed_value"] for result in results]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12) | st.none(), min_size=1, max_size=50).filter(any))
def test_sums_lose_no_more_than_their_last_digit(values: list[float | None]) -> None:
    """Whatever the order and the signs: the mean is the exact one, too."""
    present = [value for value in values if value is not None]
    exact = sum(map(Fraction, present), Fraction(0))
    largest = max(map(abs, present)) * 1e-25
    total, mean = _found(values)
    assert total == pytest.approx(float(exact), rel=1e-12, abs=largest)
    assert mean == pytest.approx(float(exact / len(present)), rel=1e-12, abs=largest)


@pytest.mark.parametrize(
    ("values", "total"),
    [([0.1] * 100_000, 10_000.0), ([1e16, 1.0, -1e16], 1.0), ([math.inf, 1.0], math.inf), ([None, None], None)],
)
def test_sum_of_many_of_opposite_and_of_infinite_numbers(values: list[float | None], total: float | None) -> None:
    """None of them is what SQLite's own function makes of them in most of its releases."""
    found, _ = _found(values)
    assert found == total


def test_each_connection_of_a_file_has_the_sums(tmp_path: Path) -> None:
    """Also one that is opened for a reference, and by each check anew."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t AS SELECT 0.1 AS v")
    for _ in range(2):
        assert [result.success for result in check("t", SUITE, connection=engine).results] == [True, True]
