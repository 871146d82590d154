"""The load gate's report: one path from what was recorded to the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, Report, parse_report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import LEVELS, LOAD, SHARE, SUSTAINED
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.gate import KEPT_WINDOWS, MAX_POINTS, judge_load, series_of
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.load.model import Breakpoint, breakpoint_search, constant_arrival_rate, shared_iterations
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.result import Level, LoadResult
from airflow_provider_dpq.core.load.shards import merge_recordings
from tests.core.load.loads import PYTHON, STARTED, dropped, iterations, load, moment, record, shard, value

LATE = np.linspace(0, 0.02, 400).tolist()


def result(recorder: Recorder, **fields: Any) -> LoadResult:
    """Return what a test found that was recorded."""
    started = datetime.fromtimestamp(STARTED, UTC)
    given: dict[str, Any] = {"recording": recorder.recording(), "started_at": started, "duration_seconds": 11.0}
    return LoadResult(test=recorder.test, **(given | fields))


def judged(found: LoadResult, *thresholds: Any) -> Report:
    """Judge what was found, and read the report back from its text."""
    read = parse_thresholds(thresholds, LOAD)
    return parse_report(judge_load(found, gate="g", provenance=Provenance(run_id="1"), thresholds=read).to_json())


def test_a_load_that_holds_passes() -> None:
    """Thresholds and default ones are judged, and what they stand on is in the report."""
    report = judged(result(record(load("read", "write"))), "p(95){scenario:read} < 20ms")
    assert (report.verdict, report.kind, report.subject) == (Verdict.PASS, "load", "GET http://127.0.0.1:1/")
    assert [item.threshold for item in report.thresholds] == [
        "p(95){scenario:read} < 20ms",
        "error_rate < 1%",
        "dropped_iterations < 1",
    ]
    assert value(report.metrics, "iteration_count") == 2000
    assert {"rate", "distribution"} < {series.name for series in report.series}
    assert report.duration_seconds == 11.0


@pytest.mark.parametrize(
    ("threshold", "verdict"),
    [
        ("p(95) < 5ms", Verdict.FAIL),
        ({"threshold": "p(95) < 5ms", "severity": "warn"}, Verdict.WARN),
        ("throughput > 500/s", Verdict.FAIL),
        ("max < 20ms", Verdict.PASS),
    ],
)
def test_a_breach_decides(threshold: Any, verdict: Verdict) -> None:
    """By its severity."""
    assert judged(result(record(load())), threshold).verdict is verdict


def test_failures_that_nobody_asked_for_fail() -> None:
    """The default thresholds stand."""
    report = judged(result(record(load(), fails=lambda due: due % 1 < 0.1)), "p(95) < 1s")
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS, Verdict.FAIL, Verdict.PASS]
    assert report.recording is not None
    assert report.recording.failures[0].samples == ("out of order",)


def test_a_limited_generator_is_an_error_whatever_the_thresholds_say() -> None:
    """What was measured stands in the report, and decides nothing."""
    report = judged(result(record(load(), lateness=LATE)), "p(95) < 5ms")
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert report.error.reason == "generator_limited"
    assert value(report.metrics, "iteration_count") == 1000
    assert report.series
    assert report.recording is not None


def test_what_cut_the_load_short_comes_before_the_health_of_the_generator() -> None:
    """It is what has to be mended first."""
    error = MeasurementError("cancelled", "It was cut short.")
    report = judged(result(record(load(), lateness=LATE), error=error))
    assert (report.verdict, report.error.reason if report.error else "") == (Verdict.ERROR, "cancelled")
    assert report.metrics


def test_an_error_before_anything_was_recorded_has_a_report() -> None:
    """It says why, and no threshold is judged."""
    error = MeasurementError("connection_failed", "Nobody listens.")
    report = judged(result(Recorder(load()), error=error), "p(95) < 1s")
    assert (report.verdict, report.metrics, report.thresholds) == (Verdict.ERROR, (), ())


def test_a_load_in_which_nothing_ended_is_no_pass() -> None:
    """Its thresholds have nothing to judge."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    recorder.add(0, moment(10.0, dropped=dropped(default=[1.0]), final=True))
    assert judged(result(recorder)).verdict is Verdict.ERROR
    assert judged(result(Recorder(load()))).verdict is Verdict.ERROR


