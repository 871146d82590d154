"""Metrics and series of what a benchmark found, with numpy as the oracle."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.benchmark.change import Pair, change
from airflow_provider_dpq.core.benchmark.comparison import compare_with_history
from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, SizeFindings
from airflow_provider_dpq.core.benchmark.history import HistoryValue
from airflow_provider_dpq.core.benchmark.metrics import baseline_metrics, metrics_of, series_of
from airflow_provider_dpq.core.benchmark.observation import Memory, Observed
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import judge, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.python import PythonOperation

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
DESIGN = Benchmark(operation=PythonOperation(target=sorted, dataset=range))
QUIET = Sample(0.01, 0.01, 1)


def observed(
    walls: Sequence[float], *, each: bool = True, reference: Sample = QUIET, cpu: float = 1.0
) -> list[Observed]:
    """Return samples of one iteration each."""
    samples = [Sample(wall, cpu * wall, 1 if each else 50, (wall,) if each else ()) for wall in walls]
    return [Observed(sample, reference) for sample in samples]


def findings(**sizes: Sequence[float]) -> Findings:
    """Return findings of times by size, such as ``s100``."""
    found = Findings(started_at=BEGUN)
    for name, walls in sizes.items():
        found.sizes[int(name[1:])].runs.append(observed(walls))
    return found


def alone(run: list[Observed]) -> Findings:
    """Return findings of an operation that is not sized."""
    found = Findings(started_at=BEGUN)
    found.sizes[None].runs.append(run)
    return found


def named(metrics: Sequence[Metric], name: str, **tags: str) -> Metric:
    """Return the one metric of a name and tags."""
    (found,) = [item for item in metrics if item.name == name and dict(item.tags) == tags]
    return found


def verdicts(found: Findings, *declared: str) -> list[Verdict]:
    """Judge findings by thresholds."""
    thresholds = parse_thresholds(declared, "benchmark")
    return [item.verdict for item in judge(thresholds, metrics_of(DESIGN, found, thresholds), baseline_metrics(found))]


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=100))
def test_the_statistics_are_those_of_numpy(walls: list[float]) -> None:
    """Of the times on the wall and of the processor's."""
    metrics = metrics_of(DESIGN, alone(observed(walls, cpu=0.5)))
    for prefix, times in (("", np.array(walls)), ("cpu_", np.array(walls) / 2)):
        value = {name: named(metrics, prefix + name).value for name in ("min", "max", "mean", "median", "stdev", "mad")}
        assert value["min"] == times.min()
        assert value["max"] == times.max()
        assert value["mean"] == pytest.approx(times.mean())
        assert value["median"] == pytest.approx(np.median(times))
        assert value["stdev"] == pytest.approx(times.std(ddof=1), abs=1e-12)
        assert value["mad"] == pytest.approx(np.median(np.abs(times - np.median(times))), abs=1e-12)
    assert {item.unit for item in metrics} <= {"s", ""}
    assert named(metrics, "sample_count").value == len(walls)


def test_percentiles_that_the_sample_supports_are_reported_as_numpy_has_them() -> None:
    """They are those of the iterations, each timed alone, not of the samples' means."""
    order = random.Random(1)
    each = [tuple(order.lognormvariate(0, 1) for _ in range(40)) for _ in range(30)]
    run = [Observed(Sample(sum(times) / 40, 1.0, 40, times), QUIET) for times in each]
    metrics = metrics_of(DESIGN, alone(run))
    for percent in (50, 90, 95, 99):
        found = named(metrics, f"p({percent})")
        assert found.value == pytest.approx(np.percentile(np.ravel(each), percent))
        assert found.interval is not None
        assert found.interval[0] < found.value < found.interval[1]


def test_percentiles_that_the_sample_does_not_support_are_left_out() -> None:
    """Of 30 iterations there is a median, and no 90th percentile unless it is asked for."""
    names = {item.name for item in metrics_of(DESIGN, alone(observed([1.0 + index for index in range(30)])))}
    assert {name for name in names if name.startswith("p(")} == {"p(50)"}


def test_an_unsupported_percentile_that_is_asked_for_never_passes() -> None:
    """Its interval has no upper end: what is not clearly too slow is inconclusive."""
    found = alone(observed([1.0 + index / 100 for index in range(30)]))
    assert verdicts(found, "p(99) < 2s", "p(99.9) < 1000s", "p(99) < 0.5s") == [
        Verdict.INCONCLUSIVE,
        Verdict.INCONCLUSIVE,
        Verdict.FAIL,
    ]


