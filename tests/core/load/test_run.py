"""A load test from its first call to its end, and what ends it before."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

from airflow_provider_dpq.core.errors import CancelledError, MeasurementError
from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.threshold import ThresholdDeclaration, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load import run as runs
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import constant_arrival_rate, constant_concurrency, shared_iterations
from airflow_provider_dpq.core.load.run import LoadMeasurement
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.measurement import Conclusion, conclude
from airflow_provider_dpq.core.operation.pulse import Pulse
from airflow_provider_dpq.core.operation.python import PythonOperation
from tests.core.load.loads import load, value
from tests.core.load.service import serving
from tests.core.load.simulated import Clock, Simulated

pytestmark = pytest.mark.alone

STEADY = constant_arrival_rate("100/s", "20s")


def concluded(test: LoadTest, *thresholds: ThresholdDeclaration, **options: Any) -> Conclusion:
    """Run a test and judge it."""
    starts_at_seconds = options.pop("starts_at_seconds", None)
    measurement = LoadMeasurement(
        test=test, thresholds=parse_thresholds(thresholds, LOAD), starts_at_seconds=starts_at_seconds
    )
    return conclude(measurement, gate="g", provenance=Provenance(run_id="r"), **options)


def reasons(report: Report) -> dict[str, tuple[Verdict, str]]:
    """Return the verdict and the reason of each check."""
    return {check.name: (check.verdict, check.error.reason if check.error else "") for check in report.checks}


@contextmanager
def simulated(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Simulated]:
    """Let a simulated generator play."""
    service = Simulated(Clock(time.time()), **options)

    class Fleet:
        """The simulated generator in the place of processes."""

        pids = (os.getpid(),)
        prepare = service.prepare
        generate = service.generate

        def __init__(self, test: LoadTest, cancellation: Cancellation) -> None:
            self.test = test

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    with monkeypatch.context() as patch:
        patch.setattr(runs, "Fleet", Fleet)
        yield service


def test_a_load_is_judged_and_says_how_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress has the rate, a percentile and the failures."""
    said: list[str] = []
    with simulated(monkeypatch):
        report = concluded(load(model=STEADY), "p(95) < 200ms", tell=said.append).report
    assert report.verdict is Verdict.PASS
    assert value(report.metrics, "iteration_count") == 2000
    assert said[0] == "preparing"


def test_a_target_that_dies_ends_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check has the moment and the cause, and what was measured stands."""
    with simulated(monkeypatch, fails=lambda due, rate: int(due > 6)) as service:
        report = concluded(load(model=STEADY)).report
    assert report.verdict is Verdict.FAIL
    assert reasons(report)["target"] == (Verdict.FAIL, "target_died")
    (check,) = report.checks
    assert check.error is not None
    assert "refused" in check.error.message
    assert check.result["at_seconds"] == pytest.approx(6, abs=0.1)
    assert value(report.metrics, "iteration_count") == pytest.approx(1150, abs=60)
    assert service.ended_early == 1


def test_a_threshold_that_has_failed_ends_the_load_if_it_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not before its delay."""
    limit: dict[str, object] = {"threshold": "p(95) < 1ms", "abort_on_fail": True, "abort_delay": "8s"}
    with simulated(monkeypatch) as service:
        report = concluded(load(model=STEADY), limit).report
        assert service.ended_early == 1
        unasked = concluded(load(model=STEADY), "p(95) < 1ms").report
    assert (report.verdict, reasons(report)) == (Verdict.FAIL, {"abort on fail": (Verdict.FAIL, "aborted_on_fail")})
    assert value(report.metrics, "iteration_count") == pytest.approx(800, abs=60)
    assert (unasked.verdict, value(unasked.metrics, "iteration_count")) == (Verdict.FAIL, 2000)


def test_a_load_that_came_to_its_end_was_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threshold fails in the report, and no check says otherwise."""
    limit: dict[str, object] = {"threshold": "p(95) < 1ms", "abort_on_fail": True, "abort_delay": "20s"}
    with simulated(monkeypatch) as service:
        report = concluded(load(model=STEADY), limit).report
    assert (report.verdict, report.checks, service.ended_early) == (Verdict.FAIL, (), 0)


def test_the_first_failures_do_not_end_a_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error rate is judged once there is enough of it."""
    limit = {"threshold": "error_rate < 2%", "abort_on_fail": True}
    with simulated(monkeypatch, fails=lambda due, rate: 2 * (1 < due < 1.1)):
        report = concluded(load(model=STEADY), limit).report
    assert (report.verdict, reasons(report)) == (Verdict.PASS, {})


