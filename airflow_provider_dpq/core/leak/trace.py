"""Find where growing memory was allocated, with tracemalloc, in a separate run."""

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
    """Memory that was allocated and not freed over some iterations.

    Attributes:
        iterations: Number of iterations.
        allocations: Places in the code whose memory grew, largest growth first.
    """

    iterations: int
    allocations: tuple[Allocation, ...] = ()


def trace(check: LeakCheck) -> Iterator[Trace | None]:
    """Run an operation under tracemalloc, up to the first stage, and find where its growing memory is allocated.

    Limits: memory that C code allocates directly with malloc is not seen. Tracing makes Python code several times
    slower, so no iteration starts after a minute.

    Args:
        check: The leak check to run.

    Yields:
        None after each iteration, and finally the trace.
    """
    with check.operation.opened(check.size) as iteration:
        for _ in range(check.warm_up_iterations):
            iteration.run()
            yield None
        tracemalloc.start(_FRAMES)
        iteration.run()  # replaces objects that were allocated before tracing began
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
