"""Iterations in threads, which claim them from one schedule."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from airflow_provider_dpq.core.load.arrivals import Crew, Permits, arrivals, last_end, last_start
from airflow_provider_dpq.core.load.design import Stream
from airflow_provider_dpq.core.load.model import ArrivalRate
from airflow_provider_dpq.core.load.moment import SUCCESS
from airflow_provider_dpq.core.load.pace import sleep_until
from airflow_provider_dpq.core.load.ready import Ready, call_of, fail, spare_sessions, torn_down
from airflow_provider_dpq.core.load.tally import Record, Tally
from airflow_provider_dpq.core.operation.iteration import Iteration

_BEAT_SECONDS: Final = 0.02
_JOIN_SECONDS: Final = 1.0


class ThreadDriver:
    """Runs streams in threads.

    Attributes:
        ended: Set once nothing of it runs any more, or has had its time.
        error: A fault of the driver itself; None where there is none.
        stopping: Whether it is to end now.

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
        self.tally = tally
        self.timeout_seconds = timeout_seconds
        self.stopping = False
        self._last = last_end(max(until(stream) for stream, _ in assigned), timeout_seconds)
        self._lanes: list[_OpenThreads | _ClosedThreads] = []
        for stream, ready in assigned:
            kind = _OpenThreads if isinstance(stream.model, ArrivalRate) else _ClosedThreads
            self._lanes.append(kind(self, stream, ready, until(stream), cap))
        self._thread = threading.Thread(target=self._run, name="dpq-load-beat", daemon=True)

    def is_stopping(self) -> bool:
        """Whether it is to end now."""
        return self.stopping

    def start(self) -> None:
        """Get ready; the load begins when it is due."""
        for lane in self._lanes:
            lane.start()
        self._thread.start()

    def stop(self) -> None:
        """End it, whether or not it is through. An iteration that goes on cannot be ended: its thread is left."""
        self.stopping = True
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in [self._thread, *(thread for lane in self._lanes for thread in lane.threads)]:
            thread.join(max(0.0, deadline - time.monotonic()))
        for lane in self._lanes:
            lane.drop_rest()

    def _run(self) -> None:
        try:
            self._look_after()
        except BaseException as error:  # noqa: BLE001 - it is raised by who waits for this thread
            self.error = error
        finally:
            self.ended.set()

    def _look_after(self) -> None:
        """Start workers that are missing, again and again, and thereby see how late threads are."""
        tally, due = self.tally, 0.0
        while sleep_until(tally.begin + due, self.is_stopping):
            now = tally.now()
            tally.lateness.append(now - due)
            for lane in self._lanes:
                lane.beat(now)
            if now > self._last or all(lane.done(now) for lane in self._lanes):
                return
            due = max(due + _BEAT_SECONDS, now)


