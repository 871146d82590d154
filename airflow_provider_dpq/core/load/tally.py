"""What a generator records until it is sent: cheap to add to from any thread, and taken twice a second."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable
from typing import Final, TypeAlias

from airflow_provider_dpq.core.load.moment import TIMEOUT, Iterations, Moment, Outcome, Outcomes, outcome_of

_COLUMNS: Final = 4


class Record:
    """The iterations of one scenario.

    To add is one operation on one array, which no other thread can see half done.

    Args:
        scenario: Name of the scenario.
        outcomes: Where kinds of failure get their numbers.
    """

    def __init__(self, scenario: str, outcomes: Outcomes) -> None:
        self._scenario = scenario
        self._outcomes = outcomes
        self._ended = array("d")
        self._dropped = array("d")

    def add(self, due: float, started: float, ended: float, outcome: int) -> None:
        """Keep an iteration that ended."""
        self._ended.extend((due, started, ended, outcome))

    def failure(self, error: BaseException) -> int:
        """Return the number of a failure's kind."""
        return self._outcomes.number(self._scenario, outcome_of(error))

    def timeout(self, seconds: float) -> int:
        """Return the number of an iteration that had its time."""
        message = f"An iteration took longer than {seconds:g} s."
        return self._outcomes.number(self._scenario, Outcome(TIMEOUT, "", message))

    def drop(self, due: float) -> None:
        """Keep an arrival that was given up."""
        self._dropped.append(due)

    def take(self) -> tuple[Iterations, array[float]]:
        """Return what there is, iterations and dropped, and keep it no longer."""
        rows = _taken(self._ended)
        outcomes = array("H", map(int, rows[3::_COLUMNS]))
        return Iterations(rows[0::_COLUMNS], rows[1::_COLUMNS], rows[2::_COLUMNS], outcomes), _taken(self._dropped)


Running: TypeAlias = dict[object, tuple[float, float, Record]]
"""Iterations under way: due, started and where to record it, by whoever runs it. To take one out is to end it: it is
recorded once, by its worker or by `Tally.abandon`."""


class Tally:
    """What one generator does, on the line of time that begins with the load.

    Attributes:
        records: What became of iterations, by name of the scenario.
        lateness: By how many seconds the generator itself was late.
        begin: The start of the load on `time.perf_counter`.
        on_loop: Whether any iterations run on an event loop.

    Args:
        names: Names of the scenarios.
    """

    def __init__(self, names: Iterable[str], begin: float) -> None:
        self._outcomes = Outcomes()
        self.records = {name: Record(name, self._outcomes) for name in names}
        self.lateness = array("d")
        self.begin = begin
        self.on_loop = False
        self.blocked: dict[str, float] = {}
        self._running: list[Running] = []
        self._cpu_begin = time.process_time()

    def now(self) -> float:
        """Return the seconds since the start of the load."""
        return time.perf_counter() - self.begin

    def running(self) -> Running:
        """Return a new place for iterations that are under way."""
        self._running.append({})
        return self._running[-1]

    def begin_cpu(self) -> None:
        """Count processor time from here."""
        self._cpu_begin = time.process_time()

    def abandon(self, timeout_seconds: float) -> None:
        """Record what is under way still as timed out."""
        now = self.now()
        for running in self._running:
            for key in list(running):
                taken = running.pop(key, None)
                if taken is not None:
                    due, started, record = taken
                    record.add(due, started, now, record.timeout(timeout_seconds))

    def moment(self, *, final: bool) -> Moment:
        """Return what was recorded since the moment before."""
        taken = {name: record.take() for name, record in self.records.items()}
        blocked, self.blocked = self.blocked, {}
        return Moment(
            until_seconds=self.now(),
            iterations={name: iterations for name, (iterations, _) in taken.items() if iterations.due},
            dropped={name: dropped for name, (_, dropped) in taken.items() if dropped},
            lateness=_taken(self.lateness),
            outcomes=self._outcomes.take(),
            running=sum(map(len, self._running)),
            cpu_seconds=time.process_time() - self._cpu_begin,
            blocked=blocked,
            on_loop=self.on_loop,
            final=final,
        )


def _taken(kept: array[float]) -> array[float]:
    """Take what is in an array; others may add to its end meanwhile."""
    count = len(kept)
    taken = kept[:count]
    del kept[:count]
    return taken
