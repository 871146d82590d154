"""Profile an operation's time and memory, in a separate run, because profiling slows the operation down."""

from __future__ import annotations

import cProfile
import gc
import pstats
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from types import FrameType
from typing import Final

from airflow_provider_dpq.core.gate.profile import Allocation, Profile, ProfiledFunction, Stack
from airflow_provider_dpq.core.operation.child import OURS
from airflow_provider_dpq.core.operation.iteration import Iteration, Operation
from airflow_provider_dpq.core.operation.origin import origin, short

INTERVAL_SECONDS: Final = 0.002
_SECONDS: Final = 1.0
_MAX_FUNCTIONS: Final = 25
_MAX_STACKS: Final = 300
_MAX_ALLOCATIONS: Final = 15
_FRAMES: Final = 8


def profile_operation(operation: Operation, size: int | None) -> Iterator[Profile | None]:
    """Profile an operation: functions with cProfile, stacks with a sampling thread, allocations with tracemalloc.

    Limits: cProfile makes small functions look slower than they are; the sampler sees only Python's main thread,
    between two bytecodes; tracemalloc sees only memory that Python allocated and that is still in use when an iteration
    returns.

    Args:
        operation: The operation to profile.
        size: Rows of the dataset; None for an operation that is not sized.

    Yields:
        None as a heartbeat, then the profile.
    """
    with operation.opened(size) as iteration:
        iteration.run()
        yield None
        functions = _functions(iteration)
        yield None
        stacks = _stacks(iteration)
        yield None
        yield Profile(
            iterations=1,
            functions=functions,
            stacks=stacks,
            interval_seconds=INTERVAL_SECONDS,
            allocations=_allocations(iteration),
        )


def _iterate(iteration: Iteration) -> None:
    deadline = time.perf_counter() + _SECONDS
    iteration.run()
    while time.perf_counter() < deadline:
        iteration.run()


def _functions(iteration: Iteration) -> tuple[ProfiledFunction, ...]:
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        _iterate(iteration)
    finally:
        profiler.disable()
    found: list[ProfiledFunction] = []
    # pstats keeps {(file, line, name): (primitive calls, calls, own, total, callers)}.
    for (file, line, name), (_, calls, own, total, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if not file.startswith(OURS) and "lsprof" not in name:
            location = f"{short(file)}:{line}" if line else ""
            found.append(
                ProfiledFunction(name=name, location=location, calls=calls, own_seconds=own, total_seconds=total)
            )
    return tuple(sorted(found, key=lambda item: -item.own_seconds)[:_MAX_FUNCTIONS])


def _stacks(iteration: Iteration) -> tuple[Stack, ...]:
    seen: Counter[tuple[str, ...]] = Counter()
    ended, sampled = threading.Event(), threading.get_ident()

    def look() -> None:
        while not ended.wait(INTERVAL_SECONDS):
            if frames := _frames(sys._current_frames().get(sampled)):
                seen[frames] += 1

    sampler = threading.Thread(target=look, daemon=True)
    sampler.start()
    try:
        _iterate(iteration)
    finally:
        ended.set()
        sampler.join()
    return tuple(Stack(frames=frames, count=count) for frames, count in seen.most_common(_MAX_STACKS))


def _frames(frame: FrameType | None) -> tuple[str, ...]:
    found: list[str] = []
    while frame is not None and not frame.f_code.co_filename.startswith(OURS):
        found.append(f"{frame.f_code.co_qualname} ({short(frame.f_code.co_filename)}:{frame.f_lineno})")
        frame = frame.f_back
    return tuple(reversed(found))


def _allocations(iteration: Iteration) -> tuple[Allocation, ...]:
    gc.collect()
    call = iteration.call if iteration.set_up is None else iteration.set_up()
    tracemalloc.start(_FRAMES)
    try:
        result = call()
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    if iteration.tear_down is not None:
        iteration.tear_down(result)
    found = (
        Allocation(location=location, size_bytes=statistic.size, count=statistic.count)
        for statistic in snapshot.statistics("traceback")
        if (location := origin(statistic.traceback))
    )
    return tuple(islice(found, _MAX_ALLOCATIONS))
