"""An attempt at measuring, beside the thread that signals come to.

Python runs a signal handler only between two steps of the main thread, and none while that is inside of a driver. So
the work runs in a thread of its own, and the main thread does nothing but wait: a kill, a time limit or a Ctrl-C ends
the waiting at once, the statements that run are stopped, and what was found until then can be kept.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from airflow_provider_dpq.core.errors import MeasurementError, cancelled
from airflow_provider_dpq.core.watch import Watch, watching

T = TypeVar("T")

_GRACE_SECONDS: Final = 2.0
"""So long the work may take to end once its statements are stopped; Airflow kills the process after 5 s."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """What came of an attempt.

    Attributes:
        value: What the work returned; None where it returned nothing.
        error: What ended the attempt, and goes on once the report is kept; None where the work came to its end.
    """

    value: T | None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    value: Any = None
    error: BaseException | None = None


class Attempt:
    """Runs work that can be cancelled from a signal handler or another thread."""

    def __init__(self) -> None:
        self._events: SimpleQueue[_Done | None] = SimpleQueue()
        self._watch = Watch()

    def cancel(self) -> None:
        """End the attempt; one that has not begun does not begin."""
        self._events.put(None)  # the one thing that may be done in a signal handler whatever it interrupts

    def run(self, work: Callable[[], T]) -> Ended[T]:
        """Run the work to its end, or until the attempt is cancelled or this thread is interrupted.

        Where the work does not end although its statements are stopped, it is left behind: its thread ends with the
        process.
        """
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._work, work), name="dpq-attempt", daemon=True)
        try:
            if not self._events.empty():
                return Ended(None, cancelled())
            thread.start()
            done = self._events.get()
        except BaseException as error:  # noqa: BLE001 - a time limit or a Ctrl-C: it goes on once the report is kept
            done, ended = self._stopped(thread), error
        else:
            if done is not None:
                return Ended(done.value, done.error)
            done, ended = self._stopped(thread), cancelled()
        return Ended(None if done is None else done.value, ended)

    def _work(self, work: Callable[[], Any]) -> None:
        with watching(self._watch):
            try:
                done = _Done(value=work())
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the work was asked for
                done = _Done(error=error)
        self._events.put(done)

    def _stopped(self, thread: threading.Thread) -> _Done | None:
        """Stop what runs, and wait a moment for the work to end; return what came of it, if it did."""
        if not thread.is_alive() and self._events.empty():
            return None
        self._watch.cancel()
        deadline = time.monotonic() + _GRACE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                if (done := self._events.get(timeout=left)) is not None:
                    return done
            except Empty:
                break
        log.warning("What was measured did not end within %g s of being told to: it is left behind.", _GRACE_SECONDS)
        return None


def cut_short(interrupt: BaseException) -> MeasurementError:
    """Return what a report says of a measurement that an interrupt or a time limit ended."""
    if isinstance(interrupt, MeasurementError):
        return interrupt
    return cancelled(f"The measurement was cut short by {type(interrupt).__name__}.")
