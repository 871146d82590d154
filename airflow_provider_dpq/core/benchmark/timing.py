"""Timed samples of an operation, taken inside the spawned interpreter."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from math import ceil
from typing import Any, Final

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.operation.iteration import Clock, Iteration

WARM_UP_SECONDS: Final = 0.1
SAMPLE_SECONDS: Final = 0.01
"""Minimum length of a sample: shorter iterations are timed several at a time."""

_WHOLE_SECONDS: Final = 0.5
"""Samples that take longer than this, with their set-up and tear-down, get no further iterations."""

_EACH_SECONDS: Final = 10e-6
"""Shortest iteration that is also timed individually: reading the clock must cost less than a hundredth of it."""


_COST_REPEATS: Final = 50
_COST_CALLS: Final = 20

_TRUSTED: Final = 10
"""A time must be this many times the cost of reading its clock for its ratios to be trusted."""


def children_seconds() -> float:
    """Return the CPU time of the child processes that this process has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks that times are read from.

    Attributes:
        wall: Wall-clock time in seconds.
        cpu: CPU time of all threads of this process, in seconds.
        children: CPU time of the child processes that it has waited for, in seconds.
    """

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time
    children: Callable[[], float] = children_seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """Iterations timed together. Times are per iteration and exclude the cost of reading the clocks.

    Attributes:
        wall_seconds: Mean wall time.
        cpu_seconds: Mean CPU time.
        iterations: Number of iterations.
        each_wall_seconds: Wall time of each iteration, if iterations are long enough to be timed individually.
        wall_cost_seconds: Minimum wall time per iteration spent reading the clocks.
        cpu_cost_seconds: Minimum CPU time per iteration spent reading the clocks.
    """

    wall_seconds: float
    cpu_seconds: float
    iterations: int
    each_wall_seconds: tuple[float, ...] = ()
    wall_cost_seconds: float = 0.0
    cpu_cost_seconds: float = 0.0

    def supports_ratio(self, clock: Clock) -> bool:
        """Whether a time is long enough compared with the minimum cost of reading its clock."""
        if clock == "cpu":
            return self.cpu_seconds >= _TRUSTED * self.cpu_cost_seconds
        return self.wall_seconds >= _TRUSTED * self.wall_cost_seconds

    @property
    def length_seconds(self) -> float:
        """Wall time of the whole sample, without set-up and tear-down."""
        return self.iterations * self.wall_seconds


def too_short(samples: Sequence[Sample], clock: Clock) -> bool:
    """Return whether most samples are too short for a ratio: the clocks' remaining cost would hide a change."""
    return 2 * sum(not sample.supports_ratio(clock) for sample in samples) > len(samples)


class Timer:
    """Takes samples of one open operation.

    Args:
        iteration: The iteration to time.
        clocks: The clocks to read.
    """

    def __init__(self, iteration: Iteration, clocks: Clocks) -> None:
        self._iteration = iteration
        self._clocks = clocks
        self._iterations = 1
        self._each = True
        self._wall_cost = self._cpu_cost = 0.0

    def warm_up(self) -> Iterator[Sample]:
        """Run the operation until its caches are filled and a sample is long enough; discard the samples yielded.

        The first iteration says nothing about the next: it imports modules, connects and fills caches.
        """
        begun = self._clocks.wall()
        if not self._iteration.is_bare:
            self._wall_cost, self._cpu_cost = self._cost()
        yield self._sample()
        going = True
        while going:
            begin = self._clocks.wall()
            sample = self._sample()
            end = self._clocks.wall()
            yield sample
            longer = sample.length_seconds < SAMPLE_SECONDS and end - begin < _WHOLE_SECONDS
            going = longer or end - begun < WARM_UP_SECONDS
            self._each = sample.wall_seconds >= _EACH_SECONDS
            if longer:
                self._iterations = min(ceil(SAMPLE_SECONDS / sample.wall_seconds), 2 * self._iterations)

    def sample(self) -> Sample:
        """Take one sample, after collecting the garbage of earlier ones."""
        gc.collect()
        return self._sample()

    def _sample(self) -> Sample:
        if self._iteration.is_bare:
            return self._bare_sample()
        iterations, costs = self._iterations, (self._wall_cost, self._cpu_cost)
        walls, cpu = [], 0.0
        for _ in range(iterations):
            wall_seconds, cpu_seconds = self._one()
            walls.append(wall_seconds)
            cpu += cpu_seconds
        _checked(Sample(sum(walls) / iterations, cpu / iterations, iterations, tuple(walls)))
        each = tuple(_without(wall_seconds, self._wall_cost) for wall_seconds in walls)
        return Sample(sum(each) / iterations, _without(cpu / iterations, self._cpu_cost), iterations, each, *costs)

    def _cost(self) -> tuple[float, float]:
        """Return the minimum wall time and CPU time per iteration spent reading the clocks."""
        runs = [[self._timed(_nothing)[1:] for _ in range(_COST_CALLS)] for _ in range(_COST_REPEATS)]
        wall_costs, cpu_costs = zip(
            *([sum(times) / _COST_CALLS for times in zip(*run, strict=True)] for run in runs), strict=True
        )
        return max(min(wall_costs), 0.0), max(min(cpu_costs), 0.0)

    def _bare_sample(self) -> Sample:
        call, wall, iterations = self._iteration.call, self._clocks.wall, self._iterations
        children_begin, cpu_begin = self._clocks.children(), self._clocks.cpu()
        begin = wall()
        if self._each:
            ends = [begin]
            for _ in repeat(None, iterations):
                call()
                ends.append(wall())
            each = tuple(after - before for before, after in pairwise(ends))
            end = ends[-1]
        else:
            for _ in repeat(None, iterations):
                call()
            end, each = wall(), ()
        cpu = self._clocks.cpu() - cpu_begin + self._clocks.children() - children_begin
        return _checked(Sample((end - begin) / iterations, cpu / iterations, iterations, each))

    def _one(self) -> tuple[float, float]:
        iteration = self._iteration
        call = iteration.call if iteration.set_up is None else iteration.set_up()
        result, wall_seconds, cpu_seconds = self._timed(call)
        if iteration.tear_down is not None:
            iteration.tear_down(result)
        return wall_seconds, cpu_seconds

    def _timed(self, call: Callable[[], Any]) -> tuple[Any, float, float]:
        """Return the result of a call, its wall time and its CPU time, with as little overhead as possible."""
        wall, cpu, children = self._clocks.wall, self._clocks.cpu, self._clocks.children
        children_begin = children()
        cpu_begin = cpu()
        begin = wall()
        result = call()
        end = wall()
        cpu_end = cpu()
        return result, end - begin, cpu_end - cpu_begin + children() - children_begin


def _nothing() -> None:
    pass


def _without(seconds: float, cost_seconds: float) -> float:
    """Return a time without the cost of reading its clock, but never less than a hundredth of it."""
    return max(seconds - cost_seconds, seconds / 100)


def _checked(sample: Sample) -> Sample:
    if sample.wall_seconds <= 0 or sample.cpu_seconds < 0 or min(sample.each_wall_seconds, default=0) < 0:
        message = f"The clock measured {sample.wall_seconds:g} s for an iteration: it stands still or runs backwards."
        raise MeasurementError(
            "clock_backwards", message, hint="Measure on a machine with a reliable clock.", quotes_data=False
        )
    return sample
