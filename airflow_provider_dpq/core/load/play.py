"""One load, played by the generators until its end, or until something ends it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.moment import SUCCESS, Iterations, Moment, Outcome
from airflow_provider_dpq.core.load.recorder import Pace, Recorder
from airflow_provider_dpq.core.operation.pulse import Pulse

LEAD_SECONDS: Final = 0.5
"""How long before its start a load is agreed on: by then all generators wait for it."""

LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a load should end."""

_EndT = TypeVar("_EndT")


class Generators(Protocol):
    """What plays a load; see `Fleet`."""

    def prepare(self) -> Iterator[None]:
        """Make all operations ready."""

    def generate(self, test: LoadTest, starts_at_seconds: float) -> Iterator[tuple[int, Moment]]:
        """Generate a load, and yield what each process did, with its number."""


@dataclass(frozen=True, slots=True)
class Player:
    """Where loads are played.

    Attributes:
        generators: What plays them.
        pulse: Gets how they go.
        clock: Seconds since 1970.
    """

    generators: Generators
    pulse: Pulse
    clock: Callable[[], float] = time.time

    def make_ready(self) -> None:
        """Make all operations ready.

        Raises:
            MeasurementError: One cannot be made ready, or its first call fails.
        """
        self.pulse.beat("preparing")
        for _ in self.generators.prepare():
            self.pulse.beat("preparing")

    def play(
        self,
        test: LoadTest,
        starts_at_seconds: float,
        recorders: Sequence[Recorder],
        look: Callable[[Course], _EndT | None],
        *,
        title: str = "",
    ) -> tuple[Course, _EndT | None]:
        """Play a load and record it.

        Args:
            test: The load.
            starts_at_seconds: When it begins, in seconds since 1970.
            recorders: What records it; the first one says how it goes.
            look: Called once a second of the load, and at its end; what it returns, unless that is None, ends the load.
            title: What to say of it before how it goes.

        Returns:
            What was seen of it, and what ended it; None where it came to its end.

        Raises:
            MeasurementError: A generator failed.
        """
        course, looked = Course(test), 0.0
        self.pulse.renew()  # how it begins is told at once
        with closing(self.generators.generate(test, starts_at_seconds)) as moments:  # type: ignore[type-var]
            for process, moment in moments:
                for recorder in recorders:
                    recorder.add(process, moment)
                course.add(process, moment)
                self.pulse.beat(f"{title}{_state(test, course, recorders[0].pace())}")
                if course.elapsed_seconds >= looked + LOOK_SECONDS:
                    looked = course.elapsed_seconds
                    end = look(course)
                    if end is not None:
                        return course, end
        return course, look(course)


def _state(test: LoadTest, course: Course, pace: Pace) -> str:
    """Return how far a load is and how it goes: ``12 s of 60 s: 498/s, p95 12 ms, 0 failed``."""
    of = f"{course.elapsed_seconds:.0f} s of {test.duration_seconds:.0f} s"
    p95 = "" if pace.p95_seconds is None else f"p95 {_shown(pace.p95_seconds)}, "
    return f"{of}: {pace.rate:.4g}/s, {p95}{course.failed} failed"


def _shown(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


DEAD_SECONDS: Final = 5.0
"""For how long nothing but connections that fail means that the target is dead."""

DEAD_FAILURES: Final = 10
"""How many of them it takes at least."""


@dataclass(frozen=True, slots=True)
class Death:
    """When a target died.

    Attributes:
        at_seconds: When the first connection failed after which nothing else came, since the start of the load.
        failures: How many have failed since.
        cause: What the last of them said.
    """

    at_seconds: float
    failures: int
    cause: str


class Course:
    """Follows the course of a load by the moments of its generators.

    Args:
        test: What goes on.

    Attributes:
        ended: How many iterations have ended, by number of the process.
        failed: How many of them failed.
    """

    def __init__(self, test: LoadTest) -> None:
        self.ended: Counter[int] = Counter()
        self.failed = 0
        self._until = dict.fromkeys(range(test.processes), 0.0)
        self._ended: set[int] = set()
        self._outcomes: dict[int, dict[int, Outcome]] = {number: {} for number in self._until}
        self._alive_seconds = -1.0
        self._lost: list[float] = []
        self._cause = ""

    def add(self, process: int, moment: Moment) -> None:
        """Take in what a process did."""
        self._until[process] = moment.until_seconds
        if moment.final:
            self._ended.add(process)
        outcomes = self._outcomes[process]
        outcomes.update(moment.outcomes)
        lost = [number for number, outcome in outcomes.items() if outcome.category == "connection"]
        self._cause = next((outcomes[number].message for number in lost), self._cause)
        for iterations in moment.iterations.values():
            if iterations.ended:
                self.ended[process] += len(iterations.ended)
                self._take(iterations, lost)

    def _take(self, iterations: Iterations, lost: Sequence[int]) -> None:
        import numpy as np

        ended, outcome = np.asarray(iterations.ended), np.asarray(iterations.outcome)
        self.failed += int(np.count_nonzero(outcome != SUCCESS))
        is_lost = np.isin(outcome, lost)
        if not is_lost.all():
            self._alive_seconds = max(self._alive_seconds, float(ended[~is_lost].max()))
        self._lost = [when for when in (*self._lost, *ended[is_lost].tolist()) if when > self._alive_seconds]

    @property
    def elapsed_seconds(self) -> float:
        """Up to when all generators have told what they did, in seconds since the start of the load."""
        going = [until for number, until in self._until.items() if number not in self._ended]
        return max(0.0, min(going, default=max(self._until.values())))

    @property
    def death(self) -> Death | None:
        """When the target died; None where it lives, or where that cannot be told yet."""
        if len(self._lost) < DEAD_FAILURES or self.elapsed_seconds - min(self._lost) < DEAD_SECONDS:
            return None
        return Death(min(self._lost), len(self._lost), self._cause)
