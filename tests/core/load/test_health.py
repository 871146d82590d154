"""Loads whose generators were the limit, and loads whose targets were: seeded cases of both."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.health import fault_of
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    ramping_arrival_rate,
)
from airflow_provider_dpq.core.load.moment import Iterations
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.operation.python import PythonOperation
from tests.core.load.loads import PYTHON, STARTED, dropped, load, moment, record


async def awaited() -> None:
    """Do nothing on an event loop."""


COROUTINE = PythonOperation(target=awaited, awaited=True)
LATE = np.linspace(0, 0.02, 400).tolist()
"""Up to 20 ms."""


def open_load(workers: int, rate: str = "100/s", **options: Any) -> LoadTest:
    """Return a load of 10 s with so many workers."""
    return load(model=constant_arrival_rate(rate, "10s", max_workers=workers), **options)


def grows(seconds: float) -> Callable[[float], float]:
    """Return a wait that grows evenly, as of arrivals that find ever longer queues."""
    return lambda due: seconds * due


def with_dropped(test: LoadTest) -> Recorder:
    """Return a load that gave up arrivals in its second half, as its few workers were all waiting for answers."""
    recorder = record(test, service=lambda due: 0.5)
    recorder.add(0, moment(10.0, dropped=dropped(default=np.arange(5, 10, 0.01).tolist()), lateness=[0.0] * 100))
    return recorder


def burst(cpu_percent: float, seconds: float = 2.5) -> Recorder:
    """Return a load whose generator used so much of a processor for a while, and little before and after."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    used = 0.0
    for number in range(1, 21):
        used += 0.5 * (cpu_percent / 100 if 5 < number / 2 <= 5 + seconds else 0.05)
        recorder.add(0, moment(number / 2, cpu_seconds=used, on_loop=True, lateness=[0.0002] * 20))
    return record(recorder.test, recorder=recorder, cpu_percent=10 * used)


def overloaded(test: LoadTest, rate: float, capacity: float, seconds: float = 8.0) -> Recorder:
    """Return what an open load saw of a service that answers one after the other, from the first second too slowly."""
    recorder, workers = Recorder(test, started_at_seconds=STARTED), test.streams()[0].max_workers
    dues = np.arange(0, seconds, 1 / rate).tolist()
    begins, ends = [], []
    for number, due in enumerate(dues):
        begins.append(max(due, ends[number - workers]) if number >= workers else due)
        ends.append(max(begins[-1], ends[-1] if ends else 0.0) + 1 / capacity)
    columns = Iterations(array("d", dues), array("d", begins), array("d", ends), array("H", [0] * len(dues)))
    recorder.add(0, moment(ends[-1], iterations={"default": columns}, lateness=[0.0002] * 500, final=True))
    return recorder


