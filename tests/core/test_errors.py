"""Errors: their reasons, their messages, and the way back from a child process."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    DpqError,
    MeasurementError,
    SourceError,
    StatusError,
    StoreError,
    text_of,
    unexpected_error,
)
from airflow_provider_dpq.core.gate.unit import parse_unit

KINDS = (DeclarationError, MeasurementError, SourceError, StoreError)


def test_error_says_what_is_wrong_and_what_to_do() -> None:
    """The text that people see is the message followed by the hint."""
    error = DeclarationError("missing_file", "No file 'x.csv'.", hint="Check the path.")
    assert str(error) == "No file 'x.csv'. Check the path."
    assert (error.reason, error.message, error.hint) == ("missing_file", "No file 'x.csv'.", "Check the path.")
    assert str(StoreError("unknown_report", "No report 7.")) == "No report 7."


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_caught_by_its_root(kind: type[DpqError]) -> None:
    """Whoever catches DpqError catches all that the project raises on purpose."""
    with pytest.raises(DpqError) as caught:
        raise kind("a_reason", "A message.")
    assert type(caught.value) is kind


def test_data_out_of_reach_counts_as_not_measured() -> None:
    """A source that cannot be opened is retried as any failed measurement; a wrong declaration is not."""
    assert issubclass(SourceError, MeasurementError)
    assert not issubclass(DeclarationError, MeasurementError)
    assert not issubclass(StoreError, MeasurementError)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hint", [None, "Do this."])
def test_error_survives_pickling(kind: type[DpqError], hint: str | None) -> None:
    """A pickled error is the same error, with its hint appended once."""
    error = kind("a_reason", "A message.", hint=hint)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes
    assert type(again) is kind
    assert (str(again), again.reason, again.message, again.hint) == (str(error), "a_reason", "A message.", hint)


def test_error_comes_back_from_a_child_process() -> None:
    """An error raised in a spawned child reaches the parent with its reason."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        raised = pool.submit(parse_unit, "furlong").exception()
    assert isinstance(raised, DeclarationError)
    assert raised.reason == "unknown_unit"


@pytest.mark.parametrize(("kind", "quotes"), [(DeclarationError, False), *((kind, True) for kind in KINDS[1:])])
def test_unknown_means_that_an_error_quotes_data(kind: type[DpqError], quotes: bool) -> None:
    """Who raises an error of measuring or storing says that it is free of data, or it is taken to hold some."""
    assert kind("a_reason", "A message.").quotes_data is quotes
    assert kind("a_reason", "A message.", quotes_data=False).quotes_data is False
    assert kind("a_reason", "A message.", quotes_data=True).quotes_data is True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quotes", [True, False])
def test_pickled_error_still_knows_whether_it_quotes_data(kind: type[DpqError], quotes: bool) -> None:
    """What comes back from a child process is told with the same care."""
    again = pickle.loads(pickle.dumps(kind("a_reason", "A message.", quotes_data=quotes)))  # noqa: S301 - its own bytes
    assert again.quotes_data is quotes


def test_error_of_a_subclass_survives_pickling_and_masking() -> None:
    """Whatever a subclass takes and knows beside the text comes along."""
    error = StatusError("unexpected_status", "Status 503.", status=503, hint="Look.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes
    assert (type(again), again.status, str(again)) == (StatusError, 503, "Status 503. Look.")
    silent = error.without_data("Kept out.")
    assert (type(silent), silent.status, silent.reason) == (StatusError, 503, "unexpected_status")
    assert (str(silent), silent.message, silent.hint, silent.quotes_data) == ("Kept out.", "Kept out.", None, False)
    assert (str(error), error.quotes_data) == ("Status 503. Look.", True)


class _UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("It broke."), "It broke."),
        (ValueError(""), "ValueError"),
        (ValueError(" \n"), "ValueError"),
        (_UnspeakableError(), "_UnspeakableError"),
        (ValueError("bad \udcff byte"), "bad \\udcff byte"),
        (MeasurementError("empty", ""), "MeasurementError"),
    ],
)
def test_text_of_an_error_can_always_be_written(error: Exception, text: str) -> None:
    """An exception that says nothing, cannot say it, or says it in what is no text, is told all the same."""
    assert text_of(error) == text


def test_an_error_of_ours_keeps_its_reason_where_nobody_foresaw_it() -> None:
    """What a check says of itself is not hidden behind the place where it was noticed."""
    told = unexpected_error(DeclarationError("invalid_connection", "It is no database."), "Evaluating the check")
    assert (told.reason, told.message, told.quotes_data) == ("invalid_connection", "It is no database.", False)
