"""Standard deviations against exact arithmetic: of the whole table, and put together from its partitions."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check

ROWS = 300
CHANCE = random.Random(7)
NUMBERS: dict[str, list[Any]] = {
    "near 0": [CHANCE.uniform(-1, 1) for _ in range(ROWS)],
    "far from 0": [1e9 + CHANCE.uniform(0, 10) for _ in range(ROWS)],
    "one far from the others": [1e15, *(CHANCE.uniform(0, 1) for _ in range(ROWS - 1))],
    "equal": [0.1] * ROWS,
    "large whole": [10**15 + CHANCE.randrange(100) for _ in range(ROWS)],
    "decimal": [Decimal("123456789012.01") + Decimal(CHANCE.randrange(1000)) / 100 for _ in range(ROWS)],
}
SUITE = [
    {"type": f"expect_column_{name}_to_be_between", "kwargs": {"column": "x", "min_value": -1}}
    for name in ("stdev", "mean", "sum")
]


def _exactly(values: list[Any]) -> tuple[float, float, float]:
    """Return the deviation, the mean and the sum, each rounded once."""
    numbers = [Fraction(value) for value in values]
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)
    with localcontext(prec=60):
        root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    return float(root), float(mean), float(sum(numbers))


def _of_frame(values: list[Any], _: Path) -> tuple[Any, dict[str, Any]]:
    return pl.DataFrame({"x": values, "part": [row % 3 for row in range(ROWS)]}), {}


def _of_sqlite(values: list[Any], folder: Path) -> tuple[Any, dict[str, Any]]:
    engine = sa.create_engine(f"sqlite:///{folder / 'numbers.db'}")
    frame, _ = _of_frame(values, folder)
    frame.to_pandas().to_sql("numbers", engine, index=False)
    return "numbers", {"connection": engine}


@pytest.mark.parametrize(
    ("made", "name"),
    [
        *((_of_frame, name) for name in NUMBERS),
        *((_of_sqlite, name) for name in NUMBERS if name != "decimal"),  # which it has none of
    ],
)
def test_deviation_mean_and_sum_are_exact_whole_and_by_partition(
    name: str, made: Callable[[list[Any], Path], tuple[Any, dict[str, Any]]], tmp_path: Path
) -> None:
    """To the last digits, wherever the numbers lie."""
    data, options = made(NUMBERS[name], tmp_path)
    expected = _exactly(NUMBERS[name])
    for parts in ({}, {"partition_by": "part"}):
        found = [result.result["observed_value"] for result in check(data, SUITE, **options, **parts).results]
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15), parts


@pytest.mark.parametrize("values", [[], [1.0], [None, 2.0], [float("inf"), 1.0, 2.0], [1e200, -1e200, 1.0]])
def test_deviation_of_few_or_infinite_numbers_is_the_same_by_partition(values: list[Any]) -> None:
    """There may be none, and it may not be a number; a partition may have none."""
    frame = pl.DataFrame(
        {"x": [*values, None], "part": [*range(len(values)), 9]}, schema={"x": pl.Float64, "part": pl.Int64}
    )
    whole, parts = check(frame, SUITE[:1]), check(frame, SUITE[:1], partition_by="part")
    assert [(r.success, r.verdict, r.result.get("observed_value")) for r in whole.results] == [
        (r.success, r.verdict, r.result.get("observed_value")) for r in parts.results
    ]
