"""Iterations on an event loop, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

from airflow_provider_dpq.core.load.arrivals import Crew, Permits, arrivals, last_end, last_start
from airflow_provider_dpq.core.load.design import Stream
from airflow_provider_dpq.core.load.model import ArrivalRate
from airflow_provider_dpq.core.load.moment import SUCCESS
from airflow_provider_dpq.core.load.pace import Alarm
from airflow_provider_dpq.core.load.ready import Ready, call_of, spare_sessions, torn_down
from airflow_provider_dpq.core.load.request import Requests
from airflow_provider_dpq.core.load.tally import Tally
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Iteration

_BEAT_SECONDS: Final = 0.01
_CLEAN_UP_SECONDS: Final = 2.0


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop: uvloop's where it is installed, which does more in the same time."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop()
    return new_event_loop()


class LoopDriver:
    """Runs streams on an event loop.

    Attributes:
        ended: Set once nothing of it runs any more.
        error: A fault of the driver itself; None where there is none.
        alive: When the loop last showed that it is not blocked, on `time.perf_counter`.

    Args:
        assigned: What to run.
        tally: Where to record it.
        timeout_seconds: Longest time of an iteration, and of an arrival without a worker.
        until: When a stream ends, in seconds since the start.
        cap: Permissions to start an iteration.
    """

    def __init__(
        self,
        assigned: Sequence[tuple[Stream, Ready]],
        tally: Tally,
        *,
        timeout_seconds: float,
        until: Callable[[Stream], float],
        cap: Permits,
    ) -> None:
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self.alive = tally.begin
        self.tally = tally
        self.timeout_seconds = timeout_seconds
        self.stopping = False
        self._assigned = [(stream, ready, until(stream)) for stream, ready in assigned]
        self._cap = cap
        self._running = tally.running()
        self._overdue: set[object] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes: list[_Lane] = []
        self._loop = new_loop()
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="dpq-load-loop", daemon=True)

    @property
    def thread_number(self) -> int | None:
        """Identifies the loop's thread."""
        return self._thread.ident

    def start(self) -> None:
        """Get ready; the load begins when it is due."""
        self._thread.start()

    def stop(self) -> None:
        """End it, whether or not it is through."""
        self.stopping = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._finish)
        self._thread.join(2 * _CLEAN_UP_SECONDS)
        for lane in self._lanes:
            lane.drop_rest()

    def _run(self) -> None:
        loop = self._loop
        executor = ThreadPoolExecutor(thread_name_prefix="dpq-load-executor")
        loop.set_default_executor(executor)
        try:
            loop.run_until_complete(self._serve())
            loop.run_until_complete(loop.shutdown_asyncgens())
        except BaseException as error:  # noqa: BLE001 - it is raised by who waits for this thread
            self.error = error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            loop.close()
            self.ended.set()

    async def _serve(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for stream, ready, until in self._assigned:
                iteration = ready.shared
                if isinstance(ready.scenario.operation, HttpOperation):
                    requests = Requests(ready.scenario.operation, ready.scenario.size)
                    iteration = Iteration((await stack.enter_async_context(requests)).send)
                assert iteration is not None  # noqa: S101 - for the type checker
                kind = _OpenTasks if isinstance(stream.model, ArrivalRate) else _ClosedTasks
                self._lanes.append(kind(self, stream, iteration, until, self._cap))
            self._alarm = Alarm(self._loop, self._beat)
            self._due = 0.0
            self._alarm.set(self.tally.begin)
            try:
                if not self.stopping:
                    await self._finished
            finally:
                self.stopping = True
                self._alarm.close()
                for lane in self._lanes:
                    lane.close()
                await self._end_tasks()

    async def _end_tasks(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_CLEAN_UP_SECONDS)

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)

    def task(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a worker."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.stopping:
            self.error = error
            self._finish()

    def _beat(self) -> None:
        """Look after what nothing else does in time, and thereby see how late the loop is."""
        tally, now = self.tally, self.tally.now()
        if now < self._due:  # the timer was early by less than the clock can tell
            self._alarm.set(tally.begin + self._due)
            return
        tally.lateness.append(now - self._due)
        self.alive = now + tally.begin
        for task, (_, started, _) in self._running.items():
            if now - started <= self.timeout_seconds:
                break
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()  # type: ignore[attr-defined]
        for lane in self._lanes:
            lane.beat(now)
        last = last_end(max(until for _, _, until in self._assigned), self.timeout_seconds)
        if now > last or all(lane.done(now) for lane in self._lanes):
            self._finish()
            return
        self._due = max(self._due + _BEAT_SECONDS, now)
        self._alarm.set(tally.begin + self._due)

    async def iterate(self, lane: _Lane, call: Callable[[], Any], due: float | None) -> None:
        """Run one iteration and record it.

        Args:
            lane: What it is of.
            call: What is run, with all set up.
            due: When it was due; None for now.
        """
        iteration, tally, outcome, result = lane.iteration, self.tally, SUCCESS, None
        task = asyncio.current_task()
        started = time.perf_counter() - tally.begin
        due = started if due is None else due
        self._running[task] = (due, started, lane.record)
        try:
            result = await call()
        except BaseException as error:
            if self.stopping:
                raise
            if task not in self._overdue:
                outcome = lane.record.failure(error)
        ended = time.perf_counter() - tally.begin
        if task in self._overdue:
            self._overdue.discard(task)
            task.uncancel()  # type: ignore[union-attr]
            outcome = lane.record.timeout(self.timeout_seconds)
        elif ended - started > self.timeout_seconds:  # something kept the loop from ending it
            outcome = lane.record.timeout(self.timeout_seconds)
        if self._running.pop(task, None) is None:
            return
        if iteration.tear_down is not None and outcome == SUCCESS:
            outcome = torn_down(iteration.tear_down, result, lane.record, outcome)
        lane.record.add(due, started, ended, outcome)


class _OpenTasks:
    """The arrivals of an open model, and the workers that wait for them."""

    def __init__(self, driver: LoopDriver, stream: Stream, iteration: Iteration, until: float, cap: Permits) -> None:
        self.iteration = iteration
        self.record = driver.tally.records[stream.scenario.name]
        self._driver = driver
        self._loop = asyncio.get_running_loop()
        self._last_start = last_start(until)
        self._dues = arrivals(stream, until)
        self._cap = cap
        self._calls: deque[Callable[[], Any]] = deque()
        self._ahead = 0 if iteration.set_up is None else spare_sessions(stream)
        self._to_set_up = stream.planned or 0
        self._due = next(self._dues, math.inf)
        self._idle: list[asyncio.Future[float]] = []
        self._waiting: deque[float] = deque()
        self._workers = stream.max_workers
        for _ in range(self._workers):
            driver.task(self._work())
        self._alarm = Alarm(self._loop, self._ring)
        self._alarm.set(driver.tally.begin + self._due)

    def beat(self, now: float) -> None:
        """Give up the arrivals that have waited too long."""
        if not self._cap.left:
            self.drop_rest()
        while self._waiting and self._is_too_late(self._waiting[0], now):
            self.record.drop(self._waiting.popleft())

    def done(self, _now: float) -> bool:
        """Whether all has been started and has ended."""
        return self._due == math.inf and not self._waiting and len(self._idle) == self._workers

    def close(self) -> None:
        """Let nothing be due any more."""
        self._alarm.close()

    def drop_rest(self) -> None:
        """Give up what was not started."""
        for due in (*self._waiting, self._due, *self._dues):
            if due < math.inf:
                self.record.drop(due)
        self._waiting.clear()
        self._due = math.inf

    def _is_too_late(self, due: float, now: float) -> bool:
        return now - due > self._driver.timeout_seconds or now > self._last_start

    def _ring(self) -> None:
        """Give what is due to workers."""
        begin = self._driver.tally.begin
        now = time.perf_counter() - begin
        while self._due <= now:
            if self._idle:
                self._idle.pop().set_result(self._due)  # the last one to have worked, whose connection is warm
            else:
                self._waiting.append(self._due)
            self._due = next(self._dues, math.inf)
        self._alarm.set(begin + self._due)

    async def _work(self) -> None:
        driver, tally = self._driver, self._driver.tally
        begin, lateness = tally.begin, tally.lateness
        while True:
            if self._waiting:
                due = self._waiting.popleft()
                if self._is_too_late(due, tally.now()):
                    self.record.drop(due)
                    continue
            else:
                self._set_up_ahead()
                turn = self._loop.create_future()
                self._idle.append(turn)
                due = await turn
                lateness.append(time.perf_counter() - begin - due)
            if not self._cap.take():
                self.record.drop(due)
                continue
            await driver.iterate(self, self._calls.popleft() if self._calls else self._call(), due)
            if self._due <= time.perf_counter() - begin:
                self._ring()

    def _set_up_ahead(self) -> None:
        """Set up a call while nothing is due, so that it is ready when something is."""
        if len(self._calls) < self._ahead and self._to_set_up > 0 and self._due > self._driver.tally.now():
            self._calls.append(self._call())

    def _call(self) -> Callable[[], Any]:
        self._to_set_up -= 1
        return call_of(self.iteration)


class _ClosedTasks:
    """The workers of a closed model."""

    def __init__(self, driver: LoopDriver, stream: Stream, iteration: Iteration, until: float, cap: Permits) -> None:
        self.iteration = iteration
        self.record = driver.tally.records[stream.scenario.name]
        self._driver = driver
        self._crew = Crew(stream, until, cap)
        # What never waits for anything would keep the loop to itself.
        self._pause_seconds = stream.scenario.think_time_seconds
        self._pauses = self._pause_seconds > 0 or not isinstance(stream.scenario.operation, HttpOperation)
        self._active = 0

    def beat(self, now: float) -> None:
        """Start the workers that are missing."""
        for number in self._crew.missing(now):
            self._driver.task(self._work(number))

    def done(self, now: float) -> bool:
        """Whether nothing more is started, and all has ended."""
        return self._crew.done(now) and not self._active

    def close(self) -> None:
        """Nothing is left to close."""

    def drop_rest(self) -> None:
        """Give up what was planned and not started."""
        for due in self._crew.dropped(self._driver.tally.now()):
            self.record.drop(due)

    async def _work(self, number: int) -> None:
        for goes_on in self._crew.turns(number):
            self._active += 1
            try:
                await self._driver.iterate(self, call_of(self.iteration), None)
            finally:
                self._active -= 1
            if self._pauses and goes_on:
                await asyncio.sleep(self._pause_seconds)


_Lane: TypeAlias = _OpenTasks | _ClosedTasks