def first_moment() -> Recorder:
    """Return a load in which nothing has ended yet."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    recorder.add(0, moment(0.5, lateness=[0.001] * 10))
    return recorder


LIMITED = {
    "a generator that is late": lambda: record(load(), lateness=LATE),
    "one of two generators that is late": lambda: record(
        load(processes=2), process=1, lateness=LATE, recorder=record(load(processes=2))
    ),
    "late for the fast scenario": lambda: record(
        load("fast", "slow"), lateness=LATE, service=lambda due: 0.001 if due % 1 < 0.9 else 0.05
    ),
    "requests whose answers hold up the event loop": lambda: record(load(), blocked={"loop.py:1 in f": 0.6}),
    "an event loop that uses up its processor": lambda: record(load(), cpu_percent=97.0),
    "coroutines that use up the processor": lambda: record(load(operation=COROUTINE), cpu_percent=90.0),
    "two workers for what takes four": lambda: record(
        load(model=constant_arrival_rate("2/s", "60s", max_workers=2)),
        rate=2,
        seconds=60,
        service=lambda due: 2.0,
        wait=grows(1.0),
    ),
    "ten workers for what takes fifty": lambda: record(open_load(10), service=lambda due: 0.5, wait=grows(4.0)),
    "arrivals given up for want of workers": lambda: with_dropped(open_load(10)),
    "too few workers only at the top": lambda: record(
        load(model=ramping_arrival_rate([("5s", "10/s"), ("0s", "100/s"), ("5s", "100/s")], max_workers=20)),
        service=lambda due: 0.5,
        wait=lambda due: max(0.0, due - 5),
    ),
    "a search beyond its workers": lambda: record(
        load(model=breakpoint_search("10/s", "100/s", max_workers=10)), service=lambda due: 0.5, wait=grows(2.0)
    ),
    "a share of a machine that had too few": lambda: record(
        open_load(10, parts=2), rate=50, service=lambda due: 0.5, wait=grows(4.0)
    ),
}
LIMITED["an event loop that is used up for a while"] = lambda: burst(cpu_percent=97.0)
LIMITED["a generator that is late in a burst of slow answers"] = lambda: record(
    load(), lateness=LATE, service=lambda due: 0.5 if due > 5 else 0.002
)
LIMITED["functions in two threads that compute all the time"] = lambda: record(
    load(operation=PYTHON), cpu_percent=99.0, on_loop=False, lateness=[0.011] * 500
)
BLOCKED = {
    "an event loop that was held up": lambda: record(
        load(operation=COROUTINE), blocked={"a.py:1 in f": 0.05, "app.py:7 in g": 0.6}
    )
}
HEALTHY = {
    "a fast target": lambda: record(load()),
    "a slow target with enough workers": lambda: record(open_load(200), service=lambda due: 1.5),
    "a target that stalls": lambda: record(
        open_load(200), service=lambda due: 0.002 + max(0.0, 0.5 - due % 3), lateness=[0.0002] * 990 + [0.02] * 5
    ),
    "a target that breaks down under load": lambda: record(
        open_load(50), service=lambda due: 0.01 if due < 4 else 0.5, wait=lambda due: max(0.0, due - 5)
    ),
    "a target overloaded from the first second": lambda: overloaded(
        load(model=constant_arrival_rate("300/s", "8s", max_workers=200)), 300, 100
    ),
    "a target far overloaded from the first second": lambda: overloaded(
        load(model=constant_arrival_rate("2000/s", "8s", max_workers=200)), 2000, 100
    ),
    "a generator that is busy for a moment": lambda: burst(cpu_percent=99.0, seconds=1.0),
    "a target that hangs": lambda: record(
        open_load(10), service=lambda due: 30.0, wait=grows(4.0), fails=lambda due: True
    ),
    "a target that fails": lambda: record(load(), fails=lambda due: due > 3),
    "a search that found the target's limit": lambda: record(
        load(model=breakpoint_search("10/s", "100/s", max_workers=50)),
        service=lambda due: 0.01 if due < 5 else 0.5,
        wait=lambda due: max(0.0, due - 6),
    ),
    "a function in one thread that computes all the time": lambda: record(
        load(operation=PYTHON), cpu_percent=99.0, on_loop=False, lateness=[0.0055] * 500
    ),
    "queries in this process that use all processors": lambda: record(
        load(model=constant_concurrency(4, "10s"), operation=PYTHON),
        rate=2,
        service=lambda due: 1.8,
        cpu_percent=195.0,
        on_loop=False,
        lateness=np.linspace(0, 0.05, 300).tolist(),
    ),
    "a single hiccup of a short load": lambda: record(load(), seconds=1, lateness=[0.0] * 19 + [0.03]),
    "a loop that was held up for a moment": lambda: record(load(), blocked={"app.py:7 in g": 0.08}),
    "functions in threads that use up the processor": lambda: record(
        load(operation=PYTHON), cpu_percent=99.0, on_loop=False
    ),
    "nothing recorded yet": lambda: Recorder(load(), started_at_seconds=STARTED),
    "nothing ended yet": first_moment,
}


@pytest.mark.parametrize("case", LIMITED)
def test_a_limited_generator_is_recognised(case: str) -> None:
    """What it recorded says nothing of the target."""
    recorder = LIMITED[case]()
    fault = fault_of(recorder.ledger(), recorder.test)
    assert fault is not None
    assert (fault.reason, bool(fault.hint)) == ("generator_limited", True)


@pytest.mark.parametrize("case", BLOCKED)
def test_a_blocked_event_loop_is_recognised_and_named(case: str) -> None:
    """The place that held it up the longest is named, and comes before what follows from it."""
    recorder = BLOCKED[case]()
    fault = fault_of(recorder.ledger(), recorder.test)
    assert fault is not None
    assert (fault.reason, "app.py:7 in g" in fault.message) == ("event_loop_blocked", True)


@pytest.mark.parametrize("case", HEALTHY)
def test_a_limited_target_is_for_thresholds_to_judge(case: str) -> None:
    """A slow, stalling or failing target makes no recording invalid."""
    recorder = HEALTHY[case]()
    assert fault_of(recorder.ledger(), recorder.test) is None


def test_the_message_says_how_many_workers_it_takes() -> None:
    """It is Little's law, at the shortest service time."""
    recorder = LIMITED["ten workers for what takes fifty"]()
    fault = fault_of(recorder.ledger(), recorder.test)
    assert "100/s of default need 50.0 workers" in str(fault)
    assert "0.5 s, but there were only 10" in str(fault)
