"""The target: an operation as a single string, for the command line."""

from __future__ import annotations

import re
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def parse_target(text: str, *, connection: str | None = None, awaited: bool = False) -> Operation:
    """Return the operation that a target describes.

    Args:
        text: ``package.module:function``, ``sql:STATEMENT``, ``cmd:COMMAND LINE``, or a URL that starts with
            ``http://`` or ``https://``. Functions of a top-level module called ``sql`` or ``cmd`` cannot be given.
        connection: SQLAlchemy URL of the database, or ``duckdb:///path``, for a statement.
        awaited: Whether a coroutine function is allowed, because the caller has an event loop.

    Returns:
        The operation, checked.

    Raises:
        DeclarationError: ``missing_connection`` for a statement without a database, ``unknown_target``, or an error of
            the operation's own check.
    """
    operation = _operation(text.strip(), connection, awaited)
    operation.validate()
    return operation


def _operation(text: str, connection: str | None, awaited: bool) -> Operation:
    kind, _, rest = text.partition(":")
    if kind == "sql":
        if not connection:
            hint = "Also give the SQLAlchemy URL of the database."
            raise DeclarationError("missing_connection", "A statement needs a database.", hint=hint)
        return SqlOperation(statement=rest.strip(), url=connection)
    if kind == "cmd":
        return CommandOperation(command=rest.strip())
    if _ADDRESS.match(text):
        return HttpOperation(url=text)
    return PythonOperation(target=text, awaited=awaited)
