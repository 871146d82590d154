"""Leak checks in interpreters of their own."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import threading
import time
from itertools import count
from typing import Any

import psutil
import pytest

from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.leak.decide import LEAST_QUIET
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.limits import KIND
from airflow_provider_dpq.core.leak.result import LeakResult
from airflow_provider_dpq.core.leak.run import check_leak
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.python import PythonOperation

pytestmark = pytest.mark.alone

KEPT: list[Any] = []
STAGES = (40, 80)
heap_known = pytest.mark.skipif(not hasattr(psutil, "heap_info"), reason="this platform has no figures of the heap")


def keep_nothing() -> None:
    """Work on some memory and give it back."""
    assert sum(bytearray(100_000)) == 0


def keep_bytes() -> None:
    """Keep a kilobyte."""
    KEPT.append(bytearray(1_000))


def keep_objects() -> None:
    """Keep small objects that refer to each other in a cycle, and so stay only because they are kept."""
    KEPT.append([[number] for number in range(10_000, 10_006)])


def keep_malloc() -> None:
    """Keep a kilobyte that Python does not know of."""
    allocate = ctypes.CDLL(None).malloc
    allocate.restype = ctypes.c_void_p
    allocate(1_000)


def keep_open() -> None:
    """Keep a file open."""
    KEPT.append(os.open(os.devnull, os.O_RDONLY))


def keep_thread() -> None:
    """Keep a thread that waits."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def keep_process() -> None:
    """Keep a process that nobody waits for."""
    KEPT.append(subprocess.Popen([sys.executable, "-S", "-c", ""]))


class Unfreed:
    """An object whose cycle the collector is told to keep."""

    def __init__(self) -> None:
        self.me = self


def keep_garbage() -> None:
    """Leave an object that the collector sets apart."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    Unfreed()


def fail() -> None:
    """Raise on every call."""
    message = "no such table"
    raise LookupError(message)


def fail_later() -> None:
    """Raise from the fiftieth call on."""
    KEPT.append(None)
    if len(KEPT) > 50:
        fail()


def hang_later() -> None:
    """Stop answering at the fiftieth call."""
    KEPT.append(None)
    if len(KEPT) > 50:
        time.sleep(600)


def checked(target: Any, **options: Any) -> LeakResult:
    """Check a function by few iterations."""
    fields = {name: options.pop(name) for name in ("stages", "iteration_timeout_seconds") if name in options}
    return check_leak(LeakCheck(operation=PythonOperation(target=target), **{"stages": STAGES, **fields}), **options)


def value(result: LeakResult, name: str) -> float:
    """Return a metric of a result."""
    (found,) = [metric.value for metric in result.metrics if metric.name == name]
    assert found is not None
    return found


@heap_known
def test_an_operation_that_keeps_nothing_is_clean() -> None:
    """Its growth is below the limit by the last stage, and the samples are all there."""
    result = checked(keep_nothing)
    assert result.error is None
    assert result.decision is not None
    assert result.decision.growth.high < 512
    assert value(result, "iteration_count") == STAGES[1] == len(result.samples)
    assert result.profile is None
    assert result.subject == "tests.core.leak.test_run:keep_nothing"


@heap_known
@pytest.mark.parametrize("target", [keep_bytes, keep_objects])
def test_a_leak_is_found_and_its_place_named(target: Any) -> None:
    """About a kilobyte an operation is a leak by the last stage, and the report names the line that keeps it."""
    result = checked(target)
    assert result.decision is not None
    assert result.decision.leaks([512.0])
    assert 900 < value(result, "growth") < 1_600
    assert len(result.samples) in STAGES
    assert result.profile is not None
    first = result.profile.allocations[0]
    line = target.__code__.co_firstlineno + 2
    assert first.location[0] == f"leak/test_run.py:{line}"
    assert first.size_bytes / result.profile.iterations == pytest.approx(value(result, "growth"), rel=0.5)
    assert not any("airflow_provider_dpq" in frame for place in result.profile.allocations for frame in place.location)


@heap_known
def test_memory_that_python_does_not_know_of_leaks_too() -> None:
    """C's malloc shows on the heap, though no Python line holds it."""
    result = checked(keep_malloc)
    assert result.decision is not None
    assert result.decision.leaks([512.0])
    assert value(result, "growth") == pytest.approx(1_008, rel=0.1)


