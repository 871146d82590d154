"""Operations that `dpq bench` and `dpq leak` measure in tests. The spawned interpreter imports this module."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Final

INTERRUPTED_AT: Final = 12

kept: list[bytearray] = []
_calls = 0


def work() -> int:
    """Work for a millisecond or so."""
    return sum(number * number for number in range(10_000))


def work_twice() -> int:
    """Work twice as much."""
    return sum(number * number for number in range(20_000))


def rows(size: int) -> list[int]:
    """Return so many rows."""
    return list(range(size))


def total(numbers: list[int]) -> int:
    """Add rows up."""
    return sum(numbers)


def keep() -> None:
    """Keep five kilobytes."""
    kept.append(bytearray(5000))


def fail() -> None:
    """Raise."""
    raise ValueError("no such luck")


def interrupt() -> None:
    """Take 25 ms, and at one of the calls press Ctrl-C in the program that measures."""
    _signal_at_one_call(signal.SIGINT)


def terminate() -> None:
    """Take 25 ms, and at one of the calls send SIGTERM to the program that measures."""
    _signal_at_one_call(signal.SIGTERM)


def _signal_at_one_call(number: int) -> None:
    global _calls  # noqa: PLW0603 - the calls of one process
    _calls += 1
    if _calls == INTERRUPTED_AT:
        os.kill(os.getppid(), number)
    time.sleep(0.025)


async def wait() -> None:
    """Do nothing, and let others go on meanwhile."""
    await asyncio.sleep(0.001)


async def hold() -> None:
    """Keep others from going on."""
    time.sleep(0.2)  # noqa: ASYNC251 - it is what a user does wrong
