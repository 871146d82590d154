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
    error = airflow_error(SourceError("missing_file", "No file 'x'.", hint="Make it.", quotes_data=False), "orders")
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


@pytest.mark.parametrize("kind", [DeclarationError, MeasurementError, SourceError, StoreError])
def test_message_leaves_out_what_may_quote_data(kind: type[DpqError]) -> None:
    """Of an error that may quote a value, the task's log has the reason alone, also of its hint."""
    told = str(airflow_error(kind("odd", "Not a number: 'Smith'.", hint="Mend 'Smith'.", quotes_data=True), "orders"))
    assert ("Smith" in told, "odd" in told) == (False, True)


def test_declaring_tells_all_of_what_a_dag_file_declares() -> None:
    """While a DAG file is parsed there is no report to read it in, and what is quoted stands in that file."""
    with pytest.raises(GateDeclarationError, match="'Smith'"), declaring("orders"):
        raise DeclarationError("malformed", "Wrong: 'Smith'.", quotes_data=True)
