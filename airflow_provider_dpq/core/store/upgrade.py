"""The version of a store's tables, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, delete, func, insert, inspect, select

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.store.column import MYSQL
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.tables import audit, baselines, metadata, reports, schema

_LOCK: Final = 0x6470715F73746F72
"""Of PostgreSQL's advisory locks, the one that upgrades of a store take."""

_LOCK_TIMEOUT_SECONDS: Final = 30


def _create_tables(connection: Connection) -> None:
    metadata.create_all(connection, tables=[schema, reports, audit])


def _create_baselines(connection: Connection) -> None:
    metadata.create_all(connection, tables=[baselines])


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (_create_tables, _create_baselines)
"""The first makes a store of an empty database; each following one takes a store to the next version."""

VERSION: Final = len(STEPS)
"""Version of the tables that this release reads and writes."""


def upgrade_tables(database: Database) -> tuple[int, int]:
    """Bring a database to `VERSION` in one transaction; of many processes that try, one does it and the others wait.

    Returns:
        The version found, 0 for a database without a store, and the version that it has now.

    Raises:
        StoreError: ``newer_store``: a newer release made it.
    """
    with _alone(database) as connection:
        found = _version(connection)
        _refuse_newer(found, database)
        for step in STEPS[found:]:
            step(connection)
        if found < VERSION:
            connection.execute(delete(schema))
            connection.execute(insert(schema).values(version=VERSION))
    return found, VERSION


def require_version(database: Database, *, upgrading: bool) -> None:
    """See to it that a database is a store of `VERSION`.

    Args:
        database: The database.
        upgrading: Whether to make or upgrade the store where that is needed.

    Raises:
        StoreError: ``newer_store``, or ``older_store`` where it may not be upgraded.
    """
    with database.reading() as connection:
        found = _version(connection)
    _refuse_newer(found, database)
    if found < VERSION:
        if not upgrading:
            message = f"The store {database} has schema version {found}, this release needs {VERSION}."
            raise StoreError("older_store", message, hint="Run dpq store upgrade.", quotes_data=False)
        upgrade_tables(database)


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(schema.name):
        return 0
    return connection.execute(select(schema.c.version)).scalar() or 0


def _refuse_newer(found: int, database: Database) -> None:
    if found > VERSION:
        message = f"The store {database} has schema version {found}, this release knows up to {VERSION}."
        raise StoreError("newer_store", message, hint="Upgrade airflow-provider-dpq.", quotes_data=False)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    with database.writing() as connection:  # which is enough for SQLite
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        elif connection.dialect.name in MYSQL:
            # Held until the connection closes, for a change of tables commits whatever was begun.
            held = connection.execute(select(func.get_lock(schema.name, _LOCK_TIMEOUT_SECONDS))).scalar()
            if held != 1:
                message = f"Another process keeps upgrading the store {database}."
                raise StoreError("store_locked", message, hint="Try again when it is done.", quotes_data=False)
        yield connection
