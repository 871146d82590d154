"""Operations that tests measure in spawned interpreters; it imports nothing that takes long."""

from __future__ import annotations

import os
import time


def spin(count: int = 20_000) -> int:
    """Work for about a millisecond."""
    return sum(index * index for index in range(count))


def spin_twice(count: int = 20_000) -> int:
    """Do the work twice."""
    return slow_half(count) + spin(count)


def slow_half(count: int) -> int:
    """Do what makes it twice."""
    return sum(index * index for index in range(count))


def rows(size: int) -> list[int]:
    """Return a dataset."""
    return list(range(size))


def reorder(data: list[int]) -> list[int]:
    """Work on a dataset."""
    return sorted(data, key=lambda value: -value)


def wait(data: list[int]) -> None:
    """Take a microsecond a row, all of it waiting."""
    time.sleep(len(data) * 1e-6)


def fail() -> None:
    """Never work."""
    message = "no such table"
    raise LookupError(message)


def fail_in_the_end(data: list[int]) -> None:
    """Work on small datasets only."""
    if len(data) > 100:
        message = "too many rows"
        raise LookupError(message)


def leave() -> None:
    """End the interpreter."""
    os._exit(7)
