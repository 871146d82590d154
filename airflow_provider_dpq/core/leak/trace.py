"""Where memory that grows was allocated, as tracemalloc sees it in a run apart from the measured one."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.gate.profile import Allocation
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.operation.origin import origin

_FRAMES: Final = 12
_PLACES: Final = 10
_TRACE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Trace:
    """What some iterations left behind.

    Attributes:
        iterations: How many there were.
        allocations: Places whose memory grew, the one that grew most first.
    """

    iterations: int
    allocations: tuple[Allocation, ...] = ()


def trace(check: LeakCheck) -> Iterator[Trace | None]:
    """Run an operation under tracemalloc, as often as before the first stage, and find where what it keeps comes from.

    Limits: memory that C code takes from malloc itself is not seen. Tracing makes Python code several times slower:
    after a minute no further iteration starts.

    Args:
        check: What to run, and how often.

    Yields:
        None after each iteration, and last of all what was found.
    """
    with check.operation.opened(check.size) as iteration:
        for _ in range(check.warm_up_iterations):
            iteration.run()
            yield None
        tracemalloc.start(_FRAMES)
        iteration.run()  # what the first iteration replaces was not traced
        before = _snapshot()
        until = time.monotonic() + _TRACE_SECONDS
        done = 0
        while done < check.stages[0] and time.monotonic() < until:
            iteration.run()
            done += 1
            yield None
        after = _snapshot()
        tracemalloc.stop()
    yield Trace(done, _grown(before, after))


def _snapshot() -> tracemalloc.Snapshot:
    gc.collect()
    return tracemalloc.take_snapshot()


def _grown(before: tracemalloc.Snapshot, after: tracemalloc.Snapshot) -> tuple[Allocation, ...]:
    grown: dict[tuple[str, ...], tuple[int, int]] = {}
    for difference in after.compare_to(before, "traceback"):
        place = origin(difference.traceback)
        if place and difference.size_diff > 0:
            size, count = grown.get(place, (0, 0))
            grown[place] = size + difference.size_diff, count + difference.count_diff
    most = sorted(grown.items(), key=lambda item: -item[1][0])[:_PLACES]
    return tuple(Allocation(location=place, size_bytes=size, count=count) for place, (size, count) in most)
