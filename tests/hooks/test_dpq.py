"""The hook that opens the store."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from airflow.sdk import BaseHook

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.hooks.dpq import DpqHook

PASSWORD = "correct/horse@battery"


def define(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """Define the connection "reports"."""
    monkeypatch.setenv("AIRFLOW_CONN_REPORTS", json.dumps({"conn_type": "dpq"} | fields))


def url_of(conn_id: str) -> sa.URL:
    """Return the URL that a hook opens."""
    return sa.make_url(DpqHook(conn_id)._url())


def test_hook_opens_the_configured_store_when_no_connection_is_named(store: Store, store_url: str) -> None:
    """Without a connection the store is that of the configuration."""
    with DpqHook().get_store() as opened:
        opened.latest()
    assert sa.make_url(DpqHook()._url()) == sa.make_url(store_url)


def test_connection_names_a_store_by_its_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host may be a SQLAlchemy URL."""
    define(monkeypatch, host=f"sqlite:///{tmp_path / 'a.db'}")
    with DpqHook("reports").get_store() as store:
        assert store.latest() == []
    assert (tmp_path / "a.db").exists()


def test_login_and_password_are_put_into_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password stays in the field that Airflow encrypts and masks."""
    define(monkeypatch, host="postgresql+psycopg2://db:5433/dpq?sslmode=require", login="dpq", password=PASSWORD)
    url = url_of("reports")
    assert (url.drivername, url.host, url.port, url.database) == ("postgresql+psycopg2", "db", 5433, "dpq")
    assert (url.username, url.password, dict(url.query)) == ("dpq", PASSWORD, {"sslmode": "require"})


def test_connection_names_a_store_by_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, port, login, password and database make the URL; the driver is PostgreSQL's unless the form says other."""
    parts = {"host": "db", "port": 5433, "login": "dpq", "password": PASSWORD, "schema": "reports"}
    define(monkeypatch, **parts)
    assert url_of("reports") == sa.URL.create("postgresql+psycopg2", "dpq", PASSWORD, "db", 5433, "reports")
    define(monkeypatch, **parts, extra={"driver": "mysql+pymysql"})
    assert url_of("reports").drivername == "mysql+pymysql"


def test_connection_may_be_written_as_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's URI form of a connection works as well."""
    monkeypatch.setenv("AIRFLOW_CONN_REPORTS", "dpq://dpq:secret@db:5433/reports?driver=postgresql%2Bpsycopg")
    assert url_of("reports") == sa.URL.create("postgresql+psycopg", "dpq", "secret", "db", 5433, "reports")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"conn_type": "postgres", "host": "db"}, "'postgres' does not contain the address of a store"),
        ({"host": ""}, "does not contain the address of a store"),
        ({"host": "postgresql://db:port/x"}, "not a SQLAlchemy URL"),
    ],
)
def test_connection_that_is_none_of_a_store_is_refused(
    fields: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with a connection is said with its name."""
    define(monkeypatch, **fields)
    with pytest.raises(StoreError, match="'reports'") as caught:
        DpqHook("reports").get_store()
    assert told in str(caught.value)


def test_unknown_connection_is_refused() -> None:
    """A connection that is not defined is named, with what to do."""
    with pytest.raises(StoreError, match=r"'nowhere' is not defined\. Define it with connection type dpq"):
        DpqHook("nowhere").get_store()


def test_test_connection_reads_and_writes_and_leaves_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test opens the store and leaves neither a report nor an event behind."""
    define(monkeypatch, host=f"sqlite:///{tmp_path / 'a.db'}")
    assert DpqHook("reports").test_connection() == (True, "The report store can be read and written.")
    with DpqHook("reports").get_store() as store:
        assert (store.latest(), store.audit()) == ([], [])


def test_test_connection_fails_where_the_store_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that opens but cannot be written is found out."""
    path = tmp_path / "a.db"
    define(monkeypatch, host=f"sqlite:///{path}")
    DpqHook("reports").get_store().close()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        (name,) = [name for name in sa.inspect(connection).get_table_names() if "audit" in name]
        connection.exec_driver_sql(f"DROP TABLE {name}")
    engine.dispose()
    works, told = DpqHook("reports").test_connection()
    assert not works
    assert name in told


@pytest.mark.parametrize("host", ["sqlite:////dev/null/reports.db", "postgresql+psycopg2://127.0.0.1:1/dpq"])
def test_test_connection_fails_without_the_password_in_its_words(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store out of reach is an answer, not an exception, and never tells a secret."""
    define(monkeypatch, host=host, login="dpq", password=PASSWORD)
    works, told = DpqHook("reports").test_connection()
    assert not works
    assert PASSWORD not in told
    assert "correct" not in told


def test_password_is_never_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """However a store fails, neither log nor error has the password."""
    define(monkeypatch, host="postgresql+psycopg2://127.0.0.1:1/dpq", login="dpq", password=PASSWORD)
    with caplog.at_level("DEBUG"), pytest.raises(StoreError) as caught:
        DpqHook("reports").get_store()
    assert PASSWORD not in caplog.text + str(caught.value) + repr(caught.value)


def test_airflow_finds_the_hook_of_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow makes this hook for a connection of its type, and can test it."""
    define(monkeypatch, host=f"sqlite:///{tmp_path / 'a.db'}")
    assert isinstance(BaseHook.get_hook("reports"), DpqHook)
    assert BaseHook.get_connection("reports").test_connection()[0]


@pytest.mark.service
def test_hook_opens_a_store_in_postgresql(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in PostgreSQL can be read and written; here it is in a schema of its own."""
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS dpq_hook")
    try:
        define(monkeypatch, host=f"{postgres_url}?options=-csearch_path%3Ddpq_hook")
        assert DpqHook("reports").test_connection() == (True, "The report store can be read and written.")
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA dpq_hook CASCADE")
        engine.dispose()


def test_new_store_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that does not exist yet becomes a store at first use."""
    define(monkeypatch, host=f"sqlite:///{tmp_path / 'new' / 'a.db'}")
    assert DpqHook("reports").test_connection()[0]
    assert stat.S_ISREG((tmp_path / "new" / "a.db").stat().st_mode)
