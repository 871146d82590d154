"""The interval in which the next value is expected: against numpy's median and scipy-free simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from airflow_provider_dpq.core.stats.interval import robust_interval

RUNS = 2000


def outside_per_thousand(history: int, *, level: float = 1.0) -> float:
    """Return how many of a thousand normal values fall outside of the interval of so many values before them."""
    drawn = np.random.default_rng(7).normal(1.0, 0.2, (RUNS, history + 1))
    limits = [robust_interval(row[:-1].tolist()) for row in drawn]
    outside = sum(not limit.low <= level * row[-1] <= limit.high for limit, row in zip(limits, drawn, strict=True))
    return 1000 * outside / RUNS


def test_interval_lies_around_the_median_by_scaled_deviations() -> None:
    """The limits are the median and the scaled MAD that numpy computes, widened for few values."""
    values = np.random.default_rng(3).normal(50, 4, 25)
    median = np.median(values)
    half = 3 * 1.4826 * np.median(np.abs(values - median)) * (1 + 9 / 25)
    limits = robust_interval(values.tolist())
    assert (limits.low, limits.median, limits.high) == pytest.approx((median - half, median, median + half))


def test_outliers_do_not_widen_the_interval_without_bound() -> None:
    """Some values a thousand times too large leave limits that still see a half of the level as a drop."""
    calm = [100.0, 101, 99, 102, 98, 100, 103, 97, 100, 101]
    limits = robust_interval([*calm, 1e5, 1e6, 1e7])
    assert 50 < limits.low < 97
    assert limits.high < 200


@pytest.mark.parametrize(
    ("floors", "half"),
    [({"relative_floor": 0.1}, 20.0), ({"absolute_floor": 3.0}, 3.0), ({}, 0.0)],
)
def test_floors_hold_where_nothing_ever_changed(floors: dict[str, float], half: float) -> None:
    """A metric that was always the same may still change a little."""
    limits = robust_interval([-200.0] * 12, **floors)
    assert (limits.low, limits.high) == (-200 - half, -200 + half)


@pytest.mark.parametrize("history", [10, 14, 30])
def test_few_stable_values_fall_outside_however_short_the_history(history: int) -> None:
    """The widening keeps false alarms about as rare after ten values as after thirty."""
    assert outside_per_thousand(history) < 8


def test_large_drop_falls_outside() -> None:
    """At a spread of a fifth, a drop to nothing is seen after thirty values."""
    assert outside_per_thousand(30, level=0.05) > 800


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [1.0, math.inf]])
def test_what_is_no_series_is_refused(values: list[float]) -> None:
    """No limits are made of nothing, or of what is no number."""
    with pytest.raises(ValueError, match="A series needs"):
        robust_interval(values)
