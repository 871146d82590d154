"""An attempt at measuring, beside the thread that signals come to.

Python runs a signal handler only between two steps of the main thread, and never while that thread is inside a driver.
So the work runs in a thread of its own, and the main thread only waits: a kill, a time limit or a Ctrl-C ends the wait
at once, the running statements are stopped, and what was found so far can be kept.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar, cast

from airflow_provider_dpq.core.errors import MeasurementError, cancelled
from airflow_provider_dpq.core.watch import Watch, watching

T = TypeVar("T")

_THREAD: Final = "dpq-attempt"
_GRACE_SECONDS: Final = 2.0
"""How long the work may take to end once its statements are stopped; Airflow kills the process after 5 s."""

log = logging.getLogger(__name__)


def is_left_behind() -> bool:
    """Whether work of an attempt goes on in this process."""
    return any(thread.name == _THREAD for thread in threading.enumerate())


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """What came of an attempt.

    Attributes:
        value: What the work returned; None where it returned nothing.
        error: What ended the attempt: to be raised again once the report is kept; None where the work finished.
    """

    value: T | None
    error: BaseException | None = None

    def found(self) -> T:
        """Return what the work returned, in whole or in part; raise what ended it where it returned nothing."""
        if self.value is None and self.error is not None:
            raise self.error
        return cast("T", self.value)


@dataclass(frozen=True, slots=True)
class _Done:
    value: Any = None
    error: BaseException | None = None


class Attempt:
    """Runs work that can be cancelled from a signal handler or another thread."""

    def __init__(self) -> None:
        self._events: SimpleQueue[_Done | str] = SimpleQueue()
        self._watch = Watch()

    def cancel(self, by: str = "") -> None:
        """End the attempt; if it has not begun, it never does.

        Args:
            by: What cancels it, for people; empty where that is not known.
        """
        self._events.put(by)  # the one thing that may be done in a signal handler whatever it interrupts

    def run(self, work: Callable[[], T]) -> Ended[T]:
        """Run the work to its end, or until the attempt is cancelled or this thread is interrupted.

        Work that does not end although its statements were stopped is left behind: its thread ends with the process.
        """
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._work, work), name=_THREAD, daemon=True)
        try:
            first = self._events.get() if not self._events.empty() else None
            if first is None:
                thread.start()
                first = self._events.get()
            ended: BaseException = _cancelled(first)
        except BaseException as error:  # noqa: BLE001 - a time limit or a Ctrl-C: raised again once the report is kept
            first, ended = None, error
        if isinstance(first, _Done):
            return Ended(first.value, first.error)
        done = self._stopped(thread)
        return Ended(None if done is None else done.value, ended)

    def _work(self, work: Callable[[], Any]) -> None:
        with watching(self._watch):
            try:
                done = _Done(value=work())
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised in the thread that waits
                done = _Done(error=error)
        self._events.put(done)

    def _stopped(self, thread: threading.Thread) -> _Done | None:
        """Stop what is running and wait a moment for the work to end; return what came of it, if it ended."""
        if thread.ident is None or (not thread.is_alive() and self._events.empty()):
            return None
        is_asked = False
        deadline = time.monotonic() + _GRACE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                if not is_asked:
                    self._watch.cancel()
                    is_asked = True
                if isinstance(done := self._events.get(timeout=left), _Done):
                    return done
            except Empty:
                break
            except BaseException as error:  # noqa: BLE001 - a second Ctrl-C, say: what was found is kept first
                log.warning("%s: the report is kept first.", type(error).__name__)
        log.warning("The measurement was stopped and did not end within %g s: it is left behind.", _GRACE_SECONDS)
        return None


def cut_short(interrupt: BaseException) -> MeasurementError:
    """Return the error that a report gives for a measurement that an interrupt or a time limit ended."""
    if isinstance(interrupt, MeasurementError):
        return interrupt
    return cancelled(f"The measurement was cut short by {cause_of(interrupt)}.")


@singledispatch
def cause_of(interrupt: BaseException) -> str:
    """Say what an interrupt is of, for people; who raises one registers what it is."""
    return type(interrupt).__name__


@cause_of.register
def _(interrupt: KeyboardInterrupt) -> str:
    return f"Ctrl-C or a signal ({type(interrupt).__name__})"


def _cancelled(event: _Done | str) -> MeasurementError:
    return cancelled(f"The measurement was cancelled by {event}.") if isinstance(event, str) and event else cancelled()
