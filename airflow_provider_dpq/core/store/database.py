"""A database, opened by URL and used in short transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from airflow_provider_dpq.core.errors import StoreError, first_line
from airflow_provider_dpq.core.store import sqlite
from airflow_provider_dpq.core.store.failure import cause, shown, store_error
from airflow_provider_dpq.core.store.limits import TASKS, UPGRADES, StoreLimits, limit, read_timeout


class Database:
    """A database whose transactions each have a connection of their own.

    No connection outlives its transaction: a process that Airflow forks inherits none, none goes stale, and none
    writes to a file that has been deleted.

    Args:
        url: SQLAlchemy URL.
        create: Whether a missing SQLite file may be created.
        anew: Whether it may be created even if the store that was there is gone.
        limits: How long operations may take.

    Raises:
        StoreError: ``invalid_store_url``, ``missing_driver``, ``store_gone``, or there is no file and none can be made.
    """

    def __init__(self, url: str, *, create: bool = True, anew: bool = False, limits: StoreLimits = TASKS) -> None:
        self._url = _parsed(url)
        self._mark = sqlite.mark_of(self._url) if self._url.get_backend_name() == "sqlite" else None
        if self._mark is not None and not anew:
            self._mark.require_store()
        self._create = create
        self._engine = _engine(self._url, create=create, limits=limits)

    def __str__(self) -> str:
        return shown(self._url)

    def leave_mark(self) -> None:
        """Leave a mark that there is a store, beside a SQLite file; other databases need none."""
        if self._mark is not None:
            self._mark.leave()

    def close(self) -> None:
        """Release the database."""
        self._engine.dispose()

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """Open a transaction that writes and has no time limit.

        Raises:
            StoreError: The database cannot be reached or written.
        """
        engine = _engine(self._url, create=self._create, limits=UPGRADES)
        try:
            with self._transaction(engine.execution_options(**{sqlite.WRITES: True})) as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads.

        Raises:
            StoreError: The database cannot be reached or read.
        """
        with self._transaction(self._engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes; it is committed at the end, or rolled back whole.

        Raises:
            StoreError: The database cannot be reached or written.
            IntegrityError: A row with the same key exists already.
        """
        with self._transaction(self._engine.execution_options(**{sqlite.WRITES: True})) as connection:
            yield connection

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise store_error(error, self._url) from cause(error, self._url)


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        message = "The address of the store is not a SQLAlchemy URL."
        hint = "Use sqlite:////path/to/dpq.db or postgresql+psycopg2://user:password@host/database."
        raise StoreError(
            "invalid_store_url", message, hint=hint, quotes_data=False
        ) from None  # its text may hold a password
    if "@" in (url.host or ""):
        message = "The address of the store contains more than one @."
        raise StoreError(
            "invalid_store_url", message, hint="Write an @ in a user name or password as %40.", quotes_data=False
        )
    return url


def _engine(url: URL, *, create: bool, limits: StoreLimits) -> Engine:
    of_file = url.get_backend_name() == "sqlite"
    if of_file:
        sqlite.find_file(url, create=create)
    try:
        arguments = sqlite.connect_arguments(url, limits.lock_seconds) if of_file else _connect_arguments(url, limits)
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    except ModuleNotFoundError as error:
        message = f"The store {shown(url)} needs the Python package {error.name!r}."
        raise StoreError(
            "missing_driver", message, hint="Install it, or use another driver.", quotes_data=False
        ) from error
    except (ArgumentError, ValueError) as error:
        message = f"The address {shown(url)} cannot be used for a store: {first_line(error, url.password)}."
        raise StoreError("invalid_store_url", message) from cause(error, url)
    if engine.dialect.is_async:
        message = f"The store {shown(url)} needs a synchronous driver."
        raise StoreError(
            "invalid_store_url", message, hint="For PostgreSQL, use postgresql+psycopg2.", quotes_data=False
        )
    if of_file:
        sqlite.share(engine, create=create)
        return engine
    return limit(engine, limits)


def _connect_arguments(url: URL, limits: StoreLimits) -> dict[str, Any]:
    given = read_timeout(url.get_driver_name(), limits)
    return {name: value for name, value in given.items() if name not in url.query}