def test_a_percentile_of_iterations_that_were_not_timed_alone_is_inconclusive() -> None:
    """Means of fifty iterations have other percentiles, however many there are."""
    found = alone(observed([1.0 + index / 1e6 for index in range(2000)], each=False))
    assert verdicts(found, "p(95) < 100s", "p(95) < 0.1s", "p(50) < 9s") == [Verdict.INCONCLUSIVE] * 3
    assert not [item for item in metrics_of(DESIGN, found) if item.name.startswith("p(")]


def test_a_median_of_few_samples_is_inconclusive() -> None:
    """Seven samples support no interval; ten do."""
    assert verdicts(alone(observed([1.0] * 7)), "median < 2s", "cpu_median < 2s") == [Verdict.INCONCLUSIVE] * 2
    assert verdicts(alone(observed([1.0] * 10)), "median < 2s", "cpu_median < 2s") == [Verdict.PASS] * 2


def test_a_limit_within_the_interval_of_the_median_is_inconclusive() -> None:
    """Half of the samples above the limit decide nothing."""
    found = alone(observed([1.0 + index / 10 for index in range(30)]))
    assert verdicts(found, "median < 2.5s", "median < 5s", "median < 1.1s") == [
        Verdict.INCONCLUSIVE,
        Verdict.PASS,
        Verdict.FAIL,
    ]


def test_a_neighbour_that_eats_the_processor_makes_a_breach_on_the_wall_inconclusive() -> None:
    """Where the reference workload took twice its processor time, so may the operation have; its own time stands."""
    crowded = Sample(0.02, 0.01, 1)
    sized = Findings(started_at=BEGUN)
    sized.sizes[100].runs.append(observed([1.0] * 30, reference=crowded, cpu=0.5))
    declared = ("median < 0.7s", "mean < 0.7s", "max < 0.7s", "p(50) < 0.7s", "throughput > 150/s", "cpu_median < 0.4s")
    *on_the_wall, of_processor = verdicts(sized, *declared)
    assert on_the_wall == [Verdict.INCONCLUSIVE] * 5
    assert of_processor is Verdict.FAIL
    assert verdicts(sized, "median < 0.4s", "max < 0.4s", "throughput > 300/s") == [Verdict.FAIL] * 3
    assert verdicts(sized, "median < 1.1s", "max < 1.1s", "throughput > 90/s") == [Verdict.PASS] * 3
    quiet = alone(observed([1.0] * 30))
    assert verdicts(quiet, "median < 0.7s", "mean < 0.7s", "max < 0.7s", "p(50) < 0.7s") == [Verdict.FAIL] * 4


def test_a_neighbour_makes_the_scatter_on_the_wall_inconclusive() -> None:
    """All of it may be the neighbour's; on a machine that is not shared, and of processor time, it stands."""
    walls = [1.0 + index / 10 for index in range(30)]
    declared = ("stdev < 0.1s", "mad < 0.1s", "cpu_stdev < 0.1s", "cpu_mad < 0.1s", "stdev < 9s")
    crowded = verdicts(alone(observed(walls, reference=Sample(0.012, 0.01, 1))), *declared)
    assert crowded == [Verdict.INCONCLUSIVE] * 2 + [Verdict.FAIL] * 2 + [Verdict.PASS]
    quiet = verdicts(alone(observed(walls, reference=Sample(0.0105, 0.01, 1))), *declared)
    assert quiet == [Verdict.FAIL] * 4 + [Verdict.PASS]


ON_THE_WALL = ("median < 0.7s", "mean < 0.7s", "max < 0.7s", "p(50) < 0.7s", "stdev < 0.0001s", "mad < 0.0001s")


def test_a_neighbour_makes_a_breach_beside_pairs_inconclusive() -> None:
    """What computes took twice its processor time: the other half may be a neighbour's; its own time stands."""
    assert verdicts(paired(1.0, cpu=0.5), *ON_THE_WALL) == [Verdict.INCONCLUSIVE] * 6
    assert verdicts(paired(1.0, cpu=0.5), "cpu_median < 0.4s", "median < 0.4s") == [Verdict.FAIL] * 2
    assert verdicts(paired(1.0), *ON_THE_WALL) == [Verdict.FAIL] * 6


