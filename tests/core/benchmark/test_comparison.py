"""How a run stands against its history: when there is a baseline, when it stands out, and how often that errs."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from airflow_provider_dpq.core.benchmark.comparison import (
    LEAST_REPORTS,
    HistoryComparison,
    compare_with_history,
    value_of_run,
)
from airflow_provider_dpq.core.benchmark.history import HistoryValue
from airflow_provider_dpq.core.benchmark.observation import Observed
from airflow_provider_dpq.core.benchmark.run import CONFIRMATIONS
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.gate.metric import OF_BASELINE
from airflow_provider_dpq.core.gate.threshold import judge, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict

START = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT = parse_threshold("cpu_median < 1.05x baseline", "benchmark")


def run(cpu: float, *, wall: float = 1.0, reference: float = 1.0, count: int = 3) -> list[Observed]:
    """Return a run all of whose samples are alike."""
    return [Observed(Sample(wall, cpu, 1), Sample(reference, reference, 1))] * count


def level(*values: float) -> tuple[HistoryValue, ...]:
    """Return values of one level."""
    return tuple(HistoryValue(START + timedelta(days=day), value, f"r{day}") for day, value in enumerate(values))


def compared(runs: Sequence[float], *segments: Sequence[float], metric: str = "cpu_median") -> HistoryComparison:
    """Hold runs of so much processor time against levels."""
    return compare_with_history(
        metric,
        {"size": "100"},
        [run(cpu) for cpu in runs],
        [level(*values) for values in segments],
        started_at=START + timedelta(days=99),
        missing="Too little is known.",
    )


def verdict(found: HistoryComparison) -> Verdict:
    """Judge a comparison at a tolerance of 5 %."""
    metric = found.as_metric
    (result,) = judge([LIMIT], [metric] if metric else [])
    return result.verdict


NOISY = [1.0 * math.exp(0.02 * step) for step in (-2, -1, 0, 1, 2, -2, -1, 0, 1, 2)]


def test_processor_time_is_held_as_it_is_and_wall_time_by_the_reference() -> None:
    """The median of either, over the samples of a run."""
    samples = [
        Observed(Sample(wall, cpu, 1), Sample(reference, reference, 1))
        for wall, cpu, reference in [(2.0, 1.0, 1.0), (6.0, 1.5, 2.0), (40.0, 9.0, 10.0)]
    ]
    assert value_of_run("cpu_median", samples) == 1.5
    assert value_of_run("median", samples) == 3.0


def test_a_short_history_is_no_baseline() -> None:
    """With fewer reports than are needed there is no ratio, and why is said."""
    found = compared([5.0], NOISY[: LEAST_REPORTS - 1])
    assert (found.as_metric, found.ratio, found.prediction) == (None, None, None)
    assert found.missing == "Collecting 9 of 10 reports before judging. Too little is known."
    assert found.value == 5.0
    assert len(found.past) == LEAST_REPORTS - 1


def test_a_history_that_is_long_enough_is_a_baseline() -> None:
    """From the tenth report on."""
    found = compared([1.5], NOISY)
    assert found.missing == ""
    assert found.as_metric is not None
    assert found.as_metric.unit == OF_BASELINE
    assert found.as_metric.tags == {"size": "100"}
    assert found.ratio == pytest.approx(1.5 / np.exp(np.mean(np.log(NOISY))))


@pytest.mark.parametrize(
    ("runs", "segments"),
    [([1.0], [NOISY, []]), ([0.0], [NOISY]), ([1.0], [[*NOISY, 0.0]]), ([1.0], [[value] for value in NOISY])],
    ids=["no value of the level", "stands still", "stood still", "no level has two"],
)
def test_what_cannot_be_compared_has_no_baseline(runs: list[float], segments: list[list[float]]) -> None:
    """There is no ratio, so that nothing passes by it, and a reason."""
    found = compared(runs, *segments)
    assert found.as_metric is None
    assert found.missing


def test_beyond_scatter_and_limit_fails() -> None:
    """Student's interval of the logarithms, of which scipy is the oracle, is where scatter ends."""
    logs = np.log(NOISY)
    reach = stats.t.ppf(0.995, len(logs) - 1) * np.std(logs, ddof=1) * math.sqrt(1 + 1 / len(logs))
    assert verdict(compared([math.exp(np.mean(logs) + 1.01 * reach)], NOISY)) is Verdict.FAIL
    assert verdict(compared([math.exp(np.mean(logs) + 0.99 * reach)], NOISY)) is Verdict.INCONCLUSIVE


