"""Estimate how much a quantity grows with each iteration, ignoring fluctuations."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from airflow_provider_dpq.core.stats.slope import theil_sen

_BLOCKS: Final = 20
LEAST_ITERATIONS: Final = 2 * _BLOCKS
"""Minimum number of iterations: a block needs at least two for a meaningful minimum."""

_RISES: Final = _BLOCKS - 2
_STUDENT: Final = 2.567
"""Student's t for 17 degrees of freedom (`_RISES` - 1) at 99 %."""

_LEAST_REGULAR: Final = 0.9
_LEAST_LASTING: Final = 0.4
_REGULAR_DEVIATIONS: Final = 4.0
_LASTING_DEVIATIONS: Final = 2.3


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth per iteration, with its uncertainty.

    Attributes:
        value: The estimated growth.
        low: Lower end of a one-sided interval of 99 %; at most 0 if the growth may end.
        high: Upper end of a one-sided interval of 99 %.
        fading: Whether the growth is in doubt only because the second half grew less than the first, or may have.
    """

    value: float
    low: float
    high: float
    fading: bool

    def __add__(self, other: Growth) -> Growth:
        """Return the combined growth of two quantities."""
        fading = self.fading or other.fading
        return Growth(self.value + other.value, self.low + other.low, self.high + other.high, fading)


def estimate_growth(values: Sequence[float], *, final: bool) -> Growth:
    """Return how much a quantity grows with each iteration.

    Method: the iterations are divided into 20 blocks, each represented by its minimum. A block retains the least value
    of itself and all later blocks: memory freed later was not retained. The mean rise of the retained values, with
    Student's interval, catches growth by rare jumps, which a median slope misses. The Theil-Sen slope of the blocks'
    minima catches a slope hidden by a drop. Each end of the interval is the wider of the two.

    Growth may also be a cache that fills. It does not count as lasting if the second half rises less than the first.
    Before the last look, the second half must rise by 0.9 of the first plus four standard errors, which only even
    growth does. At the last look, growth is in doubt if the second half rises by 2.3 standard errors less than the
    first, or by less than 0.4 of it.

    Limits: a cache that fills evenly over all iterations looks like a leak. Growth by jumps that did not happen in any
    of n iterations is not seen; with 99 % confidence, such jumps occur in less than 4.6 / n of the iterations.
    ``benchmarks/measurement.py leak`` prints how often the answers are wrong.

    Args:
        values: The quantity after each iteration, at least `LEAST_ITERATIONS` values.
        final: Whether these are all the iterations there will be. If so, the value and `high` come from the last half,
            otherwise from all iterations.

    Raises:
        ValueError: There are too few values.
    """
    whole = _Blocks.of(values)
    half = _Blocks.of(values[-max(len(values) // 2, LEAST_ITERATIONS) :])
    first, second, error = whole.halves
    if final:
        fading = second + _LASTING_DEVIATIONS * error < first or second < _LEAST_LASTING * first
    else:
        fading = second - _REGULAR_DEVIATIONS * error < _LEAST_REGULAR * first
    judged = half if final else whole
    low = min(whole.low, judged.mean)
    if fading and low > 0:
        return Growth(judged.mean, 0.0, judged.high, fading=True)
    return Growth(judged.mean, low, judged.high, fading=False)


def count_growth(counts: Sequence[int]) -> float:
    """Return how much a count grows with each iteration: the mean rise of its retained values in the last half."""
    return _Blocks.of(counts[-max(len(counts) // 2, LEAST_ITERATIONS) :]).mean


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Statistics per iteration of a series divided into blocks.

    Attributes:
        mean: Mean rise of the retained values.
        low: Lower end of its interval.
        high: Upper end of its interval.
        halves: Total rise of the first and the second half, and the standard error of their difference.
    """

    mean: float
    low: float
    high: float
    halves: tuple[float, float, float]

    @classmethod
    def of(cls, values: Sequence[float]) -> _Blocks:
        length = len(values) // _BLOCKS
        if not length:
            message = f"{len(values)} values do not fill {_BLOCKS} blocks"
            raise ValueError(message)
        used = values[len(values) - _BLOCKS * length :]
        minima = [min(used[start : start + length]) for start in range(0, len(used), length)]
        retained = list(minima)
        for block in reversed(range(_BLOCKS - 1)):
            retained[block] = min(retained[block], retained[block + 1])
        rises = [after - before for before, after in pairwise(retained)]
        known = rises[:_RISES]  # the last block's retained value is not known yet
        mean, reach = statistics.fmean(known), _STUDENT * statistics.stdev(known) / math.sqrt(_RISES)
        slope = theil_sen(range(_BLOCKS), minima, confidence=0.98)
        low, high = min(mean - reach, slope.low), max(mean + reach, slope.high)
        return cls(mean / length, low / length, high / length, _halves(rises))


def _halves(rises: Sequence[float]) -> tuple[float, float, float]:
    count = len(rises) // 2
    first, second = rises[:count], rises[-count:]
    error = math.sqrt(count * (statistics.variance(first) + statistics.variance(second)))
    return sum(first), sum(second), error
