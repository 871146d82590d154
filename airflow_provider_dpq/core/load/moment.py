"""What a generator did in a moment: the raw times that it sends to the process that judges."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SUCCESS: Final = 0
"""Number of the outcome of an iteration that went well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an iteration failed.

    Attributes:
        category: ``timeout``, ``connection``, ``assertion``, ``exception`` or ``status``.
        detail: Name of the exception's type, or the status of HTTP: ``ValueError``, ``503``.
        message: What it said, cut to a bounded length.
    """

    category: str
    detail: str
    message: str = ""

    @property
    def name(self) -> str:
        """What it is called in reports: ``timeout``, ``status 503``, ``exception ValueError``."""
        return f"{self.category} {self.detail}".rstrip() if self.category in ("status", "exception") else self.category


@dataclass(slots=True)
class Iterations:
    """The iterations of one scenario that ended in a moment, in columns of the same length.

    Attributes:
        due: When each was due, in seconds since the start of the load; in a closed model when it began.
        started: When it was started.
        ended: When it ended, however it ended.
        outcome: `SUCCESS`, or the number of how it failed.
    """

    due: array[float] = field(default_factory=lambda: array("d"))
    started: array[float] = field(default_factory=lambda: array("d"))
    ended: array[float] = field(default_factory=lambda: array("d"))
    outcome: array[int] = field(default_factory=lambda: array("H"))


@dataclass(slots=True)
class Moment:
    """What one generator did since its moment before; they are sent about twice a second.

    Attributes:
        until_seconds: End of it, in seconds since the start of the load.
        iterations: What ended in it, by name of the scenario.
        dropped: When arrivals that were given up were due, by name of the scenario: no worker was free in time.
        lateness: By how many seconds the generator itself was late, each time it meant to do something at a time: start
            an arrival for which a worker waited, or wake for its own probe, which does nothing.
        outcomes: What the numbers of outcomes seen in it for the first time mean.
        running: How many iterations were under way at the end of it.
        cpu_seconds: Processor time of the generator's process, from the start of the load.
        blocked: By place in the code, ``file:line in function``: for how many seconds it kept the event loop from
            doing anything else.
        on_loop: Whether any of the generator's iterations run on an event loop.
        final: Whether it is this generator's last.
    """

    until_seconds: float
    iterations: dict[str, Iterations] = field(default_factory=dict)
    dropped: dict[str, array[float]] = field(default_factory=dict)
    lateness: array[float] = field(default_factory=lambda: array("d"))
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    running: int = 0
    cpu_seconds: float = 0.0
    blocked: Mapping[str, float] = field(default_factory=dict)
    on_loop: bool = False
    final: bool = False