def test_what_waits_is_no_reference_of_its_own() -> None:
    """Of an operation that is judged on the wall, waiting is its own time."""
    thresholds = parse_thresholds(ON_THE_WALL, "benchmark")
    metrics = metrics_of(replace(DESIGN, clock="wall"), paired(1.0, cpu=0.01), thresholds)
    assert [item.verdict for item in judge(thresholds, metrics)] == [Verdict.FAIL] * 6


def test_a_limit_within_the_interval_of_the_wall_ratio_is_inconclusive() -> None:
    """It is the median of ratios to the reference, and has the interval of one."""
    found = alone(observed([1.0 + index / 10 for index in range(30)], reference=Sample(1.0, 1.0, 1)))
    declared = ("wall_ratio < 2.5", "wall_ratio < 5", "wall_ratio < 1.1")
    assert verdicts(found, *declared) == [Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.FAIL]
    assert verdicts(alone(observed([1.0] * 7)), "wall_ratio < 999") == [Verdict.INCONCLUSIVE]


def test_times_too_short_beside_their_clocks_have_no_ratio() -> None:
    """Of either side: a limit on the ratio is an error, and on the clock that costs less is judged."""
    for side in ("candidate", "baseline"):
        found = paired(1.0)
        short = [replace(getattr(pair, side)[0], cpu_cost_seconds=0.2) for pair in found.sizes[None].pairs]
        pairs = found.sizes[None].pairs
        pairs[:] = [replace(pair, **{side: (sample,)}) for pair, sample in zip(pairs, short, strict=True)]
        assert verdicts(found, "cpu_median < 9x baseline", "median < 9x baseline") == [Verdict.ERROR, Verdict.PASS]


def test_sizes_too_short_beside_their_clocks_are_not_in_the_exponent() -> None:
    """They would look flatter than they are."""
    found = findings(**{f"s{size}": [float(size)] * 12 for size in SIZES[:3]})
    assert verdicts(found, "exponent < 9") == [Verdict.PASS]
    run = found.sizes[SIZES[0]].runs[0]
    run[:] = [replace(item, sample=replace(item.sample, cpu_cost_seconds=20.0)) for item in run]
    assert verdicts(found, "exponent < 9") == [Verdict.ERROR]


def test_a_reference_without_processor_time_says_nothing_of_neighbours() -> None:
    """A clock that stood still is no crowd."""
    assert verdicts(alone(observed([1.0] * 30, reference=Sample(0.02, 0.0, 1))), "max < 0.7s") == [Verdict.FAIL]


def test_throughput_is_rows_by_the_median_with_its_interval() -> None:
    """What is sized has a rate; a limit among the rates of the samples is inconclusive."""
    found = findings(s1000=[1.0 + index / 10 for index in range(30)])
    rate = named(metrics_of(DESIGN, found), "throughput", size="1000")
    assert (rate.value, rate.unit) == (pytest.approx(1000 / np.median([1.0 + index / 10 for index in range(30)])), "/s")
    assert verdicts(found, "throughput > 400/s", "throughput > 200/s", "throughput > 900/s") == [
        Verdict.INCONCLUSIVE,
        Verdict.PASS,
        Verdict.FAIL,
    ]
    assert verdicts(findings(s1000=[1.0] * 7), "throughput > 1/s") == [Verdict.INCONCLUSIVE]
    assert "throughput" not in {item.name for item in metrics_of(DESIGN, alone(observed([1.0] * 30)))}


def test_sizes_are_tags() -> None:
    """A threshold may pick one, and without a tag judges all."""
    found = findings(s100=[1.0] * 20, s1000=[10.0] * 20)
    metrics = metrics_of(DESIGN, found)
    assert named(metrics, "median", size="100").value == 1.0
    assert named(metrics, "median", size="1000").value == 10.0
    assert verdicts(found, "median{size:100} < 2s") == [Verdict.PASS]
    assert verdicts(found, "median < 2s") == [Verdict.PASS, Verdict.FAIL]
    assert verdicts(found, "median{size:10} < 2s") == [Verdict.ERROR]


SIZES = (100, 1_000, 10_000, 100_000)


