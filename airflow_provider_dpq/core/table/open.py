"""The one way to open a table, wherever it lives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.attach import attach, attach_reference, located
from airflow_provider_dpq.core.table.database import open_database
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.duckdb_database import is_duckdb, open_duckdb
from airflow_provider_dpq.core.table.files import Files
from airflow_provider_dpq.core.table.frame_table import FrameTable
from airflow_provider_dpq.core.table.place import Place
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import SOURCE, Scan
from airflow_provider_dpq.core.table.spark import is_session, is_spark_frame, open_spark
from airflow_provider_dpq.core.table.table import Table
from airflow_provider_dpq.core.watch import Stop, watched


def open_table(data: Any, connection: Any, references: References) -> Table:
    """Open what is to be checked.

    Args:
        data: A path or glob, a place in object storage, a frame, or with `connection` the name of a table or a query.
        connection: SQLAlchemy engine, connection or URL, a connection of DuckDB, or a Spark session; None for files and
            frames.
        references: How files are read, what DuckDB may use, and the other files and frames that checks may name.

    Raises:
        DeclarationError: `data`, `connection` or a limit is wrong.
        SourceError: The data are missing or cannot be opened.
    """
    table = _opened(data, connection, references)
    table.references = references
    return table


def _opened(data: Any, connection: Any, references: References) -> Table:
    if connection is not None:
        if not isinstance(data, str):
            message = f"With a connection, the data are a table's name or a query, not {type(data).__name__}."
            raise DeclarationError("unknown_data", message, hint="Give the name of a table.")
        return _connected(connection, data, references)
    if is_spark_frame(data):
        return open_spark(None, data)
    scan = Scan(references.limits, confined=references.reading.root is not None)
    open_other = partial(attach_reference, references, scan)
    try:
        data = located(data, references.reading.root)
        with watched(Stop(scan.connection.interrupt), "the data"):
            columns = attach(scan, SOURCE, data, references.reading)
    except BaseException:
        scan.close()
        raise
    if isinstance(data, (str, Path, Place, Files)):
        table = DuckTable(scan, str(data), columns, open_other)
        table.sizes, table.reading = scan.sizes[SOURCE], scan.readings.get(SOURCE, {})
        if scan.notes:
            table.reading = {**table.reading, "left_out": list(scan.notes)}
        return table
    return FrameTable(scan, data, columns, open_other)


def _connected(connection: Any, data: str, references: References) -> Table:
    root = references.reading.root
    if is_duckdb(connection):
        return open_duckdb(connection, data, references.limits, root)
    return open_spark(connection, data, root) if is_session(connection) else open_database(connection, data, root)