def test_a_percentile_of_too_few_iterations_is_not_decided() -> None:
    """It does not pass, and the report says how many it takes; beyond doubt it fails."""
    recorder = record(load("read", "write"), rate=15)
    report = judged(result(recorder), "p(95) < 1s", "p(95){scenario:read} < 1s", "p(50) < 1s")
    (check,) = report.checks
    assert (report.verdict, check.name) == (Verdict.INCONCLUSIVE, "p(95){scenario:read} < 1s")
    assert check.error is not None
    assert check.error.reason == "too_few_requests"
    assert dict(check.result) == {"iteration_count": 150, "needed_count": 200}
    assert judged(result(recorder), "p(95){scenario:read} < 1ms").verdict is Verdict.FAIL


def test_a_limit_within_the_interval_is_not_decided() -> None:
    """A slow stretch moves the percentile by chance."""
    draw = np.random.default_rng(1)
    recorder = record(load(), service=lambda _: float(draw.lognormal(-4, 0.5)))
    middle = value(judged(result(recorder)).metrics, "p(95)") or 0
    assert judged(result(recorder), f"p(95) < {middle * 1.001}s").verdict is Verdict.INCONCLUSIVE


def test_levels_of_a_search_are_told_with_their_thresholds() -> None:
    """Those thresholds judge no search as a whole; a level that held when it was played again has held."""
    test = load(model=Breakpoint(start=100, limit=400))
    levels = (
        Level(100, 0, 10, held=False, why="it fell behind"),
        Level(100, 10, 20, held=True),
        Level(150, 20, 30, held=False, why="p(95) < 200ms: 0.3 s"),
        Level(150, 30, 40, held=False, why="p(95) < 200ms: 0.4 s"),
        Level(150, 40, 50),
    )
    found = replace(result(record(load())), test=test, levels=levels)
    (check,) = [
        check for check in judged(found, "p(95) < 200ms", "breaking_point > 50/s").checks if check.name == LEVELS
    ]
    assert check.verdict is Verdict.PASS
    assert check.result == {"100": SUSTAINED, "150": "p(95) < 200ms: 0.4 s"}
    assert check.declaration == {"thresholds": ["p(95) < 200ms", "error_rate < 1%", "dropped_iterations < 1"]}


def test_one_iteration_can_be_judged() -> None:
    """As a massive dataset is: once, by how long it took."""
    recorder = Recorder(load(model=shared_iterations(1, 1), operation=PYTHON), started_at_seconds=STARTED)
    recorder.add(0, moment(91.0, iterations={"default": iterations([0.0], [90.0])}, lateness=[0.01], final=True))
    assert judged(result(recorder), "max < 120s").verdict is Verdict.PASS
    assert judged(result(recorder), "max < 60s").verdict is Verdict.FAIL


def test_what_was_measured_beside_the_recording_is_judged_too() -> None:
    """Resources, checks and series of the run stand beside those of the recording."""
    check = CheckResult(name="target", type=LOAD, verdict=Verdict.WARN, severity="warn", success=None)
    found = result(
        record(load()),
        measured=(Metric(name="worker_memory", value=2e9, unit="B"),),
        series=(Series(name="worker_memory", unit="B", values=(1e9, 2e9)),),
        checks=(check,),
    )
    report = judged(found, "worker_memory < 3GB")
    assert (report.verdict, report.checks) == (Verdict.WARN, (check,))
    assert report.series[-1].name == "worker_memory"
    assert judged(found, "worker_memory < 1GB").verdict is Verdict.FAIL


def test_a_search_is_judged_by_what_it_found() -> None:
    """Its levels broke, and one of them the generator: that is how it ended."""
    recorder = record(load(model=breakpoint_search("10/s", "100/s")), fails=lambda due: due > 5, lateness=LATE)
    measured = (Metric(name="breaking_point", value=50.0, unit="/s", interval=(50.0, 52.0)),)
    report = judged(result(recorder, measured=measured), "breaking_point > 20/s", "p(95) < 1ms")
    assert (report.verdict, len(report.thresholds)) == (Verdict.PASS, 1)


def test_a_multiple_of_a_baseline_is_refused() -> None:
    """A load has none."""
    with pytest.raises(DeclarationError, match="needs a baseline"):
        judged(result(record(load())), "median < 2x baseline")


def test_a_report_has_few_windows_with_the_same_sums() -> None:
    """Ten minutes take no more room than one."""
    recorder = record(load(model=constant_arrival_rate("20/s", "10min")), rate=20, seconds=600)
    kept = judged(result(recorder)).recording
    assert kept is not None
    assert len(kept.windows) <= KEPT_WINDOWS
    assert Ledger.of(kept).total() == recorder.ledger().total()


