"""Loads as generators would have seen them, for tests of what judges them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import Model, constant_arrival_rate
from airflow_provider_dpq.core.load.moment import Iterations, Moment, Outcome
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation

STARTED = 1_800_000_000.0
HTTP = HttpOperation(url="http://127.0.0.1:1/")
PYTHON = PythonOperation(target="module:function")


def load(*names: str, model: Model | None = None, operation: Operation = HTTP, **options: Any) -> LoadTest:
    """Return a load test of some scenarios; by default of one, with 100 arrivals per second for 10 s."""
    scenarios = tuple(Scenario(operation=operation, name=name) for name in names or ("default",))
    return LoadTest(scenarios=scenarios, model=model or constant_arrival_rate("100/s", "10s"), **options)


def iterations(
    due: Sequence[float], response: Sequence[float], service: Sequence[float] | None = None, outcome: int = 0
) -> Iterations:
    """Return iterations by when they were due and how long they took, from then and from their start."""
    ended = [begin + seconds for begin, seconds in zip(due, response, strict=True)]
    started = [end - seconds for end, seconds in zip(ended, service or response, strict=True)]
    return Iterations(array("d", due), array("d", started), array("d", ended), array("H", [outcome] * len(ended)))


def moment(until: float, *, lateness: Sequence[float] = (), **fields: Any) -> Moment:
    """Return a moment that ends then."""
    return Moment(until_seconds=until, lateness=array("d", lateness), **fields)


def dropped(**due: Sequence[float]) -> dict[str, array[float]]:
    """Return arrivals that were given up, by scenario."""
    return {name: array("d", times) for name, times in due.items()}


def record(
    test: LoadTest,
    *,
    rate: float = 100.0,
    seconds: float = 10.0,
    service: Callable[[float], float] = lambda due: 0.01,
    wait: Callable[[float], float] = lambda due: 0.0,
    fails: Callable[[float], bool] = lambda due: False,
    lateness: Sequence[float] = (0.0002,) * 200,
    cpu_percent: float = 20.0,
    on_loop: bool = True,
    blocked: Mapping[str, float] | None = None,
    process: int = 0,
    recorder: Recorder | None = None,
) -> Recorder:
    """Return what a generator recorded of each scenario of a test, at an even rate.

    Args:
        test: What was run.
        rate: Arrivals per second of each scenario.
        seconds: How long it lasted.
        service: How long an iteration took that was due then.
        wait: How long it waited before.
        fails: Whether it failed.
        lateness: How late the generator was.
        cpu_percent: Its processor time.
        on_loop: Whether it ran anything on an event loop.
        blocked: What held up its event loop.
        process: Its number on the machine.
        recorder: Where to record it; None for a new one.
    """
    recorder = recorder or Recorder(test, started_at_seconds=STARTED)
    dues = np.arange(0, seconds, 1 / rate).tolist()
    columns = Iterations(
        array("d", dues),
        array("d", [due + wait(due) for due in dues]),
        array("d", [due + wait(due) + service(due) for due in dues]),
        array("H", [int(fails(due)) for due in dues]),
    )
    recorder.add(
        process,
        moment(
            seconds,
            lateness=lateness,
            iterations={scenario.name: columns for scenario in test.scenarios},
            outcomes={1: Outcome("status", "503", "out of order")},
            running=3,
            cpu_seconds=cpu_percent / 100 * seconds,
            on_loop=on_loop,
            blocked=blocked or {},
            final=True,
        ),
    )
    return recorder


def shard(test: LoadTest, part: int) -> LoadTest:
    """Return the share of one of the machines of a test."""
    return replace(test, part=part)


def value(metrics: Sequence[Metric], name: str, **tags: str) -> float | None:
    """Return the value of the one metric of a name with exactly these tags."""
    return one(metrics, name, **tags).value


def one(metrics: Sequence[Metric], name: str, **tags: str) -> Metric:
    """Return the one metric of a name with exactly these tags."""
    (found,) = (metric for metric in metrics if metric.name == name and dict(metric.tags) == tags)
    return found
