"""A workload that never changes, timed beside others: what a machine's wall clock says is divided by it."""

from __future__ import annotations

from typing import Final

_NUMBERS: Final = 6000


def reference_workload() -> int:
    """Do the same work every time, some milliseconds of it: allocate, sort, hash and format.

    It uses the interpreter and nothing else, so that its time follows the machine and the Python version only.

    Returns:
        A number that depends on all of the work.
    """
    numbers = [(index * 7919) % 10007 for index in range(_NUMBERS)]
    texts = {f"{number:05d}": number for number in sorted(numbers)}
    return sum(texts[key] * len(key) for key in sorted(texts, reverse=True))
