"""What the generators' moments say at once: how far a load is, and whether its target is still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.moment import SUCCESS, Iterations, Moment, Outcome

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
