"""The slope of a line through points, and the exponent of an operation's growth in time with its size."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEAST_SIZES: Final = 3
"""Minimum number of sizes for an exponent: two points always lie on a line; a third can contradict it."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A line and the interval of its slope.

    Attributes:
        slope: Rise of y for each unit of x.
        low: Lower end of the slope's interval; ``-inf`` if there are too few points for one.
        high: Upper end of the slope's interval; ``inf`` if there are too few points for one.
        intercept: The line's y at x = 0.
    """

    slope: float
    low: float
    high: float
    intercept: float


def theil_sen(x: Sequence[float], y: Sequence[float], *, confidence: float = 0.99) -> Slope:
    """Return the median of the slopes between all pairs of points, with its interval.

    Method: Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", Journal of the American Statistical
    Association 63, 1968. The interval takes Kendall's statistic as normal, with the variance for tied values (Kendall,
    "Rank Correlation Methods", 4th edition, 1970). Up to 29 % of the points may be outliers without moving the slope
    arbitrarily far. The result is that of ``scipy.stats.theilslopes``, except that an end that the points do not
    support is infinite instead of the smallest or largest slope: at 99 %, with fewer than 6 points.

    Limits: the errors of the points are assumed independent. If they are correlated, as for a cache that fills and
    empties, the interval is too narrow. If most values are equal, the slope is 0 whatever the others are. All pairs are
    kept in memory: 600 points briefly take about 5 MB. The first call imports numpy, so an interpreter that measures
    its own memory must call it before measuring.

    Args:
        x: The x values, at least two of them different.
        y: The y values, as many as x values.
        confidence: Probability that the interval contains the slope.

    Raises:
        ValueError: There are not as many x as y values, a value is not finite, or all x values are equal.
    """
    import numpy as np

    if len(x) != len(y) or len(set(x)) < 2 or not all(map(math.isfinite, (*x, *y))):
        message = (
            f"A slope needs as many finite y as x values, and two different x values, not {len(x)} x values "
            f"({len(set(x))} different) and {len(y)} y values."
        )
        raise ValueError(message)
    left, right = np.triu_indices(len(x), 1)
    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    runs = across[right] - across[left]
    distinct = runs != 0
    slopes = np.sort((up[right] - up[left])[distinct] / runs[distinct])
    slope = float(np.median(slopes))
    below, above = _ends(x, y, len(slopes), statistics.NormalDist().inv_cdf((1 + confidence) / 2))
    return Slope(
        slope=slope,
        low=float(slopes[below]) if below >= 0 else -math.inf,
        high=float(slopes[above]) if above < len(slopes) else math.inf,
        intercept=statistics.median(y) - slope * statistics.median(x),
    )


def growth_exponent(sizes: Sequence[float], seconds: Sequence[float]) -> Slope | None:
    """Return the exponent e of ``seconds = c * size ** e``: the slope of the logarithms.

    Method and limits: those of `theil_sen` at 99 %. The interval is infinite with fewer than 6 points, and with 6 it
    spans the slopes of all pairs. A fixed cost lowers the exponent of small sizes: it is that of the range measured.

    Args:
        sizes: Sizes, each above 0; a size may be repeated for each of its measurements.
        seconds: The time of each measurement, above 0.

    Returns:
        The exponent as the slope, and ``ln c`` as the intercept; None for fewer than three different sizes.

    Raises:
        ValueError: There are not as many sizes as times, or a value is not finite or not above 0.
    """
    if len(sizes) != len(seconds) or not all(0 < number < math.inf for number in (*sizes, *seconds)):
        message = (
            f"An exponent needs as many times as sizes, all finite and above 0, not {len(sizes)} sizes and "
            f"{len(seconds)} times."
        )
        raise ValueError(message)
    if len(set(sizes)) < LEAST_SIZES:
        return None
    return theil_sen([math.log(size) for size in sizes], [math.log(second) for second in seconds])


def _ends(x: Sequence[float], y: Sequence[float], slopes: int, deviations: float) -> tuple[int, int]:
    """Return the indexes, from 0, of the ordered slopes at the interval's ends; outside the range if there are none."""
    distinct = range(len(x))
    if round((math.comb(len(x), 2) - deviations * math.sqrt(_kendall_variance(distinct, distinct))) / 2) < 1:
        # Ties reduce the variance, even to 0, but do not make up for too few points.
        return -1, slopes
    reach = deviations * math.sqrt(_kendall_variance(x, y))
    return round((slopes - reach) / 2) - 1, round((slopes + reach) / 2)


def _kendall_variance(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the variance of Kendall's statistic of unrelated x and y, either of which may have ties."""
    count = len(x)
    ties = [[size for size in Counter(values).values() if size > 1] for values in (x, y)]
    whole, of_x, of_y = (sum(n * (n - 1) * (2 * n + 5) for n in sizes) for sizes in ([count], *ties))
    pairs_x, pairs_y = (sum(n * (n - 1) for n in sizes) for sizes in ties)
    triples_x, triples_y = (sum(n * (n - 1) * (n - 2) for n in sizes) for sizes in ties)
    variance = (whole - of_x - of_y) / 18 + pairs_x * pairs_y / (2 * count * (count - 1))
    if count > 2:
        variance += triples_x * triples_y / (9 * count * (count - 1) * (count - 2))
    # If all y are equal, the terms cancel except for rounding errors.
    return max(variance, 0.0)
