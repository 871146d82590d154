"""The search for a breaking point: which rate to try next, what the answer is, and when recovery is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.stats.interval import Interval

CALM_WINDOWS: Final = 3
"""How many windows in a row must be as before the load until recovery is over."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One level that was played.

    Attributes:
        rate: Arrivals per second.
        held: Whether it held for sure; one that could not be told has not.
    """

    rate: float
    held: bool


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where a breaking point lies.

    Attributes:
        held: The highest rate that held; 0 where none did.
        broken: The lowest rate that broke; None where none did.
    """

    held: float
    broken: float | None


def bracket_of(trials: Sequence[Trial]) -> Bracket:
    """Return what some levels say of the breaking point.

    A rate is broken where it did not hold twice: a machine that was busy for a moment breaks nothing.

    Args:
        trials: The levels, in the order in which they were played.
    """
    held = {trial.rate for trial in trials if trial.held}
    failed = [trial.rate for trial in trials if not trial.held and trial.rate not in held]
    broken = {rate for rate in failed if failed.count(rate) > 1}
    return Bracket(max(held, default=0.0), min(broken, default=None))


def next_rate(search: Breakpoint, trials: Sequence[Trial]) -> float | None:
    """Return the rate of the next level; None where the answer is known.

    Method: the rate grows by a factor until it breaks, then the bracket between the highest that held and the lowest
    that broke is halved until it is narrow enough. A rate that did not hold is tried once more before it is broken.

    Limits: it is taken for granted that what breaks at a rate breaks at any higher one.

    Args:
        search: What is searched.
        trials: The levels so far, in the order in which they were played.
    """
    if not trials:
        return search.start
    last = trials[-1]
    if not last.held and sum(trial.rate == last.rate for trial in trials) == 1:
        return last.rate
    bracket = bracket_of(trials)
    if bracket.broken is None:
        return min(bracket.held * search.growth, search.limit) if bracket.held < search.limit else None
    narrow = bracket.broken - bracket.held <= search.precision_percent / 100 * bracket.broken
    return None if bracket.held == 0 or narrow else (bracket.held + bracket.broken) / 2


def recovered_after(medians: Sequence[float | None], before: Interval) -> int | None:
    """Return after how many windows recovery is over: what comes next is as it was before the load.

    Args:
        medians: The median response time of those that were due in each window since the load was taken away, in
            seconds; None of a window in which too many failed or are still under way.
        before: Where the median of a window was expected before the load. One below it is no worse.

    Returns:
        How many windows there are before the first three in a row that are inside; None where there are no such three.
    """
    calm = 0
    for number, median in enumerate(medians):
        calm = calm + 1 if median is not None and median <= before.high else 0
        if calm == CALM_WINDOWS:
            return number + 1 - CALM_WINDOWS
    return None