class _Lane:
    """What the lanes of open and closed models share: sessions and iterations."""

    def __init__(self, driver: ThreadDriver, stream: Stream, ready: Ready) -> None:
        self.threads: list[threading.Thread] = []
        self.opening: set[object] = set()
        self.driver = driver
        self.stream = stream
        self.record: Record = driver.tally.records[stream.scenario.name]
        self.running = driver.tally.running()
        self._ready = ready

    def start_worker(self, work: Callable[..., None], *arguments: Any) -> None:
        """Run a worker in a thread."""
        thread = threading.Thread(target=self._guarded, args=(work, arguments), name="dpq-load", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _guarded(self, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - a fault of the driver, which whoever waits for it raises
            self.driver.error = error

    def drop_ended(self) -> None:
        """Forget threads that have ended."""
        self.threads = [thread for thread in self.threads if thread.is_alive()]

    def session(self) -> Iteration | Exception:
        """Return an iteration for one worker, or why it cannot have one."""
        if self._ready.sessions is None:
            assert self._ready.shared is not None  # noqa: S101 - for the type checker
            return self._ready.shared
        key = object()
        self.opening.add(key)
        try:
            return self._ready.sessions.take()
        except Exception as error:  # noqa: BLE001 - whatever it raises is the failure of an iteration
            return error
        finally:
            self.opening.discard(key)

    def give_back(self, session: Iteration | Exception) -> None:
        """Let another worker have what `session` returned."""
        if self._ready.sessions is not None and isinstance(session, Iteration):
            self._ready.sessions.give(session)

    def iterate(self, session: Iteration | Exception, call: Callable[[], Any], due: float | None) -> None:
        """Run one iteration and record it.

        Args:
            session: What `session` returned.
            call: What `set_up` returned.
            due: When it was due; None for now.
        """
        tally, outcome, result, key = self.driver.tally, SUCCESS, None, object()
        started = time.perf_counter() - tally.begin
        due = started if due is None else due
        self.running[key] = (due, started, self.record)
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - whatever it raises is its failure, SystemExit too
            outcome = self.record.failure(error)
        ended = time.perf_counter() - tally.begin
        if self.running.pop(key, None) is None:
            return
        cleans = outcome == SUCCESS or self._ready.cleans_failures
        if isinstance(session, Iteration) and session.tear_down is not None and cleans:
            outcome = torn_down(session.tear_down, result, self.record, outcome)
        if ended - started > self.driver.timeout_seconds:
            outcome = self.record.timeout(self.driver.timeout_seconds)
        self.record.add(due, started, ended, outcome)


class _OpenThreads(_Lane):
    """The arrivals of an open model: whoever is free claims the next one and sleeps until it is due."""

    def __init__(self, driver: ThreadDriver, stream: Stream, ready: Ready, until: float, cap: Permits) -> None:
        super().__init__(driver, stream, ready)
        self._last_start = last_start(until)
        self._dues = arrivals(stream, until)
        self._cap = cap
        self._lock = threading.Lock()
        self._through = False
        # Sessions are opened as they are needed, but for some that stand by: a database has only so many.
        self._spare = stream.max_workers if ready.sessions is None else spare_sessions(stream)

    def start(self) -> None:
        """Start the workers that stand by."""
        self._grow()

    def beat(self, now: float) -> None:
        """Start more workers where few stand by, and give up what nobody has started in time."""
        if now > self._last_start or not self._cap.left:
            self.drop_rest()
        elif not self._through:
            self._grow()

    def drop_rest(self) -> None:
        """Give up what nobody has claimed."""
        with self._lock:
            for due in self._dues:
                self.record.drop(due)
            self._through = True

    def done(self, _now: float) -> bool:
        """Whether all has been started and has ended."""
        if self._through:
            self.drop_ended()
        return self._through and not self.threads

    def _grow(self) -> None:
        idle, opening = len(self.threads) - len(self.running), len(self.opening)
        # Who opens a session will be there soon; but where nobody else is, arrivals wait for it.
        spare = self._spare - (idle if idle > opening else 0)
        for _ in range(min(spare, self.stream.max_workers - len(self.threads))):
            self.start_worker(self._work)

    def _work(self) -> None:
        driver, tally = self.driver, self.driver.tally
        session = self.session()
        while not driver.stopping:
            with self._lock:
                due = next(self._dues, math.inf)
            if due == math.inf:
                self._through = True
                break
            claimed = tally.now()
            if claimed - due > driver.timeout_seconds or claimed > self._last_start:
                self.record.drop(due)
                continue
            if isinstance(session, Exception):
                session = self.session()
            call = _call_of(session)
            waits = tally.now() <= due
            if not sleep_until(tally.begin + due, driver.is_stopping):
                break
            if waits:
                tally.lateness.append(tally.now() - due)
            if self._cap.take():
                self.iterate(session, call, due)
            else:
                self.record.drop(due)
        self.give_back(session)


class _ClosedThreads(_Lane):
    """The workers of a closed model."""

    def __init__(self, driver: ThreadDriver, stream: Stream, ready: Ready, until: float, cap: Permits) -> None:
        super().__init__(driver, stream, ready)
        self._crew = Crew(stream, until, cap)

    def start(self) -> None:
        """Start nobody: who is to work at the start is known then."""

    def beat(self, now: float) -> None:
        """Start the workers that are missing."""
        missing = self._crew.missing(now)
        if missing:
            self.drop_ended()
        for number in missing:
            self.start_worker(self._work, number)

    def done(self, now: float) -> bool:
        """Whether nothing more is started, and all has ended."""
        if not self._crew.done(now):
            return False
        self.drop_ended()
        return not self.threads

    def drop_rest(self) -> None:
        """Give up what was planned and not started."""
        now = self.driver.tally.now()
        for due in self._crew.dropped(now):
            self.record.drop(due)

    def _rests(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.driver.stopping or self._crew.done(self.driver.tally.now())

    def _work(self, number: int) -> None:
        driver, think_seconds = self.driver, self.stream.scenario.think_time_seconds
        session = self.session()
        for goes_on in self._crew.turns(number):
            if driver.stopping:
                break
            if isinstance(session, Exception):
                session = self.session()
            self.iterate(session, _call_of(session), None)
            if think_seconds and goes_on:
                sleep_until(time.perf_counter() + think_seconds, self._rests)
        self.give_back(session)


def _call_of(session: Iteration | Exception) -> Callable[[], Any]:
    """Return the call of one iteration; what stands in the way of it is what the call raises."""
    if isinstance(session, Exception):
        return partial(fail, session)
    return call_of(session)
