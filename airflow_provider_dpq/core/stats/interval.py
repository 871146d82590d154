"""The interval in which the next value of a series is expected."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TO_STANDARD_DEVIATION: Final = 1.4826
"""Factor from the median absolute deviation of normal values to their standard deviation: 1 / 0.6745."""

_WIDENING: Final = 9.0
"""The interval of n values is wider than that of very many values by this number over n."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The interval in which the next value is expected.

    Attributes:
        median: Median of the previous values.
        low: Lower limit, inclusive.
        high: Upper limit, inclusive.
    """

    median: float
    low: float
    high: float


def robust_interval(
    values: Sequence[float],
    *,
    deviations: float = 3.0,
    absolute_floor: float = 0.0,
    relative_floor: float = 0.0,
) -> Interval:
    """Return the interval in which the next value of a stable series is expected.

    Method: median plus or minus `deviations` times the median absolute deviation (MAD), scaled to the standard
    deviation of normal values (Rousseeuw and Croux, "Alternatives to the Median Absolute Deviation", Journal of the
    American Statistical Association 88, 1993), times ``1 + 9 / n``. The last factor makes up for the MAD of few values,
    which is often far too small; it is fitted so that about as many normal values fall outside after 10 values as after
    30 (``benchmarks/history.py`` prints how many). Any number below half of the values may be
    outliers without moving the interval beyond all bounds.

    Limits: values are assumed independent and around one level. A trend or a season widens the interval or shifts it.
    The limits are symmetric, so skewed values fall outside more often on the long side and hardly ever on the short
    one. With fewer than about 7 values the interval says little.

    Args:
        values: The previous values, at least one, all finite.
        deviations: Half of the interval's width, in standard deviations.
        absolute_floor: Minimum half-width, in the values' unit.
        relative_floor: Minimum half-width, as a share of the median's absolute value.

    Raises:
        ValueError: There is no value, or a value is not finite.
    """
    if not values or not all(map(math.isfinite, values)):
        message = f"A series needs at least one value, and only finite ones; {len(values)} values were given."
        raise ValueError(message)
    median = statistics.median(values)
    scale = _TO_STANDARD_DEVIATION * statistics.median(abs(value - median) for value in values)
    widened = deviations * scale * (1 + _WIDENING / len(values))
    half = max(widened, absolute_floor, relative_floor * abs(median))
    return Interval(median, median - half, median + half)
