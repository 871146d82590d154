"""Sums and means of floating numbers in SQLite, whose own lose digits with each row in most of its releases."""

from __future__ import annotations

import math
from typing import Any, Final

import sqlalchemy as sa

_KNOWN: Final = "dpq_sums"
"""Where a connection remembers that it has the functions."""


class _Sum:
    """A sum that carries what is lost of each addition to its end (Neumaier 1974)."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0.0
        self._lost = 0.0

    def step(self, value: float | None) -> None:
        """Add a number; what is missing adds nothing."""
        if value is None:
            return
        self.count += 1
        before, value = self._sum, float(value)
        self._sum = before + value
        greater, less = (before, value) if abs(before) >= abs(value) else (value, before)
        self._lost += (greater - self._sum) + less

    def finalize(self) -> float | None:
        """Return the sum; None of no number."""
        if not self.count:
            return None
        return self._sum + self._lost if math.isfinite(self._lost) else self._sum


class _Mean(_Sum):
    """Such a sum, divided by the number of values."""

    def finalize(self) -> float | None:
        """Return the mean; None of no number."""
        found = super().finalize()
        return None if found is None else found / self.count


def add_sums(connection: sa.Connection) -> None:
    """Give a connection to SQLite its functions ``dpq_sum`` and ``dpq_mean``, once."""
    if _KNOWN not in connection.info:
        driver: Any = connection.connection.driver_connection
        driver.create_aggregate("dpq_sum", 1, _Sum)
        driver.create_aggregate("dpq_mean", 1, _Mean)
        connection.info[_KNOWN] = True
