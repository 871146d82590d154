"""Run an operation repeatedly in the spawned interpreter, and measure the process after each iteration."""

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
        "PYTHONMALLOC": "malloc",  # memory of Python's own allocator does not show on the heap
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",  # chunks in it count as used
    }
)
"""Environment of the interpreter, chosen so that as many allocations as possible are counted."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Resources that the process uses after an iteration.

    Attributes:
        heap_bytes: Bytes in use on the C heap; None if the C library does not report it.
        resident_bytes: Resident memory of the process (RSS).
        open_files: Number of file descriptors.
        threads: Number of threads.
        child_processes: Number of descendants that are running or have not been waited for.
        uncollectable: Number of objects that the garbage collector found and could not free.
    """

    heap_bytes: int | None
    resident_bytes: int
    open_files: int
    threads: int
    child_processes: int
    uncollectable: int


Heap: TypeAlias = Callable[[], int | None]
"""Returns the bytes in use on the heap, after returning free memory to the system; None if unknown."""


def heap_bytes() -> int | None:
    """Return the bytes in use on the C heap; None if the C library does not report it, such as musl."""
    if not hasattr(psutil, "heap_info"):
        return None
    psutil.heap_trim()
    info = psutil.heap_info()
    return int(info.heap_used + info.mmap_used)


def observe(check: LeakCheck, limits: Sequence[float], heap: Heap) -> Iterator[Sample | None]:
    """Run an operation until its memory can be judged, or the last stage is reached.

    Args:
        check: The leak check to run.
        limits: Limits on growth to decide, in B/op.
        heap: Returns the heap usage.

    Yields:
        None after each warm-up iteration, then a sample after each iteration.
    """
    most = check.stages[-1]
    used, resident = array("q", bytes(8 * most)), array("q", bytes(8 * most))  # allocated once, not with each sample
    decide((0,) * LEAST_ITERATIONS, (0,) * LEAST_ITERATIONS, final=False)  # imports its modules before measuring
    with check.operation.opened(check.size) as iteration:
        for _ in range(check.warm_up_iterations):
            iteration.run()
            look(heap)
            yield None
        gc.collect()
        gc.freeze()  # existing objects need not be searched each time
        for count in range(1, most + 1):
            iteration.run()
            gc.collect()
            sample = look(heap)
            used[count - 1], resident[count - 1] = sample.heap_bytes or 0, sample.resident_bytes
            yield sample
            if count in check.stages:
                known = None if sample.heap_bytes is None else used[:count]
                if decide(known, resident[:count], final=count == most).is_conclusive(limits, count):
                    return


def look(heap: Heap) -> Sample:
    """Return the resources that this process uses."""
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
    """Return the ids of the processes that a process started: its descendants, and orphans in its session."""
    session, found = os.getsid(0), {child.pid for child in process.children(recursive=True)}
    for pid in psutil.pids():
        with contextlib.suppress(OSError):  # it has just ended
            if os.getsid(pid) == session:
                found.add(pid)
    return found - {process.pid}
