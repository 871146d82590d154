"""Errors: their reasons, their messages, and the way back from a child process."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError, SourceError, StoreError
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
