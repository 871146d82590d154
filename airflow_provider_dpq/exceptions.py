"""What a gate raises in Airflow, and which of it Airflow retries.

AirflowFailException (never retried)
├── GateFailedError        the gate's verdict is final: measuring again until it passes is no measurement
└── GateDeclarationError   what was declared is wrong: while the DAG file is parsed, or once a template is rendered
AirflowException (retried as the task says)
├── GateMeasurementError   the gate could not be measured
└── GateStoreError         the report could not be stored or read
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, StoreError, unexpected_error
from airflow_provider_dpq.core.line import printable, printable_lines

log = logging.getLogger(__name__)


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
    hint = None if error.quotes_data else error.hint
    message, hint = printable(f"Gate {gate!r}: {_message(error)}"), hint and printable(hint)
    if isinstance(error, DeclarationError):
        return GateDeclarationError(error.reason, message, hint=hint)
    kind = GateStoreError if isinstance(error, StoreError) else GateMeasurementError
    return kind(f"{message} {hint}" if hint else message)


def raised(error: BaseException, gate: str) -> BaseException:
    """Return what a gate raises for what it could not be measured for, to be raised without its chain.

    Airflow logs an exception with all that it came from, and a driver's quotes its statement with the values in it. Of
    an exception that nobody raised on purpose, the log has the places that it went through.

    Args:
        error: An error of the core, a time limit of the task, an interrupt, or an exception that nobody foresaw.
        gate: Name of the gate.
    """
    if isinstance(error, DpqError):
        return airflow_error(error, gate)
    if not isinstance(error, Exception) or isinstance(error, AirflowException):
        return error
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("Gate %r: %s was raised here:\n%s", gate, type(error).__name__, places)
    return airflow_error(unexpected_error(error, "Measuring"), gate)


def _message(error: DpqError) -> str:
    """Return what a task's log may say of an error: many read it."""
    if not error.quotes_data:
        return error.message
    if isinstance(error, StoreError):  # then no report says it either
        return f"The store failed ({error.reason}); its message is left out because it may quote data."
    return f"See the report for the reason ({error.reason})."


@contextmanager
def declaring(gate: str) -> Iterator[None]:
    """Name the gate in the error where something declared inside is wrong.

    Raises:
        GateDeclarationError: What is wrong.
    """
    try:
        yield
    except DeclarationError as error:
        # All of it: this is about what is written in the DAG file.
        message = printable_lines(f"Gate {gate!r}: {error.message}")
        raise GateDeclarationError(error.reason, message, hint=error.hint, quotes_data=error.quotes_data) from error
