"""How much slower one operation is than another, from interleaved pairs, by a sequential test.

Method: the sign-test interval of the median log ratio, exact for any distribution, with an error of .003 at each end
and at each of six looks. The candidate is slower if the lower end is above the limit, and not slower if the upper end
is below it. Limits: pairs are assumed independent; a long disturbance of the candidate alone looks like a slowdown.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.benchmark.timing import Sample, too_short
from airflow_provider_dpq.core.operation.iteration import Clock
from airflow_provider_dpq.core.stats.percentile import median_interval

LOOKS: Final = (10, 15, 20, 30, 45, 60)
"""Numbers of pairs after which the interval is examined; the last one is the maximum number of pairs."""

ERROR: Final = 0.003
"""Probability that the interval of one look misses the median at one end."""

_SIGMAS: Final = 2.75
"""Standard normal quantile of 1 - `ERROR`."""

_POWER_SIGMAS: Final = 1.645
"""Standard normal quantile of the power at which a detectable change is reported, 95 %."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Samples of two operations, taken alternately.

    Attributes:
        candidate: Samples of the operation that is judged, at least one.
        baseline: The same number of samples of the baseline.
    """

    candidate: tuple[Sample, ...]
    baseline: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """The largest ratio that a threshold allows.

    Attributes:
        clock: The clock of the times compared.
        ratio: Candidate to baseline.
    """

    clock: Clock
    ratio: float


@dataclass(frozen=True, slots=True)
class Change:
    """The ratio of candidate to baseline.

    Attributes:
        ratio: Median over the pairs.
        low: Lower end of its interval; 0 if there are too few pairs.
        high: Upper end of its interval; infinite if there are too few pairs.
        pair_count: Number of pairs.
    """

    ratio: float
    low: float
    high: float
    pair_count: int

    def excludes(self, ratio: float) -> bool:
        """Whether a ratio lies outside the interval, so that a limit there can be decided."""
        return not self.low < ratio < self.high

    def detectable_ratio(self, limit: float) -> float:
        """Return the smallest true ratio that as many pairs with this noise would find above a limit at 95 % power.

        Approximation: the interval's half-width is taken as a multiple of the standard error of a normal median.

        Args:
            limit: The ratio that is allowed.
        """
        if self.low <= 0:
            return math.inf
        half = math.log(self.high / self.low) / 2
        return limit * math.exp(half * (1 + _POWER_SIGMAS / _SIGMAS))


def seconds(sample: Sample, clock: Clock) -> float:
    """Return the time of a sample by the given clock."""
    return sample.cpu_seconds if clock == "cpu" else sample.wall_seconds


def ratios(pairs: Sequence[Pair], clock: Clock) -> list[float]:
    """Return the ratio of each pair.

    The result is empty if a time is 0, as the CPU time of an operation that only waits, or if either side is too short
    compared with the cost of reading the clock. The minimum time of each side is used: disturbances only add time.
    """
    sides = zip(*((pair.candidate, pair.baseline) for pair in pairs), strict=True)
    if any(too_short([sample for samples in side for sample in samples], clock) for side in sides):
        return []
    times = [(_least(pair.candidate, clock), _least(pair.baseline, clock)) for pair in pairs]
    return [new / old for new, old in times] if all(min(both) > 0 for both in times) else []


def _least(samples: Sequence[Sample], clock: Clock) -> float:
    return min(seconds(sample, clock) for sample in samples)


def change(pairs: Sequence[Pair], clock: Clock) -> Change | None:
    """Return the ratio of candidate to baseline; None if there are no ratios.

    Args:
        pairs: The pairs so far.
        clock: The clock of the times to compare.
    """
    logs = [math.log(ratio) for ratio in ratios(pairs, clock)]
    if not logs:
        return None
    found = median_interval(logs, error=ERROR)
    low, high = (math.exp(found[0]), math.exp(found[1])) if found else (0.0, math.inf)
    return Change(math.exp(statistics.median(logs)), low, high, len(logs))


def decided(pairs: Sequence[Pair], limits: Sequence[Limit]) -> bool:
    """Return whether a look is due and finds all limits outside the interval.

    Args:
        pairs: The pairs so far.
        limits: The limits to decide; without any, the answer is always False.
    """
    if len(pairs) not in LOOKS or not limits:
        return False
    changes = {clock: change(pairs, clock) for clock in {limit.clock for limit in limits}}
    return all((found := changes[limit.clock]) is not None and found.excludes(limit.ratio) for limit in limits)
