"""Operations that the trials of benchmark and leak gates measure."""

from __future__ import annotations

from functools import cache
from typing import Any

TIMED = ("interpreted", "grouped")

_COUNT = 50_000
_ROWS = 200_000


def _interpreted(count: int) -> int:
    total = 0
    for number in range(count):
        total += number * number % 7
    return total


def interpreted() -> int:
    """Loop in the interpreter, for some milliseconds."""
    return _interpreted(_COUNT)


def interpreted_10_slower() -> int:
    """Do a tenth more."""
    return _interpreted(_COUNT * 110 // 100)


def interpreted_20_slower() -> int:
    """Do a fifth more."""
    return _interpreted(_COUNT * 120 // 100)


@cache
def _frame(rows: int) -> Any:
    import numpy as np
    import pandas as pd

    numbers = np.random.default_rng(7)
    return pd.DataFrame({"key": numbers.integers(0, 1000, rows), "value": numbers.random(rows)})


def _grouped(rows: int) -> float:
    return float(_frame(rows).groupby("key")["value"].mean().sum())


def grouped() -> float:
    """Group a pandas frame, for some milliseconds."""
    return _grouped(_ROWS)


def grouped_10_slower() -> float:
    """Group a tenth more rows."""
    return _grouped(_ROWS * 112 // 100)


def grouped_20_slower() -> float:
    """Group a fifth more rows."""
    return _grouped(_ROWS * 123 // 100)
