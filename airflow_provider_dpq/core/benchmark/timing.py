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
"""Least length of a sample: iterations that are shorter are timed several at once."""

_WHOLE_SECONDS: Final = 0.5
"""Longest that a sample with its set-up and tear-down may take and still be made longer."""

_EACH_SECONDS: Final = 10e-6
"""Shortest iteration that is also timed alone: reading the clock must cost less than a hundredth of it."""


_COST_REPEATS: Final = 50
_COST_CALLS: Final = 20

_TRUSTED: Final = 10
"""How many times what reading its clock costs a time must be, so that ratios of it can be trusted."""


def children_seconds() -> float:
    """Return the processor time of the children that this process has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time is read from.

    Attributes:
        wall: Seconds that pass for everybody.
        cpu: Seconds that processors worked for this process, all threads of it.
        children: Those that they worked for programs that it has waited for; read apart, as reading it takes as long.
    """

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time
    children: Callable[[], float] = children_seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """Some iterations timed together; times are those of one iteration, without what reading the clocks cost.

    Attributes:
        wall_seconds: Mean time on the wall.
        cpu_seconds: Mean processor time.
        loops: How many iterations.
        each_wall_seconds: Time of each iteration, where one is long enough to be timed alone.
        wall_cost_seconds: Least time on the wall that reading the clocks took of each iteration.
        cpu_cost_seconds: Least processor time that it took.
    """

    wall_seconds: float
    cpu_seconds: float
    loops: int
    each_wall_seconds: tuple[float, ...] = ()
    wall_cost_seconds: float = 0.0
    cpu_cost_seconds: float = 0.0

    def supports_ratio(self, clock: Clock) -> bool:
        """Whether a time is long enough beside the cost of reading its clock, of which only the least is known."""
        if clock == "cpu":
            return self.cpu_seconds >= _TRUSTED * self.cpu_cost_seconds
        return self.wall_seconds >= _TRUSTED * self.wall_cost_seconds

    @property
    def length_seconds(self) -> float:
        """How long the whole sample took on the wall, without what was set up and torn down."""
        return self.loops * self.wall_seconds


def too_short(samples: Sequence[Sample], clock: Clock) -> bool:
    """Return whether most samples are too short for a ratio: what is left of the clocks' cost would hide a change."""
    return 2 * sum(not sample.supports_ratio(clock) for sample in samples) > len(samples)


class Timer:
    """Takes samples of one operation that is open.

    Args:
        iteration: What is timed.
        clocks: What time is read from.
    """

    def __init__(self, iteration: Iteration, clocks: Clocks) -> None:
        self._iteration = iteration
        self._clocks = clocks
        self._loops = 1
        self._each = True
        self._wall_cost = self._cpu_cost = 0.0

    def warm_up(self) -> Iterator[Sample]:
        """Run the operation until its caches are filled and a sample is long enough; the samples are to be discarded.

        The first one says nothing of the next: it imports, connects and fills caches.
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
                self._loops = min(ceil(SAMPLE_SECONDS / sample.wall_seconds), 2 * self._loops)

    def sample(self) -> Sample:
        """Take one sample, with the garbage of earlier ones out of the way."""
        gc.collect()
        return self._sample()

    def _sample(self) -> Sample:
        if self._iteration.is_bare:
            return self._bare_sample()
        loops, costs = self._loops, (self._wall_cost, self._cpu_cost)
        walls, cpu = [], 0.0
        for _ in range(loops):
            wall_seconds, cpu_seconds = self._one()
            walls.append(wall_seconds)
            cpu += cpu_seconds
        _checked(Sample(sum(walls) / loops, cpu / loops, loops, tuple(walls)))
        each = tuple(_without(wall_seconds, self._wall_cost) for wall_seconds in walls)
        return Sample(sum(each) / loops, _without(cpu / loops, self._cpu_cost), loops, each, *costs)

    def _cost(self) -> tuple[float, float]:
        """Return the least time that reading the clocks takes of an iteration, on the wall and of the processor."""
        runs = [[self._timed(_nothing)[1:] for _ in range(_COST_CALLS)] for _ in range(_COST_REPEATS)]
        wall_costs, cpu_costs = zip(
            *([sum(times) / _COST_CALLS for times in zip(*run, strict=True)] for run in runs), strict=True
        )
        return max(min(wall_costs), 0.0), max(min(cpu_costs), 0.0)

    def _bare_sample(self) -> Sample:
        call, wall, loops = self._iteration.call, self._clocks.wall, self._loops
        children_begin, cpu_begin = self._clocks.children(), self._clocks.cpu()
        begin = wall()
        if self._each:
            ends = [begin]
            for _ in repeat(None, loops):
                call()
                ends.append(wall())
            each = tuple(after - before for before, after in pairwise(ends))
            end = ends[-1]
        else:
            for _ in repeat(None, loops):
                call()
            end, each = wall(), ()
        cpu = self._clocks.cpu() - cpu_begin + self._clocks.children() - children_begin
        return _checked(Sample((end - begin) / loops, cpu / loops, loops, each))

    def _one(self) -> tuple[float, float]:
        iteration = self._iteration
        call = iteration.call if iteration.set_up is None else iteration.set_up()
        result, wall_seconds, cpu_seconds = self._timed(call)
        if iteration.tear_down is not None:
            iteration.tear_down(result)
        return wall_seconds, cpu_seconds

    def _timed(self, call: Callable[[], Any]) -> tuple[Any, float, float]:
        """Return what a call returned, and its times; as little as can be stands between the clocks and the call."""
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
    """Return a time without what reading its clock cost, and something of it always: a clock that moved did so."""
    return max(seconds - cost_seconds, seconds / 100)


def _checked(sample: Sample) -> Sample:
    if sample.wall_seconds <= 0 or sample.cpu_seconds < 0 or min(sample.each_wall_seconds, default=0) < 0:
        message = f"The clock says that an iteration took {sample.wall_seconds:g} s: it stands still or goes backwards."
        raise MeasurementError(
            "clock_backwards", message, hint="Times of this machine cannot be trusted.", quotes_data=False
        )
    return sample
