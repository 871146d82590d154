"""Growth of a quantity: on series whose growth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, theilslopes

from airflow_provider_dpq.core.leak import growth
from airflow_provider_dpq.core.leak.growth import LEAST_ITERATIONS, Growth, count_growth, estimate_growth
from tests.core.leak.series import LENGTH, Maker, both, cache, filling, noise, sawtooth, sparse, steady, window

TOLERANCE = 512.0
STAGES = (160, 320, 600)
TRIALS = 60


def answer(values: np.ndarray) -> tuple[str, int]:
    """Return what the stages come to, and after how many iterations."""
    for stage in STAGES:
        found = estimate_growth(values[:stage].tolist(), final=stage == STAGES[-1])
        if found.low >= TOLERANCE:
            return "leak", stage
        if found.high <= TOLERANCE:
            return "clean", stage
    return "undecided", STAGES[-1]


def answers(maker: Maker, trials: int = TRIALS) -> list[tuple[str, int]]:
    """Return the answers to series of as many seeds."""
    return [answer(maker(np.random.default_rng(seed))) for seed in range(trials)]


def share(maker: Maker, wanted: str) -> float:
    """Return the share of one answer."""
    return sum(found == wanted for found, _ in answers(maker)) / TRIALS


@pytest.mark.parametrize(
    "maker",
    [
        pytest.param(noise(0), id="nothing"),
        pytest.param(noise(10_000), id="noise"),
        pytest.param(noise(1_000_000), id="much noise"),
        pytest.param(window(5, 1_000_000), id="window"),
        pytest.param(window(100, 20_000), id="long window"),
        pytest.param(cache(50, 20_000), id="cache of 50 random keys"),
        pytest.param(cache(200, 5_000), id="cache of 200 random keys"),
        pytest.param(cache(1_000, 5_000), id="cache of 1000 random keys"),
        pytest.param(filling(50, 10_000), id="cache of 50 entries"),
        pytest.param(filling(128, 10_000), id="cache of 128 entries"),
        pytest.param(filling(150, 10_000), id="cache of 150 entries"),
        pytest.param(sawtooth(60, 1_000), id="buffer of 60"),
        pytest.param(sawtooth(120, 1_000), id="buffer of 120"),
    ],
)
def test_what_is_kept_for_a_while_is_no_leak(maker: Maker) -> None:
    """Noise, windows, buffers and caches that fill are never called a leak."""
    assert share(maker, "leak") == 0


@pytest.mark.parametrize("maker", [noise(0), noise(1_000), window(5, 10_000), sawtooth(25, 1_000)])
def test_a_level_that_is_held_is_clean_at_the_first_stage(maker: Maker) -> None:
    """Memory that varies by less than the tolerance times the iterations is clean, without more of them."""
    assert set(answers(maker)) == {("clean", 160)}


@pytest.mark.parametrize("entries", [50, 128, 150])
def test_a_cache_that_is_full_is_clean_in_the_end(entries: int) -> None:
    """The last half of the iterations speaks, once the cache has been full for long."""
    assert share(filling(entries, 10_000), "clean") == 1


@pytest.mark.parametrize("size", [600, 1_000, 100_000])
def test_an_even_leak_is_found_at_the_first_stage(size: float) -> None:
    """What grows with every iteration is a leak after 160, beside small noise too."""
    assert set(answers(steady(size))) == {("leak", 160)}
    assert set(answers(both(steady(size), noise(size / 20)))) == {("leak", 160)}


def test_a_sparse_leak_is_found() -> None:
    """100 KB kept by one iteration of ten, at random, are a leak within 600 iterations, and never clean."""
    found = [what for what, _ in answers(sparse(100_000, 0.1), 200)]
    assert found.count("leak") >= 0.95 * len(found)
    assert "clean" not in found


@pytest.mark.parametrize(
    "maker",
    [
        steady(520),
        sparse(10_000, 0.1),
        sparse(20_000, 0.05),
        both(steady(1_000), noise(100_000)),
        both(steady(1_000), window(5, 1_000_000)),
    ],
)
def test_a_leak_is_seldom_clean(maker: Maker) -> None:
    """A leak above the tolerance that cannot be told from noise or chance is undecided, not clean."""
    assert share(maker, "clean") <= 0.02


def test_a_drop_does_not_hide_a_leak() -> None:
    """Memory given back once in the middle does not make steady growth clean."""
    values = np.arange(160) * 1_000.0
    values[120:] -= 200_000
    assert estimate_growth(values.tolist(), final=False).high > TOLERANCE


def test_a_steady_rise_among_large_levels_is_no_certain_leak() -> None:
    """Where much is held for a while at random, the slope of all levels is farther down than what is retained says."""
    draw = np.random.default_rng(789)
    levels = np.arange(20) * 1_000.0 + np.where(draw.random(20) < 0.4, 30_000, 0)
    found = estimate_growth(np.repeat(levels, 8).tolist(), final=True)
    assert found.low == pytest.approx(theilslopes(levels, alpha=0.98).low_slope / 8, rel=1e-3)
    assert found.low < 0 < found.value


def test_growth_that_fades_is_said_to() -> None:
    """A cache that still fills is undecided because of it; steady growth does not fade."""
    filled = cache(200, 5_000)(np.random.default_rng(1))
    assert estimate_growth(filled.tolist(), final=True).fading
    assert not estimate_growth(steady(1_000)(np.random.default_rng(1)).tolist(), final=True).fading


@pytest.mark.parametrize("seed", range(10))
def test_interval_is_students_or_theil_and_sens_whichever_is_wider(seed: int) -> None:
    """Without noise that comes back, the ends are those that scipy computes of the blocks' rises and levels."""
    levels = np.cumsum(np.random.default_rng(seed).gamma(1 + seed % 2 * 200, 1_000, 20))
    rises = np.diff(levels)[:18]
    reach = t.ppf(0.99, 17) * rises.std(ddof=1) / np.sqrt(18)
    slopes = theilslopes(levels, alpha=0.98)
    found = estimate_growth(np.repeat(levels, 8).tolist(), final=False)
    assert found.value == pytest.approx(rises.mean() / 8)
    assert found.high == pytest.approx(max(rises.mean() + reach, slopes.high_slope) / 8, rel=1e-3)
    if not found.fading:
        assert found.low == pytest.approx(min(rises.mean() - reach, slopes.low_slope) / 8, rel=1e-3)


