"""Percentiles, and their distribution-free intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_VALUES_BEYOND: Final = 10
"""Number of values that must lie on either side of a percentile before it is reported."""


def supports(percent: float, count: int) -> bool:
    """Return whether a number of values supports a percentile: ten are expected on either side of it.

    The 50th percentile needs 20 values, the 5th or 95th 200, the 99th 1,000 and the 99.9th 10,000. With fewer values
    the percentile is close to the largest or smallest value and varies widely from sample to sample.
    """
    # Rounded, because 100 - 99.9 is slightly less than 0.1 in floating point.
    return round(count * min(percent, 100 - percent), 6) >= 100 * _VALUES_BEYOND


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile, with linear interpolation between two values.

    Method: type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996,
    which is the default of numpy and pandas. `supports` says whether the sample is large enough.

    Args:
        values: The sample, in any order, at least one value.
        percent: Between 0 and 100, exclusive.

    Raises:
        ValueError: There is no value, a value is not finite, or the percentile is out of range.
    """
    ordered = _ordered(values)
    below, part = divmod((len(ordered) - 1) * _share(percent), 1)
    low = ordered[int(below)]
    high = ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * part


def percentile_interval(values: Sequence[float], percent: float, *, error: float) -> tuple[float, float]:
    """Return an interval of the percentile of the population from which the values were drawn.

    Method: how many values lie below a percentile is binomial, so two of the ordered values enclose it, whatever the
    distribution (Conover, "Practical Nonparametric Statistics", 3rd edition, 1999, section 3.2). Each end is the
    nearest value beyond which the percentile lies with a probability of at most `error`; the interval is exact for
    continuous values and too wide for tied ones.

    Limits: values are taken as independent. Those of requests that queue behind each other are not, and the interval is
    then too narrow. An end for which there are too few values is ``-inf`` or ``inf``: nothing is known there, and the
    caller says so.

    Args:
        values: The sample, in any order.
        percent: Between 0 and 100, neither included.
        error: Most probability that the percentile lies below the interval; as much again for above it.

    Raises:
        ValueError: A value is not finite, there is no value, no such percentile or no such probability.
    """
    ordered = _ordered(values)
    low, high = interval_ranks(len(ordered), percent, error=error)
    return -math.inf if low is None else ordered[low - 1], math.inf if high is None else ordered[high - 1]


def interval_ranks(count: int, percent: float, *, error: float) -> tuple[int | None, int | None]:
    """Return which of so many values in ascending order are the ends of `percentile_interval`, 1 for the smallest.

    Args:
        count: How many values there are.
        percent: Between 0 and 100, neither included.
        error: Most probability that the percentile lies below the interval; as much again for above it.

    Returns:
        The rank of each end; None for one for which there are too few values.

    Raises:
        ValueError: There is no such percentile or no such probability.
    """
    share = _share(percent)
    from_below = _rank(count, share, error)
    from_above = _rank(count, 1 - share, error)
    return from_below or None, count + 1 - from_above if from_above else None


def median_interval(values: Sequence[float], *, error: float) -> tuple[float, float] | None:
    """Return an interval of the median of the population from which the values were drawn: that of the sign test.

    Method and limits: those of `percentile_interval`. Ten values at an error of .003 give their smallest and largest:
    all ten lie on one side of the median once in 1,024 times.

    Args:
        values: The sample, in any order.
        error: Most probability that the median lies below the interval; as much again for above it.

    Returns:
        The two ends, or None where so few values support no interval.

    Raises:
        ValueError: A value is not finite, there is no value or no such probability.
    """
    interval = percentile_interval(values, 50, error=error)
    return interval if math.isfinite(interval[0]) else None


def _ordered(values: Sequence[float]) -> list[float]:
    if not values or not all(map(math.isfinite, values)):
        message = f"A sample needs at least one value, and only finite ones; {len(values)} values were given."
        raise ValueError(message)
    return sorted(values)


def _share(percent: float) -> float:
    if not 0 < percent < 100:
        message = f"Invalid percentile: {percent}. It must be between 0 and 100, exclusive."
        raise ValueError(message)
    return percent / 100


def _rank(count: int, share: float, error: float) -> int:
    """Return the largest k such that fewer than k values lie below the quantile with at most that probability, or 0."""
    if not 0 < error < 0.5:
        message = f"Invalid error probability: {error}. It must be between 0 and 0.5, exclusive."
        raise ValueError(message)
    expected = count * share
    # Bernstein's inequality: everything below this has a probability of less than e^-30.
    first = max(0, int(expected - 10 - math.sqrt(100 + 60 * expected * (1 - share))))
    probability = 0.0
    for below in range(first, count):
        probability += math.exp(
            math.lgamma(count + 1)
            - math.lgamma(below + 1)
            - math.lgamma(count - below + 1)
            + below * math.log(share)
            + (count - below) * math.log1p(-share)
        )
        if probability > error:
            return below
    return count
