"""A fixed workload, timed alongside operations so that wall times can be expressed as ratios to it."""

from __future__ import annotations

from typing import Final

_NUMBERS: Final = 6000


def reference_workload() -> int:
    """Do a few milliseconds of fixed work: allocate, sort, hash and format.

    It uses nothing but the interpreter, so its time depends only on the machine and the Python version.

    Returns:
        A number that depends on all of the work.
    """
    numbers = [(index * 7919) % 10007 for index in range(_NUMBERS)]
    texts = {f"{number:05d}": number for number in sorted(numbers)}
    return sum(texts[key] * len(key) for key in sorted(texts, reverse=True))
