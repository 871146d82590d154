"""The interval of the next run: against scipy's t distribution, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from airflow_provider_dpq.core.stats.prediction import Prediction, predict

RUNS = 4000


def simulated(lengths: list[int], ratio: float | None = None) -> tuple[float, float]:
    """Return which shares of next values lie below and above of the interval, shifted by a ratio to the last level.

    Each level is half as high again as the one before; without a ratio, the shift is the detectable one.
    """
    drawn = np.random.default_rng(9)
    below = above = 0
    for _ in range(RUNS):
        *segments, last = (
            np.exp(drawn.normal(0.5 * level, 0.05, count))
            for level, count in enumerate([*lengths[:-1], lengths[-1] + 1])
        )
        prediction = certain([*(segment.tolist() for segment in segments), last[:-1].tolist()])
        value = last[-1] * (prediction.detectable_ratio if ratio is None else ratio)
        below += value < prediction.low
        above += value > prediction.high
    return below / RUNS, above / RUNS


def certain(segments: list[list[float]], confidence: float = 0.99) -> Prediction:
    """Return the prediction of segments that have one."""
    prediction = predict(segments, confidence=confidence)
    assert prediction is not None
    return prediction


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_prediction_is_that_of_the_t_distribution(confidence: float) -> None:
    """Centre, width and detectable ratio of one level are those that scipy's t distribution gives."""
    values = np.random.default_rng(1).lognormal(0, 0.1, 12)
    logs = np.log(values)
    spread = logs.std(ddof=1) * math.sqrt(1 + 1 / 12)
    prediction = certain([values.tolist()], confidence)
    low, high = np.exp(t.interval(confidence, 11, logs.mean(), spread))
    assert (prediction.low, prediction.high) == pytest.approx((low, high))
    assert prediction.centre == pytest.approx(math.exp(logs.mean()))
    detectable = spread * (t.ppf((1 + confidence) / 2, 11) + t.ppf(0.95, 11))
    assert prediction.detectable_ratio == pytest.approx(math.exp(detectable))
    assert (prediction.count, prediction.degrees_of_freedom) == (12, 11)


def test_scatter_is_pooled_and_the_centre_is_that_of_the_last_level() -> None:
    """After a re-base the first value of the new level is its centre, and the old level tells the scatter."""
    old = np.random.default_rng(2).lognormal(0, 0.1, 10)
    prediction = certain([old.tolist(), [5.0]])
    assert prediction.centre == pytest.approx(5.0)
    assert (prediction.count, prediction.degrees_of_freedom) == (11, 9)
    assert prediction.half_width_log == pytest.approx(t.ppf(0.995, 9) * np.log(old).std(ddof=1) * math.sqrt(2))


@pytest.mark.parametrize("lengths", [[2], [5], [20], [10, 1], [4, 4, 4]])
def test_next_value_falls_outside_as_often_as_stated(lengths: list[int]) -> None:
    """About one in two hundred values of an unchanged level lies on either side, however the history is split."""
    below, above = simulated(lengths, ratio=1.0)
    assert 0.002 < below < 0.009
    assert 0.002 < above < 0.009


@pytest.mark.parametrize("lengths", [[5], [20], [10, 1]])
def test_detectable_ratio_is_mostly_detected(lengths: list[int]) -> None:
    """About 95 % of values by that ratio above the level lie above the interval."""
    assert 0.94 < simulated(lengths)[1] < 0.96


@pytest.mark.parametrize("segments", [[], [[]], [[1.0]], [[1.0], [2.0]], [[1.0, 2.0], []]])
def test_nothing_is_predicted_when_level_or_scatter_is_unknown(segments: list[list[float]]) -> None:
    """A level without a value has no centre, and levels of one value each have no scatter."""
    assert predict(segments) is None


def test_empty_levels_before_the_last_count_nothing() -> None:
    """A level that was left before its first value changes nothing."""
    assert predict([[], [1.0, 2.0]]) == predict([[1.0, 2.0]])


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_value_without_a_logarithm_is_refused(value: float) -> None:
    """A time of nothing was not measured."""
    with pytest.raises(ValueError, match="above 0"):
        predict([[1.0, value], [1.0]])
