"""What runs in the spawned interpreter: an operation again and again, with what the process holds after each time."""

from __future__ import annotations

import contextlib
import gc
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import psutil

from airflow_provider_dpq.core.leak.decide import decide
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.growth import LEAST_ITERATIONS

ENVIRONMENT: Final = MappingProxyType(
    {
        "PYTHONMALLOC": "malloc",  # what Python's own allocator holds does not show on the heap
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",  # chunks in it count as used
    }
)
"""What the interpreter is started with, so that as much as possible is allocated where it is counted."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process holds after an iteration.

    Attributes:
        heap_bytes: What is allocated and not freed on the C heap; None where the C library does not say.
        resident_bytes: What of the process is in memory (RSS).
        open_files: Its file descriptors.
        threads: Its threads.
        child_processes: Processes that it started, and those that they started, which run or have not been waited for.
        uncollectable: Objects that the garbage collector found and could not free.
    """

    heap_bytes: int | None
    resident_bytes: int
    open_files: int
    threads: int
    child_processes: int
    uncollectable: int


Heap: TypeAlias = Callable[[], int | None]
"""Returns how many bytes are on the heap, after giving back what is free; None where nothing says so."""


def heap_bytes() -> int | None:
    """Return what glibc's, or the platform's, heap holds; None where it does not say, such as with musl."""
    if not hasattr(psutil, "heap_info"):
        return None
    psutil.heap_trim()
    info = psutil.heap_info()
    return int(info.heap_used + info.mmap_used)


def observe(check: LeakCheck, limits: Sequence[float], heap: Heap) -> Iterator[Sample | None]:
    """Run an operation until its memory can be judged, or the last stage is reached.

    Args:
        check: What to run, and how often.
        limits: Limits of growth, in B/op, that are to be settled.
        heap: Reads the heap.

    Yields:
        None after each warm-up, then a sample after each iteration.
    """
    most = check.stages[-1]
    held, resident = array("q", bytes(8 * most)), array("q", bytes(8 * most))  # no sample makes them grow
    decide((0,) * LEAST_ITERATIONS, (0,) * LEAST_ITERATIONS, final=False)  # what it imports is not to count
    with check.operation.opened(check.size) as iteration:
        for _ in range(check.warm_up_iterations):
            iteration.run()
            look(heap)
            yield None
        gc.collect()
        gc.freeze()  # what is there already need not be searched each time
        for count in range(1, most + 1):
            iteration.run()
            gc.collect()
            sample = look(heap)
            held[count - 1], resident[count - 1] = sample.heap_bytes or 0, sample.resident_bytes
            yield sample
            if count in check.stages:
                known = None if sample.heap_bytes is None else held[:count]
                if decide(known, resident[:count], final=count == most).settles(limits, count):
                    return


def look(heap: Heap) -> Sample:
    """Return what this process holds."""
    process = psutil.Process()
    return Sample(
        heap_bytes=heap(),
        resident_bytes=process.memory_info().rss,
        open_files=process.num_fds(),
        threads=process.num_threads(),
        child_processes=len(_started(process)),
        uncollectable=len(gc.garbage),
    )


def _started(process: psutil.Process) -> set[int]:
    """Return the numbers of what a process started: its descendants, and orphans, which are left in its session."""
    session, found = os.getsid(0), {child.pid for child in process.children(recursive=True)}
    for pid in psutil.pids():
        with contextlib.suppress(OSError):  # it has just ended
            if os.getsid(pid) == session:
                found.add(pid)
    return found - {process.pid}
