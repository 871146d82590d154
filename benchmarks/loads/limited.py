"""Whether a load whose generator is the limit is told from one whose target is: seeded cases of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from loads.memory import service

from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import Model, constant_arrival_rate, constant_concurrency
from airflow_provider_dpq.core.load.run import LoadMeasurement
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.measurement import conclude
from airflow_provider_dpq.core.operation.python import PythonOperation

SECONDS = 5
NO_FAULT = ""
LIMITED = ("generator_limited",)
BLOCKED = ("event_loop_blocked",)


@dataclass(frozen=True)
class Case:
    """A load of some seconds.

    Attributes:
        name: What it is.
        model: How much load.
        function: What runs; None for requests to the service.
        service: Arguments of the service.
        reasons: Why it says nothing of the target, any of these; `NO_FAULT` where it does.
    """

    name: str
    model: Model
    function: Callable[..., object] | None = None
    service: tuple[str, ...] = ()
    reasons: tuple[str, ...] = field(default=(NO_FAULT,), kw_only=True)


def compute() -> int:
    """Hold Python's lock for some 10 ms."""
    return sum(range(400_000))


async def compute_on_loop() -> int:
    """Keep the event loop from anything else for a few milliseconds, of which each is short."""
    return sum(range(300_000))


async def sleep_on_loop() -> None:
    """Wait as a plain function does."""
    time.sleep(0.3)  # noqa: ASYNC251 - that is the fault


def wait() -> None:
    """Wait without Python's lock."""
    time.sleep(0.05)


def query() -> None:
    """Keep all processors busy for about half a second, without Python's lock."""
    import duckdb

    with duckdb.connect() as connection:
        connection.sql("SELECT sum(sqrt(range)) FROM range(60000000)").fetchall()


def at(rate: int, workers: int = 200) -> Model:
    """Return an open load."""
    return constant_arrival_rate(f"{rate}/s", f"{SECONDS}s", max_workers=workers)


CASES = (
    Case("requests as fast as they go", constant_concurrency(64, f"{SECONDS}s"), reasons=LIMITED),
    Case("more arrivals than can be sent", at(40_000), reasons=LIMITED),
    Case("too few workers", at(100, 5), service=("--delay", "0.2"), reasons=LIMITED),
    Case("functions that wait for Python's lock", at(150), compute, reasons=LIMITED),
    Case("coroutines that compute", at(300), compute_on_loop, reasons=LIMITED + BLOCKED),
    Case("coroutines that block the loop", at(2), sleep_on_loop, reasons=BLOCKED),
    Case("a fast service", at(300)),
    Case("a slow service", at(100), service=("--delay", "0.5")),
    Case("a service that stalls", at(100), service=("--delay", "0.002", "--stall", "0.5", "--every", "2")),
    Case("a service at its limit", at(200), service=("--capacity", "100")),
    Case("a service that refuses", at(200), service=("--capacity", "100", "--queue", "5")),
    Case("few workers for a service", constant_concurrency(4, f"{SECONDS}s"), service=("--delay", "0.02")),
    Case("functions that wait", at(100), wait),
    Case("queries on all processors", constant_concurrency(2, f"{SECONDS}s"), query),
)


def limited(rounds: int) -> None:
    """Print how many of the seeded cases are judged as they are meant."""
    right = 0
    for case in CASES:
        found = [_fault(case) for _ in range(rounds)]
        count = sum(fault in case.reasons for fault in found)
        right += count
        told = ", ".join(sorted({fault or "judged" for fault in found}))
        meant = " or ".join(reason or "judged" for reason in case.reasons)
        print(f"  {case.name:40} {count} of {rounds} are {meant}: {told}", flush=True)
    print(f"right: {right} of {rounds * len(CASES)}")


def _fault(case: Case) -> str:
    with _operation(case) as operation:
        report = _report(operation, case.model)
    return NO_FAULT if report.error is None else report.error.reason


@contextmanager
def _operation(case: Case) -> Iterator[Operation]:
    if case.function is not None:
        yield PythonOperation(target=case.function, awaited=True)
        return
    with service(*case.service) as (url, _):
        yield HttpOperation(url=url)


def _report(operation: Operation, model: Model) -> Report:
    test = LoadTest(scenarios=(Scenario(operation=operation),), model=model, iteration_timeout_seconds=10.0)
    measurement = LoadMeasurement(test=test)
    return conclude(measurement, gate="limited", provenance=Provenance(run_id="1"), cancellation=Cancellation()).report
