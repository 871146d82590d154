"""To be woken at a time: far more precisely than the timers of event loops, which count milliseconds."""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import time
from collections.abc import Callable
from typing import Any, Final

_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1
_NONBLOCKING: Final = os.O_NONBLOCK
_LONGEST_SLEEP_SECONDS: Final = 0.1


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


def sleep_until(moment: float, stopped: Callable[[], bool]) -> bool:
    """Sleep until a moment of `time.perf_counter`, in a thread.

    Args:
        moment: When to wake.
        stopped: Whether to wake early; asked several times a second.

    Returns:
        Whether the moment has come.
    """
    while (left := moment - time.perf_counter()) > 0:
        if stopped():
            return False
        time.sleep(min(left, _LONGEST_SLEEP_SECONDS))
    return True


class Alarm:
    """Calls a function on a loop at a moment of `time.perf_counter`, as often as it is set.

    On Linux a timer of the kernel wakes the loop, within tenths of a millisecond; elsewhere it is the loop's own.

    Args:
        loop: The loop.
        ring: What to call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None
        self._timer = _timer()
        if self._timer is not None:
            self._spec = _TimerSpec()
            self._place = ctypes.byref(self._spec)
            self._set_time: Callable[..., int] = _library().timerfd_settime
            loop.add_reader(self._timer, ring)

    def set(self, moment: float) -> None:
        """Let it ring at a moment, once; at none where that is infinite. What it was set to before is forgotten."""
        if self._timer is None:
            self._set_on_loop(moment)
            return
        value = self._spec.value
        if moment == math.inf:
            value.seconds = value.nanoseconds = 0
        else:
            whole = int(moment)
            value.seconds, value.nanoseconds = whole, max(int((moment - whole) * 1e9), 1)
        # To set the timer also takes back what it has said: there is nothing to read from it.
        self._set_time(self._timer, _ABSOLUTE, self._place, None)

    def close(self) -> None:
        """Let it ring no more."""
        self._set_on_loop(math.inf)
        if self._timer is not None:
            self._loop.remove_reader(self._timer)
            os.close(self._timer)
            self._timer = None

    def _set_on_loop(self, moment: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
        if moment < math.inf:
            self._handle = self._loop.call_later(max(0.0, moment - time.perf_counter()), self._ring)


def _library() -> Any:
    """Return the C library, called without giving way to other threads: what is called takes a microsecond."""
    return ctypes.PyDLL(None, use_errno=True)


def _timer() -> int | None:
    """Return a timer of the kernel; None where it has none, or another clock than Python's."""
    if time.get_clock_info("perf_counter").implementation != "clock_gettime(CLOCK_MONOTONIC)":
        return None
    try:
        number = int(_library().timerfd_create(_CLOCK_MONOTONIC, _NONBLOCKING | os.O_CLOEXEC))
    except (AttributeError, OSError):
        return None
    return None if number < 0 else number
