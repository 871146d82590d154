"""Metrics of a load: against numpy and against counting by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from airflow_provider_dpq.core.gate.metric import CATALOGUES
from airflow_provider_dpq.core.gate.threshold import judge, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.metrics import level_metrics, metrics_of, plateaus
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    ramping_arrival_rate,
    ramping_concurrency,
    shared_iterations,
)
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.result import Level
from airflow_provider_dpq.core.stats.histogram import RELATIVE_ERROR
from tests.core.load.loads import STARTED, dropped, iterations, load, moment, one, record, value

NEAR = RELATIVE_ERROR * 2


def test_times_are_of_all_that_ended_from_when_they_were_due() -> None:
    """Failed ones count; service times are without the wait."""
    draw = np.random.default_rng(1)
    services = dict(zip(np.arange(0, 10, 0.01).tolist(), draw.lognormal(-4, 0.5, 1000).tolist(), strict=True))
    recorder = record(load(), service=services.__getitem__, wait=lambda due: 0.1, fails=lambda due: due < 1)
    metrics = metrics_of(recorder.ledger(), recorder.test)
    times = np.array(list(services.values()))
    for percent in (50, 90, 95, 99):
        expected = float(np.percentile(times, percent))
        assert value(metrics, f"service_p({percent})") == pytest.approx(expected, rel=NEAR)
        assert value(metrics, f"p({percent})") == pytest.approx(expected + 0.1, rel=NEAR)
    assert value(metrics, "mean") == pytest.approx(times.mean() + 0.1, rel=NEAR)
    assert value(metrics, "min") == pytest.approx(times.min() + 0.1, rel=NEAR)
    assert value(metrics, "max") == pytest.approx(times.max() + 0.1, rel=NEAR)
    assert value(metrics, "median") == value(metrics, "p(50)")
    assert value(metrics, "service_max") == pytest.approx(times.max(), rel=NEAR)


def test_counts_and_rates() -> None:
    """What was dropped is no error, and no iteration."""
    recorder = record(load(), fails=lambda due: due < 1, service=lambda due: 0.0)
    recorder.add(0, moment(10.0, dropped=dropped(default=[1.0] * 7), final=True))
    metrics = metrics_of(recorder.ledger(), recorder.test)
    assert value(metrics, "iteration_count") == 1000
    assert value(metrics, "dropped_iterations") == 7
    assert value(metrics, "error_count") == value(metrics, "error_count", error="status 503") == 100
    assert value(metrics, "error_rate") == pytest.approx(10)
    assert value(metrics, "throughput") == pytest.approx(90)


def test_a_straggler_does_not_lower_the_throughput() -> None:
    """What ended within the schedule counts, per second of it; of a load that was cut short per second that it went."""
    recorder = record(load(), service=lambda due: 40.0 if due == 0 else 0.0)
    assert value(metrics_of(recorder.ledger(), recorder.test), "throughput") == pytest.approx(99.9)
    cut = record(load(), seconds=5, service=lambda due: 0.001)
    assert value(metrics_of(cut.ledger(), cut.test), "throughput") == pytest.approx(100, abs=1)


def test_a_number_of_iterations_lasts_until_the_last_one() -> None:
    """It is over when all have ended, the last one too."""
    recorder = record(load(model=shared_iterations(1000, 4)), service=lambda due: 0.0 if due else 40.0)
    assert value(metrics_of(recorder.ledger(), recorder.test), "throughput") == pytest.approx(1000 / 40)


def test_every_metric_is_in_the_catalogue_with_its_unit() -> None:
    """A threshold can name it, and in which unit is known."""
    recorder = record(load("read", "write"), fails=lambda due: due < 1)
    for metric in metrics_of(recorder.ledger(), recorder.test):
        assert CATALOGUES["load"][metric.name.partition("(")[0]] == metric.unit


def test_scenarios_are_told_apart_where_there_are_several() -> None:
    """Each has its own metrics beside those of the whole."""
    recorder = record(load("read", "write"))
    recorder.add(0, moment(10.0, iterations={"write": iterations([5.0], [2.0], outcome=1)}))
    metrics = metrics_of(recorder.ledger(), recorder.test)
    assert value(metrics, "iteration_count") == 2001
    assert value(metrics, "iteration_count", scenario="write") == 1001
    assert value(metrics, "max", scenario="read") == pytest.approx(0.01, rel=NEAR)
    assert value(metrics, "max", scenario="write") == pytest.approx(2.0, rel=NEAR)
    alone = record(load())
    assert all("scenario" not in metric.tags for metric in metrics_of(alone.ledger(), alone.test))


def test_the_only_scenario_has_a_tag_where_a_threshold_names_it() -> None:
    """Its name may be asked for."""
    recorder = record(load())
    (threshold,) = parse_thresholds(["p(95){scenario:default} < 1s"], "load")
    (result,) = judge([threshold], metrics_of(recorder.ledger(), recorder.test, [threshold]))
    assert result.verdict is Verdict.PASS


def test_an_error_that_did_not_happen_is_none() -> None:
    """A threshold on it is judged, not an error."""
    recorder = record(load())
    (threshold,) = parse_thresholds(["error_count{error:timeout} < 5"], "load")
    metrics = metrics_of(recorder.ledger(), recorder.test, [threshold])
    assert value(metrics, "error_count", error="timeout") == 0
    assert [result.verdict for result in judge([threshold], metrics)] == [Verdict.PASS]


def test_percentiles_that_are_not_supported_are_there_only_where_asked() -> None:
    """They then have no upper end, so that no limit is known to hold."""
    recorder = record(load(), rate=50)
    asked = parse_thresholds(["p(99) < 10s", "p(99) < 1ms"], "load")
    metrics = metrics_of(recorder.ledger(), recorder.test)
    assert [metric.name for metric in metrics if metric.name.startswith("p(")] == ["p(50)", "p(90)", "p(95)"]
    metrics = metrics_of(recorder.ledger(), recorder.test, asked)
    assert one(metrics, "p(99)").interval == (pytest.approx(0.01, rel=NEAR), sys.float_info.max)
    assert [result.verdict for result in judge(asked, metrics)] == [Verdict.INCONCLUSIVE, Verdict.FAIL]


def test_a_single_iteration_can_be_judged_by_its_time() -> None:
    """Its only time is the longest; its median may be anything."""
    recorder = Recorder(load(model=shared_iterations(1, 1)), started_at_seconds=STARTED)
    recorder.add(0, moment(100.0, iterations={"default": iterations([0.0], [90.0])}, final=True))
    asked = parse_thresholds(["max < 120s", "mean < 60s", "error_rate < 1%", "median < 120s"], "load")
    results = judge(asked, metrics_of(recorder.ledger(), recorder.test, asked))
    assert [result.verdict for result in results] == [
        Verdict.PASS,
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.INCONCLUSIVE,
    ]
    assert results[0].observed == pytest.approx(90, rel=NEAR)


def test_the_error_rate_is_what_happened() -> None:
    """Two bad seconds of twenty are a tenth of all, and no chance that an interval could make doubtful."""
    recorder = record(load(model=constant_concurrency(1, "20s")), rate=20, seconds=20, fails=lambda due: 5 <= due < 7)
    metric = one(metrics_of(recorder.ledger(), recorder.test), "error_rate")
    assert (metric.value, metric.interval) == (10.0, None)


def test_the_busiest_generator_and_the_lateness_of_all_are_told() -> None:
    """Lateness is of everything that any of them meant to do."""
    test = load(processes=2)
    recorder = record(test, lateness=[0.001] * 1000, cpu_percent=20)
    record(test, process=1, lateness=[0.003] * 1000, cpu_percent=60, recorder=recorder)
    metrics = metrics_of(recorder.ledger(), test)
    assert value(metrics, "generator_cpu") == pytest.approx(60)
    assert value(metrics, "lateness_p(99)") == pytest.approx(0.003, rel=NEAR)
    assert value(metrics, "lateness_p(50)") == pytest.approx(0.002, rel=NEAR)
    assert "lateness_p(99.9)" not in {metric.name for metric in metrics}


def test_a_load_without_iterations_has_no_times() -> None:
    """A threshold on them is an error, not a pass."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    recorder.add(0, moment(5.0, dropped=dropped(default=[1.0, 2.0])))
    asked = parse_thresholds(["p(95) < 1s", "error_rate < 1%", "dropped_iterations < 1"], "load")
    results = judge(asked, metrics_of(recorder.ledger(), recorder.test, asked))
    assert [result.verdict for result in results] == [Verdict.ERROR, Verdict.ERROR, Verdict.FAIL]


