"""Another table than the one that is checked, wherever it lives."""

from __future__ import annotations

from airflow_provider_dpq.core.errors import MeasurementError, UnsupportedExpectationError
from airflow_provider_dpq.core.table.database import open_database
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.duckdb_database import is_duckdb, open_duckdb
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.table import Table


def is_elsewhere(table: Table, name: str, connection: str | None) -> bool:
    """Whether another table is out of reach of the engine that reads this one."""
    return connection is not None or (not table.pandas_like and name in table.references.sources)


def open_other(table: Table, name: str, connection: str | None) -> Table:
    """Open another table; it is closed with this one.

    Args:
        table: The table that is checked.
        name: A name among the references, else a path (files), or a table or query (databases).
        connection: Name of the connection that the other table is on; None for a reference, or for this one's own.

    Raises:
        MeasurementError: ``unknown_connection``, or the other table does not exist.
        DeclarationError: What is behind the connection's name is none of a database.
    """
    other = _opened(table, name, connection)
    other.circumstances, other.references = table.circumstances, table.references
    return other


def _opened(table: Table, name: str, connection: str | None) -> Table:
    if connection is not None:
        found = _connected(table, connection)
        limits, root = table.references.limits, table.references.reading.root
        duck = is_duckdb(found)
        return table.held.enter_context(
            open_duckdb(found, name, limits, root) if duck else open_database(found, name, root)
        )
    if isinstance(table, DuckTable):
        return table.alongside(name)
    if isinstance(table, SQLTable):
        if name in table.references.sources:
            return table.reference(name)
        return table.held.enter_context(table.neighbour(name))
    raise _unsupported(table)


def scan_of(table: Table) -> Scan:
    """Return a DuckDB to compare a table with others in, which is closed with it.

    Raises:
        MeasurementError: ``unsupported_expectation``.
    """
    if isinstance(table, (DuckTable, SQLTable)):
        return table.scan
    raise _unsupported(table)


def _unsupported(table: Table) -> MeasurementError:
    message = f"{table.subject} ({table.dialect}) cannot be compared with a table that lives elsewhere."
    return UnsupportedExpectationError(
        "unsupported_expectation", message, hint="Compare files, frames and SQL tables.", quotes_data=False
    )


def _connected(table: Table, name: str) -> object:
    connect = table.circumstances.connect
    if connect is None:
        message = f"The check names the connection {name!r}, and no connections are known here."
        hint = "Give connect= in Python; in Airflow it is the name of a connection."
        raise MeasurementError("unknown_connection", message, hint=hint, quotes_data=False)
    try:
        return connect(name)
    except LookupError as error:
        message = f"The connection {name!r} is not known."
        raise MeasurementError(
            "unknown_connection", message, hint="Correct other_connection.", quotes_data=False
        ) from error
