"""The target: an operation as one text, for the command line."""

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
    """Return the operation that a text names.

    Args:
        text: ``package.module:function``, ``sql:STATEMENT``, ``cmd:COMMAND LINE``, or an address that starts with
            ``http://`` or ``https://``. A function of a top-level module called ``sql`` or ``cmd`` cannot be named.
        connection: SQLAlchemy URL of the database, or ``duckdb:///path``, for a statement.
        awaited: Whether a coroutine function may be named, because who runs it has an event loop.

    Returns:
        The operation, checked.

    Raises:
        DeclarationError: ``missing_connection`` for a statement without a database, ``unknown_target``, or what the
            operation's own check refuses.
    """
    operation = _operation(text.strip(), connection, awaited)
    operation.validate()
    return operation


def _operation(text: str, connection: str | None, awaited: bool) -> Operation:
    kind, _, rest = text.partition(":")
    if kind == "sql":
        if not connection:
            hint = "Give the SQLAlchemy URL of its database beside it."
            raise DeclarationError("missing_connection", "A statement needs a database.", hint=hint)
        return SqlOperation(statement=rest.strip(), url=connection)
    if kind == "cmd":
        return CommandOperation(command=rest.strip())
    if _ADDRESS.match(text):
        return HttpOperation(url=text)
    return PythonOperation(target=text, awaited=awaited)