SPIKE = ramping_arrival_rate(
    [("5s", "20/s"), ("0s", "100/s"), ("5s", "100/s"), ("0s", "20/s"), ("5s", "20/s")], start="20/s"
)


def test_levels_are_compared_with_the_lowest_and_the_first() -> None:
    """A load that comes again counts the first time."""
    recorder = record(
        load(model=SPIKE),
        seconds=15,
        service=lambda due: 0.01 if due < 5 else 0.04 if due < 10 else 0.02,
        fails=lambda due: 5 <= due < 6,
    )
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert [dict(metric.tags)["level"] for metric in metrics] == ["20", "20", "100", "100"]
    assert value(metrics, "slowdown", level="20") == 1
    assert value(metrics, "slowdown", level="100") == pytest.approx(4, rel=0.002)
    assert value(metrics, "throughput_retention", level="20") == 100
    assert value(metrics, "throughput_retention", level="100") == pytest.approx(80, abs=1)


def test_the_lowest_level_is_the_measure_also_where_it_comes_last() -> None:
    """Slowdown is what load does, whatever the order."""
    model = ramping_arrival_rate([("5s", "100/s"), ("0s", "20/s"), ("5s", "20/s")], start="100/s")
    recorder = record(load(model=model), service=lambda due: 0.03 if due < 5 else 0.01)
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "slowdown", level="100") == pytest.approx(3, rel=0.002)
    assert value(metrics, "slowdown", level="20") == 1


