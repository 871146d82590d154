"""What a gate raises in Airflow, and which of it Airflow retries.

AirflowFailException (never retried)
├── GateFailedError        the gate's verdict is final: measuring again until it passes is no measurement
└── GateDeclarationError   what was declared is wrong: while the DAG file is parsed, or once a template is rendered
AirflowException (retried as the task says)
├── GateMeasurementError   the gate could not be measured
└── GateStoreError         the report could not be stored or read
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, StoreError


class GateFailedError(AirflowFailException):
    """The gate decided against the data; the task fails without a retry."""


class GateDeclarationError(DeclarationError, AirflowFailException):
    """The gate's declaration is wrong: the DAG file is not imported, or the task fails without a retry."""


class GateMeasurementError(AirflowException):
    """The gate could not be measured; the task is retried."""


class GateStoreError(AirflowException):
    """The report could not be stored or read; the task is retried, and never passes without it."""


def airflow_error(error: DpqError, gate: str) -> AirflowException:
    """Return the Airflow exception that gives an error of the core its consequence.

    Args:
        error: The error.
        gate: Name of the gate, which the message begins with.
    """
    from airflow_provider_dpq.core.gate.report import Problem

    told = Problem(reason=error.reason, message=error.message).without_values  # the exception is logged
    message = f"Gate {gate!r}: {told}"
    if isinstance(error, DeclarationError):
        return GateDeclarationError(error.reason, message, hint=error.hint)
    kind = GateStoreError if isinstance(error, StoreError) else GateMeasurementError
    return kind(f"{message} {error.hint}" if error.hint else message)


@contextmanager
def declaring(gate: str) -> Iterator[None]:
    """Name the gate in the error where something declared inside is wrong.

    Raises:
        GateDeclarationError: What is wrong.
    """
    try:
        yield
    except DeclarationError as error:
        raise airflow_error(error, gate) from error
