"""Whether a generator, and the process that judges, keep memory while a load goes on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.load.run import LoadMeasurement
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.isolation import Cancellation

SERVICE = Path(__file__).resolve().parents[1] / "peers" / "http_service.py"
MINUTE_SECONDS = 60.0
SETTLING_SECONDS = 30.0
"""Left out at the beginning: connections are made, and code is run for the first time."""

Sample = tuple[float, int, int]
"""Seconds since the start, and the resident memory in bytes of this process and of the largest of its children."""


@contextmanager
def service(*arguments: str) -> Iterator[tuple[str, int]]:
    """Run the service of known behaviour for as long as the context lasts; yield its address and process."""
    command = [sys.executable, str(SERVICE), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise SystemExit("the service has no pipes")
        with process.stdin:  # the service ends with it
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/", process.pid


def memory(minutes: float, rate: float) -> None:
    """Load the service for a while and print the memory of the first and the last minute."""
    samples: list[Sample] = []
    with service("--delay", "0.001") as (url, pid):
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(samples, {pid}, ended), daemon=True)
        watch.start()
        report = _soak(url, minutes, rate)
        ended.set()
        watch.join()
    done = next(metric.value for metric in report.metrics if metric.name == "iteration_count" and not metric.tags)
    print(f"soak of {minutes:g} min at {rate:g}/s: {report.verdict.value}, {done:,} iterations")
    for name, column in (("parent", 1), ("generator", 2)):
        first, last = _minutes([(sample[0], sample[column]) for sample in samples])
        print(
            f"{name:10} {first / 1e6:8.2f} MB first minute, {last / 1e6:8.2f} MB last, {(last - first) / 1e6:+.2f} MB"
        )


def _soak(url: str, minutes: float, rate: float) -> Report:
    seconds = minutes * MINUTE_SECONDS
    test = LoadTest(
        scenarios=(Scenario(operation=HttpOperation(url=url)),),
        model=constant_arrival_rate(f"{rate:g}/s", f"{seconds:g}s"),
    )
    began = time.monotonic()
    measurement = LoadMeasurement(test=test, thresholds=parse_thresholds(["p(99) < 100ms"], "load"))
    measurement.measure(cancellation=Cancellation(), tell=None)
    return measurement.report(
        gate="soak", provenance=Provenance(run_id="benchmark"), duration_seconds=time.monotonic() - began
    )


def _watch(samples: list[Sample], others: set[int], ended: threading.Event) -> None:
    """Look at the memory each second, until it ends."""
    own = psutil.Process()
    began = time.monotonic()
    while not ended.wait(1.0):
        children = [_resident(child) for child in own.children(recursive=True) if child.pid not in others]
        samples.append((time.monotonic() - began, own.memory_info().rss, max(children, default=0)))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _minutes(samples: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Return the median of the first minute after the settling, and that of the last one."""
    held = [(at, size) for at, size in samples if at >= SETTLING_SECONDS and size]
    end = held[-1][0]
    first = [size for at, size in held if at < SETTLING_SECONDS + MINUTE_SECONDS]
    last = [size for at, size in held if at >= end - MINUTE_SECONDS]
    return statistics.median(first), statistics.median(last)