@pytest.mark.parametrize(
    ("grows", "low", "high", "limit"),
    [
        (lambda size: size, 0.97, 1.03, "exponent < 1.1"),
        (lambda size: size * math.log(size), 1.08, 1.25, "exponent < 1.4"),
        (lambda size: size**2, 1.97, 2.03, "exponent > 1.9"),
    ],
    ids=["n", "n log n", "n^2"],
)
def test_the_exponent_of_growth_is_found(grows: object, low: float, high: float, limit: str) -> None:
    """On noisy samples of known growth it and its interval lie where they should."""
    order = random.Random(3)
    times = {f"s{size}": [grows(size) * 1e-7 * order.lognormvariate(0, 0.1) for _ in range(30)] for size in SIZES}  # type: ignore[operator]
    found = findings(**times)
    exponent = named(metrics_of(DESIGN, found), "exponent", clock="cpu")
    assert exponent.value is not None
    assert low < exponent.value < high
    assert exponent.interval is not None
    assert exponent.interval[0] < exponent.value < exponent.interval[1]
    assert exponent.interval[1] - exponent.interval[0] < 0.1
    assert verdicts(found, limit) == [Verdict.PASS]


def test_noise_makes_the_exponent_inconclusive() -> None:
    """Where the samples scatter by factors, a limit close by is within the interval."""
    order = random.Random(3)
    found = findings(**{f"s{size}": [size * order.lognormvariate(0, 2) for _ in range(12)] for size in SIZES[:3]})
    assert verdicts(found, "exponent < 1.05", "exponent < 5") == [Verdict.INCONCLUSIVE, Verdict.PASS]


def test_the_same_samples_give_the_same_interval_of_the_exponent() -> None:
    """A report can be made again."""
    found = findings(**{f"s{size}": [size * (1 + index / 10) for index in range(12)] for size in SIZES})
    assert metrics_of(DESIGN, found) == metrics_of(DESIGN, found)


def test_two_sizes_have_no_exponent() -> None:
    """They always lie on a line: a threshold on it is an error, not a pass."""
    assert verdicts(findings(s100=[1.0] * 20, s1000=[1.0] * 20), "exponent < 9") == [Verdict.ERROR]


def test_times_of_nothing_have_no_exponent() -> None:
    """A processor clock that stood still at one size has no logarithm."""
    found = findings(**{f"s{size}": [float(size)] * 12 for size in SIZES})
    found.sizes[SIZES[0]].runs[0] = observed([1.0] * 12, cpu=0.0)
    assert "exponent" not in {item.name for item in metrics_of(DESIGN, found)}


def paired(ratio: float, *, cpu: float = 1.0) -> Findings:
    """Return pairs about a ratio."""
    found = Findings(started_at=BEGUN)
    order = random.Random(1)
    for _ in range(20):
        times = ratio * order.lognormvariate(0, 0.01), 1.0
        found.sizes[None].pairs.append(Pair(*((Sample(time, cpu * time, 1, (time,)),) for time in times)))
    return found


def test_ratios_to_the_baseline_have_the_interval_of_the_pairs() -> None:
    """On both clocks, beside the candidate's own times; a limit is judged by the ratio."""
    found = paired(1.2)
    metrics = metrics_of(DESIGN, found)
    expected = change(found.sizes[None].pairs, "cpu")
    assert expected is not None
    (ratio,) = [item for item in metrics if item.name == "cpu_median" and item.unit == OF_BASELINE]
    assert (ratio.value, ratio.interval) == (expected.ratio, (expected.low, expected.high))
    assert {item.unit for item in metrics if item.name == "median"} == {"s", OF_BASELINE}
    assert named(metrics, "pair_count").value == 20
    assert verdicts(found, "cpu_median < 1.05x baseline", "median < 1.3x baseline", "cpu_median < 1.2x baseline") == [
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.INCONCLUSIVE,
    ]


def test_a_ratio_of_a_clock_that_stands_still_is_an_error() -> None:
    """There is nothing to divide; the other clock is judged as ever."""
    found = paired(1.2, cpu=0.0)
    assert verdicts(found, "cpu_median < 1.05x baseline") == [Verdict.ERROR]
    assert verdicts(found, "median < 1.3x baseline") == [Verdict.PASS]