series = st.lists(st.integers(0, 10**7), min_size=LEAST_ITERATIONS, max_size=200)


@given(series, st.integers(-(10**9), 10**9), st.booleans())
def test_a_level_changes_nothing(values: list[int], level: int, final: bool) -> None:
    """The same memory on top of any level has the same growth."""
    moved = estimate_growth([value + level for value in values], final=final)
    assert moved == estimate_growth(values, final=final)


@given(series, st.sampled_from([2, 4, 1024]), st.booleans())
def test_growth_scales_with_the_values(values: list[int], factor: int, final: bool) -> None:
    """Twice the memory is twice the growth, and fades alike."""
    small, large = estimate_growth(values, final=final), estimate_growth([factor * v for v in values], final=final)
    assert large == Growth(factor * small.value, factor * small.low, factor * small.high, small.fading)


@given(series, st.booleans())
def test_growth_lies_within_its_interval(values: list[int], final: bool) -> None:
    """The value never contradicts its interval, so that a threshold judges both alike."""
    found = estimate_growth(values, final=final)
    assert found.low <= found.value <= found.high


@given(st.integers(TOLERANCE + 1, 10**6), st.integers(1, 100), st.booleans())
def test_a_leak_above_the_tolerance_is_never_clean(size: int, every: int, final: bool) -> None:
    """Whatever is kept by each so-many-th iteration, and is more on average than the tolerance, is not clean."""
    kept = [size * every * (count // every) for count in range(1, LENGTH + 1)]
    assert estimate_growth(kept, final=final).high > TOLERANCE


def test_growth_of_two_quantities_is_their_sum() -> None:
    """Values and ends add up, and one that fades makes the sum fade."""
    assert Growth(1, 0, 2, fading=False) + Growth(10, 5, 20, fading=True) == Growth(11, 5, 22, fading=True)


def test_too_few_values_are_refused() -> None:
    """Fewer values than blocks have no growth."""
    with pytest.raises(ValueError, match="19 values"):
        estimate_growth([0] * 19, final=True)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([7] * 160, 0, id="none"),
        pytest.param(list(range(160)), 1, id="one an iteration"),
        pytest.param([count // 4 for count in range(160)], 0.25, id="one in four"),
        pytest.param([min(count, 60) for count in range(160)], 0, id="a pool that fills"),
        pytest.param([5 + count % 3 for count in range(160)], 0, id="some in passing"),
    ],
)
def test_growth_of_a_count_is_what_the_last_half_retains(counts: list[int], expected: float) -> None:
    """A count grows by what stays in the second half of the iterations."""
    assert count_growth(counts) == pytest.approx(expected, abs=0.01)


def test_the_constant_is_students() -> None:
    """The typed-in quantile is that of the rises that a series leaves."""
    assert pytest.approx(t.ppf(0.99, growth._RISES - 1), abs=5e-4) == growth._STUDENT
