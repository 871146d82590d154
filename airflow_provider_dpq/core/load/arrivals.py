"""Who starts an iteration when: the arrivals of an open model, and the crew of workers of a closed one."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from airflow_provider_dpq.core.load.design import Stream
from airflow_provider_dpq.core.load.model import Concurrency

GRACE_SECONDS: Final = 1.0
"""How long after the end of the schedule an arrival that found no worker may still be started."""

_LAST_SECONDS: Final = 0.5
"""How long after the last iteration has had its time all of them are expected to have ended."""


def last_start(until_seconds: float) -> float:
    """Return until when an arrival may still be started, in seconds since the start.

    Args:
        until_seconds: When the schedule ends.
    """
    return until_seconds + GRACE_SECONDS


def last_end(until_seconds: float, timeout_seconds: float) -> float:
    """Return when all iterations have had their time, in seconds since the start.

    Args:
        until_seconds: When the schedule ends.
        timeout_seconds: Longest time of an iteration.
    """
    return last_start(until_seconds) + timeout_seconds + _LAST_SECONDS


class Permits:
    """Permissions to start an iteration, which threads can share.

    Attributes:
        left: How many there are still; infinity for any number.

    Args:
        count: How many there are; None for any number.
    """

    def __init__(self, count: int | None) -> None:
        self.left = math.inf if count is None else count
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one; return whether there was one left."""
        with self._lock:
            if self.left < 1:
                return False
            self.left -= 1
            return True

    def give(self) -> None:
        """Give one back."""
        with self._lock:
            self.left += 1


def arrivals(stream: Stream, until_seconds: float) -> Iterator[float]:
    """Yield when each arrival is due.

    Args:
        stream: An open model's.
        until_seconds: An arrival that is due later is none.
    """
    return takewhile(lambda due: due < until_seconds, stream.dues())


class Crew:
    """The workers of a closed model: which of them are to run, and what each may still start.

    Args:
        stream: A closed model's.
        until_seconds: When it ends.
        cap: Permissions to start an iteration, beside those of the model.
    """

    def __init__(self, stream: Stream, until_seconds: float, cap: Permits) -> None:
        model = stream.model
        assert isinstance(model, Concurrency)  # noqa: S101 - for the type checker
        self._stream = stream
        self._until_seconds = until_seconds
        self._cap = cap
        self._each = model.iterations_each
        self._planned = Permits(stream.planned)
        self._present: set[int] = set()
        self._wanted = 0
        self._lock = threading.Lock()

    def missing(self, now: float) -> list[int]:
        """Return the numbers of the workers that are to be started now."""
        with self._lock:
            self._wanted = 0 if self.done(now) else self._stream.workers(now)
            new = [number for number in range(self._wanted) if number not in self._present]
            self._present.update(new)
        return new

    def turns(self, number: int) -> Iterator[bool]:
        """Yield once for each iteration that a worker may start; the worker leaves at the end of it.

        Yields:
            Whether the worker may have another turn after this one.
        """
        own = Permits(self._each)
        while not self._leaves(number):
            if not own.take() or not self._claims():
                return  # it stays present: it is not to be started again
            yield own.left > 0

    def done(self, now: float) -> bool:
        """Whether no iteration is started any more."""
        return now >= self._until_seconds or not self._planned.left or not self._cap.left

    def dropped(self, now: float) -> Iterator[float]:
        """Yield once for each iteration that was planned and is not started any more: when it was given up.

        Args:
            now: When all was over, in seconds since the start.
        """
        if self._planned.left < math.inf:
            while self._planned.take():
                yield min(now, self._until_seconds)

    def _claims(self) -> bool:
        if not self._planned.take():
            return False
        if self._cap.take():
            return True
        self._planned.give()
        return False

    def _leaves(self, number: int) -> bool:
        if number < self._wanted:
            return False
        with self._lock:
            if number < self._wanted:
                return False
            self._present.discard(number)
            return True
