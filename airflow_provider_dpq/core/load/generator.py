"""The load generator in each spawned interpreter: it prepares the scenarios, and generates its share of the load."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
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
from airflow_provider_dpq.core.operation.child import OURS
from airflow_provider_dpq.core.operation.origin import short

_MOMENT_SECONDS: Final = 0.5
_WAIT_SECONDS: Final = 0.05
_LEFT_SECONDS: Final = 2.5
"""How long to wait for drivers that should have ended."""

_OTHER_FILES: Final = 100

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
        _freeze_garbage_collector()  # here, where it may take a while: the load has to start on time
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
    """Generate this process's share of a load, with the operations that `prepare` opened.

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
    _freeze_garbage_collector()
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


def _freeze_garbage_collector() -> None:
    """Keep the garbage collector from searching the existing objects again and again during the load."""
    gc.collect()
    gc.freeze()


def _require_files(workers: int) -> None:
    """Let this process open a file, such as a connection, for each worker.

    Raises:
        MeasurementError: ``too_many_open_files``.
    """
    needed = workers + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        message = f"{workers} workers need {needed} open files, but a process may only have {hard}."
        raise MeasurementError(
            "too_many_open_files", message, hint="Raise the limit (ulimit -n), or use fewer workers.", quotes_data=False
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


BLOCKED_SECONDS: Final = 0.025
"""From when on a loop that shows no sign of life, which it does a hundred times a second, is blocked."""

LOOK_SECONDS: Final = 0.01
"""How often to look: an iteration that blocks for little longer is seen, and counted for most of its time."""

_LOOPS: Final = (f"{Path(asyncio.__file__).parent}/", threading.__file__, "/aiohttp/", "/uvloop/", f"{OURS}/")
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Watch:
    """Looks at a loop from another thread.

    Args:
        driver: The loop's.
    """

    def __init__(self, driver: LoopDriver) -> None:
        self._driver = driver
        self._counted = 0.0

    def look(self) -> None:
        """Add the time for which the loop has shown no sign of life, since the last look, to who keeps it."""
        now, alive = time.perf_counter(), self._driver.alive
        if now - alive <= BLOCKED_SECONDS or self._driver.ended.is_set():
            return
        place = culprit(self._driver.thread_number)
        if place is not None:
            blocked = self._driver.tally.blocked
            blocked[place] = blocked.get(place, 0.0) + now - max(alive, self._counted)
            self._counted = now


def culprit(thread_number: int | None) -> str | None:
    """Return the place in the user's code where a thread is, as ``folder/file.py:line in function``.

    That is the innermost one that is neither of a library nor of this project; where there is none, the innermost of
    a library. None where only the loop itself, or what belongs to it, runs.
    """
    frame = sys._current_frames().get(thread_number or 0)
    foreign = [frame for frame in _outwards(frame) if not _is_of(frame, _LOOPS)]
    own = [frame for frame in foreign if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    found = next(iter(own or foreign), None)
    if found is None:
        return None
    return f"{short(found.f_code.co_filename)}:{found.f_lineno} in {found.f_code.co_name}"


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of(frame: FrameType, parts: tuple[str, ...]) -> bool:
    return any(part in frame.f_code.co_filename for part in parts)
