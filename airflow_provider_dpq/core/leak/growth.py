"""How much a quantity grows with each iteration, apart from what goes up and comes down again."""

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
"""A block of one iteration has no minimum to speak of."""

_RISES: Final = _BLOCKS - 2
_STUDENT: Final = 2.567
"""Student's t of 17 degrees of freedom, at 99 %: what `_RISES` rises leave."""

_LEAST_REGULAR: Final = 0.9
_LEAST_LASTING: Final = 0.4
_REGULAR_DEVIATIONS: Final = 4.0
_LASTING_DEVIATIONS: Final = 2.3


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth per iteration and what is known of it.

    Attributes:
        value: The growth.
        low: It is more than this: lower end of a one-sided interval of 99 %, and no more than 0 where the growth may
            be one that ends.
        high: It is less than this, at 99 %.
        fading: Whether it would be certain but that the second half grew less than the first, or may have.
    """

    value: float
    low: float
    high: float
    fading: bool

    def __add__(self, other: Growth) -> Growth:
        """Return the growth of two quantities together."""
        fading = self.fading or other.fading
        return Growth(self.value + other.value, self.low + other.low, self.high + other.high, fading)


def estimate_growth(values: Sequence[float], *, final: bool) -> Growth:
    """Return how much a quantity grows with each iteration.

    Method: the iterations are cut into 20 blocks, and of each the least value counts. What a block retains is the least
    value of it and of all later ones: what is freed later was not retained. The mean rise of what is retained, with
    Student's interval, answers for growth by rare jumps, to which a median slope is blind. The Theil-Sen slope of the
    blocks' minima answers for a drop that hides a slope. Each end of the interval is the farther one of the two.

    Growth may also be a cache that fills. It is not taken for lasting where the second half rises less than the first:
    before the last look unless it rises by 0.9 of the first and four standard errors more, which only even growth does;
    at the last look where it rises by 2.3 standard errors less than the first, or by less than 0.4 of it.

    Limits: what fills evenly for longer than all iterations looks like a leak. Growth by jumps that none of n
    iterations made is not seen; with 99 %, jumps come in less than 4.6 / n of the iterations then.
    ``benchmarks/measurement.py leak`` prints how often the answers are wrong.

    Args:
        values: The quantity after each iteration, at least `LEAST_ITERATIONS`.
        final: Whether no further iterations can be had. What is more than `high` is judged by the last half then, and
            by all before.

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
    """Return how much a count grows with each iteration of the last half: of what is retained, the mean rise."""
    return _Blocks.of(counts[-max(len(counts) // 2, LEAST_ITERATIONS) :]).mean


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Figures of a series cut into blocks, per iteration.

    Attributes:
        mean: Mean rise of what is retained.
        low: Lower end of its interval.
        high: Upper end.
        halves: How much the first and the second half rise in all, and the standard error of their difference.
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
        known = rises[:_RISES]  # whether the last block retains what it holds is not known
        mean, reach = statistics.fmean(known), _STUDENT * statistics.stdev(known) / math.sqrt(_RISES)
        slope = theil_sen(range(_BLOCKS), minima, confidence=0.98)
        low, high = min(mean - reach, slope.low), max(mean + reach, slope.high)
        return cls(mean / length, low / length, high / length, _halves(rises))


def _halves(rises: Sequence[float]) -> tuple[float, float, float]:
    count = len(rises) // 2
    first, second = rises[:count], rises[-count:]
    error = math.sqrt(count * (statistics.variance(first) + statistics.variance(second)))
    return sum(first), sum(second), error
