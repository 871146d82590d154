"""Hosts that get load: this machine, however it is written, and those that are named."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.load.hosts import hosts_of, is_host, is_local, require_allowed
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation


def http(url: str) -> HttpOperation:
    """Return a request."""
    return HttpOperation(url=url)


def sql(url: str) -> SqlOperation:
    """Return a statement on a database."""
    return SqlOperation(statement="SELECT 1", url=url)


LOCAL = [
    http("http://127.0.0.1/"),
    http("http://127.200.3.4:8080/x"),
    http("http://localhost:1/"),
    http("http://LocalHost./"),
    http("https://user:secret@127.0.0.1/"),
    http("http://[::1]:8080/"),
    http("http://[0:0:0:0:0:0:0:1]/"),
    http("http://[::ffff:127.0.0.1]/"),
    http("http://127.0.0.1?@example.com/"),
    sql("postgresql://user:secret@localhost/db"),
    sql("postgresql://127.0.0.1:5433/db"),
    sql("postgresql:///db"),
    sql("postgresql:///db?host=/var/run/postgresql"),
    sql("postgresql:///db?host=localhost:5433"),
    sql("mysql+pymysql://[::1]/db"),
    sql("sqlite:////tmp/a.db"),
    sql("sqlite:///file:a.db?uri=true"),
    sql("duckdb:///a.duckdb"),
    sql("duckdb:///:memory:"),
    PythonOperation(target="os:getpid"),
    CommandOperation(command="true"),
]


@pytest.mark.parametrize("operation", LOCAL, ids=str)
def test_this_machine_gets_load(operation: Operation) -> None:
    """So does what says nothing of a host."""
    require_allowed(operation, ())


FOREIGN = [
    (http("http://example.com/"), "example.com"),
    (http("http://EXAMPLE.com.:80/"), "example.com."),
    (http("http://0.0.0.0/"), "0.0.0.0"),  # noqa: S104 - nothing listens there
    (http("http://[::]/"), "::"),
    (http("http://127.0.0.1.example.com/"), "127.0.0.1.example.com"),
    (http("http://localhost.example.com/"), "localhost.example.com"),
    (http("http://127.1/"), "127.1"),
    (http("http://2130706433/"), "2130706433"),
    (http("http://0x7f.1/"), "0x7f.1"),
    (http("http://127.0.0.1./"), "127.0.0.1."),
    (http("http://128.0.0.1/"), "128.0.0.1"),
    (http("http://[::ffff:8.8.8.8]/"), "::ffff:8.8.8.8"),
    (http("http://[::2]/"), "::2"),
    (http("http://127.0.0.1@example.com/"), "example.com"),
    (http("http://u@127.0.0.1@example.com/"), "example.com"),
    (sql("postgresql://db.example.com/db"), "db.example.com"),
    (sql("postgresql://localhost/db?host=example.com"), "example.com"),
    (sql("postgresql:///db?host=localhost,example.com"), "example.com"),
    (sql("postgresql:///db?host=localhost:1&host=example.com:2"), "example.com"),
    (sql("postgresql:///db?hostaddr=10.0.0.1"), "10.0.0.1"),
    (sql("postgresql:///db?service=far"), "postgresql"),
    (sql("mysql+pymysql:///db?read_default_file=/etc/my.cnf"), "mysql"),
    (sql("mysql+pymysql:///db?read_default_group=far"), "mysql"),
    (sql("mysql+mysqlconnector:///db?option_files=/etc/my.cnf"), "mysql"),
    (sql("mysql+mysqlconnector://localhost/db?failover=x"), "mysql"),
    (sql("mssql+pyodbc:///?odbc_connect=x"), "mssql"),
    (sql("bigquery://"), "bigquery"),
    (sql("bigquery://project"), "project"),
    (sql("duckdb:///md:db"), "md"),
    (sql("duckdb:///https://example.com/a.duckdb"), "https"),
]


@pytest.mark.parametrize(("operation", "host"), FOREIGN, ids=str)
def test_no_other_host_gets_load_unless_it_is_named(operation: Operation, host: str) -> None:
    """The refusal names it, and to name it is enough."""
    with pytest.raises(DeclarationError) as caught:
        require_allowed(operation, ("other.example.com", "10.9.9.9"))
    assert caught.value.reason == "host_not_allowed"
    assert repr(host) in caught.value.message
    require_allowed(operation, (host,))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "url", "allowed"),
    [
        ("PGHOST", "postgresql:///db", False),
        ("PGHOST", "postgresql://localhost/db", True),
        ("PGSERVICEFILE", "postgresql:///db", False),
        ("PGHOSTADDR", "postgresql+psycopg2:///db", False),
        ("PGHOSTADDR", "postgresql://localhost/db", False),
        ("PGHOSTADDR", "postgresql://localhost/db?hostaddr=127.0.0.1", True),
        ("PGSERVICE", "postgresql:///db", False),
        ("PGSERVICE", "postgresql://localhost/db", False),
        ("PGHOST", "mysql+pymysql:///db", True),
    ],
)
def test_a_host_may_come_from_the_environment(
    variable: str, url: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's library looks there for what the URL leaves open; an address counts for more than a host."""
    require_allowed(sql(url), ())
    monkeypatch.setenv(variable, "db.example.com")
    if allowed:
        require_allowed(sql(url), ())
        return
    with pytest.raises(DeclarationError, match="'postgresql'"):
        require_allowed(sql(url), ())
    require_allowed(sql(url), ("postgresql",))
    monkeypatch.setenv(variable, "")
    require_allowed(sql(url), ())


@pytest.mark.parametrize(
    "url",
    [
        "http://127%2e0.0.1/",
        "http://loc%61lhost/",
        "http://ⓛocalhost/",
        "http://127.0.0.1{size}/",
        "http://[fe80::1%25lo]/",
    ],
)
def test_a_host_that_programs_read_differently_gets_no_load(url: str) -> None:
    """It cannot be named either: which host it is in the end is not known."""
    (host,) = hosts_of(http(url))
    assert not is_host(host)
    with pytest.raises(DeclarationError, match="plain name"):
        require_allowed(http(url), (host,))


def test_a_backslash_in_an_address_is_refused() -> None:
    """Some programs end the host there, and others do not."""
    with pytest.raises(DeclarationError) as caught:
        http("http://example.com\\@127.0.0.1/").validate()
    assert caught.value.reason == "invalid_url"


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("Example.COM", "http://example.com/"),
        ("example.com.", "http://example.com/"),
        ("example.com", "http://example.com./"),
        ("2001:DB8:0::1", "http://[2001:db8::1]/"),
    ],
)
def test_a_host_is_named_in_any_of_its_forms(named: str, url: str) -> None:
    """Case, the root's dot and the zeros of an address do not matter."""
    require_allowed(http(url), (named,))


@pytest.mark.parametrize("named", ["example.com", "com", "ample.com", "www.example.com"])
def test_a_host_is_not_named_by_a_part_of_it(named: str) -> None:
    """Nor by one beneath it."""
    with pytest.raises(DeclarationError):
        require_allowed(http("http://a.example.com/"), (named,))


def test_a_secret_is_not_told() -> None:
    """The refusal has the host alone."""
    for operation in (http("http://user:secret@example.com/"), sql("postgresql://user:secret@example.com/db")):
        with pytest.raises(DeclarationError) as caught:
            require_allowed(operation, ())
        assert "secret" not in str(caught.value)


def test_a_path_is_local_and_an_empty_host_is_not() -> None:
    """A socket is a path."""
    assert is_local("/run/postgresql")
    assert not is_local("")
    assert not is_host("")
