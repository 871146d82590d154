"""One load by one generator, in a process of its own, without anything that judges it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.generator import generate, prepare
from airflow_provider_dpq.core.load.model import ArrivalRate, Concurrency
from airflow_provider_dpq.core.load.moment import Moment
from airflow_provider_dpq.core.operation.isolation import Child
from airflow_provider_dpq.core.operation.iteration import Operation

TIMEOUT_SECONDS = 60.0
LEAD_SECONDS = 0.5


@dataclass(frozen=True)
class Generated:
    """What a generator did.

    Attributes:
        moments: What it sent.
        begun: When the load began, on `time.monotonic`.
    """

    moments: Sequence[Moment]
    begun: float

    def column(self, name: str) -> np.ndarray:
        """Return the due, started or ended times of all iterations, in seconds from the start of the load."""
        return np.concatenate([getattr(part, name) for moment in self.moments for part in moment.iterations.values()])

    @property
    def lateness(self) -> np.ndarray:
        """By how many seconds the generator was late."""
        return np.concatenate([moment.lateness for moment in self.moments])

    @property
    def failures(self) -> int:
        """How many iterations failed."""
        return sum(sum(map(bool, p.outcome)) for moment in self.moments for p in moment.iterations.values())

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.moments[-1].until_seconds

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the generator's process."""
        return self.moments[-1].cpu_seconds


def generated(operation: Operation, model: ArrivalRate | Concurrency) -> Generated:
    """Bear a load."""
    test = LoadTest(scenarios=(Scenario(operation=operation),), model=model)
    with Child() as child:
        list(child.stream(prepare, test, 0, functions=operation.functions, timeout_seconds=TIMEOUT_SECONDS))
        starts_at = time.time() + LEAD_SECONDS
        begun = time.monotonic() + starts_at - time.time()
        arguments = (generate, test, 0, starts_at)
        stream = child.stream(*arguments, functions=operation.functions, timeout_seconds=TIMEOUT_SECONDS)
        return Generated(list(stream), begun)


@contextmanager
def apart(pid: int) -> Iterator[None]:
    """Keep a process on one processor, and all that this process starts meanwhile on another one."""
    all_processors = sorted(os.sched_getaffinity(0))
    if len(all_processors) < 2:
        raise SystemExit("the service and its load need a processor each")
    os.sched_setaffinity(pid, all_processors[1:2])
    os.sched_setaffinity(0, all_processors[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_processors)
