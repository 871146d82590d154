"""Metrics of a load: against numpy and against counting by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from airflow_provider_dpq.core.gate.metric import CATALOGUES
from airflow_provider_dpq.core.gate.threshold import judge, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.metrics import metrics_of
from airflow_provider_dpq.core.load.model import constant_concurrency, shared_iterations
from airflow_provider_dpq.core.load.recorder import Recorder
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
