"""How much slower: the interval of the paired ratios, when it is looked at, and how often that errs."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from airflow_provider_dpq.core.benchmark.change import ERROR, LOOKS, Change, Limit, Pair, change, decided, ratios
from airflow_provider_dpq.core.benchmark.timing import Sample

TRIALS = 400


def pair(new: float, old: float = 1.0, *, cpu: tuple[float, float] | None = None) -> Pair:
    """Return a pair of one sample a side; its processor times are those on the wall unless given."""
    new_cpu, old_cpu = cpu or (new, old)
    return Pair((Sample(new, new_cpu, 1),), (Sample(old, old_cpu, 1),))


def course(order: random.Random, slower: float, scatter: float, limit: float) -> tuple[int, str]:
    """Take noisy pairs as the gate does, and return their number and what it says."""
    pairs: list[Pair] = []
    limits = [Limit("cpu", limit)]
    while len(pairs) < LOOKS[-1] and not decided(pairs, limits):
        # Noise of one side as on a shared machine: mostly small, with bursts that only ever make it longer.
        times = [order.lognormvariate(0, scatter) * (1.5 if order.random() < 0.05 else 1) for _ in range(2)]
        pairs.append(pair(slower * times[0], times[1]))
    found = change(pairs, "cpu")
    assert found is not None
    verdict = "slower" if found.low >= limit else "not" if found.high <= limit else "inconclusive"
    return len(pairs), verdict


@given(st.lists(st.floats(0.01, 100), min_size=10, max_size=60))
def test_the_interval_is_that_of_the_sign_test(values: list[float]) -> None:
    """Its ends are the ordered ratios that scipy's binomial distribution names."""
    found = change([pair(value) for value in values], "wall")
    assert found is not None
    below = int(stats.binom.ppf(ERROR, len(values), 0.5))
    below -= stats.binom.cdf(below, len(values), 0.5) > ERROR
    ordered = sorted(values)
    assert found.low == pytest.approx(ordered[below])
    assert found.high == pytest.approx(ordered[-1 - below])
    assert found.ratio == pytest.approx(math.exp(np.median(np.log(values))))
    assert found.pair_count == len(values)


def test_too_few_pairs_have_no_interval() -> None:
    """Of eight pairs nothing is known but their median."""
    found = change([pair(2.0)] * 8, "wall")
    assert found == Change(pytest.approx(2.0), 0.0, math.inf, 8)
    assert not found.excludes(1e-9)
    assert found.detectable_ratio(1.05) == math.inf


def test_no_pairs_have_no_change() -> None:
    """Before the first pair there is nothing to tell."""
    assert change([], "wall") is None


def test_of_each_side_the_least_time_counts() -> None:
    """A disturbance within a pair does not show where another round escaped it."""
    samples = tuple(Sample(wall, wall / 2, 1) for wall in (4.0, 2.0, 3.0))
    twice = Pair(samples, (Sample(9.0, 1.0, 1), Sample(1.0, 0.25, 1)))
    assert ratios([twice], "wall") == [2.0]
    assert ratios([twice], "cpu") == [4.0]


@pytest.mark.parametrize("cpu", [(0.0, 0.1), (0.1, 0.0)])
def test_a_processor_clock_that_stands_still_has_no_ratio(cpu: tuple[float, float]) -> None:
    """One pair without processor time is enough: nothing is decided by that clock, and the wall's goes on."""
    pairs = [*[pair(3.0)] * 9, pair(3.0, cpu=cpu)]
    assert ratios(pairs, "cpu") == []
    assert change(pairs, "cpu") is None
    assert not decided(pairs, [Limit("cpu", 1.05)])
    assert decided(pairs, [Limit("wall", 1.05)])


def test_it_is_decided_at_looks_only() -> None:
    """A ratio that is clear throughout is decided at exactly the numbers of pairs that are looked at."""
    assert tuple(n for n in range(1, 70) if decided([pair(2.0)] * n, [Limit("wall", 1.05)])) == LOOKS


@pytest.mark.parametrize(
    ("ratio", "limits", "expected"),
    [
        (1.2, [Limit("wall", 1.05)], True),
        (1.0, [Limit("wall", 1.05)], True),
        (1.2, [Limit("wall", 1.05), Limit("cpu", 1.5)], True),
        (1.2, [Limit("wall", 1.05), Limit("cpu", 1.2)], True),
        (1.2, [], False),
    ],
)
def test_every_limit_has_to_lie_outside(ratio: float, limits: list[Limit], expected: bool) -> None:
    """With several limits, and without any."""
    assert decided([pair(ratio)] * 10, limits) is expected


def test_one_limit_within_the_interval_keeps_it_going() -> None:
    """Another one that is decided does not end it."""
    pairs = [pair(1.0 + index / 100) for index in range(10)]
    assert decided(pairs, [Limit("wall", 1.2)])
    assert not decided(pairs, [Limit("wall", 1.2), Limit("wall", 1.05)])


def test_false_fails_of_the_same_code_are_rare() -> None:
    """Of the same code at a tolerance of 5 % not one trial in 400 fails, whatever the scatter."""
    for scatter in (0.02, 0.1, 0.4):
        order = random.Random(f"alike {scatter}")
        found = [course(order, 1.0, scatter, 1.05)[1] for _ in range(TRIALS)]
        assert found.count("slower") <= 0.005 * TRIALS, scatter


def test_what_is_as_much_slower_as_is_allowed_seldom_fails() -> None:
    """At the limit itself, the worst case of all that are allowed, the error is that of six looks."""
    order = random.Random("limit")
    found = [course(order, 1.05, 0.05, 1.05)[1] for _ in range(TRIALS)]
    assert found.count("slower") <= len(LOOKS) * ERROR * TRIALS
    assert found.count("not") <= len(LOOKS) * ERROR * TRIALS


def test_ten_percent_slower_is_caught_at_a_tolerance_of_five() -> None:
    """With a scatter of 3 % at least 95 in 100 fail, within 25 pairs on average, and none passes."""
    order = random.Random("slower")
    found = [course(order, 1.10, 0.03, 1.05) for _ in range(TRIALS)]
    verdicts = [verdict for _, verdict in found]
    assert verdicts.count("slower") >= 0.95 * TRIALS
    assert "not" not in verdicts
    assert statistics.mean(count for count, _ in found) <= 25


def test_where_scatter_hides_the_change_it_is_inconclusive() -> None:
    """Much noise makes no pass of what is slower."""
    order = random.Random("hidden")
    verdicts = [course(order, 1.10, 0.5, 1.05)[1] for _ in range(TRIALS)]
    assert verdicts.count("inconclusive") >= 0.8 * TRIALS
    assert verdicts.count("not") <= 0.005 * TRIALS


@pytest.mark.parametrize(("count", "scatter"), [(20, 0.05), (60, 0.05), (60, 0.2)])
def test_the_detectable_ratio_is_detected_95_times_in_100(count: int, scatter: float) -> None:
    """A true ratio of that size is told from the limit about as often as it says, of normal scatter."""
    order = np.random.default_rng(count)
    logs = order.normal(0, scatter, (2000, count))
    limit = 1.05
    said = [
        found.detectable_ratio(limit)
        for row in logs[:300]
        if (found := change([pair(math.exp(value)) for value in row], "wall"))
    ]
    true = math.log(statistics.median(said))
    below = int(stats.binom.ppf(ERROR, count, 0.5))
    below -= stats.binom.cdf(below, count, 0.5) > ERROR
    detected = np.mean(np.sort(logs + true, axis=1)[:, below] > math.log(limit))
    assert 0.9 <= detected <= 0.99
