"""Operations that gates measure in tests. The spawned interpreter imports this module: it imports nothing heavy."""

from __future__ import annotations

import os
import time
from typing import Final

SIGNALLED_AT: Final = 12

kept: list[bytearray] = []
_calls = 0


def work(factor: int = 1) -> int:
    """Work for a millisecond or so."""
    return sum(number * number for number in range(10_000 * factor))


def work_twice() -> int:
    """Work twice as much."""
    return work(2)


def rows(size: int) -> list[int]:
    """Return so many rows."""
    return list(range(size))


def total(numbers: list[int], factor: int = 1) -> int:
    """Add rows up."""
    return factor * sum(numbers)


def keep() -> None:
    """Keep five kilobytes."""
    kept.append(bytearray(5000))


def fail() -> None:
    """Raise."""
    raise ValueError("no such luck")


def fail_with_a_value() -> None:
    """Raise with what stands for a value of the data."""
    raise ValueError("secret-word")


def lose_connection() -> None:
    """Raise as a client does whose server is gone, with what stands for a value of the data."""
    raise ConnectionResetError("secret-word")


def lose_connection_later() -> None:
    """Do so from the third call on, and for good."""
    global _calls  # noqa: PLW0603 - the calls of one process
    _calls += 1
    if _calls > 2:
        lose_connection()


def exit_at_once() -> None:
    """End the process."""
    os._exit(7)


def hang() -> None:
    """Do not come back."""
    time.sleep(600)


def signal_parent(number: int) -> None:
    """Take 25 ms, and at one of the calls send a signal to the process that measures."""
    global _calls  # noqa: PLW0603 - the calls of one process
    _calls += 1
    if _calls == SIGNALLED_AT:
        os.kill(os.getppid(), number)
    time.sleep(0.025)


def fail_now_and_then() -> None:
    """Raise at every second call."""
    global _calls  # noqa: PLW0603 - the calls of one process
    _calls += 1
    if _calls % 2 == 0:
        raise ValueError("no such luck")


def signal_parent_at(number: int, call: int) -> None:
    """Send a signal to the process that measures at one of the calls."""
    global _calls  # noqa: PLW0603 - the calls of one process
    _calls += 1
    if _calls == call:
        os.kill(os.getppid(), number)
