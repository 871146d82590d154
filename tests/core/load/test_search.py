"""The decisions of a search for a breaking point."""

from __future__ import annotations

from random import Random

import pytest

from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.load.search import Bracket, Trial, bracket_of, next_rate, recovered_after
from airflow_provider_dpq.core.stats.interval import Interval

SEARCH = Breakpoint(start=100, limit=10_000, growth=1.5, precision_percent=5)
USUAL = Interval(0.010, 0.008, 0.012)


def climbed(search: Breakpoint, capacity: float) -> list[Trial]:
    """Search for a capacity that each level shows without doubt."""
    trials: list[Trial] = []
    while (rate := next_rate(search, trials)) is not None:
        assert len(trials) < 60
        trials.append(Trial(rate, rate <= capacity))
    return trials


@pytest.mark.parametrize("seed", range(50))
def test_a_search_encloses_the_capacity_as_narrowly_as_asked(seed: int) -> None:
    """The bracket is no wider than the precision, and what is in it is the capacity."""
    random = Random(seed)
    search = Breakpoint(
        start=100, limit=10_000, growth=random.uniform(1.1, 4), precision_percent=random.choice([1, 5, 20])
    )
    capacity = random.uniform(100, 9_999)
    trials = climbed(search, capacity)
    bracket = bracket_of(trials)
    assert bracket.broken is not None
    assert bracket.held <= capacity < bracket.broken
    assert bracket.broken - bracket.held <= search.precision_percent / 100 * bracket.broken
    assert all(search.start <= trial.rate <= search.limit for trial in trials)


def test_rates_grow_until_one_breaks_and_are_halved_then() -> None:
    """Each that breaks is tried twice."""
    rates = [trial.rate for trial in climbed(SEARCH, 200)]
    assert rates == [100, 150, 225, 225, 187.5, 206.25, 206.25, 196.875]


def test_a_level_that_holds_the_second_time_has_held() -> None:
    """A hiccup breaks nothing: the search goes on upwards."""
    trials = [Trial(100, held=True), Trial(150, held=False), Trial(150, held=True)]
    assert next_rate(SEARCH, trials) == 225
    assert bracket_of(trials) == Bracket(150, None)


def test_a_search_that_never_breaks_ends_at_its_limit() -> None:
    """The limit itself is tried."""
    trials = climbed(SEARCH, 1e9)
    assert trials[-1].rate == SEARCH.limit
    assert bracket_of(trials) == Bracket(SEARCH.limit, None)


def test_a_search_ends_where_the_first_level_breaks() -> None:
    """Nothing is known below it."""
    trials = climbed(SEARCH, 50)
    assert trials == [Trial(100, held=False)] * 2
    assert bracket_of(trials) == Bracket(0, 100)


@pytest.mark.parametrize(
    ("medians", "after"),
    [
        ([], None),
        ([0.011, 0.011], None),
        ([0.011, 0.011, 0.012], 0),
        ([0.001, 0.001, 0.001], 0),
        ([0.5, 0.011, 0.011, 0.011], 1),
        ([0.011, 0.011, 0.5, 0.011, 0.011, 0.011, 0.5], 3),
        ([0.011, None, 0.011, 0.011], None),
        ([0.5] * 20, None),
    ],
)
def test_recovery_takes_three_windows_in_a_row(medians: list[float | None], after: int | None) -> None:
    """One that is unknown is none of them; one that is better is."""
    assert recovered_after(medians, USUAL) == after
