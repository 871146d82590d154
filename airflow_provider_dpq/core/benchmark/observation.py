"""Observe one operation at one size, inside the spawned interpreter: first its times, then its memory."""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from airflow_provider_dpq.core.benchmark.reference import reference_workload
from airflow_provider_dpq.core.benchmark.timing import Clocks, Sample, Timer
from airflow_provider_dpq.core.operation.iteration import Iteration, Operation

LEAST_SAMPLES: Final = 10
"""Samples that are taken even after the time budget is spent: fewer support no interval."""

_MEMORY_ROUNDS: Final = 3
_STATUS: Final = "/proc/self/status"
_CLEAR: Final = "/proc/self/clear_refs"
_RESET_PEAK: Final = "5"
"""Written to `_CLEAR`, this resets the peak resident memory (Linux, proc(5))."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A sample, and a sample of the reference workload taken immediately before it.

    Attributes:
        sample: Times of the operation.
        reference: Times of the reference workload.
    """

    sample: Sample
    reference: Sample


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one iteration, measured separately from the times.

    Attributes:
        peak_bytes: Peak resident memory above the level before the call. If the call ran programs that have ended, at
            least the peak memory of the largest of them so far; the kernel counts this interpreter's memory as theirs
            until they start.
        retained_bytes: Resident memory gained after the iteration and a garbage collection; negative if the process
            returned memory.
    """

    peak_bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class Amount:
    """How much to observe.

    Attributes:
        samples: Number of samples required.
        iterations: Number of individually timed iterations required for the requested percentiles.
        budget_seconds: Time after which `LEAST_SAMPLES` samples are enough.
    """

    samples: int
    iterations: int
    budget_seconds: float


def observe(
    operation: Operation, size: int | None, amount: Amount, clocks: Clocks | None = None
) -> Iterator[Observed | Memory | None]:
    """Time an operation in alternation with the reference workload, then measure its memory.

    Args:
        operation: The operation to measure.
        size: Rows of the dataset; None for an operation that is not sized.
        amount: How much to observe.
        clocks: The clocks to read.

    Yields:
        None as a heartbeat during warm-up, then samples, then memory.
    """
    clocks = clocks or Clocks()
    with operation.opened(size) as iteration:
        timer, reference = Timer(iteration, clocks), Timer(Iteration(reference_workload), clocks)
        for warming in (timer, reference):
            yield from (None for _ in warming.warm_up())
        gc.collect()
        gc.freeze()
        yield from _observed(timer, reference, amount, clocks)
        yield from (_memory(iteration) for _ in range(_MEMORY_ROUNDS))


def _observed(timer: Timer, reference: Timer, amount: Amount, clocks: Clocks) -> Iterator[Observed]:
    deadline = clocks.wall() + amount.budget_seconds
    samples = iterations = 0
    while samples < amount.samples or iterations < amount.iterations:
        if samples >= LEAST_SAMPLES and clocks.wall() > deadline:
            return
        reference_sample = reference.sample()
        sample = timer.sample()
        samples, iterations = samples + 1, iterations + max(1, len(sample.each_wall_seconds))
        yield Observed(sample, reference_sample)


def _memory(iteration: Iteration) -> Memory:
    begun = _resident_bytes()
    call = iteration.call if iteration.set_up is None else iteration.set_up()
    before, ended = _resident_bytes(), _children()
    with contextlib.suppress(OSError):
        Path(_CLEAR).write_text(_RESET_PEAK, encoding="ascii")
    result = call()
    peak = max(_peak_bytes() - before, 0)
    if _children().ru_minflt > ended.ru_minflt:  # a program that the call started has ended
        peak = max(peak, _children().ru_maxrss * _MAXRSS_BYTES)
    if iteration.tear_down is not None:
        iteration.tear_down(result)
    del call, result
    return Memory(peak, _resident_bytes() - begun)


_MAXRSS_BYTES: Final = 1 if sys.platform == "darwin" else 1024


def _children() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def _resident_bytes() -> int:
    """Return the resident memory after garbage is collected and free memory returned to the system."""
    gc.collect()
    if hasattr(psutil, "heap_trim"):
        psutil.heap_trim()
    return int(psutil.Process().memory_info().rss)


def _peak_bytes() -> int:
    """Return the peak resident memory since its reset, or since the process began if it cannot be reset."""
    with contextlib.suppress(OSError):
        for line in Path(_STATUS).read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
