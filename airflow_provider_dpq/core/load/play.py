"""One load, played by the generators until its end, or until something ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from airflow_provider_dpq.core.load.course import Course
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.moment import Moment
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
class Stage:
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
        self.pulse.beat("making ready")
        for _ in self.generators.prepare():
            self.pulse.beat("making ready")

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
