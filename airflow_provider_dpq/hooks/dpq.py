"""The hook that opens the store of reports: an Airflow connection of type ``dpq``, or the configured store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_provider_dpq import conf
from airflow_provider_dpq.core.errors import StoreError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_dpq.core.store import Store
    from airflow_provider_dpq.core.store.limits import StoreLimits

_DEFAULT_DRIVER: Final = "postgresql+psycopg2"


class DpqHook(BaseHook):
    """Opens the store that keeps the reports of gates.

    Args:
        dpq_conn_id: Connection of type ``dpq``. Its host is a SQLAlchemy URL without a password, or a host name with
            login, password, port and database; a login and password given with a URL are added to it. None: the
            store of ``[dpq] store_url``, by default the SQLite file dpq.db in AIRFLOW_HOME.
    """

    conn_name_attr = "dpq_conn_id"
    default_conn_name = "dpq_default"
    conn_type = "dpq"
    hook_name = "Data quality store"

    def __init__(self, dpq_conn_id: str | None = None) -> None:
        super().__init__()
        self.dpq_conn_id = dpq_conn_id

    def get_store(self, limits: StoreLimits | None = None) -> Store:
        """Open the store; the caller closes it, best with ``with``.

        Args:
            limits: How long it may take; None for as long as tasks wait.

        Raises:
            StoreError: The connection is unknown or not one of a store, or the store is out of reach.
        """
        from airflow_provider_dpq.core.store import open_store
        from airflow_provider_dpq.core.store.limits import TASKS

        return open_store(self._url(), limits=limits or TASKS)

    def get_conn(self) -> Store:
        """Open the store, under the name that Airflow's hooks use."""
        return self.get_store()

    def test_connection(self) -> tuple[bool, str]:
        """Open the store, read from it and write to it, and leave nothing behind but its tables.

        Returns:
            Whether it works, and a sentence without any secret.
        """
        try:
            with self.get_store() as store:
                store.probe()
        except StoreError as error:
            return False, str(error)
        return True, "The report store can be read and written."

    def _url(self) -> str:
        if self.dpq_conn_id is None:
            return conf.store_url()
        try:
            connection = self.get_connection(self.dpq_conn_id)
        except AirflowNotFoundException as error:
            message = f"The connection {self.dpq_conn_id!r} is not defined."
            hint = "Define it with connection type dpq, or omit it to use the configured store."
            raise StoreError("unknown_connection", message, hint=hint, quotes_data=False) from error
        return _url_of(connection)


def _url_of(connection: Connection) -> str:
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if connection.conn_type != DpqHook.conn_type or not connection.host:
        message = (
            f"The connection {connection.conn_id!r} of type {connection.conn_type!r} "
            f"does not contain the address of a store."
        )
        raise StoreError(
            "invalid_connection",
            message,
            hint="Use a connection of type dpq with a host or a SQLAlchemy URL.",
            quotes_data=False,
        )
    try:
        if "://" in connection.host:
            url = make_url(connection.host)
        else:
            url = URL.create(_driver(connection), host=connection.host, database=connection.schema)
        given: dict[str, Any] = {"username": connection.login, "password": connection.password, "port": connection.port}
        url = url.set(**{name: value for name, value in given.items() if value})
    except (ArgumentError, ValueError) as error:
        message = f"The host of connection {connection.conn_id!r} is not a SQLAlchemy URL."
        raise StoreError(
            "invalid_connection", message, hint="Use the form driver://host:port/database.", quotes_data=False
        ) from error
    return url.render_as_string(hide_password=False)


def _driver(connection: Connection) -> str:
    return str(connection.extra_dejson.get("driver") or _DEFAULT_DRIVER)
