"""What runs in each spawned interpreter of a load test: it prepares scenarios, and bears its share of the load."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Final, TypeAlias

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.load.arrivals import Permits, last_end
from airflow_provider_dpq.core.load.design import LoadTest, Stream
from airflow_provider_dpq.core.load.loop import LoopDriver
from airflow_provider_dpq.core.load.moment import Moment
from airflow_provider_dpq.core.load.ready import Ready, spare_sessions
from airflow_provider_dpq.core.load.tally import Tally
from airflow_provider_dpq.core.load.threads import ThreadDriver
from airflow_provider_dpq.core.load.trial import opened, try_once
from airflow_provider_dpq.core.load.watch import LOOK_SECONDS, Watch

_MOMENT_SECONDS: Final = 0.5
_WAIT_SECONDS: Final = 0.05
_LEFT_SECONDS: Final = 2.5
"""How much longer drivers that should have ended are waited for."""

_FILES_BESIDE: Final = 100

_Driver: TypeAlias = LoopDriver | ThreadDriver

_prepared: dict[str, Ready] = {}
"""The scenarios of this interpreter, from `prepare` to `release`."""


def prepare(test: LoadTest, process: int) -> Iterator[None]:
    """Open the operations of all scenarios, and run each once, outside of any load.

    Args:
        test: What is to be run.
        process: Number of this process on this machine, from 0.

    Yields:
        None after each scenario, as a sign of life.

    Raises:
        MeasurementError: ``target_down``, ``too_many_open_files``, or what opening an operation raises.
        DeclarationError: What an operation raises.
    """
    yield from release()
    streams = test.first_level.streams(process)
    _require_files(sum(stream.max_workers for stream in streams))
    try:
        for stream in streams:
            yield from _prepare(stream, test.iteration_timeout_seconds)
        _set_apart()  # here, where it may take a while: a load is begun at its moment
    except BaseException:
        yield from release()
        raise


def _prepare(stream: Stream, timeout_seconds: float) -> Iterator[None]:
    ready = _prepared[stream.scenario.name] = opened(stream.scenario)
    yield
    try_once(ready, timeout_seconds)
    yield
    if ready.sessions is None:
        return
    with suppress(Exception):  # a target that accepts no more connections fails the iterations that need them
        while len(ready.sessions.free) < spare_sessions(stream):
            ready.sessions.give(ready.sessions.open())
            yield


def release() -> Iterator[None]:
    """Close what `prepare` has opened.

    Yields:
        Nothing.
    """
    with ExitStack() as stack:
        for ready in _prepared.values():
            stack.push(ready.stack)
        _prepared.clear()
    gc.unfreeze()
    yield from ()


def generate(test: LoadTest, process: int, starts_at_seconds: float) -> Iterator[Moment]:
    """Bear this process's share of a load, with what `prepare` has opened.

    Args:
        test: What to run; it may have another load than when it was prepared, but for more workers.
        process: Number of this process on this machine, from 0.
        starts_at_seconds: When the load begins, in seconds since 1970.

    Yields:
        What was done in each half second, the last one marked as such.

    Raises:
        MeasurementError: ``too_many_open_files``.
    """
    streams = test.streams(process)
    _require_files(sum(stream.max_workers for stream in streams))
    begin = time.perf_counter() + starts_at_seconds - time.time()
    tally = Tally((stream.scenario.name for stream in streams), begin)
    planned, most = test.planned, test.max_requests
    cap = Permits(None if planned is not None and planned <= most else test.most_requests(process))

    def until(stream: Stream) -> float:
        return min(stream.duration_seconds, test.max_duration_seconds)

    drivers: list[_Driver] = []
    for kind, on_loop in ((LoopDriver, True), (ThreadDriver, False)):
        assigned = [
            (stream, ready) for stream in streams if (ready := _prepared[stream.scenario.name]).on_loop is on_loop
        ]
        if assigned:
            tally.on_loop |= on_loop
            drivers.append(kind(assigned, tally, timeout_seconds=test.iteration_timeout_seconds, until=until, cap=cap))
    last = last_end(max(map(until, streams)), test.iteration_timeout_seconds) + _LEFT_SECONDS
    _set_apart()
    with ExitStack() as stack:
        for driver in drivers:
            stack.callback(driver.stop)
            driver.start()
        yield from _moments(drivers, tally, last)
        stack.close()
        tally.abandon(test.iteration_timeout_seconds)
        for driver in drivers:
            if driver.error is not None:
                raise driver.error
    yield tally.moment(final=True)


def _moments(drivers: Sequence[_Driver], tally: Tally, last: float) -> Iterator[Moment]:
    """Yield what was done until all drivers have ended."""
    watches = [Watch(driver) for driver in drivers if isinstance(driver, LoopDriver)]
    wait_seconds = LOOK_SECONDS if watches else _WAIT_SECONDS
    time.sleep(max(0.0, -tally.now()))
    tally.begin_cpu()
    due = _MOMENT_SECONDS
    while (now := tally.now()) < last and not all(driver.ended.is_set() for driver in drivers):
        if now >= due:
            yield tally.moment(final=False)
            due = max(due + _MOMENT_SECONDS, now)
        going = next((driver for driver in drivers if not driver.ended.is_set()), drivers[0])
        going.ended.wait(wait_seconds)
        for watch in watches:
            watch.look()


def _set_apart() -> None:
    """Let the garbage collector not go through what is there already, again and again, while a load is under way."""
    gc.collect()
    gc.freeze()


def _require_files(workers: int) -> None:
    """Let this process open a file, such as a connection, for each worker.

    Raises:
        MeasurementError: ``too_many_open_files``.
    """
    needed = workers + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        message = f"{workers} workers need {needed} open files, and a process may have {hard}."
        raise MeasurementError(
            "too_many_open_files", message, hint="Raise the limit (ulimit -n), or use fewer workers.", quotes_data=False
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
