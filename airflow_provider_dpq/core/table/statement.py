"""One query that only reads: what a query of the user's own must be before it runs.

The database's own parser decides, which is given the query as a value and runs nothing of it: what begins like a query
may close the brackets that it is put into, end, and be followed by anything else, and some drivers send that as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import duckdb
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.failure import unfinished_error

_NO_CURSOR: Final = "42P11"
"""SQLSTATE of PostgreSQL for several statements, or one that is no query, where a cursor is opened."""

_SAME_NAMES: Final = 1060
"""Code of MariaDB and MySQL for a query in brackets whose columns are not named apart."""

_OPEN_CURSOR: Final = """\
DO $dpq$
DECLARE opened refcursor;
BEGIN
  OPEN opened FOR EXECUTE current_setting('dpq.query');
  CLOSE opened;
END
$dpq$"""

_MAY_OPEN: Final = "SELECT 1 FROM pg_language WHERE lanname = 'plpgsql' AND has_language_privilege(oid, 'USAGE')"

_OF_POSTGRESQL: Final = (
    # Files of the server, and other servers.
    r"pg_(?:read|write|ls|stat|current)_\w*(?:file|dir)\w*|pg_file_\w+|pg_logdir_ls|lo_(?:ex|im)port|dblink\w*",
    r"pg_(?:hba|ident|show_all)_file_\w+",
    # Other sessions, and the settings of this one.
    r"pg_(?:terminate|cancel)_backend|pg_notify|pg_(?:try_)?advisory_\w+|pg_log_\w+|set_config",
    # The server itself, where no transaction undoes what is done.
    r"pg_(?:create|drop|copy)_\w+|pg_(?:logical|replication)_(?:slot|origin|emit)_\w+|pg_wal_replay_(?:pause|resume)",
    r"pg_(?:reload_conf|rotate_logfile|switch_wal|promote|export_snapshot|import_system_collations)\w*",
    r"pg_backup_(?:start|stop)|pg_stat_\w*reset\w*",
    # Queries given as texts, which may be put together so that no name stands in them.
    r"query_to_xml\w*|ts_(?:stat|rewrite)|crosstab\w*|connectby|xpath_table",
)
_OF_MYSQL: Final = (r"load_file|(?:get|release)_lock|master_pos_wait",)
_REACHING: Final[Mapping[str, re.Pattern[str]]] = {
    dialect: re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", re.IGNORECASE)
    for dialect, names in {
        "postgresql": _OF_POSTGRESQL,
        "mysql": _OF_MYSQL,
        "mariadb": _OF_MYSQL,
        "sqlite": ("load_extension",),
        "spark": ("(?:try_)?reflect|java_method",),
    }.items()
}
"""Functions, by dialect, that reach beyond the tables."""

_OF_DUCKDB: Final = re.compile(
    # What writes files and logs: where a file may not be written, logging ends the whole process.
    r"(?:en|dis)able_(?:logging|profiling)|write_log|truncate_duckdb_logs|(?:force_)?checkpoint"
    r"|(?:de)?register_external_resource\w*|(?:create|destroy)_external_resource"
    # Queries given as texts, which may be put together so that no name stands in them.
    r"|query|json_execute_serialized_sql"
    # Addresses in the memory of this process.
    r"|(?:python_)?arrow_scan\w*|pandas_scan|python_map_function"
)
"""Functions of DuckDB that reach beyond the tables."""

_CALLED: Final = re.compile(r'"function_name":"([^"]+)"')
"""A function in a query as DuckDB's parser has read it: in a text that the query holds, the quotes are escaped."""

_ESCAPED_NAME: Final = re.compile(r"""\bU&["']""", re.IGNORECASE)
"""A name whose characters PostgreSQL reads as numbers: it could be that of any function."""


def reading_query(connection: sa.Connection, text: str) -> str:
    """Return a query of the user's own as it may be run.

    Args:
        connection: Connection of the database, in the transaction that will read.
        text: The query.

    Returns:
        The same query; in brackets where no parser of the database can be asked.

    Raises:
        SourceError: ``invalid_query``: it is not one query, it does not only read, or it reaches beyond the tables.
        DBAPIError: The database refuses it.
    """
    dialect = connection.dialect.name
    refuse_reaching(dialect, text)
    return _ASKED.get(dialect, _ask_nobody)(connection, text)


