"""How iterations fail: an exception as one of a few kinds, each with a number."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import threading
from collections import defaultdict
from typing import Final

from airflow_provider_dpq.core.errors import DpqError, SourceError
from airflow_provider_dpq.core.load.moment import SUCCESS, Outcome

TIMEOUT: Final = "timeout"
CONNECTION: Final = "connection"

MAX_SAMPLES: Final = 5
"""How many different messages of each kind of failure are told."""

MAX_CHARACTERS: Final = 200
"""How long a message is at most."""

_MAX_OUTCOMES: Final = 40
_OTHER: Final = Outcome("exception", "other", "There were too many kinds of failure to tell them apart.")
_TIMEOUTS: Final = frozenset({"request_timeout", "connection_timeout"})
_STATUS: Final = re.compile(r"status (\d{3})")
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
    reason = error.reason if isinstance(error, DpqError) else ""
    if isinstance(error, TimeoutError) or reason in _TIMEOUTS:
        return Outcome(TIMEOUT, "", message)
    if reason == "unexpected_status" and (found := _STATUS.search(message)):
        return Outcome("status", found[1], message)
    if reason == "connection_failed" or isinstance(error, SourceError) or _is_of_the_network(error):
        return Outcome(CONNECTION, "", message)
    if isinstance(error, AssertionError):
        return Outcome("assertion", "", message)
    return Outcome("exception", reason or type(error).__name__, message)


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
        """Return the number of a scenario's failure, which is told with the first one of its kind and message."""
        known = self._numbers[scenario].get(outcome.name, {})
        number = known.get(outcome.message)
        if number is None and len(known) >= MAX_SAMPLES:
            number = next(iter(known.values()))
        return self._add(scenario, outcome) if number is None else number

    def take(self) -> dict[int, Outcome]:
        """Return what was not told before."""
        with self._lock:
            told, self._new = self._new, {}
        return told

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
