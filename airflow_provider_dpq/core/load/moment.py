"""What a generator did in a moment, as it is sent to the process that judges: raw times, and how iterations failed."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from airflow_provider_dpq.core.errors import DpqError, ResponseTimeoutError, SourceError, StatusError, UnreachableError

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


TIMEOUT: Final = "timeout"
CONNECTION: Final = "connection"

MAX_SAMPLES: Final = 5
"""How many different messages of each kind of failure are reported."""

MAX_CHARACTERS: Final = 200
"""How long a message is at most."""

_MAX_OUTCOMES: Final = 40
_OTHER: Final = Outcome("exception", "other", "There were too many kinds of failure to list them separately.")
_NETWORK: Final = frozenset(
    {
        errno.EADDRNOTAVAIL,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENOTCONN,
        errno.EPIPE,
    }
)


def outcome_of(error: BaseException) -> Outcome:
    """Return the kind of failure that an exception is."""
    message = (error.message if isinstance(error, DpqError) else str(error))[:MAX_CHARACTERS]
    if isinstance(error, (TimeoutError, ResponseTimeoutError)):
        return Outcome(TIMEOUT, "", message)
    if isinstance(error, StatusError):
        return Outcome("status", str(error.status), message)
    if isinstance(error, (UnreachableError, SourceError)) or _is_of_the_network(error):
        return Outcome(CONNECTION, "", message)
    if isinstance(error, AssertionError):
        return Outcome("assertion", "", message)
    name = error.reason if isinstance(error, DpqError) else type(error).__name__
    return Outcome("exception", name, message)


def _is_of_the_network(error: BaseException) -> bool:
    if isinstance(error, (ConnectionError, socket.gaierror, socket.herror, ssl.SSLError)):
        return True
    return isinstance(error, OSError) and error.errno in _NETWORK


class Outcomes:
    """The kinds of failure that one generator has seen, of each scenario.

    The first few different messages of a kind have a number each; what comes after them has that of the first. Of a
    scenario, kinds beyond some dozens are one.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
        self._count = 0
        self._new: dict[int, Outcome] = {}
        self._lock = threading.Lock()

    def number(self, scenario: str, outcome: Outcome) -> int:
        """Return the number of a scenario's failure; the first one of its kind and message is reported with it."""
        known = self._numbers[scenario].get(outcome.name, {})
        number = known.get(outcome.message)
        if number is None and len(known) >= MAX_SAMPLES:
            number = next(iter(known.values()))
        return self._add(scenario, outcome) if number is None else number

    def take(self) -> dict[int, Outcome]:
        """Return the outcomes that were not reported before."""
        with self._lock:
            new, self._new = self._new, {}
        return new

    def _add(self, scenario: str, outcome: Outcome) -> int:
        with self._lock:
            kinds = self._numbers[scenario]
            if outcome.name not in kinds and len(kinds) >= _MAX_OUTCOMES:
                outcome = _OTHER
            numbers = kinds.setdefault(outcome.name, {})
            number = numbers.get(outcome.message)
            if number is None:
                self._count += 1
                number = numbers[outcome.message] = SUCCESS + self._count
                self._new[number] = outcome
            return number
