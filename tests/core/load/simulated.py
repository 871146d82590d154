"""A service of known capacity and generators that load it, in simulated time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.moment import Iterations, Moment, Outcome

OUTCOMES = {1: Outcome("connection", "", "refused"), 2: Outcome("status", "503", "busy")}


@dataclass
class Clock:
    """Seconds that pass when somebody says so."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Simulated:
    """A service that answers one request after the other, and a generator that loads it.

    Attributes:
        clock: Its time.
        capacity: Answers per second.
        latency: Seconds that an answer takes beside.
        fails: Gets when a request is due since the start of its load, and the rate; returns how it fails.
        slow: Gets the same; returns by how many seconds the answer is late.
        down: Whether a first call fails at a time.
        lateness: How late the generator is, of the load's rate.
        plays: Rates of the loads that were begun.
        ended_early: How many of them were left before their end.
    """

    clock: Clock
    capacity: float = 300.0
    latency: float = 0.002
    fails: Callable[[float, float], int] = lambda due, rate: 0
    slow: Callable[[float, float], float] = lambda due, rate: 0.0
    down: Callable[[float], bool] = lambda now: False
    lateness: Callable[[float], float] = lambda rate: 0.0001
    plays: list[float] = field(default_factory=list)
    ended_early: int = 0

    def prepare(self) -> Iterator[None]:
        """Call it once."""
        self.clock.sleep(0.1)
        yield
        if self.down(self.clock.now):
            raise MeasurementError("target_down", "The target is down.")

    def generate(self, test: LoadTest, starts_at_seconds: float) -> Iterator[tuple[int, Moment]]:
        """Yield moments until all is answered; each lets time pass."""
        (stream,) = test.streams()
        rate = stream.model.schedule.start
        self.plays.append(rate)
        self.ended_early += 1
        rows = sorted(self._answers(list(stream.dues()), stream.max_workers, rate), key=lambda row: row[2])
        until, told, last = 0.0, 0, max(stream.duration_seconds, *(ended for _, _, ended, _ in rows))
        while until < last or told < len(rows):
            until += 0.5
            self.clock.now = starts_at_seconds + until
            ready = [row for row in rows[told:] if row[2] <= until]
            told += len(ready)
            columns = [array(kind, [row[place] for row in ready]) for place, kind in enumerate("dddH")]
            late = array("d", [self.lateness(rate)] * 50)
            iterations = {test.scenarios[0].name: Iterations(*columns)} if ready else {}
            yield 0, Moment(until, iterations, lateness=late, outcomes=OUTCOMES, cpu_seconds=until / 10)
        self.ended_early -= 1

    def _answers(self, dues: list[float], workers: int, rate: float) -> Iterator[tuple[float, float, float, int]]:
        """Yield when each was due, started and ended, and how."""
        ends: list[float] = []
        free = 0.0
        for number, due in enumerate(dues):
            started = max(due, ends[number - workers]) if number >= workers else due
            free = max(started, free) + 1 / self.capacity
            ends.append(free + self.latency + self.slow(due, rate))
            yield due, started, ends[-1], self.fails(due, rate)
