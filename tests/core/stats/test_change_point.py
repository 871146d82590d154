"""Changes of level in a history: their indexes, how rarely chance makes one, and how soon one is found."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.stats.change_point import change_points

SERIES = 200


def found(levels: list[float], draw: Callable[[np.random.Generator, int], np.ndarray]) -> list[tuple[int, ...]]:
    """Return the change points of many series around the levels."""
    source = np.random.default_rng(4)
    return [change_points((np.asarray(levels) * np.exp(draw(source, len(levels)))).tolist()) for _ in range(SERIES)]


def calm(source: np.random.Generator, count: int) -> np.ndarray:
    """Return normal noise of 3 %."""
    return source.normal(0, 0.03, count)


def heavy(source: np.random.Generator, count: int) -> np.ndarray:
    """Return noise of about 3 % with outliers."""
    return 0.03 * source.standard_t(3, count)


def skewed(source: np.random.Generator, count: int) -> np.ndarray:
    """Return noise as of wall times beside a neighbour: never faster, often slower."""
    return source.exponential(0.2, count)


def test_clean_steps_are_found_at_their_index() -> None:
    """Levels that are held exactly begin where they begin, up and down."""
    assert change_points([1.0] * 20 + [1.2] * 12 + [0.9] * 15) == (20, 32)


@given(st.integers(12, 40), st.integers(12, 40), st.floats(1.06, 10), st.booleans())
def test_clean_step_is_found_whatever_its_place(before: int, after: int, ratio: float, falls: bool) -> None:
    """A clean step of any size from the minimum on is found at its very index."""
    level = 1 / ratio if falls else ratio
    assert change_points([3.0] * before + [3.0 * level] * after) == (before,)


@pytest.mark.parametrize("draw", [calm, heavy, skewed])
@pytest.mark.parametrize("count", [12, 50, 100])
def test_noise_hardly_ever_shows_a_change(draw: Callable[..., np.ndarray], count: int) -> None:
    """At most 1 % of series without a change show one, whatever their distribution."""
    assert sum(map(bool, found([1.0] * count, draw))) <= 2


@pytest.mark.parametrize("before", [40, 60])
def test_step_of_a_fifth_is_found_after_three_values(before: int) -> None:
    """Three values after a step of 20 % under noise of 3 % are enough, and its place is right."""
    points = found([1.0] * before + [1.2] * 3, calm)
    assert sum(series == (before,) for series in points) >= 0.9 * SERIES


def test_step_is_found_in_spite_of_an_outlier() -> None:
    """A single value three times as large hides no step of 20 %, and is none."""
    points = found([1.0] * 20 + [3.0] + [1.0] * 29 + [1.2] * 5, calm)
    assert sum(series == (50,) for series in points) >= 0.9 * SERIES


def test_level_that_is_taken_back_is_found_at_both_ends() -> None:
    """Twelve slower values between calm ones are two changes."""
    points = found([1.0] * 30 + [1.2] * 12 + [1.0] * 25, calm)
    assert sum(len(series) == 2 for series in points) >= 0.9 * SERIES


@pytest.mark.parametrize("outliers", [[100.0], [100.0, 100.0]])
def test_outliers_are_no_level(outliers: list[float]) -> None:
    """Fewer values than a level's least length make none, in the middle or at the end."""
    calm_values = np.exp(calm(np.random.default_rng(6), 60)).tolist()
    assert change_points(calm_values[:30] + outliers + calm_values[30:]) == ()
    assert change_points(calm_values + outliers) == ()


def test_change_below_the_minimum_is_dropped() -> None:
    """A change that is certain but small is none, unless it is asked for."""
    values = [1.0] * 30 + [1.04] * 30
    assert change_points(values) == ()
    assert change_points(values, min_magnitude=0.03) == (30,)


def test_small_changes_are_dropped_without_the_large_one_between_them() -> None:
    """Of a rise in three steps, the last of which is large, that one is left."""
    values = [1.0] * 20 + [1.02] * 20 + [1.04] * 20 + [1.3] * 20
    assert change_points(values) == (60,)
    assert change_points(values, min_magnitude=0.01) == (20, 40, 60)


def test_level_is_at_least_as_long_as_asked() -> None:
    """A level of five values is one at a least length of five, and not of six."""
    values = [1.0] * 40 + [2.0] * 5
    assert change_points(values, min_length=5) == (40,)
    assert 40 not in change_points(values, min_length=6)


def test_change_is_kept_only_below_the_p_value() -> None:
    """Five values against five could be chance at one in a thousand, and not at one in twenty."""
    values = [1.0] * 5 + [2.0] * 5
    assert change_points(values) == ()
    assert change_points(values, max_p_value=0.05) == (5,)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [1.0] * 5, [2.0] * 100])
def test_short_or_constant_history_has_no_change(values: list[float]) -> None:
    """Nothing is found where nothing is, or too little."""
    assert change_points(values) == ()


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_value_without_a_logarithm_is_refused(value: float) -> None:
    """A time of nothing was not measured."""
    with pytest.raises(ValueError, match="above 0"):
        change_points([1.0] * 10 + [value])
