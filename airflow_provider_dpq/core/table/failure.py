"""What a database's errors mean for a check: the declaration, the data, or the measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from airflow_provider_dpq.core.errors import (
    DpqError,
    EndedError,
    MeasurementError,
    QueryTimeoutError,
    RefusedQueryError,
    SourceError,
    first_line,
)
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.query import subject_of

_STOPPED: Final = frozenset({"57014", "55P03", 1205, 1317, 1969, 3024})
"""Codes of PostgreSQL, MariaDB and MySQL for a statement that was cancelled, or took or waited too long."""

_LOST: Final = frozenset({"25P03", "57P01", "57P02", "57P03", "57P05", 1927})
"""Codes of PostgreSQL and MariaDB for a connection that the server ended, which drivers do not all recognise."""

_FORBIDDEN: Final = frozenset({"42501", 1044, 1142, 1143})
"""Codes of PostgreSQL, MariaDB and MySQL for a right that the user does not have."""


def query_error(error: SQLAlchemyError, subject: str) -> MeasurementError:
    """Return why a query on a table brought no answer.

    Args:
        error: What SQLAlchemy raised.
        subject: The table, for people.
    """
    if (unfinished := unfinished_error(error, subject)) is not None:
        return unfinished
    if codes(error) & _FORBIDDEN:
        message = f"The database does not let this user read {subject}: {driver_words(error)}"
        return MeasurementError("permission_denied", message, hint="Grant the user of the connection SELECT.")
    return RefusedQueryError("query_failed", f"The database refused a query on {subject}: {driver_words(error)}")


def unfinished_error(error: SQLAlchemyError, subject: str) -> MeasurementError | None:
    """Return why a query was not let to its end; None where it was refused.

    One that the server stopped says nothing of others: they may ask for less, or for a table that nobody has locked.
    """
    if is_lost(error):
        message = f"The connection to {subject} is lost: {driver_words(error)}"
        return EndedError("connection_lost", message, hint="The gate may be run again.")
    if codes(error) & _STOPPED:
        message = f"The database stopped a query on {subject}: {driver_words(error)}"
        return QueryTimeoutError("query_stopped", message, hint="Allow it more time, or check fewer rows.")
    return None


def is_lost(error: SQLAlchemyError) -> bool:
    """Whether the connection is gone."""
    return (isinstance(error, DBAPIError) and error.connection_invalidated) or bool(codes(error) & _LOST)


def codes(error: SQLAlchemyError) -> set[Any]:
    """Return the codes that the driver gives an error: SQLSTATE, or MySQL's numbers."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else None
    found = {getattr(cause, "pgcode", None), getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]}
    return {code for code in found if isinstance(code, (str, int))}


def driver_words(error: SQLAlchemyError) -> str:
    """Return what the driver said, without SQLAlchemy's echo of the statement and its values."""
    return first_line(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error)


@contextmanager
def opening(connection: sa.Engine | sa.Connection, data: str) -> Iterator[None]:
    """Turn what a database raises while a table is opened into errors of this project.

    Raises:
        SourceError: ``invalid_query``, ``permission_denied`` or ``unreachable_database``.
        EndedError: ``connection_lost``.
        QueryTimeoutError: ``query_stopped``.
    """
    try:
        yield
    except DBAPIError as error:
        url = connection.engine.url.set(query={}).render_as_string(hide_password=True)  # it may hold secrets
        message = f"{data[:200]!r} cannot be opened on {url}: {driver_words(error)}"
        if not isinstance(connection, sa.Connection):
            raise SourceError("unreachable_database", message, hint="Check the connection.") from error
        if (unfinished := unfinished_error(error, subject_of(data))) is not None:
            raise unfinished from error
        if codes(error) & _FORBIDDEN:
            raise SourceError("permission_denied", message, hint="Grant the user of the connection SELECT.") from error
        raise SourceError("invalid_query", message, hint="Mend the name or the query.") from error


@contextmanager
def asking(subject: str) -> Iterator[None]:
    """Turn what a database or its driver raises while a table is asked into errors of this project.

    Drivers keep no promise about what they raise on a value that Python cannot hold, or a text that cannot be sent.

    Args:
        subject: The table, for people.

    Raises:
        MeasurementError: As `query_error` says; ``query_failed`` for what is no error of a database.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise query_error(error, subject) from error
    except (DpqError, NotScannableError):
        raise
    except Exception as error:
        message = f"The database driver failed on {subject}: {first_line(error)}"
        raise RefusedQueryError("query_failed", message) from error
