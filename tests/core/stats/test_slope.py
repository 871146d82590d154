"""The slope through points: against scipy's Theil-Sen estimator, exact permutations, and by simulation."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import theilslopes

from airflow_provider_dpq.core.stats.slope import growth_exponent, theil_sen


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=40), st.sampled_from([0.9, 0.95, 0.99]))
def test_theil_sen_is_that_of_scipy(y: list[int], confidence: float) -> None:
    """Slope, intercept and the ends that the points support are scipy's, ties included."""
    x = range(10, 10 + len(y))
    ours, theirs = theil_sen(x, y, confidence=confidence), theilslopes(y, x, alpha=confidence)
    assert (ours.slope, ours.intercept) == pytest.approx((theirs.slope, theirs.intercept))
    assert ours.low == pytest.approx(theirs.low_slope)
    assert ours.high == pytest.approx(theirs.high_slope)


def test_theil_sen_is_that_of_scipy_when_several_points_share_an_x() -> None:
    """Pairs above each other have no slope, and their ties narrow the interval."""
    x = np.repeat([1.0, 2.0, 5.0, 9.0], 5)
    y = 3 * x + np.random.default_rng(1).normal(size=20)
    ours, theirs = theil_sen(x.tolist(), y.tolist()), theilslopes(y, x, alpha=0.99)
    assert (ours.slope, ours.intercept, ours.low, ours.high) == pytest.approx(
        (theirs.slope, theirs.intercept, theirs.low_slope, theirs.high_slope)
    )


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_interval_is_infinite_when_too_few_points_support_one(count: int) -> None:
    """With five points all slopes agree by chance more than once in a hundred times: nothing is excluded."""
    slope = theil_sen(range(count), [2.0 * x for x in range(count)])
    assert (slope.slope, slope.low, slope.high) == (2.0, -math.inf, math.inf)


def test_interval_is_finite_from_six_points() -> None:
    """Six points that agree support the slopes of their pairs as ends."""
    slope = theil_sen(range(6), [0, 1, 2, 3, 4, 6])
    assert (slope.low, slope.high) == (1, 2)


def test_variance_is_that_of_all_orders_when_both_sides_have_ties() -> None:
    """With ties on both sides the ends follow from the variance of Kendall's statistic over all orders."""
    x, y = [1, 1, 1, 1, 2, 3, 4], [2, 2, 2, 2, 2, 3, 1]
    pairs = list(itertools.combinations(range(len(x)), 2))
    statistics = [
        sum(((x[b] > x[a]) - (x[b] < x[a])) * ((order[b] > order[a]) - (order[b] < order[a])) for a, b in pairs)
        for order in itertools.permutations(y)
    ]
    slopes = sorted((y[b] - y[a]) / (x[b] - x[a]) for a, b in pairs if x[a] != x[b])
    for confidence in (0.6, 0.9):
        half = ndtri((1 + confidence) / 2) * np.std(statistics)
        below, above = round((len(slopes) - half) / 2) - 1, round((len(slopes) + half) / 2)
        slope = theil_sen(x, y, confidence=confidence)
        assert (slope.low, slope.high) == (slopes[below], slopes[above])


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(lambda x: len(set(x)) > 1))
def test_series_that_never_changes_has_no_slope(x: list[int]) -> None:
    """Alike values leave a slope of exactly nothing, however their x are tied, once there are enough of them."""
    slope = theil_sen(x, [7.0] * len(x))
    assert (slope.slope, slope.intercept) == (0, 7)
    assert (slope.low, slope.high) == ((0, 0) if len(x) > 5 else (-math.inf, math.inf))


def test_outliers_do_not_move_the_slope_without_bound() -> None:
    """A fifth of the points a million too high leave the slope about where it was."""
    y = [2.0 * x + (1e6 if x % 5 == 0 else 0) for x in range(40)]
    assert theil_sen(range(40), y).slope == pytest.approx(2.0)


@pytest.mark.parametrize("count", [8, 20, 40])
def test_interval_holds_the_slope_as_often_as_stated(count: int) -> None:
    """Of 1,000 series with heavy-tailed errors at most about one in a hundred misses the slope."""
    noise = np.random.default_rng(11).standard_t(3, (1000, count))
    x = np.arange(count)
    found = [theil_sen(x.tolist(), (0.5 * x + row).tolist()) for row in noise]
    missed = sum(not slope.low <= 0.5 <= slope.high for slope in found)
    assert missed <= 18
    assert all(math.isfinite(slope.low) for slope in found)


def test_six_hundred_points_take_little_time() -> None:
    """The best of several calls with 600 points takes less than 50 ms of processor time."""
    y = np.random.default_rng(0).normal(size=600).tolist()
    taken = []
    for _ in range(5):
        before = time.process_time()
        theil_sen(range(600), y)
        taken.append(time.process_time() - before)
    assert min(taken) < 0.05


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2], [1]), ([1], [1]), ([2, 2], [1, 3]), ([1, 2], [1, math.nan]), ([1, math.inf], [1, 2])]
)
def test_what_is_no_line_is_refused(x: list[float], y: list[float]) -> None:
    """Two different x, and a finite y for each, are the least."""
    with pytest.raises(ValueError, match="A slope needs"):
        theil_sen(x, y)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5, 2.0])
def test_exponent_is_that_of_the_power_law(exponent: float) -> None:
    """Times that follow a power law give its exponent and, as the intercept, its factor."""
    sizes = [100, 1_000, 10_000, 100_000, 500_000, 1_000_000]
    growth = growth_exponent(sizes, [3e-6 * size**exponent for size in sizes])
    assert growth is not None
    assert (growth.slope, growth.low, growth.high) == pytest.approx((exponent, exponent, exponent), abs=1e-9)
    assert math.exp(growth.intercept) == pytest.approx(3e-6)


def test_exponent_has_no_interval_when_there_are_few_sizes() -> None:
    """Three sizes have an exponent and exclude none; two have not even that, however often they are measured."""
    growth = growth_exponent([1, 10, 100], [1, 10, 100])
    assert growth is not None
    assert (growth.low, growth.high) == (-math.inf, math.inf)
    assert growth_exponent([1, 10, 1, 10], [1, 10, 1, 10]) is None
    assert growth_exponent([], []) is None


@pytest.mark.parametrize(("sizes", "seconds"), [([1, 2, 3], [1, 2, 0]), ([0, 1, 2], [1, 1, 1]), ([1, 2, 3], [1, 2])])
def test_what_shows_no_growth_is_refused(sizes: list[float], seconds: list[float]) -> None:
    """A size or a time of nothing has no logarithm."""
    with pytest.raises(ValueError, match="An exponent needs"):
        growth_exponent(sizes, seconds)
