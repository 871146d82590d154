"""The schedule of a load: how much of it there is at each moment, and when each arrival is due."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a load, straight from the level before it to its own.

    Attributes:
        duration_seconds: How long it lasts; 0 for a jump.
        level: Where it ends: arrivals per second, or workers.
    """

    duration_seconds: float
    level: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The level of a load over time.

    Attributes:
        start: Level at the beginning.
        stages: How it goes on.
    """

    start: float
    stages: tuple[Stage, ...]

    @property
    def duration_seconds(self) -> float:
        """How long it lasts."""
        return sum(stage.duration_seconds for stage in self.stages)

    @property
    def peak(self) -> float:
        """The highest level of all."""
        return max((self.start, *(stage.level for stage in self.stages)))

    @property
    def amount(self) -> float:
        """The area below the level: how many arrivals are due in all, where the level is a rate."""
        return self._amounts[-1]

    @property
    def plateaus(self) -> Sequence[tuple[float, float, float]]:
        """The stretches of one level, which is not 0: begin and end in seconds, and the level."""
        found = []
        for begin, (level, stage) in zip(self._begins, self._steps, strict=False):
            if stage.duration_seconds > 0 and level == stage.level > 0:
                found.append((begin, begin + stage.duration_seconds, level))
        return found

    def level(self, at_seconds: float) -> float:
        """Return the level at a moment; 0 before the beginning and from the end on."""
        if not 0 <= at_seconds < self.duration_seconds:
            return 0.0
        index = bisect_right(self._begins, at_seconds) - 1
        level, stage = self._steps[index]
        return level + (stage.level - level) * (at_seconds - self._begins[index]) / stage.duration_seconds

    def due(self, number: int) -> float:
        """Return when an arrival is due, in seconds from the beginning; infinity for one after the end.

        Args:
            number: Which one, counted from 0. It is due once that many arrivals have gone before it: of a constant rate
                the first one at once, of a pause at its end.
        """
        return next(self.dues(number), math.inf)

    def dues(self, first: int = 0, step: int = 1) -> Iterator[float]:
        """Yield when arrivals are due, one after the other; see `due`.

        Args:
            first: Number of the first one.
            step: How far apart their numbers are.
        """
        number = first
        for begin, (level, stage), (before, after) in zip(
            self._begins, self._steps, pairwise(self._amounts), strict=False
        ):
            twice_slope = 2 * (stage.level - level) / stage.duration_seconds if stage.duration_seconds else 0.0
            square = level * level
            while number < after:
                missing = number - before
                # Of level * t + slope * t**2 / 2 = missing the first t, in a form that stands a slope of 0.
                root = level + math.sqrt(max(square + twice_slope * missing, 0.0))
                yield begin + (2 * missing / root if root else 0.0)
                number += step

    def scaled(self, share: float) -> Schedule:
        """Return the same with every level multiplied."""
        stages = tuple(Stage(stage.duration_seconds, stage.level * share) for stage in self.stages)
        return Schedule(self.start * share, stages)

    @property
    def _steps(self) -> list[tuple[float, Stage]]:
        """The stages, each with the level that it starts from."""
        levels = (self.start, *(stage.level for stage in self.stages))
        return list(zip(levels, self.stages, strict=False))

    @property
    def _begins(self) -> list[float]:
        return list(accumulate((stage.duration_seconds for stage in self.stages), initial=0.0))

    @property
    def _amounts(self) -> list[float]:
        areas = ((level + stage.level) / 2 * stage.duration_seconds for level, stage in self._steps)
        return list(accumulate(areas, initial=0.0))
