"""Interleaved pairs of two operations: a disturbance affects both sides of a pair."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence
from typing import Final

from airflow_provider_dpq.core.benchmark.change import LOOKS, Limit, Pair, decided
from airflow_provider_dpq.core.benchmark.timing import Clocks, Sample, Timer
from airflow_provider_dpq.core.operation.iteration import Operation

WARMING_UP: Final = "warming up"

ROUNDS: Final = 3
"""Samples of each side of a pair whose samples are short."""

SHORT_SECONDS: Final = 0.1
"""A longer sample meets as many disturbances as three short ones."""


def compare(
    candidate: Operation,
    baseline: Operation,
    size: int | None,
    limits: Sequence[Limit],
    *,
    order: random.Random,
    budget_seconds: float,
    clocks: Clocks | None = None,
) -> Iterator[Pair | str]:
    """Take pairs in random order until every limit is decided or the maximum number of pairs is reached.

    Args:
        candidate: The operation that is judged.
        baseline: The operation that it is compared with.
        size: Rows of the dataset; None for operations that are not sized.
        limits: Limits of the ratio; without any, the maximum number of pairs is taken.
        order: Random order of the two sides.
        budget_seconds: Time after which no more pairs are taken than the first look needs. The pairs taken by then are
            the last look, so there are never more looks than `LOOKS`.
        clocks: The clocks to read.

    Yields:
        `WARMING_UP` as a heartbeat, then pairs.
    """
    clocks = clocks or Clocks()
    with candidate.opened(size) as new, baseline.opened(size) as old:
        timers = Timer(new, clocks), Timer(old, clocks)
        for timer in timers:
            yield from (WARMING_UP for _ in timer.warm_up())
        gc.collect()
        gc.freeze()
        deadline = clocks.wall() + budget_seconds
        pairs: list[Pair] = []
        while not enough(pairs, limits, late=clocks.wall() > deadline):
            pairs.append(_pair(*timers, order))
            yield pairs[-1]


def _pair(new: Timer, old: Timer, order: random.Random) -> Pair:
    candidate: list[Sample] = []
    baseline: list[Sample] = []
    while not candidate or (len(candidate) < ROUNDS and candidate[0].length_seconds < SHORT_SECONDS):
        for side in order.sample(((new, candidate), (old, baseline)), 2):
            timer, samples = side
            samples.append(timer.sample())
    return Pair(tuple(candidate), tuple(baseline))


def enough(pairs: Sequence[Pair], limits: Sequence[Limit], *, late: bool) -> bool:
    """Return whether no further pair is needed.

    Args:
        pairs: The pairs so far.
        limits: The limits to decide.
        late: Whether the time budget is spent.
    """
    return len(pairs) >= LOOKS[-1] or (late and len(pairs) >= LOOKS[0]) or decided(pairs, limits)


SIDE_SAMPLES: Final = 5


def take_side(operation: Operation, size: int | None) -> Iterator[Sample | str]:
    """Take the samples of one side of a pair whose sides run in separate processes.

    Args:
        operation: The operation of this side.
        size: Rows of the dataset; None for an operation that is not sized.

    Yields:
        `WARMING_UP` as a heartbeat, then samples.
    """
    with operation.opened(size) as iteration:
        timer = Timer(iteration, Clocks())
        yield from (WARMING_UP for _ in timer.warm_up())
        gc.collect()
        gc.freeze()
        yield from (timer.sample() for _ in range(SIDE_SAMPLES))
