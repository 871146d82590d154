"""Shares and percentiles with intervals from blocks of time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest

from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import percentile_interval as of_order
from airflow_provider_dpq.core.stats.share import LEAST_BLOCKS, exact_interval, percentile_interval, share_interval


def test_interval_of_equal_blocks_is_students() -> None:
    """Where all blocks have as many, it is the t-interval of their shares."""
    parts = np.random.default_rng(1).binomial(400, 0.05, 20)
    expected = stats.t.interval(0.99, 19, loc=np.mean(parts / 400), scale=stats.sem(parts / 400))
    assert share_interval(parts.tolist(), [400] * 20) == pytest.approx(expected)


def test_interval_holds_the_share_of_unequal_blocks_that_are_alike_within() -> None:
    """A load that ramps up, and whose failures come in bursts, has its share in the interval 99 times in 100."""
    draw = np.random.default_rng(2)
    missed = 0
    for _ in range(400):
        wholes = np.linspace(50, 1000, 24).astype(int)
        parts = draw.binomial(wholes, draw.beta(4, 36, 24))  # 10 %, by far more scattered than if independent
        low, high = share_interval(parts.tolist(), wholes.tolist()) or (0, 0)
        missed += not low < 0.1 < high
    assert missed <= 16


def test_few_blocks_give_no_interval() -> None:
    """Empty blocks do not count."""
    assert share_interval([1] * (LEAST_BLOCKS - 1) + [0], [10] * (LEAST_BLOCKS - 1) + [0]) is None
    assert share_interval([1] * LEAST_BLOCKS, [10] * LEAST_BLOCKS) is not None


def test_ends_are_shares() -> None:
    """An interval does not go beyond nothing and all."""
    low, high = share_interval([0, 0, 0, 0, 0, 10], [10] * 6) or (9, 9)
    assert (low, high <= 1) == (0.0, True)
    assert share_interval([0] * 6, [10] * 6) == (0.0, 0.0)


def test_interval_of_a_percentile_of_few_blocks_is_that_of_the_order() -> None:
    """A short load has the exact interval of its values, as if they were independent."""
    values = np.random.default_rng(3).lognormal(-4, 0.5, 500)
    found = percentile_interval([Histogram.of(values[:250]), Histogram.of(values[250:])], 95)
    assert found == pytest.approx(of_order(values.tolist(), 95, error=0.005), rel=1e-3)


@pytest.mark.parametrize(("count", "low_known"), [(1, False), (200, True)])
def test_an_end_for_which_there_are_too_few_values_is_not_known(count: int, low_known: bool) -> None:
    """The 99th percentile of 200 values may be anything above the larger ones; of one value it may be anything."""
    values = np.random.default_rng(4).lognormal(-4, 0.5, count)
    low, high = percentile_interval([Histogram.of(values)], 99)
    assert (math.isfinite(low), high) == (low_known, math.inf)


def test_interval_of_a_percentile_is_wider_where_blocks_differ() -> None:
    """The same values, in time order or shuffled: a slow stretch is one event, not thousands."""
    draw = np.random.default_rng(5)
    values = draw.lognormal(-4, 0.5, 8000)
    values[2000:2800] *= 3  # one stall
    shuffled = draw.permutation(values)
    in_order, mixed = (
        percentile_interval([Histogram.of(part) for part in np.split(each, 20)], 95) for each in (values, shuffled)
    )
    assert in_order[0] < mixed[0]
    assert in_order[1] > mixed[1]
    assert in_order[0] < float(np.percentile(values, 95)) < in_order[1]


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_interval_agrees_with_the_share_above_a_limit(percent: float) -> None:
    """A limit lies inside exactly where the interval of the share above it spans the tail."""
    draw = np.random.default_rng(6)
    blocks = [Histogram.of(draw.lognormal(-4 + shift, 0.5, 1000)) for shift in draw.normal(0, 0.2, 20)]
    low, high = percentile_interval(blocks, percent)
    for limit in np.geomspace(low / 1.3, high * 1.3, 60):
        counts = [block.count for block in blocks]
        above = [int(block.bucket_counts[block.bucket_seconds > limit].sum()) for block in blocks]
        ends = share_interval(above, counts) or (0, 0)
        spans = ends[0] <= 1 - percent / 100 <= ends[1]
        edge = min(abs(limit / low - 1), abs(limit / high - 1)) < 0.002
        assert edge or spans == (low < limit < high)


@pytest.mark.parametrize(
    ("ratio", "wrong", "most"),
    [(0.95, "above", 0.01), (1.0, "above", 0.03), (1.15, "below", 0.0)],
)
def test_a_limit_is_seldom_taken_for_the_wrong_side(ratio: float, wrong: str, most: float) -> None:
    """Neither side is called for certain where times follow each other; `benchmarks/load.py` has the rates."""
    trials, count, decay = 200, 4000, 0.8
    draw = np.random.default_rng(7)
    noise = draw.standard_normal((trials, count + 200)) * math.sqrt(1 - decay**2)
    logs = np.empty_like(noise)
    logs[:, 0] = noise[:, 0]
    for column in range(1, noise.shape[1]):
        logs[:, column] = decay * logs[:, column - 1] + noise[:, column]
    limit = 0.02 * math.exp(0.6 * stats.norm.ppf(0.95)) / ratio
    found = 0
    for row in 0.02 * np.exp(0.6 * logs[:, 200:]):
        low, high = percentile_interval([Histogram.of(part) for part in np.split(row, 20)], 95)
        found += low >= limit if wrong == "above" else high <= limit
    assert found / trials <= most


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (0, 500), (3, 200), (100, 100)])
def test_exact_intervals_are_those_of_scipy(part: int, whole: int) -> None:
    """Clopper and Pearson's, at 99 %."""
    expected = binomtest(part, whole).proportion_ci(0.99, method="exact")
    assert exact_interval(part, whole) == pytest.approx((expected.low, expected.high))
