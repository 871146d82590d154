"""How errors of the core become exceptions of Airflow."""

from __future__ import annotations

import pickle

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError, SourceError, StoreError
from airflow_provider_dpq.exceptions import (
    GateDeclarationError,
    GateFailedError,
    GateMeasurementError,
    GateStoreError,
    airflow_error,
    declaring,
)


@pytest.mark.parametrize(
    ("error", "kind", "retried"),
    [
        (DeclarationError("x", "Bad."), GateDeclarationError, False),
        (MeasurementError("x", "Bad."), GateMeasurementError, True),
        (SourceError("x", "Bad."), GateMeasurementError, True),
        (StoreError("x", "Bad."), GateStoreError, True),
    ],
)
def test_error_becomes_the_exception_with_its_consequence(error: DpqError, kind: type, retried: bool) -> None:
    """Only what trying again can help is retried by Airflow."""
    found = airflow_error(error, "orders")
    assert type(found) is kind
    assert isinstance(found, AirflowFailException) is not retried


def test_failed_gate_is_never_retried() -> None:
    """A verdict is final."""
    assert issubclass(GateFailedError, AirflowFailException)


def test_message_names_the_gate_and_the_fix() -> None:
    """The exception says which gate, what is wrong, and what to do."""
    error = airflow_error(SourceError("missing_file", "No file 'x'.", hint="Make it."), "orders")
    assert str(error) == "Gate 'orders': No file 'x'. Make it."


def test_declaring_names_the_gate_of_a_wrong_declaration() -> None:
    """What is refused while a DAG file is parsed names the gate and keeps its reason."""
    with (
        pytest.raises(GateDeclarationError, match=r"^Gate 'orders': Wrong\. Do better\.$") as caught,
        declaring("orders"),
    ):
        raise DeclarationError("malformed", "Wrong.", hint="Do better.")
    assert caught.value.reason == "malformed"


def test_declaration_error_survives_the_way_between_processes() -> None:
    """Pickled and read back, the exception is the same."""
    error = GateDeclarationError("malformed", "Wrong.", hint="Do better.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on this line
    assert (type(again), str(again), again.reason) == (GateDeclarationError, "Wrong. Do better.", "malformed")
