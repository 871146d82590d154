"""Rows of a database, brought into DuckDB chunk by chunk: memory holds one chunk, the rest is on disk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table.column import Kind
from airflow_provider_dpq.core.table.form import STORED
from airflow_provider_dpq.core.table.reading import texts_of_frame
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql_table import SQLTable

if TYPE_CHECKING:
    import pandas as pd

_CHUNK: Final = 20_000
_FRAME: Final = "dpq_chunk"


def stage(scan: Scan, source: SQLTable, query: sa.Select[Any], kinds: Sequence[Kind]) -> sa.TableClause:
    """Bring the rows of a query into a table on disk beside a scan.

    Args:
        scan: Where the table is made; it goes with the scan.
        source: The database table that the query is run on.
        query: The query.
        kinds: What its columns hold, in order.

    Returns:
        The table; its columns are ``c0``, ``c1`` ..., of the types in `STORED`.

    Raises:
        MeasurementError: The query failed, or there is no room.
    """
    names = [f"c{number}" for number in range(len(kinds))]
    types = [STORED[kind] for kind in kinds]
    relation = f"{scan.fresh_database()}.rows"
    described = ", ".join(f"{name} {type_}" for name, type_ in zip(names, types, strict=True))
    cast = ", ".join(f"CAST({name} AS {type_})" for name, type_ in zip(names, types, strict=True))
    scan.run(f"CREATE TABLE {relation} ({described})", (), source.subject)
    with texts_of_frame(scan, _FRAME):
        # Each chunk is a transaction of its own: DuckDB holds what is not committed in memory.
        for rows in source.stream(query, _CHUNK):
            scan.connection.register(_FRAME, _frame(names, rows, kinds))
            scan.run(f"INSERT INTO {relation} SELECT {cast} FROM {_FRAME}", (), source.subject)  # noqa: S608
    database, _, table = relation.partition(".")
    return sa.table(table, *map(sa.column, names), schema=database)


def _frame(names: Sequence[str], rows: Sequence[tuple[Any, ...]], kinds: Sequence[Kind]) -> pd.DataFrame:
    import pandas as pd

    columns = zip(names, kinds, zip(*rows, strict=True), strict=True)
    return pd.DataFrame({name: _series(values, kind) for name, kind, values in columns})


def _series(values: Sequence[Any], kind: Kind) -> Any:
    """Return values as DuckDB reads them fast: numbers as an array where they are all there, anything else as text."""
    import numpy as np
    import pandas as pd

    if kind is Kind.INTEGER:
        found = np.array(values)
        if found.dtype.kind in "ib":  # else one is missing, has more than eight bytes, or is not whole
            return found.astype(np.int64)
        return pd.Series([None if value is None else _whole(value) for value in values], dtype=object)
    if kind is Kind.FLOAT:
        return np.array(values, dtype=np.float64)  # a missing one becomes NaN, which DuckDB reads as NULL from a frame
    return pd.Series([None if value is None else _text(value) for value in values], dtype=object)


def _whole(value: Any) -> str:
    """Return a whole number as text; SQLite keeps others in such columns too, which would be rounded.

    Raises:
        MeasurementError: ``incomparable``.
    """
    if isinstance(value, (float, Decimal)) and not (math.isfinite(value) and value == int(value)):
        message = "A column of whole numbers holds one that is not whole."
        raise MeasurementError("incomparable", message, hint="Cast the column in a query.", quotes_data=False)
    return str(int(value)) if isinstance(value, (int, float, Decimal)) else str(value)


def _text(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
