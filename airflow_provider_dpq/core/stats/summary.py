"""What describes a sample in a few numbers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample in a few numbers, all but the count in the values' unit.

    Attributes:
        count: How many values there are.
        min: The smallest.
        max: The largest.
        mean: Arithmetic mean.
        median: The middle one, or the mean of the two in the middle.
        stdev: Standard deviation of the population, estimated from the sample (n - 1); None of one value, which says
            nothing about its scatter.
        mad: Median absolute deviation from the median, as it is: times 1.4826 it is comparable to `stdev`. Zero where
            more than half of the values are alike, and of one value.
    """

    count: int
    min: float
    max: float
    mean: float
    median: float
    stdev: float | None
    mad: float


def summarize(values: Sequence[float]) -> Summary:
    """Return the summary of a sample.

    Args:
        values: At least one, all finite.

    Raises:
        ValueError: There is no value, or one is not finite.
    """
    if not values or not all(map(math.isfinite, values)):
        message = f"{len(values)} values, all finite, are no sample"
        raise ValueError(message)
    count, mean, median = len(values), statistics.fmean(values), statistics.median(values)
    # statistics.stdev computes with fractions: exact, and slow on the many values of a load test.
    squares = math.fsum((value - mean) ** 2 for value in values)
    return Summary(
        count=count,
        min=min(values),
        max=max(values),
        mean=mean,
        median=median,
        stdev=math.sqrt(squares / (count - 1)) if count > 1 else None,
        mad=statistics.median(abs(value - median) for value in values),
    )
