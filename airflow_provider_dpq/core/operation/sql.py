"""A SQL statement as an operation, on a database behind a SQLAlchemy URL or on a DuckDB file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NoReturn, TypeAlias

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError, first_line
from airflow_provider_dpq.core.operation.iteration import Clock, Iteration

Run: TypeAlias = Callable[[Sequence[str], Mapping[str, Any]], None]
"""Runs statements with their parameters in one transaction, and commits it."""

_DUCKDB: Final = "duckdb"
_IN_PROCESS: Final = frozenset({_DUCKDB, "sqlite"})
_OPAQUE: Final = frozenset(
    {"odbc_connect", "service", "dsn", "read_default_file", "read_default_group", "option_files", "failover"}
)
"""URL options that may set the host in ways that are not evaluated here."""
_ADDRESSES: Final = ("PGHOSTADDR", "PGSERVICE")
"""Environment variables from which libpq takes an address that overrides even a host in the URL."""
_HOSTS: Final = (*_ADDRESSES, "PGHOST", "PGSERVICEFILE")
"""Environment variables from which libpq takes a host if the URL has none."""
_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
"""Default ports of the databases that use a local socket if the URL has no host."""
_PARAMETER: Final = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # what SQLAlchemy reads as one
_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlOperation:
    r"""A SQL statement, executed with all of its rows fetched.

    Each iteration is a separate transaction on one connection. The commit is measured too: a statement that writes has
    not done its work before it. Set-up and tear-down run in separate transactions, not measured.

    Attributes:
        statement: The statement. ``:name`` in it is a parameter, and ``:size`` is the size; write ``\:`` for a colon
            before a word that is not a parameter.
        url: SQLAlchemy URL of the database, or ``duckdb:///path``.
        parameters: The values of the parameters, by name.
        set_up: Statements to run before each iteration, with the same parameters.
        tear_down: Statements to run after each iteration, with the same parameters.
    """

    statement: str
    url: str = field(repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    set_up: Sequence[str] = ()
    tear_down: Sequence[str] = ()

    @property
    def subject(self) -> str:
        """The database without its password, and without the statement, which may hold personal data."""
        return f"a statement on {shown(self.url)}"

    @property
    def clock(self) -> Clock:
        """Wall time, because the work is done by a server; CPU time for a database within this process."""
        return "cpu" if _backend(self.url) in _IN_PROCESS else "wall"

    @property
    def sized(self) -> bool:
        """Whether a statement uses ``:size``."""
        return "size" in self._names

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """No functions: everything in the operation is text."""
        return []

    @property
    def _names(self) -> set[str]:
        return {name for text in (self.statement, *self.set_up, *self.tear_down) for name in _PARAMETER.findall(text)}

    def validate(self) -> None:
        """Check the statements, the parameters and the URL, without connecting.

        Raises:
            DeclarationError: ``empty_statement``, ``invalid_connection`` or ``unbound_parameter``.
        """
        if not all(text.strip() for text in (self.statement, *self.set_up, *self.tear_down)):
            raise DeclarationError("empty_statement", "A statement is empty.", hint="Give the SQL to measure.")
        if "://" not in self.url:
            message = "The address of the database is not a valid SQLAlchemy URL."  # it may hold a password
            raise DeclarationError("invalid_connection", message, hint=_HINT)
        missing = sorted(self._names - {"size", *self.parameters})
        if missing:
            message = f"The parameter {missing[0]!r} of a statement has no value."
            hint = "Give the value in parameters, or write the colon as \\: if it is not a parameter."
            raise DeclarationError("unbound_parameter", message, hint=hint)

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Connect and yield the iteration.

        Raises:
            DeclarationError: ``invalid_connection`` or ``missing_driver``.
            SourceError: ``unreachable_database``.
        """
        values = {**self.parameters, "size": size}
        with _connected(self.url) as run:
            call = partial(run, (self.statement,), values)
            set_up = partial(_prepared, run, self.set_up, values, call) if self.set_up else None
            tear_down = partial(_cleaned, run, self.tear_down, values) if self.tear_down else None
            yield Iteration(call, set_up, tear_down)


_HINT: Final = "Use postgresql+psycopg2://user:password@host/database or duckdb:///path."


def _prepared(
    run: Run, statements: Sequence[str], values: Mapping[str, Any], call: Callable[[], Any]
) -> Callable[[], Any]:
    run(statements, values)
    return call


def _cleaned(run: Run, statements: Sequence[str], values: Mapping[str, Any], _result: object) -> None:
    run(statements, values)


def shown(url: str) -> str:
    """Return a database URL in readable form, without user, password and options.

    Raises:
        DeclarationError: ``invalid_connection``.
    """
    parsed = _parsed(url)
    place = f"{parsed.host or ''}{'' if parsed.port is None else f':{parsed.port}'}"
    return f"{parsed.get_backend_name()}://{place}/{parsed.database or ''}"


