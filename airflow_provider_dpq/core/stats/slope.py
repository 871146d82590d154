"""The slope of a line through points, and how fast an operation's time grows with its size."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEAST_SIZES: Final = 3
"""Sizes that an exponent needs: two always lie on a line; a third can say that it is none."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A line and the interval of its slope.

    Attributes:
        slope: Rise of y for each unit of x.
        low: Lower end of the slope's interval; ``-inf`` where there are too few points for one.
        high: Upper end; ``inf`` where there are too few points for one.
        intercept: The line's y where x is 0.
    """

    slope: float
    low: float
    high: float
    intercept: float


def theil_sen(x: Sequence[float], y: Sequence[float], *, confidence: float = 0.99) -> Slope:
    """Return the median of the slopes between all pairs of points, with its interval.

    Method: Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", Journal of the American Statistical
    Association 63, 1968. The interval takes Kendall's statistic as normal, with the variance of tied values (Kendall,
    "Rank Correlation Methods", 4th edition, 1970). Up to 29 % of the points may be off without moving the slope beyond
    all bounds. The same as ``scipy.stats.theilslopes``, but that an end is infinite where so few points support none,
    instead of the smallest or largest slope: at 99 %, with fewer than 6 points.

    Limits: the errors of the points are taken as independent. Where they follow each other, as those of a cache that
    fills and empties, the interval is too narrow. Values of which most are alike have a slope of 0 whatever the others
    do. All pairs are kept in memory: 600 points take about 5 MB for a moment. The first call imports numpy, which an
    interpreter that measures its own memory does before it measures.

    Args:
        x: Where the points lie, at least two of them different.
        y: As many values.
        confidence: Probability that the interval holds the slope.

    Raises:
        ValueError: There are not as many x as y, a value is not finite, or all x are alike.
    """
    import numpy as np

    if len(x) != len(y) or len(set(x)) < 2 or not all(map(math.isfinite, (*x, *y))):
        message = f"{len(x)} x, of which {len(set(x))} differ, and {len(y)} y, all finite, are no line"
        raise ValueError(message)
    left, right = np.triu_indices(len(x), 1)
    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    runs = across[right] - across[left]
    apart = runs != 0
    slopes = np.sort((up[right] - up[left])[apart] / runs[apart])
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
        sizes: Sizes, each above 0; a size measured several times may be given as often.
        seconds: What each took, above 0.

    Returns:
        The exponent as the slope, and ``ln c`` as the intercept; None of fewer than three different sizes.

    Raises:
        ValueError: There are not as many sizes as times, or one is not finite or not above 0.
    """
    if len(sizes) != len(seconds) or not all(0 < number < math.inf for number in (*sizes, *seconds)):
        message = f"{len(sizes)} sizes and {len(seconds)} times, all finite and above 0, show no growth"
        raise ValueError(message)
    if len(set(sizes)) < LEAST_SIZES:
        return None
    return theil_sen([math.log(size) for size in sizes], [math.log(second) for second in seconds])


def _ends(x: Sequence[float], y: Sequence[float], slopes: int, deviations: float) -> tuple[int, int]:
    """Return which of the ordered slopes, counted from 0, are the ends; outside of them where there is none."""
    distinct = range(len(x))
    if round((math.comb(len(x), 2) - deviations * math.sqrt(_kendall_variance(distinct, distinct))) / 2) < 1:
        # Ties lessen the variance, down to nothing, but they do not make few points into many.
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
    # Where all y are alike the terms cancel, but for the last digits.
    return max(variance, 0.0)