def test_within_the_limit_passes_even_beyond_scatter() -> None:
    """A change too small to matter is none, however steady the history."""
    assert verdict(compared([1.04], [1.0, 1.001] * 5)) is Verdict.PASS
    assert verdict(compared([1.06], [1.0, 1.001] * 5)) is Verdict.FAIL


def test_faster_passes() -> None:
    """Who got better is not told off."""
    assert verdict(compared([0.5], NOISY)) is Verdict.PASS


def test_of_several_runs_the_least_is_judged() -> None:
    """One run that does not agree acquits; what is kept is the median of all."""
    found = compared([2.0, 1.0, 3.0], [1.0, 1.001] * 5)
    assert verdict(found) is Verdict.PASS
    assert found.ratio == pytest.approx(1.0, abs=0.001)
    assert found.value == 2.0
    assert found.run_count == 3
    assert verdict(compared([2.0, 1.5, 3.0], [1.0, 1.001] * 5)) is Verdict.FAIL


def test_a_new_level_is_judged_from_its_first_value_on() -> None:
    """The accepted level is the centre, and the scatter that of before."""
    assert verdict(compared([2.0], NOISY)) is Verdict.FAIL
    assert verdict(compared([2.0], NOISY, [2.0])) is Verdict.PASS
    assert verdict(compared([2.6], NOISY, [2.0])) is Verdict.FAIL


def confirmed(order: random.Random, slower: float, scatter: float) -> Verdict:
    """Hold a run against 20 earlier ones, and further runs against them where it stands out."""
    past = [order.lognormvariate(0, scatter) for _ in range(20)]
    runs: list[float] = []
    found = Verdict.FAIL
    while found is Verdict.FAIL and len(runs) <= CONFIRMATIONS:
        runs.append(slower * order.lognormvariate(0, scatter))
        found = verdict(compared(runs, past))
    return found


@pytest.mark.parametrize("scatter", [0.02, 0.04])
def test_false_fails_against_history_are_rare(scatter: float) -> None:
    """With the scatter of processor time between processes at most 1 in 100, confirmed."""
    order = random.Random(f"alike {scatter}")
    found = [confirmed(order, 1.0, scatter) for _ in range(500)]
    assert found.count(Verdict.FAIL) <= 5


@pytest.mark.parametrize(("scatter", "power"), [(0.02, 0.99), (0.03, 0.95), (0.04, 0.75)])
def test_twenty_percent_slower_than_history_is_caught(scatter: float, power: float) -> None:
    """The less the scatter the more trials fail; of the others none passes."""
    order = random.Random(f"slower {scatter}")
    found = [confirmed(order, 1.2, scatter) for _ in range(500)]
    assert found.count(Verdict.FAIL) >= power * 500
    assert found.count(Verdict.PASS) <= 2


def test_times_too_short_beside_their_clocks_have_no_baseline() -> None:
    """What reading the clock costs would hide a change; the clock that costs less is held against its history."""
    sample = Sample(1.0, 1.0, 1, (), 0.05, 0.2)
    runs, past = [[Observed(sample, Sample(1.0, 1.0, 1))] * 3], [level(*NOISY)]
    short = compare_with_history("cpu_median", {}, runs, past, started_at=START, missing="")
    assert short.as_metric is None
    assert "too short" in short.missing
    assert compare_with_history("median", {}, runs, past, started_at=START, missing="").as_metric is not None
