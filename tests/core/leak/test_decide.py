"""The rule on memory: the heap, what is beside it, and resident memory alone."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_provider_dpq.core.leak.decide import COARSE, LEAST_QUIET, Decision, Doubt, decide
from airflow_provider_dpq.core.leak.growth import Growth, estimate_growth
from tests.core.leak.series import LENGTH, Maker, cache, noise, steady, window

LIMIT = [512.0]
NONE = [10**7] * LENGTH


def made(maker: Maker) -> list[float]:
    """Return a series of memory on top of 10 MB."""
    return (10**7 + maker(np.random.default_rng(3))).tolist()


def test_the_heap_answers_for_itself() -> None:
    """With nothing beside it, what is decided is the growth of the heap."""
    heap = made(steady(1_000))
    found = decide(heap, heap, final=True)
    assert found.growth == estimate_growth(heap, final=True)
    assert found.leaks(LIMIT)


def test_memory_beside_the_heap_that_grows_is_a_leak() -> None:
    """A library with its own allocator leaks where the heap says nothing: both growths count."""
    found = decide(NONE, made(steady(200_000)), final=False)
    assert found.leaks(LIMIT)
    assert found.growth.value == pytest.approx(200_000)


@pytest.mark.parametrize("size", [0, 300, 4_000])
def test_a_little_memory_beside_the_heap_is_left_out(size: float) -> None:
    """Less than a page an iteration comes of holes between blocks."""
    found = decide(NONE, made(steady(size)), final=False)
    assert not found.leaks(LIMIT)
    assert found.is_conclusive(LIMIT, LEAST_QUIET)


def test_memory_beside_the_heap_that_may_grow_is_in_doubt() -> None:
    """Where it is not certain that it does not grow by more than 64 KiB, nothing passes."""
    found = decide(NONE, made(window(20, 100_000_000)), final=True)
    assert not found.is_conclusive(LIMIT, LEAST_QUIET)
    assert found.doubt is Doubt.OUTSIDE


def test_memory_beside_the_heap_that_fills_is_in_doubt_until_it_is_full() -> None:
    """An allocator's own cache of pages is no leak, and no pass before it has stopped to grow."""
    filling = made(cache(50, 30_000))
    assert not decide(NONE[:160], filling[:160], final=False).is_conclusive(LIMIT, LEAST_QUIET)
    full = decide(NONE, filling, final=True)
    assert full.is_conclusive(LIMIT, LEAST_QUIET)
    assert not full.leaks(LIMIT)


def test_a_leak_of_the_heap_shows_beside_doubtful_memory() -> None:
    """Doubt about other memory widens the interval upwards only."""
    heap = made(steady(10_000))
    noisy = made(window(20, 100_000_000))
    resident = [one + other for one, other in zip(heap, noisy, strict=True)]
    assert decide(heap, resident, final=True).leaks(LIMIT)


def test_resident_memory_alone_never_passes_below_the_coarse_tolerance() -> None:
    """Without figures of the heap, memory that stands still is undecided at 512 B, and below 100 KB."""
    found = decide(None, NONE, final=True)
    assert found.doubt is Doubt.RESIDENT
    assert not found.is_conclusive(LIMIT, LEAST_QUIET)
    assert found.is_conclusive([100_000.0], LEAST_QUIET)
    assert not found.leaks([100_000.0])


@pytest.mark.parametrize(("size", "leaks"), [(1_000, False), (50_000, False), (100_000, True)])
def test_resident_memory_alone_shows_large_leaks(size: float, leaks: bool) -> None:
    """Growth above 64 KiB is a leak, growth below is undecided."""
    found = decide(None, made(steady(size)), final=False)
    assert found.leaks(LIMIT) == leaks
    assert found.is_conclusive(LIMIT, LEAST_QUIET) == leaks


@pytest.mark.parametrize(("maker", "doubt"), [(cache(200, 5_000), Doubt.FADING), (noise(10**6), Doubt.UNSTEADY)])
def test_the_doubt_says_why(maker: Maker, doubt: Doubt) -> None:
    """A cache that fills fades; noise is unsteady."""
    heap = made(maker)
    found = decide(heap, heap, final=True)
    assert not found.is_conclusive(LIMIT, LEAST_QUIET)
    assert found.doubt is doubt


@pytest.mark.parametrize(
    ("limits", "settled", "leaks"),
    [
        ([], False, False),
        ([50.0], True, True),
        ([100.0], True, True),
        ([150.0], False, False),
        ([200.0], True, False),
        ([300.0], True, False),
        ([50.0, 300.0], True, True),
        ([50.0, 150.0], False, True),
    ],
)
def test_limits_are_settled_outside_the_interval(limits: list[float], settled: bool, leaks: bool) -> None:
    """A limit at an end is outside, as a threshold takes it; of several each must be settled."""
    decision = Decision(Growth(150, 100, 200, fading=False), Doubt.UNSTEADY)
    assert decision.is_conclusive(limits, LEAST_QUIET) == settled
    assert decision.leaks(limits) == leaks


def test_a_limit_is_kept_only_after_many_iterations() -> None:
    """A leak by rare jumps may not have jumped yet; one that is seen is a leak at once."""
    still, growing = (decide(values, values, final=False) for values in (NONE, made(steady(1_000))))
    assert not still.is_conclusive(LIMIT, LEAST_QUIET - 1)
    assert still.is_conclusive(LIMIT, LEAST_QUIET)
    assert growing.is_conclusive(LIMIT, LEAST_QUIET - 1)


def test_the_coarse_tolerance_is_16_pages() -> None:
    """What is called coarse is what the documentation says: 64 KiB."""
    assert COARSE == 65_536
