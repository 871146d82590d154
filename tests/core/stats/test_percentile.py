"""Percentiles and their intervals: against numpy, against scipy's binomial distribution, and by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtr

from airflow_provider_dpq.core.stats.percentile import median_interval, percentile, percentile_interval, supports

numbers = st.floats(-1e9, 1e9)
percents = st.floats(0.01, 99.99)


@given(st.lists(numbers, min_size=1, max_size=50), percents)
def test_percentile_is_that_of_numpy(values: list[float], percent: float) -> None:
    """Any percentile of any sample is what numpy's default method computes."""
    assert percentile(values, percent) == pytest.approx(np.percentile(values, percent), rel=1e-9, abs=1e-5)


@pytest.mark.parametrize(
    ("percent", "count"),
    [(50, 20), (90, 100), (95, 200), (5, 200), (99, 1_000), (99.9, 10_000), (0.1, 10_000), (99.99, 100_000)],
)
def test_percentile_is_supported_when_ten_values_lie_beyond(percent: float, count: int) -> None:
    """The stated number of values is enough, and one less is not."""
    assert supports(percent, count)
    assert not supports(percent, count - 1)


@given(st.integers(1, 400), percents, st.sampled_from([0.2, 0.05, 0.005, 0.003]))
def test_interval_has_the_innermost_ends_that_the_binomial_distribution_allows(
    count: int, percent: float, error: float
) -> None:
    """Each end is beyond the percentile rarely enough, and the next value further in would not be."""
    low, high = percentile_interval(range(1, count + 1), percent, error=error)
    for rank, share in ((low, percent / 100), (count + 1 - high, 1 - percent / 100)):
        below = max(rank, 0)
        assert below == 0 or bdtr(below - 1, count, share) <= error * (1 + 1e-9)
        assert below == count or bdtr(below, count, share) > error * (1 - 1e-9)


@pytest.mark.parametrize(("count", "percent"), [(100_000, 99), (1_000_000, 50), (50_000, 0.1)])
def test_interval_of_many_values_is_that_of_the_binomial_distribution(count: int, percent: float) -> None:
    """Where only a part of the probabilities is added up, nothing is missed."""
    low, _ = percentile_interval(range(1, count + 1), percent, error=0.005)
    assert bdtr(low - 1, count, percent / 100) <= 0.005 < bdtr(low, count, percent / 100)


def test_interval_is_open_where_too_few_values_lie_beyond() -> None:
    """The 99th percentile of a hundred values may lie above all of them, and a single value bounds nothing."""
    low, high = percentile_interval(range(100), 99, error=0.005)
    assert math.isfinite(low)
    assert high == math.inf
    assert percentile_interval([1.0], 5, error=0.01) == (-math.inf, math.inf)


@pytest.mark.parametrize("percent", [50, 95])
def test_interval_holds_the_percentile_as_often_as_stated(percent: float) -> None:
    """Of 4,000 skewed samples about as many miss the percentile at each end as the error says, and no more."""
    drawn = np.random.default_rng(5).exponential(1.0, (4000, 200))
    true = -math.log(1 - percent / 100)
    intervals = [percentile_interval(row, percent, error=0.05) for row in drawn.tolist()]
    above = sum(low > true for low, _ in intervals) / len(intervals)
    below = sum(high < true for _, high in intervals) / len(intervals)
    assert 0.02 < above < 0.06
    assert 0.02 < below < 0.06


def test_median_interval_of_ten_values_is_their_range() -> None:
    """At an error of .003 nine or ten values give their ends, and eight give nothing: 2^-9 is less, and 2^-8 more."""
    assert median_interval([3, 9, 1, 7, 5, 2, 8, 4, 6, 10], error=0.003) == (1, 10)
    assert median_interval(range(9), error=0.003) == (0, 8)
    assert median_interval(range(8), error=0.003) is None


def test_median_interval_is_the_percentile_interval_of_the_middle() -> None:
    """The median is the 50th percentile."""
    values = np.random.default_rng(2).normal(size=45).tolist()
    assert median_interval(values, error=0.003) == percentile_interval(values, 50, error=0.003)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [1.0, math.inf]])
@pytest.mark.parametrize(
    "statistic",
    [
        lambda values: percentile(values, 50),
        lambda values: percentile_interval(values, 50, error=0.01),
        lambda values: median_interval(values, error=0.01),
    ],
)
def test_what_is_no_sample_is_refused(statistic: Callable[[list[float]], object], values: list[float]) -> None:
    """No percentile is made of nothing, or of what is no number."""
    with pytest.raises(ValueError, match="A sample needs"):
        statistic(values)


@pytest.mark.parametrize("percent", [0, 100, -1, 101, math.nan])
def test_percentile_outside_of_its_range_is_refused(percent: float) -> None:
    """A percentile lies between 0 and 100."""
    with pytest.raises(ValueError, match="Invalid percentile"):
        percentile([1.0], percent)
    with pytest.raises(ValueError, match="Invalid percentile"):
        percentile_interval([1.0], percent, error=0.01)


@pytest.mark.parametrize("error", [0, 0.5, 1, math.nan])
def test_error_that_is_no_probability_is_refused(error: float) -> None:
    """An error of nothing has no interval, and one of a half has no width."""
    with pytest.raises(ValueError, match="Invalid error probability"):
        median_interval([1.0, 2.0], error=error)
