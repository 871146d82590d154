"""Shares of counts: compared with limits as exact ratios, at every number of rows, and never as floating numbers.

A floating number rounds: 7 of 100 in percent is 7.000000000000001 when it is computed step by step. A limit that was
declared is the number that its shortest decimal text writes: ``0.7`` is seven tenths, not the nearest power of two.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Share(NamedTuple):
    """A part of a whole, both counted.

    Attributes:
        part: How many of them.
        whole: Of how many; 0 where there is nothing to have a share of.
    """

    part: int
    whole: int

    @property
    def ratio(self) -> Fraction | None:
        """The share, 0 to 1; None of nothing."""
        return Fraction(self.part, self.whole) if self.whole else None

    @property
    def rest(self) -> int:
        """How many of the whole are not of the part."""
        return self.whole - self.part

    @property
    def percent(self) -> float | None:
        """The share in percent, the nearest floating number; None of nothing."""
        return 100 * self.part / self.whole if self.whole else None

    def reaches(self, least: float) -> bool:
        """Whether the share is at least a number between 0 and 1; of nothing every share is reached."""
        return not self.whole or Fraction(self.part, self.whole) >= exact(least)


def exact(number: float | Fraction | Decimal) -> Fraction | float:
    """Return the number that the shortest decimal text of a number writes; one that is not finite stays as it is."""
    if isinstance(number, float):
        return Fraction(repr(float(number))) if math.isfinite(number) else number
    return Fraction(number)