def test_what_was_given_up_was_not_retained() -> None:
    """Dropped arrivals were due."""
    recorder = record(load(model=SPIKE), rate=20, seconds=15)
    recorder.add(0, moment(15.0, dropped=dropped(default=[7.5] * 300)))
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "throughput_retention", level="100") == pytest.approx(25)


def test_a_closed_load_is_compared_by_worker() -> None:
    """Twice the workers that do the same in all retain a half."""
    model = ramping_concurrency([("5s", 2), ("0s", 4), ("5s", 4)], start=2)
    recorder = record(load(model=model), rate=40, service=lambda due: 0.05 if due < 5 else 0.1)
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "throughput_retention", level="4") == pytest.approx(50, rel=0.02)
    assert value(metrics, "slowdown", level="4") == pytest.approx(2, rel=0.002)


def test_one_level_is_compared_with_nothing() -> None:
    """Neither is one that the load did not reach."""
    for model, seconds in ((constant_arrival_rate("10/s", "10s"), 10), (SPIKE, 4)):
        recorder = record(load(model=model), seconds=seconds)
        if seconds < 5:
            recorder = Recorder(load(model=model), started_at_seconds=STARTED)
            recorder.add(0, moment(4.0, iterations={"default": iterations([1.0], [0.1])}))
        assert list(level_metrics(recorder.ledger(), recorder.test)) == []


def test_levels_of_a_search_are_those_that_it_tried() -> None:
    """They are given, and named by their rates."""
    recorder = Recorder(load(model=breakpoint_search("10/s", "100/s")), started_at_seconds=STARTED)
    for begin, seconds in ((0.0, 0.01), (10.0, 0.05)):
        recorder.begin(begin)
        due = [number / 10 for number in range(100)]
        recorder.add(0, moment(10.0, iterations={"default": iterations(due, [seconds] * 100)}, final=True))
    levels = [Level(10.0, 0.0, 10.0), Level(33.75, 10.0, 20.0)]
    metrics = list(level_metrics(recorder.ledger(), recorder.test, levels))
    assert value(metrics, "slowdown", level="33.75") == pytest.approx(5, rel=0.002)
    assert list(level_metrics(recorder.ledger(), recorder.test)) == []


def test_a_level_at_which_nothing_ended_has_no_slowdown() -> None:
    """It could not be measured, which is not the same as none."""
    recorder = record(load(model=SPIKE), rate=20, seconds=5)
    recorder.add(
        0, moment(15.0, dropped=dropped(default=[7.5] * 10), iterations={"default": iterations([11.0], [1.0])})
    )
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "slowdown", level="100") is None
    assert value(metrics, "throughput_retention", level="100") == 0


def test_plateaus_are_those_of_the_shared_load_or_of_the_only_scenario() -> None:
    """A search has none before it has run."""
    assert [level.load for level in plateaus(load(model=SPIKE))] == [20, 100, 20]
    assert plateaus(load(model=breakpoint_search("10/s", "100/s"))) == ()
