"""Kinds of failure: each exception is of one, and there are only so many."""

from __future__ import annotations

import socket
import ssl

import pytest

from airflow_provider_dpq.core.errors import (
    ConnectTimeoutError,
    MeasurementError,
    ResponseTimeoutError,
    SourceError,
    StatusError,
    UnreachableError,
)
from airflow_provider_dpq.core.load.moment import MAX_CHARACTERS, MAX_SAMPLES, Outcomes, outcome_of


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (TimeoutError("late"), "timeout"),
        (ResponseTimeoutError("request_timeout", "late"), "timeout"),
        (ConnectTimeoutError("connection_timeout", "late"), "timeout"),
        (ConnectionResetError(104, "reset"), "connection"),
        (OSError(113, "no route"), "connection"),
        (socket.gaierror(-2, "unknown name"), "connection"),
        (ssl.SSLError(1, "no TLS"), "connection"),
        (UnreachableError("connection_failed", "refused"), "connection"),
        (SourceError("unreachable_database", "gone"), "connection"),
        (AssertionError(), "assertion"),
        (StatusError("unexpected_status", "GET / returned status 503 instead of 200.", status=503), "status 503"),
        (MeasurementError("statement_failed", "no table"), "exception statement_failed"),
        (OSError(28, "disk full"), "exception OSError"),
        (KeyError("name"), "exception KeyError"),
        (SystemExit(3), "exception SystemExit"),
    ],
)
def test_each_exception_is_of_one_kind(error: BaseException, name: str) -> None:
    """An error of the network, a wrong answer and a failed assertion are told apart."""
    assert outcome_of(error).name == name


def test_messages_are_bounded() -> None:
    """An answer of a megabyte does not become a message of one."""
    assert outcome_of(ValueError("x" * 1_000_000)).message == "x" * MAX_CHARACTERS


def test_the_first_few_messages_of_a_kind_are_told_once() -> None:
    """They are of one kind, and what comes after them counts as the first."""
    outcomes = Outcomes()
    said = [str(count) for count in range(1000)]
    numbers = [outcomes.number("read", outcome_of(ValueError(message))) for message in (*said, *said)]
    assert numbers[MAX_SAMPLES:1000] == [numbers[0]] * (1000 - MAX_SAMPLES)
    assert numbers[1000:] == numbers[:1000]
    told = outcomes.take()
    assert [outcome.message for outcome in told.values()] == said[:MAX_SAMPLES]
    assert {outcome.name for outcome in told.values()} == {"exception ValueError"}
    assert outcomes.take() == {}


def test_a_kind_has_one_number_in_each_scenario_and_is_told_once() -> None:
    """The same failure again is told no more."""
    outcomes = Outcomes()
    first = outcomes.number("read", outcome_of(ValueError("one")))
    assert outcomes.number("read", outcome_of(ValueError("one"))) == first > 0
    assert outcomes.number("read", outcome_of(KeyError("one"))) != first
    other = outcomes.number("write", outcome_of(ValueError("three")))
    told = outcomes.take()
    assert (told[first].message, told[other].message) == ("one", "three")
    assert outcomes.take() == {}


def test_kinds_beyond_some_dozens_are_one() -> None:
    """An operation that fails in ever new ways does not make ever more kinds."""
    outcomes = Outcomes()
    numbers = {outcomes.number("read", outcome_of(MeasurementError(f"reason_{count}", ""))) for count in range(1000)}
    told = outcomes.take()
    assert len(numbers) == len(told) < 50
    assert told[max(numbers)].name == "exception other"
