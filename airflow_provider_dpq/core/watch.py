"""A watch over running statements: each has a time limit, and all are stopped if the measurement is cancelled.

The code that runs a statement says how to stop it (`watched`), and the code that measures says when (`watching`). A
statement that blocks inside a driver is stopped from another thread, because Python runs no signal handler there.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

from airflow_provider_dpq.core.errors import QueryTimeoutError, cancelled

_SERVER_FIRST_SECONDS: Final = 0.3
"""How much longer than the limit the client waits, since the server's own limit ends a statement more cleanly."""

_ASK_SECONDS: Final = 0.5
_ASKED: Final = 2
"""How often the server is asked to stop a statement, `_ASK_SECONDS` apart, before its connection is broken."""

_GIVEN_UP: Final = 20
"""How many attempts are made to stop a statement."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stop:
    """How a running statement is stopped from another thread.

    Attributes:
        ask: Asks the server or the engine to stop the statement.
        force: Breaks the connection if the server does not answer; None if asking always works.
        drop: Gives up its connection where the statement has ended and a request to stop it is still under way, for it
            could stop the next statement; None where asking takes no time. Called in the thread of the statement.
    """

    ask: Callable[[], object]
    force: Callable[[], object] | None = None
    drop: Callable[[], object] | None = None


class Watch:
    """Watches over the statements of one check.

    Args:
        limit_seconds: Longest time that one statement may take, until its last row is read; None for no limit.
    """

    def __init__(self, limit_seconds: float | None = None) -> None:
        self.limit_seconds = limit_seconds
        self._running: list[_Running] = []
        self._cancelling = threading.Event()

    def cancel(self) -> None:
        """Stop the running statements, and let no other begin; returns at once."""
        self._cancelling.set()
        for running in tuple(self._running):
            running.end()

    @contextmanager
    def over(self, stop: Stop, subject: str) -> Iterator[None]:
        """Run one statement inside.

        Args:
            stop: How it is stopped.
            subject: What is asked, for people.

        Raises:
            CancelledError: ``cancelled``.
            QueryTimeoutError: ``query_timeout``.
        """
        if self._cancelling.is_set():
            raise cancelled(f"Measuring {subject} was cancelled.")
        limit = self.limit_seconds
        running = _Running(stop)
        self._running.append(running)
        if self._cancelling.is_set():  # by now
            running.end()
        timer = None if limit is None else threading.Timer(limit + _SERVER_FIRST_SECONDS, running.end)
        if timer is not None:
            timer.daemon = True
            timer.start()
        begun = time.monotonic()
        try:
            try:
                yield
            except Exception as error:
                over = limit is not None and time.monotonic() - begun >= limit
                if running.ended or over:
                    self._raise(subject, error)
                raise
        finally:
            if timer is not None:
                timer.cancel()
            self._running.remove(running)
            running.finish()
            if running.lingers and stop.drop is not None:
                _quietly(stop.drop)
        if running.ended:
            self._raise(subject, None)

    def _raise(self, subject: str, error: Exception | None) -> NoReturn:
        if self._cancelling.is_set():
            raise cancelled(f"Measuring {subject} was cancelled.") from error
        message = f"A statement on {subject} took longer than {self.limit_seconds:g} s and was stopped."
        hint = "Raise query_timeout, or check fewer rows at a time."
        raise QueryTimeoutError("query_timeout", message, hint=hint, quotes_data=False) from error


class _Running:
    """A running statement."""

    def __init__(self, stop: Stop) -> None:
        self.ended = False
        self._stop = stop
        self._finished = threading.Event()
        self._ending: threading.Thread | None = None
        self._asking: list[threading.Thread] = []

    def end(self) -> None:
        """Stop it from a thread of its own, since asking a server may take a connection and time."""
        if not self.ended:
            self.ended = True
            self._ending = threading.Thread(target=self._end, name="dpq-stop", daemon=True)
            self._ending.start()

    def finish(self) -> None:
        """Note that it has ended, and wait for a pending request to stop it, which must not hit the next one."""
        self._finished.set()
        if self._ending is not None:
            self._ending.join(_ASK_SECONDS * 2)

    @property
    def lingers(self) -> bool:
        """Whether a request to stop it is still under way."""
        return any(thread is not None and thread.is_alive() for thread in (self._ending, *self._asking))

    def _end(self) -> None:
        for turn in range(_GIVEN_UP):
            if self._finished.is_set():  # else the next statement could be stopped
                return
            way = self._stop.ask if turn < _ASKED or self._stop.force is None else self._stop.force
            asking = threading.Thread(target=_quietly, args=(way,), name="dpq-stop-ask", daemon=True)
            self._asking.append(asking)
            asking.start()
            asking.join(_ASK_SECONDS)
            if self._finished.wait(_ASK_SECONDS):
                return


def _quietly(way: Callable[[], object]) -> None:
    try:
        way()
    except Exception as error:  # noqa: BLE001 - any driver's; the next attempt tries again, in the end by force
        log.debug("A statement could not be stopped: %s.", type(error).__name__)


_current: Final[contextvars.ContextVar[Watch | None]] = contextvars.ContextVar("dpq_watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Let a watch cover all statements that run inside the block, in this thread."""
    token = _current.set(watch)
    try:
        yield watch
    finally:
        _current.reset(token)


def is_watched() -> bool:
    """Whether a watch covers the statements that run in this thread."""
    return _current.get() is not None


@contextmanager
def watched(stop: Stop, subject: str) -> Iterator[None]:
    """Run one statement inside the block, covered by the current watch if there is one; see `Watch.over`."""
    watch = _current.get()
    if watch is None:
        yield
        return
    with watch.over(stop, subject):
        yield


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit each statement inside the block to so many seconds, whether or not there is a watch already."""
    watch = _current.get()
    with watching(Watch() if watch is None else watch) as own:
        before, own.limit_seconds = own.limit_seconds, seconds
        try:
            yield
        finally:
            own.limit_seconds = before


@contextmanager
def within(share: int) -> Iterator[None]:
    """Divide the time limit among the statements that run inside the block.

    Args:
        share: The number of statements that share the limit.
    """
    watch = _current.get()
    if watch is None or watch.limit_seconds is None:
        yield
        return
    whole = watch.limit_seconds
    watch.limit_seconds = max(whole / share, min(whole, 1.0))
    try:
        yield
    finally:
        watch.limit_seconds = whole


def limit_seconds() -> float | None:
    """Return how long a statement may take here; None for no limit."""
    watch = _current.get()
    return None if watch is None else watch.limit_seconds