@pytest.mark.parametrize(
    ("target", "metric"),
    [
        (keep_open, "open_file_growth"),
        (keep_thread, "thread_growth"),
        (keep_process, "child_process_growth"),
        (keep_garbage, "uncollectable_growth"),
    ],
)
def test_what_is_no_memory_is_counted(target: Any, metric: str) -> None:
    """Each iteration leaves one behind, or an object and what belongs to it; an honest one leaves none."""
    limits = parse_thresholds(["growth < 1MB/op"], KIND)
    assert value(checked(target, thresholds=limits), metric) >= 0.99
    if target is keep_open:
        assert value(checked(keep_nothing, thresholds=limits), metric) == 0


def test_an_operation_that_always_raises_is_an_error() -> None:
    """Nothing is measured, and the error says what was raised and where."""
    result = checked(fail)
    assert result.error is not None
    assert result.error.reason == "operation_failed"
    assert "LookupError: no such table" in str(result.error)
    assert "in fail" in str(result.error)
    assert result.metrics == result.series == ()


def test_what_was_measured_before_an_error_stays() -> None:
    """Forty iterations after the warm-up stand, with the error beside them."""
    result = checked(fail_later, stages=(60,))
    assert result.error is not None
    assert result.error.reason == "operation_failed"
    assert value(result, "iteration_count") == 40
    assert {len(series.values) for series in result.series} == {40}
    assert result.profile is None


def test_an_operation_that_hangs_is_killed() -> None:
    """The timeout of one iteration ends it; what was measured before stands."""
    result = checked(hang_later, stages=(60,), iteration_timeout_seconds=5)
    assert result.error is not None
    assert result.error.reason == "operation_timeout"
    assert len(result.samples) == 40


def test_a_cancelled_check_keeps_what_was_measured() -> None:
    """The interpreter is gone, and the samples until then stand with the error."""
    cancellation = Cancellation()
    before = {child.pid for child in psutil.Process().children()}
    ticks = count(step=3.0)
    told: list[str] = []

    def cancel(text: str) -> None:
        told.append(text)
        if text.startswith("2"):
            cancellation.cancel()

    result = checked(keep_nothing, stages=(100_000,), progress=cancel, cancellation=cancellation, clock=ticks.__next__)
    assert result.error is not None
    assert result.error.reason == "cancelled"
    assert len(result.samples) >= 2
    assert {child.pid for child in psutil.Process().children()} <= before


@heap_known
def test_progress_is_told_every_few_seconds() -> None:
    """With a clock that goes on by two seconds an iteration, every third one is told, with the growth until then."""
    told: list[str] = []
    ticks = count(step=2.0)
    checked(keep_bytes, stages=(40,), progress=told.append, clock=ticks.__next__)
    states = [line for line in told if "iterations" in line]
    assert told[:2] == ["warming up"] * 2
    assert [line.split(",")[0] for line in states[:2]] == ["3 of at most 40 iterations", "6 of at most 40 iterations"]
    assert all("B/op so far" in line for line in states)
    assert "memory grows: tracing its allocations" in told


def no_heap() -> None:
    """Say nothing, as a platform that knows no figures of the heap."""


def test_without_figures_of_the_heap_nothing_passes() -> None:
    """A clean operation is undecided at 512 B/op, and all stages were run."""
    result = checked(keep_nothing, heap=no_heap)
    assert result.decision is not None
    assert not result.decision.is_conclusive([512.0], LEAST_QUIET)
    assert len(result.samples) == STAGES[-1]
    assert [series.name for series in result.series] == ["resident", "open_files", "threads", "child_processes"]
