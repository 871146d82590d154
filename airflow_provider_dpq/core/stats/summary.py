"""Summary statistics of a sample."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary statistics of a sample, all except the count in the values' unit.

    Attributes:
        count: Number of values.
        min: The smallest value.
        max: The largest value.
        mean: Arithmetic mean.
        median: The middle value, or the mean of the two middle values.
        stdev: Standard deviation of the population, estimated from the sample (n - 1); None for a single value.
        mad: Median absolute deviation from the median, not scaled; multiplied by 1.4826 it is comparable to `stdev`.
            Zero if more than half of the values are equal, and for a single value.
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
        values: At least one value, all finite.

    Raises:
        ValueError: There is no value, or one is not finite.
    """
    if not values or not all(map(math.isfinite, values)):
        message = f"A sample needs at least one value, and only finite ones; {len(values)} values were given."
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
