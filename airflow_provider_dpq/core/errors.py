"""Errors of the project: one root, one subclass for each consequence, and a stable reason code.

DpqError
├── DeclarationError   what the user declared is wrong: refused before anything is measured (exit code 2, not retried)
├── MeasurementError   the subject could not be measured (exit code 3, retried by Airflow)
│   ├── SourceError    the data cannot be opened, so that nothing was measured (exit code 2, retried by Airflow)
│   ├── QueryError     one query was refused, or cost too much; others may be answered
│   │   ├── RefusedQueryError  it was refused for what it says
│   │   └── QueryTimeoutError  it took too long
│   ├── UnsupportedExpectationError  this kind of data cannot answer the check
│   ├── QuarantineError  failing rows could not be written
│   ├── OperationTimeoutError  one iteration took too long in a process of its own, which was killed
│   ├── ChildError     the process of an operation ended before it answered
│   ├── StatusError    a service answered with another status than the one expected
│   ├── UnreachableError  a service could not be connected to, or the connection broke
│   ├── ResponseTimeoutError  a service did not answer in time
│   │   └── ConnectTimeoutError  it did not even accept the connection
│   └── EndedError     nothing more can be measured: the connection is lost
│       └── CancelledError  measuring was told to stop, and whoever told it does not wait for long
└── StoreError         a report could not be kept or read (exit code 2 before anything was measured,
    │                  else 3; retried by Airflow)
    ├── StoreBusyError the store may answer in a moment
    └── ReportExistsError  it has a report of this gate and try already

Whether its text quotes data is known where an error is raised, and nowhere else: say ``quotes_data=False`` there if it
is put together from our own words, numbers, and names of columns, tables, checks and files. The text of another
program (a driver, an engine, a parser, Great Expectations, the operation measured) quotes what it was given, and so do
values, whether measured or passed as parameters. Unknown means yes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

_Kind = TypeVar("_Kind", bound="DpqError")


class DpqError(Exception):
    """Root of every error that this project raises on purpose.

    Args:
        reason: Stable code of what went wrong, in snake case, for programs (``"missing_file"``).
        message: What is wrong and with which value, for people.
        hint: What to do about it; appended to the message.
        quotes_data: Whether the message or the hint may quote a value of the data; None for the default of the class.

    Attributes:
        quotes_data: Whether the message or the hint may quote a value of the data. Such a text is in the stored report
            alone, and where columns are hidden not even there.
    """

    may_quote_data: ClassVar[bool] = True
    """Whether errors of this class may quote data where nothing is said of that."""

    def __init__(self, reason: str, message: str, *, hint: str | None = None, quotes_data: bool | None = None) -> None:
        stop = "" if message.endswith((".", "!", "?", ":", ";")) else "."
        super().__init__(f"{message}{stop} {hint}" if hint else message)
        self.reason = reason
        self.message = message
        self.hint = hint
        self.quotes_data = self.may_quote_data if quotes_data is None else quotes_data

    def without_data(self, message: str) -> Self:
        """Return the same error with a text that quotes no data in place of its message and hint."""
        error = _rebuild(type(self), (message,))
        error.__dict__ |= self.__dict__ | {"message": message, "hint": None, "quotes_data": False}
        return error

    def __reduce__(self) -> tuple[object, tuple[object, ...], dict[str, Any]]:
        """Pickle the error with its attributes, so that none is lost on the way back from a child process."""
        return _rebuild, (type(self), self.args), self.__dict__


class DeclarationError(DpqError):
    """A suite, threshold, option or argument is wrong; nothing was measured.

    Its text quotes what is written in the declaration, which whoever reads the log can read in the DAG as well. Where a
    value came from elsewhere (a parameter, another program's text about data) that is said as it is raised.
    """

    may_quote_data: ClassVar[bool] = False


class MeasurementError(DpqError):
    """The subject could not be measured, or the measurement is not valid."""


class SourceError(MeasurementError):
    """The data to be measured is missing or cannot be opened; nothing was measured."""


class EndedError(MeasurementError):
    """Nothing more can be measured: the connection is lost, or measuring was stopped."""


class CancelledError(EndedError):
    """Measuring was told to stop, as by a kill: the process that measures may be about to end as well."""


class QueryError(MeasurementError):
    """One query was refused, or cost too much time or memory; others may be answered."""


class RefusedQueryError(QueryError):
    """The engine refused one query for what it says; another way to ask may be answered."""


class QueryTimeoutError(QueryError):
    """One query took longer than we or the server allow, and was stopped; others may be answered."""


class UnsupportedExpectationError(MeasurementError):
    """This kind of data cannot answer the check; Great Expectations may."""


class QuarantineError(MeasurementError):
    """The failing rows could not be written; what the checks found stands."""


class OperationTimeoutError(MeasurementError):
    """One iteration of an operation did not end in time, and the process that ran it was killed."""


class ChildError(MeasurementError):
    """The process of an operation ended before it answered, or sent what cannot be read."""


class StatusError(MeasurementError):
    """A service answered with another status than the one expected.

    Args:
        reason: Stable code.
        message: What was answered, and what was expected.
        status: The HTTP status that it answered with.
        hint: What to do about it.
        quotes_data: Whether the message or the hint may quote a value of the data.
    """

    def __init__(
        self, reason: str, message: str, *, status: int, hint: str | None = None, quotes_data: bool | None = None
    ) -> None:
        super().__init__(reason, message, hint=hint, quotes_data=quotes_data)
        self.status = status


class UnreachableError(MeasurementError):
    """A service could not be connected to, or the connection broke."""


class ResponseTimeoutError(MeasurementError):
    """A service did not answer in time."""


class ConnectTimeoutError(ResponseTimeoutError):
    """A service did not accept the connection in time."""


class StoreError(DpqError):
    """The store of reports is out of reach, of another version, or refused a report."""


class StoreBusyError(StoreError):
    """The store may answer in a moment: it is locked, is restarting, or is out of reach for now."""


class ReportExistsError(StoreError):
    """The store has a report of this gate, task instance and try already."""


def text_of(error: BaseException) -> str:
    """Return the text of an exception: never empty, and with escapes for what UTF-8 cannot encode."""
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - it is the exception's own code that runs here
        text = ""
    return (text or type(error).__name__).encode("utf-8", "backslashreplace").decode()


def first_line(error: BaseException, secret: object = None) -> str:
    """Return the first line of the text of an exception.

    Args:
        error: The exception.
        secret: What is replaced by asterisks, such as the password of an address; None for nothing.
    """
    line = text_of(error).splitlines()[0]
    return line.replace(str(secret), "***") if secret else line


def cancelled(message: str = "The measurement was cancelled.") -> CancelledError:
    """Return the error of a measurement that was told to stop.

    Args:
        message: What was cancelled, or by what; it quotes no data.
    """
    return CancelledError("cancelled", message, quotes_data=False)


def unexpected_error(error: BaseException, doing: str) -> MeasurementError:
    """Return the error that reports an exception which nobody foresaw there, such as one of a driver.

    Args:
        error: The exception; one of this project keeps its reason and its text.
        doing: What was being done, as the subject of a sentence: ``Planning the check``.
    """
    if isinstance(error, DpqError):
        return MeasurementError(error.reason, str(error), quotes_data=error.quotes_data)
    message = f"{doing} raised {type(error).__name__}: {text_of(error)}"
    return MeasurementError("unexpected_error", message, hint="The log has the traceback.")


def _rebuild(kind: type[_Kind], args: tuple[object, ...]) -> _Kind:
    return kind.__new__(kind, *args)
