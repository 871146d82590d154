"""Fixtures of all tests: an Airflow home of their own, and the servers that some of them need."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

REQUIRE_SERVICES = "DPQ_REQUIRE_SERVICES"
CONNECT_TIMEOUT_SECONDS = 3.0

_airflow_home = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the developer's own Airflow out of the tests: its home, its settings, its connections."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "DPQ_")) and name != REQUIRE_SERVICES]:
        del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="dpq-tests-"))
    config.stash[_airflow_home] = home
    os.environ["AIRFLOW_HOME"] = str(home)
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    main = sys.modules["__main__"]
    if main.__spec__ is None and not hasattr(main, "__file__"):
        # Pyspark takes such a main module, which the processes of pytest-xdist have, for its own doctests, and exits.
        main.__spec__ = ModuleSpec("__main__", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the Airflow home of this test run."""
    shutil.rmtree(config.stash[_airflow_home], ignore_errors=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: the time within a gzip file would name the test otherwise in each process."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def require_service() -> Callable[[str, str, int], None]:
    """A function that skips the test where a server does not answer, or fails it where DPQ_REQUIRE_SERVICES is 1."""

    def require(name: str, host: str, port: int) -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_SECONDS).close()
        except OSError:
            reason = f"{name} does not answer on {host}:{port}"
        else:
            return
        if os.environ.get(REQUIRE_SERVICES) == "1":
            pytest.fail(f"{reason}, and {REQUIRE_SERVICES}=1 demands it")
        pytest.skip(reason)

    return require


@pytest.fixture(scope="session")
def postgres_url(require_service: Callable[[str, str, int], None]) -> Iterator[str]:
    """The SQLAlchemy address of an empty PostgreSQL database, this test run's own."""
    require_service("PostgreSQL", "127.0.0.1", 5432)
    with own_database("postgresql+psycopg2://postgres@127.0.0.1:5432/postgres", "DROP DATABASE {} WITH (FORCE)") as url:
        yield url


@pytest.fixture(scope="session")
def mysql_url(require_service: Callable[[str, str, int], None]) -> Iterator[str]:
    """The SQLAlchemy address of an empty MariaDB database, this test run's own."""
    require_service("MariaDB", "127.0.0.1", 3306)
    with own_database("mysql+pymysql://root@127.0.0.1:3306/mysql", "DROP DATABASE {}") as url:
        yield url


@contextmanager
def own_database(server: str, drop: str) -> Iterator[str]:
    """Create a database for as long as the context lasts: no other run, even one cut short, disturbs this one."""
    import sqlalchemy as sa

    name = f"dpq_tests_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield engine.url.set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.exec_driver_sql(drop.format(name))
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def redis_url(require_service: Callable[[str, str, int], None]) -> str:
    """The address of a Redis database."""
    require_service("Redis", "127.0.0.1", 6379)
    return "redis://127.0.0.1:6379/0"