def test_the_share_of_one_machine_is_not_judged_by_thresholds() -> None:
    """Its report says that its generator was healthy, and has all that was recorded."""
    test = load(parts=2)
    report = judged(result(record(shard(test, 1), rate=50, fails=lambda _: True)), "p(95) < 1ms")
    (check,) = report.checks
    assert (report.verdict, report.thresholds, check.name, check.verdict) == (
        Verdict.PASS,
        (),
        SHARE,
        Verdict.PASS,
    )
    assert report.recording == record(shard(test, 1), rate=50, fails=lambda _: True).recording()


def test_the_share_of_a_limited_machine_is_an_error() -> None:
    """Without it the whole says nothing."""
    report = judged(result(record(shard(load(parts=2), 1), lateness=LATE)))
    assert (report.verdict, report.checks) == (Verdict.ERROR, ())


def test_the_whole_of_all_machines_is_judged() -> None:
    """What their reports recorded is one load, as if one machine had borne it."""
    test = load(parts=2, processes=2)
    reports = [
        judged(result(record(shard(test, part), rate=25, process=1, recorder=record(shard(test, part), rate=25))))
        for part in range(2)
    ]
    recording = merge_recordings([report.recording for report in reports if report.recording])
    whole = judged(result(record(test), recording=recording), "p(95) < 1s", "throughput > 99/s")
    assert (whole.verdict, value(whole.metrics, "iteration_count")) == (Verdict.PASS, 1000)
    assert judged(result(record(test), recording=recording), "p(95) < 1ms").verdict is Verdict.FAIL


def test_rates_are_per_second_at_the_begin_of_each_window() -> None:
    """Also where windows are longer than a second, and 0 where nothing happened."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    for second in (0, 1, 1230):
        due = np.linspace(second, second + 0.9, 8)
        recorder.add(0, moment(second + 1, iterations={"default": iterations(due, [0.05] * 8)}))
        recorder.add(0, moment(second + 1, iterations={"default": iterations(due[:4], [0.05] * 4, outcome=1)}))
    series = {item.name: item for item in series_of(recorder.ledger(), recorder.test)}
    assert set(series) == {
        *("rate", "failures", "due", "response_p50", "response_p95", "response_p99", "distribution"),
    }
    assert series["due"].unit == series["rate"].unit == series["failures"].unit == "/s"
    assert series["rate"].positions == tuple(4.0 * number for number in range(308))
    assert len(series["rate"].values) <= MAX_POINTS
    assert (series["rate"].values[0], series["failures"].values[0], series["due"].values[0]) == (4.0, 2.0, 6.0)
    assert set(series["rate"].values[1:307]) == {0.0}
    assert series["response_p95"].positions == (0.0, 1228.0)  # nothing ended between
    assert series["response_p95"].values == pytest.approx((0.05, 0.05), rel=0.001)


def test_scenarios_have_their_own_series_where_there_are_several() -> None:
    """Those of the whole have no tag."""
    recorder = record(load("read", "write"))
    series = list(series_of(recorder.ledger(), recorder.test))
    assert {item.tags.get("scenario") for item in series} == {None, "read", "write"}
    rates = {item.tags.get("scenario"): item.values[2] for item in series if item.name == "rate"}
    assert rates == {None: 200.0, "read": 100.0, "write": 100.0}
    alone = record(load())
    assert all(not item.tags for item in series_of(alone.ledger(), alone.test))


@pytest.mark.parametrize(
    ("rate", "tail"), [(10, (97, 98, 99, 100)), (100, (98, 99, 100)), (1000, (98, 99, 99.5, 99.9, 100))]
)
def test_the_distribution_has_as_much_tail_as_there_are_iterations_for(rate: int, tail: tuple[float, ...]) -> None:
    """It goes from the smallest to the largest."""
    recorder = record(load(), rate=rate, service=lambda due: 0.001 + due / 100)
    (series,) = (item for item in series_of(recorder.ledger(), recorder.test) if item.name == "distribution")
    positions = series.positions or ()
    assert positions[-len(tail) :] == tail
    times = 0.001 + np.arange(0, 10, 1 / rate) / 100
    assert series.values == pytest.approx(np.percentile(times, positions), rel=0.002)


def test_a_load_without_anything_plots_nothing() -> None:
    """There is no line through no window."""
    assert list(series_of(Recorder(load()).ledger(), load())) == []