def test_a_shard_that_is_late_says_so() -> None:
    """No load was generated: the others were alone."""
    found = concluded(load(model=STEADY, operation=PythonOperation(target="os:getpid")), starts_at_seconds=1.0)
    assert isinstance(found.error, MeasurementError)
    assert found.error.reason == "shard_late"
    assert (found.report.verdict, found.report.metrics) == (Verdict.ERROR, ())


def test_a_load_of_several_processes_begins_at_the_agreed_moment() -> None:
    """Live: all arrivals come, and the report has the resources of who sent and who answered."""
    starts_at_seconds = float(round(time.time() + 3))
    with serving() as service:
        test = load(model=constant_arrival_rate("60/s", "2s"), operation=HttpOperation(url=service.url()), processes=2)
        report = concluded(test, starts_at_seconds=starts_at_seconds).report
    assert report.recording is not None
    assert report.recording.started_at_seconds == starts_at_seconds == report.started_at.timestamp()
    assert value(report.metrics, "iteration_count") == 120
    assert len(report.recording.generators) == 2
    assert {series.name for series in report.series} >= {"worker_memory", "worker_cpu", "target_threads"}
    assert value(report.metrics, "target_memory") == pytest.approx(psutil.Process().memory_info().rss, rel=0.3)


def test_the_cap_on_requests_ends_a_load_that_time_would_end() -> None:
    """Live: not one more is sent, and what was not sent makes it inconclusive."""
    operation = PythonOperation(target="os:getpid")
    test = load(model=constant_concurrency(2, "60s"), operation=operation, max_requests=500)
    report = concluded(test).report
    assert value(report.metrics, "iteration_count") == 500
    assert reasons(report)["request cap"] == (Verdict.INCONCLUSIVE, "request_cap")
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_load_that_does_not_come_to_its_count_fails() -> None:
    """Live: most of what was planned was never started, and that is no pass."""
    operation = PythonOperation(target="time:sleep", arguments=(0.2,))
    report = concluded(load(model=shared_iterations(100, 1, max_duration="1s"), operation=operation)).report
    ended, dropped = (value(report.metrics, name) or 0 for name in ("iteration_count", "dropped_iterations"))
    assert (report.verdict, ended + dropped) == (Verdict.FAIL, 100)
    assert 0 < ended < 10


def test_a_target_that_is_down_is_told_at_once() -> None:
    """Live: before any load, with the cause."""
    begun = time.monotonic()
    found = concluded(load(model=STEADY, operation=HttpOperation(url="http://127.0.0.1:1/")))
    assert isinstance(found.error, MeasurementError)
    assert (found.error.reason, found.report.verdict) == ("target_down", Verdict.ERROR)
    assert time.monotonic() - begun < 20


class Limit(BaseException):
    """A time limit of whoever runs it."""


@pytest.mark.parametrize("how", ["cancelled", "raised"])
def test_what_cuts_a_load_short_keeps_what_was_measured(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live: no process and no thread is left."""
    monkeypatch.setattr(runs, "Pulse", partial(Pulse, period_seconds=0.1))
    threads = set(threading.enumerate())
    cancellation = Cancellation()

    def interrupt(line: str) -> None:
        if line.startswith("1 s of 60 s") and how == "raised":
            raise Limit
        if line.startswith("1 s of 60 s"):
            cancellation.cancel()

    operation = PythonOperation(target="time:sleep", arguments=(0.01,))
    scenarios = (Scenario(operation=operation),)
    test = LoadTest(scenarios=scenarios, model=constant_concurrency(2, "60s"), processes=2)
    found = concluded(test, cancellation=cancellation, tell=interrupt)
    assert type(found.error) is (Limit if how == "raised" else CancelledError)
    assert found.report.verdict is Verdict.ERROR
    assert found.report.error is not None
    assert found.report.error.reason == "cancelled"
    assert (value(found.report.metrics, "iteration_count") or 0) > 10
    assert not gone_after(lambda: [child for child in psutil.Process().children() if child.is_running()])
    assert not gone_after(lambda: [one for one in set(threading.enumerate()) - threads if one.is_alive()])


def gone_after(those: Callable[[], list[Any]]) -> list[Any]:
    """Return what is still there after some seconds."""
    end = time.monotonic() + 5
    while (left := those()) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def test_a_failure_of_one_process_ends_all(tmp_path: Path) -> None:
    """Live: one of them crashes after a while."""
    flag = tmp_path / "first"

    def crash() -> None:
        time.sleep(0.05)
        if time.time() > begin + 2.5 and not flag.exists():
            flag.touch()
            os._exit(3)

    begin = time.time()
    test = load(model=constant_concurrency(2, "60s"), operation=PythonOperation(target=crash), processes=2)
    found = concluded(test)
    assert isinstance(found.error, MeasurementError)
    assert found.error.reason == "child_exited"
    assert (value(found.report.metrics, "iteration_count") or 0) > 10