def server_hosts(url: str) -> tuple[str, ...]:
    """Return the hosts that a database URL connects to; none for a file or a local socket.

    If the driver may take the host from outside the URL (from a file or service that an option names, or for PostgreSQL
    from an environment variable), the name of the database's kind is returned for it.

    Raises:
        DeclarationError: ``invalid_connection``.
    """
    parsed, backend = _parsed(url), _backend(url)
    if backend in _IN_PROCESS:  # DuckDB opens https://... and md:... too
        service = re.match(r"(\w{2,}):", parsed.database or "") if backend == _DUCKDB else None
        return (service[1],) if service else ()
    named = [parsed.host] if parsed.host else []
    for option in ("host", "hostaddr", "server"):
        values = parsed.query.get(option, ())
        named += [values] if isinstance(values, str) else values
    hosts = [re.sub(r"^([^:]*):\d*$", r"\1", host) for text in named for host in text.split(",")]
    opaque = not _OPAQUE.isdisjoint(parsed.query) or (not hosts and backend not in _PORTS)
    if backend == "postgresql" and "hostaddr" not in parsed.query:
        opaque |= any(os.environ.get(name) for name in (_ADDRESSES if hosts else _HOSTS))
    return (*hosts, *((backend,) if opaque else ()))


def server_port(url: str) -> int | None:
    """Return the port that a database URL connects to; None if it has none and there is no default.

    Raises:
        DeclarationError: ``invalid_connection``.
    """
    port: int | None = _parsed(url).port
    return _PORTS.get(_backend(url)) if port is None else port


def _backend(url: str) -> str:
    return url.partition(":")[0].partition("+")[0]


def _parsed(url: str) -> Any:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        message = "The address of the database is not a valid SQLAlchemy URL."
        raise DeclarationError("invalid_connection", message, hint=_HINT) from None  # its text may hold a password
    if "@" in (parsed.host or ""):
        message = "The URL of the database has an unescaped @ in its user name or password."
        raise DeclarationError("invalid_connection", message, hint="Write it as %40.")
    return parsed


def _connected(url: str) -> AbstractContextManager[Run]:
    return _duckdb(url) if _backend(url) == _DUCKDB else _sqlalchemy(url)


def _values(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a statement's own parameters: DuckDB rejects any others."""
    return {name: values[name] for name in _PARAMETER.findall(text)}


@contextmanager
def _sqlalchemy(url: str) -> Iterator[Run]:
    from sqlalchemy import NullPool, create_engine, text
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    parsed = _parsed(url)
    # Under load a connection is opened in one thread and used by another, by one at a time.
    options = {"check_same_thread": False} if parsed.get_backend_name() == "sqlite" else {}
    try:
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except (ArgumentError, ImportError) as error:
        message = f"No driver for {shown(url)} is installed: {_driver_words(error, parsed.password)}."
        raise DeclarationError("missing_driver", message) from None
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        message = f"{shown(url)} cannot be reached: {_driver_words(error, parsed.password)}."
        raise SourceError("unreachable_database", message, hint="Check the URL and that the server runs.") from None

    def run(statements: Sequence[str], values: Mapping[str, Any]) -> None:
        try:
            with connection.begin():
                for statement in statements:
                    result = connection.execute(text(statement), _values(statement, values))
                    while result.returns_rows and result.fetchmany(_ROWS):
                        pass
        except SQLAlchemyError as error:
            _refuse(error, url, parsed.password)

    with connection:
        yield run


@contextmanager
def _duckdb(url: str) -> Iterator[Run]:
    import duckdb

    try:
        connection = duckdb.connect(_parsed(url).database or ":memory:")
    except duckdb.Error as error:
        message = f"{shown(url)} cannot be opened: {_driver_words(error, None)}."
        hint = "Check whether another process has opened it for writing."
        raise SourceError("unreachable_database", message, hint=hint) from None

    def run(statements: Sequence[str], values: Mapping[str, Any]) -> None:
        try:
            connection.begin()
            for statement in statements:
                native = _PARAMETER.sub(r"$\1", statement).replace("\\:", ":")
                connection.execute(native, _values(statement, values))
                while connection.fetchmany(_ROWS):
                    pass
            connection.commit()
        except duckdb.Error as error:
            with suppress(duckdb.Error):  # it may have ended the transaction already
                connection.rollback()
            _refuse(error, url, None)

    with connection:
        # A statement refers to the database's tables, never to a data frame in a variable of this process.
        connection.execute("SET python_enable_replacements = false")
        yield run


def _refuse(error: Exception, url: str, password: object) -> NoReturn:
    message = f"A statement failed on {shown(url)}: {_driver_words(error, password)}."
    raise MeasurementError("statement_failed", message) from None


def _driver_words(error: BaseException, password: object) -> str:
    """Return the driver's message without the password."""
    return first_line(getattr(error, "orig", None) or error, password).rstrip(".")
