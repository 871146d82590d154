"""Airflow connections as the core takes them: the engine or the URL of a SQL database, the address of a web server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from airflow_provider_dpq.core.closing import letting_go
from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from sqlalchemy.engine import Engine

_HTTP_OPTIONS: Final = frozenset(
    {
        "allow_redirects",
        "cert",
        "check_response",
        "max_redirects",
        "proxies",
        "proxy",
        "stream",
        "timeout",
        "trust_env",
        "verify",
    }
)
"""What the extra of an HTTP connection holds beside headers."""


def get_connection(conn_id: str) -> Connection:
    """Return an Airflow connection.

    Raises:
        MeasurementError: ``unknown_connection``.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        # Retried: Airflow says the same where a secrets backend could not be reached.
        message = f"The connection {conn_id!r} is not defined."
        hint = "Define it in Airflow, or correct the conn_id."
        raise MeasurementError("unknown_connection", message, hint=hint, quotes_data=False) from error


@contextmanager
def sql_engine(conn_id: str) -> Iterator[Engine]:
    """Give the SQLAlchemy engine of an Airflow connection, and close what it opened.

    Raises:
        DeclarationError: ``not_sql_connection``.
        MeasurementError: ``unknown_connection``.
    """
    from sqlalchemy.exc import ArgumentError

    from airflow_provider_dpq.core.driver import give_up

    hook = _sql_hook(conn_id)
    try:
        engine = hook.get_sqlalchemy_engine()
    except (AirflowException, ArgumentError, NotImplementedError) as error:
        message = f"The connection {conn_id!r} provides no SQLAlchemy engine: {error}"
        raise DeclarationError(
            "not_sql_connection",
            message,
            hint="Statements are run through SQLAlchemy: use a connection whose hook provides an engine.",
        ) from error
    try:
        yield give_up(engine)
    finally:
        with letting_go(conn_id):
            engine.dispose()


def database_url(conn_id: str) -> str:
    """Return the SQLAlchemy URL of an Airflow connection, password included; raises what `sql_engine` raises."""
    with sql_engine(conn_id) as engine:
        return engine.url.render_as_string(hide_password=False)


def http_address(conn_id: str) -> tuple[str, Mapping[str, str]]:
    """Return the address of an Airflow connection of type HTTP, login included, and the headers that its extra holds.

    Raises:
        DeclarationError: ``invalid_connection``: it names no host.
        MeasurementError: ``unknown_connection``.
    """
    connection = get_connection(conn_id)
    scheme, mark, host = (connection.host or "").rpartition("://")
    if not host:
        message = f"The connection {conn_id!r} has no host."
        raise DeclarationError("invalid_connection", message, hint="Set one, such as https://api.example.com.")
    scheme = scheme if mark else connection.schema or "http"
    login, password = (quote(part or "", safe="") for part in (connection.login, connection.password))
    user = f"{login}:{password}@" if login or password else ""
    port = f":{connection.port}" if connection.port else ""
    headers = {name: str(value) for name, value in connection.extra_dejson.items() if name not in _HTTP_OPTIONS}
    return f"{scheme}://{user}{host.rstrip('/')}{port}", headers


def _sql_hook(conn_id: str) -> Any:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    connection = get_connection(conn_id)
    hint = "Use a SQL database connection whose provider is installed, or check a file by its path."
    try:
        hook = connection.get_hook()
    except AirflowException as error:
        message = f"The connection {conn_id!r} of type {connection.conn_type!r} has no hook: {error}."
        raise DeclarationError("not_sql_connection", message, hint=hint) from error
    if not isinstance(hook, DbApiHook):
        message = f"The connection {conn_id!r} of type {connection.conn_type!r} is not a SQL database connection."
        raise DeclarationError("not_sql_connection", message, hint=hint)
    return hook
