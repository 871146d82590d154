"""Interleaved pairs of two operations: what disturbs one of a pair disturbs the other as well."""

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
"""A sample that is longer meets the same disturbances as three short ones."""


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
    """Take pairs in random order until every limit is decided, or there are as many as there may be.

    Args:
        candidate: What is judged.
        baseline: What it is compared with.
        size: Rows of the dataset; None for operations that are not sized.
        limits: What the ratio is held against; without any, as many pairs as there may be are taken.
        order: Which of two comes first.
        budget_seconds: When it is used up, no more pairs are taken than the first look needs. Those that there are
            then are the last look: there are never more looks than `LOOKS`.
        clocks: What time is read from.

    Yields:
        `WARMING_UP` as a sign of life, then pairs.
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
    """Return whether no further pair is to be taken.

    Args:
        pairs: The pairs so far.
        limits: What is to be decided about.
        late: Whether the time is up.
    """
    return len(pairs) >= LOOKS[-1] or (late and len(pairs) >= LOOKS[0]) or decided(pairs, limits)


SIDE_SAMPLES: Final = 5


def take_side(operation: Operation, size: int | None) -> Iterator[Sample | str]:
    """Take the samples of one side of a pair whose sides have a process each.

    Args:
        operation: One of the two.
        size: Rows of the dataset; None for an operation that is not sized.

    Yields:
        `WARMING_UP` as a sign of life, then samples.
    """
    with operation.opened(size) as iteration:
        timer = Timer(iteration, Clocks())
        yield from (WARMING_UP for _ in timer.warm_up())
        gc.collect()
        gc.freeze()
        yield from (timer.sample() for _ in range(SIDE_SAMPLES))
