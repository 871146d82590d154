"""How much slower one operation is than another, from interleaved pairs, looked at as they come in.

The rule: the interval of the median log ratio is that of the sign test, exact whatever the distribution, at an error of
.003 at each end and each of six looks. Above the limit with its lower end: slower. Below it with its upper end: not.
Limits: pairs count as independent; a disturbance that hits only the candidate for a long time is a slowdown to it.
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
"""Numbers of pairs after which the interval is looked at; the last one is the most that are taken."""

ERROR: Final = 0.003
"""Probability that the interval of one look misses the median at one end."""

_SIGMAS: Final = 2.75
"""Standard normal quantile of 1 - `ERROR`."""

_POWER_SIGMAS: Final = 1.645
"""Standard normal quantile of the power that a detectable change is stated for, 95 %."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Samples of two operations, taken in turns one right after the other.

    Attributes:
        candidate: Of what is judged, at least one.
        baseline: Of what it is compared with, as many.
    """

    candidate: tuple[Sample, ...]
    baseline: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A ratio that a comparison is to decide about.

    Attributes:
        clock: What time the ratio is of.
        ratio: Candidate to baseline.
    """

    clock: Clock
    ratio: float


@dataclass(frozen=True, slots=True)
class Change:
    """The ratio of candidate to baseline.

    Attributes:
        ratio: Median over the pairs.
        low: Lower end of its interval; 0 where the pairs are too few for one.
        high: Upper end; infinite where they are too few.
        pair_count: How many pairs.
    """

    ratio: float
    low: float
    high: float
    pair_count: int

    def excludes(self, ratio: float) -> bool:
        """Whether a ratio lies outside the interval, so that it can be decided about."""
        return not self.low < ratio < self.high

    def detectable_ratio(self, limit: float) -> float:
        """Return the least true ratio that as many pairs, as noisy, would have told from a limit 95 times in 100.

        It takes the interval's half-width as that many standard errors of a normal median, which is an approximation.

        Args:
            limit: The ratio that is allowed.
        """
        if self.low <= 0:
            return math.inf
        half = math.log(self.high / self.low) / 2
        return limit * math.exp(half * (1 + _POWER_SIGMAS / _SIGMAS))


def seconds(sample: Sample, clock: Clock) -> float:
    """Return the time of a sample on a clock."""
    return sample.cpu_seconds if clock == "cpu" else sample.wall_seconds


def ratios(pairs: Sequence[Pair], clock: Clock) -> list[float]:
    """Return the ratio of each pair; empty where a clock stood still, as the processor's does for what only waits.

    It is empty too where a side is too short beside what reading the clock costs.

    Of each side the least time counts: a disturbance only ever makes a sample longer.
    """
    sides = zip(*((pair.candidate, pair.baseline) for pair in pairs), strict=True)
    if any(too_short([sample for samples in side for sample in samples], clock) for side in sides):
        return []
    times = [(_least(pair.candidate, clock), _least(pair.baseline, clock)) for pair in pairs]
    return [new / old for new, old in times] if all(min(both) > 0 for both in times) else []


def _least(samples: Sequence[Sample], clock: Clock) -> float:
    return min(seconds(sample, clock) for sample in samples)


def change(pairs: Sequence[Pair], clock: Clock) -> Change | None:
    """Return how candidate and baseline compare; None where there is nothing to compare.

    Args:
        pairs: The pairs so far.
        clock: What time to compare.
    """
    logs = [math.log(ratio) for ratio in ratios(pairs, clock)]
    if not logs:
        return None
    found = median_interval(logs, error=ERROR)
    low, high = (math.exp(found[0]), math.exp(found[1])) if found else (0.0, math.inf)
    return Change(math.exp(statistics.median(logs)), low, high, len(logs))


def decided(pairs: Sequence[Pair], limits: Sequence[Limit]) -> bool:
    """Return whether it is time to look, and all limits are outside the interval.

    Args:
        pairs: The pairs so far.
        limits: What is to be decided about; without any nothing ever is.
    """
    if len(pairs) not in LOOKS or not limits:
        return False
    changes = {clock: change(pairs, clock) for clock in {limit.clock for limit in limits}}
    return all((found := changes[limit.clock]) is not None and found.excludes(limit.ratio) for limit in limits)