def test_the_detectable_change_is_about_the_tightest_limit_of_the_judged_clock() -> None:
    """It is reported once, in percent; without a limit there is none."""
    found = paired(1.0)
    declared = parse_thresholds(
        ["median < 3x baseline", "cpu_median < 1.2x baseline", "cpu_median < 1.05x baseline"], "benchmark"
    )
    expected = change(found.sizes[None].pairs, "cpu")
    assert expected is not None
    value = named(metrics_of(DESIGN, found, declared), "detectable_change").value
    assert value == pytest.approx(100 * (expected.detectable_ratio(1.05) - 1))
    assert 5 < value < 8
    assert "detectable_change" not in {item.name for item in metrics_of(DESIGN, found, declared[:1])}
    few = paired(1.0)
    del few.sizes[None].pairs[8:]
    assert "detectable_change" not in {item.name for item in metrics_of(DESIGN, few, declared)}


def test_memory_is_the_median_of_the_rounds_beside_that_of_the_baseline() -> None:
    """A limit may be in bytes or a multiple of the baseline's."""
    found = paired(1.0)
    found.sizes[None].memory += [Memory(100, 1), Memory(900, 2), Memory(300, 3)]
    found.sizes[None].baseline_memory += [Memory(100, 1)]
    metrics = metrics_of(DESIGN, found)
    assert named(metrics, "peak_memory").value == 300
    assert named(metrics, "retained_memory").value == 2
    assert verdicts(found, "peak_memory < 2x baseline", "peak_memory < 4x baseline", "peak_memory < 1kB") == [
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.PASS,
    ]
    assert baseline_metrics(Findings(started_at=BEGUN, sizes={None: SizeFindings()})) == []


def test_nothing_found_has_no_metrics() -> None:
    """A benchmark that was cut short before its first sample measured nothing."""
    assert metrics_of(DESIGN, Findings(started_at=BEGUN, sizes={None: SizeFindings()})) == []
    assert list(series_of(Findings(started_at=BEGUN, sizes={None: SizeFindings()}))) == []


def test_the_wall_ratio_that_is_kept_is_that_to_the_reference() -> None:
    """Later reports are held against it."""
    metrics = metrics_of(DESIGN, alone(observed([1.0, 2.0, 9.0], reference=Sample(0.5, 0.5, 1))))
    assert named(metrics, "wall_ratio").value == 4.0


def test_series_are_the_samples_and_the_ratios_of_the_pairs() -> None:
    """In the order in which they were taken."""
    series = {(item.name, *item.tags.values()): item for item in series_of(findings(s100=[1.0, 3.0, 2.0]))}
    assert series["wall", "100"] == Series(name="wall", unit="s", values=(1.0, 3.0, 2.0), tags={"size": "100"})
    assert set(series) == {("wall", "100"), ("cpu", "100")}
    pairs = {item.name: item for item in series_of(paired(2.0))}
    assert set(pairs) == {"wall", "cpu", "pair_wall", "pair_cpu"}
    assert np.median(pairs["pair_cpu"].values) == pytest.approx(2.0, rel=0.02)
    assert "pair_cpu" not in {item.name for item in series_of(paired(2.0, cpu=0.0))}


def test_a_history_is_a_series_with_its_changes_of_level() -> None:
    """The values so far and the present one, at their moments, and where the level changed."""
    found = findings(s100=[2.0] * 12)
    values = [1.0, 1.01] * 8 + [2.0, 2.02] * 8
    past = tuple(HistoryValue(BEGUN - timedelta(days=99 - day), value, "r") for day, value in enumerate(values))
    comparison = partial(
        compare_with_history, tags={"size": "100"}, runs=found.sizes[100].runs, started_at=BEGUN, missing=""
    )
    found.comparisons = [comparison("cpu_median", segments=[past]), comparison("median", segments=[()])]
    history, points = [item for item in series_of(found) if item.tags.get("metric") == "cpu_median"]
    assert history.values == (*values, 2.0)
    assert history.positions == (*(item.started_at.timestamp() for item in past), BEGUN.timestamp())
    assert (history.unit, points.unit) == ("s", "s")
    assert points.name == "change_points"
    assert points.values == (pytest.approx(2.0, rel=0.02),)
    assert points.positions == (past[16].started_at.timestamp(),)
    assert not [item for item in series_of(found) if item.tags.get("metric") == "median"]
    metrics = metrics_of(DESIGN, found)
    assert [item for item in metrics if item.unit == OF_BASELINE and item.name == "cpu_median"]