def refuse_reaching(dialect: str, text: str) -> None:
    """Refuse a query that calls what reaches beyond the tables, or cannot be sent as a text.

    Raises:
        SourceError: ``invalid_query``.
    """
    if "\0" in text:
        raise _refusal("holds a NUL character")
    found = _REACHING[dialect].search(text) if dialect in _REACHING else None
    found = found or (_ESCAPED_NAME.search(text) if dialect == "postgresql" else None)
    if found is not None:
        raise _refusal(_beyond(found[0]))


def require_query(text: str) -> None:
    """Refuse what DuckDB's parser does not read as one query, or what calls a function that does more than read.

    Raises:
        SourceError: ``invalid_query``.
        duckdb.Error: It cannot be parsed at all.
    """
    if [statement.type for statement in duckdb.extract_statements(text)] != [duckdb.StatementType.SELECT]:
        raise _no_query()
    with duckdb.connect() as parser:
        ((read,),) = parser.execute("SELECT CAST(json_serialize_sql($1) AS VARCHAR)", [text]).fetchall()
    if read.startswith('{"error":true'):
        raise _no_query()
    for called in _CALLED.findall(read):
        if _OF_DUCKDB.fullmatch(called.casefold()):
            raise _refusal(_beyond(called))


def _refusal(why: str) -> SourceError:
    hint = "Give one query that only reads, without anything before or after it."
    return SourceError("invalid_query", f"The query {why}.", hint=hint, quotes_data=False)


def _beyond(function: str) -> str:
    return f"calls {function.casefold()}, which reaches beyond the tables"


def _no_query() -> SourceError:
    return _refusal("is not one statement that only reads")


def _bracketed(text: str) -> str:
    return f"SELECT * FROM (\n{text}\n) AS dpq_query"  # noqa: S608 - the user's own, which is looked at


def _ask_postgresql(connection: sa.Connection, text: str) -> str:
    """Open a cursor for the query, which PostgreSQL does for one query alone, and close it before it reads a row."""
    if connection.exec_driver_sql(_MAY_OPEN).first() is None:
        return _ask_nobody(connection, text)
    connection.execute(sa.text("SELECT set_config('dpq.query', :text, true)"), {"text": text})
    try:
        connection.exec_driver_sql(_OPEN_CURSOR)
    except DBAPIError as error:
        code = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
        if code == _NO_CURSOR:
            raise _no_query() from None
        raise
    return text


def _ask_mysql(connection: sa.Connection, text: str) -> str:
    """Prepare the query, alone and in brackets: the server prepares one statement, and brackets hold only queries."""
    _prepare(connection, text)
    try:
        _prepare(connection, _bracketed(text))
    except DBAPIError as error:
        if unfinished_error(error, "the query") is not None:
            raise
        if getattr(error.orig, "args", ())[:1] != (_SAME_NAMES,):
            raise _no_query() from None
    return text


def _prepare(connection: sa.Connection, text: str) -> None:
    connection.execute(sa.text("SET @dpq_query = :text"), {"text": text})
    connection.exec_driver_sql("PREPARE dpq_query FROM @dpq_query")
    connection.exec_driver_sql("DEALLOCATE PREPARE dpq_query")


def _ask_sqlite(connection: sa.Connection, text: str) -> str:
    """Let SQLite explain the query, alone and in brackets: it takes one statement, and brackets hold only queries."""
    connection.exec_driver_sql(f"EXPLAIN {text}").close()
    try:
        connection.exec_driver_sql(f"EXPLAIN {_bracketed(text)}").close()
    except DBAPIError:
        raise _no_query() from None
    return text


def _ask_nobody(connection: sa.Connection, text: str) -> str:
    """Refuse, whatever the quotes around it, a character that could end the query or the brackets around it."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0 or character == ";":
            raise _no_query()
    if depth:
        raise _no_query()
    return _bracketed(text)


_ASKED: Final[Mapping[str, Callable[[sa.Connection, str], str]]] = {
    "postgresql": _ask_postgresql,
    "mysql": _ask_mysql,
    "mariadb": _ask_mysql,
    "sqlite": _ask_sqlite,
}
