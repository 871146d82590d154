"""What is observed of one operation at one size, inside the spawned interpreter: times, and memory apart from them."""

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
"""Samples that are taken even where the time is up: fewer support no interval."""

_MEMORY_ROUNDS: Final = 3
_STATUS: Final = "/proc/self/status"
_CLEAR: Final = "/proc/self/clear_refs"
_RESET_PEAK: Final = "5"
"""Written to `_CLEAR`, it sets the peak of the resident memory back (Linux, proc(5))."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A sample, and one of the reference workload from right before it.

    Attributes:
        sample: Times of the operation.
        reference: Times of the reference workload.
    """

    sample: Sample
    reference: Sample


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one iteration beside the samples.

    Attributes:
        peak_bytes: Most resident memory above what there was before the call; where it ends programs that it started,
            at least all of the memory of the largest one yet, and of this interpreter, which the kernel counts as
            theirs until they begin.
        retained_bytes: Resident memory that is still there after the iteration, once garbage is collected; negative
            where the process gave some back.
    """

    peak_bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is to be observed.

    Attributes:
        samples: Samples that are enough.
        iterations: Iterations timed alone that are enough, for the percentiles that are asked for.
        budget_seconds: When it is used up, `LEAST_SAMPLES` are enough.
    """

    samples: int
    iterations: int
    budget_seconds: float


def observe(
    operation: Operation, size: int | None, amount: Amount, clocks: Clocks | None = None
) -> Iterator[Observed | Memory | None]:
    """Time an operation beside the reference workload, then look at its memory.

    Args:
        operation: What is measured.
        size: Rows of the dataset; None for an operation that is not sized.
        amount: How much of it.
        clocks: What time is read from.

    Yields:
        None as a sign of life while it warms up, then samples, then memory.
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
        beside = reference.sample()
        sample = timer.sample()
        samples, iterations = samples + 1, iterations + max(1, len(sample.each_wall_seconds))
        yield Observed(sample, beside)


def _memory(iteration: Iteration) -> Memory:
    begun = _settled()
    call = iteration.call if iteration.set_up is None else iteration.set_up()
    before, ended = _settled(), _children()
    with contextlib.suppress(OSError):
        Path(_CLEAR).write_text(_RESET_PEAK, encoding="ascii")
    result = call()
    peak = max(_peak_bytes() - before, 0)
    if _children().ru_minflt > ended.ru_minflt:  # a program that the call started has ended
        peak = max(peak, _children().ru_maxrss * _MAXRSS_BYTES)
    if iteration.tear_down is not None:
        iteration.tear_down(result)
    del call, result
    return Memory(peak, _settled() - begun)


_MAXRSS_BYTES: Final = 1 if sys.platform == "darwin" else 1024


def _children() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def _settled() -> int:
    """Return the resident memory once garbage is collected and given back."""
    gc.collect()
    if hasattr(psutil, "heap_trim"):
        psutil.heap_trim()
    return int(psutil.Process().memory_info().rss)


def _peak_bytes() -> int:
    """Return the peak of the resident memory since it was set back, or where it cannot be, since the process began."""
    with contextlib.suppress(OSError):
        for line in Path(_STATUS).read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
