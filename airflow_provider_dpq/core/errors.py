"""Errors of the project: one root, one subclass for each consequence, and a stable reason code.

DpqError
├── DeclarationError   what the user declared is wrong: refused before anything is measured (exit code 2, not retried)
├── MeasurementError   the subject could not be measured (exit code 3, retried by Airflow)
│   └── SourceError    the data cannot be opened, so that nothing was measured (exit code 2, retried by Airflow)
└── StoreError         a report could not be kept or read (exit code 2 before anything was measured,
                       else 3; retried by Airflow)
"""

from __future__ import annotations


class DpqError(Exception):
    """Root of every error that this project raises on purpose.

    Args:
        reason: Stable code of what went wrong, in snake case, for programs (``"missing_file"``).
        message: What is wrong and with which value, for people.
        hint: What to do about it; appended to the message.
    """

    def __init__(self, reason: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{message} {hint}" if hint else message)
        self.reason = reason
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """Pickle by the arguments, so that an error survives the way back from a child process."""
        return _rebuild, (type(self), self.reason, self.message, self.hint)


class DeclarationError(DpqError):
    """A suite, threshold, option or argument is wrong; nothing was measured."""


class MeasurementError(DpqError):
    """The subject could not be measured, or the measurement is not valid."""


class SourceError(MeasurementError):
    """The data to be measured is missing or cannot be opened; nothing was measured."""


class StoreError(DpqError):
    """The store of reports is out of reach, of another version, or refused a report."""


def _rebuild(kind: type[DpqError], reason: str, message: str, hint: str | None) -> DpqError:
    return kind(reason, message, hint=hint)
