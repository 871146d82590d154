"""The one way to open a table, wherever it lives, and a frame in memory as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.attach import attach, attach_reference, located
from airflow_provider_dpq.core.table.column import POSITION, Column, named
from airflow_provider_dpq.core.table.database import open_database
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.duckdb_database import is_duckdb, open_duckdb
from airflow_provider_dpq.core.table.errors import NotScannableError, TooManyDigitsError
from airflow_provider_dpq.core.table.files import Files
from airflow_provider_dpq.core.table.frames import UNREADABLE, has_many_digits, library_of, register
from airflow_provider_dpq.core.table.place import Place
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import SOURCE, Scan
from airflow_provider_dpq.core.table.spark import is_session, is_spark_frame, open_spark
from airflow_provider_dpq.core.table.table import Table
from airflow_provider_dpq.core.watch import Stop, watched

if TYPE_CHECKING:
    import pandas as pd


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


_WHOLE: Final = "dpq_whole"


class FrameTable(DuckTable):
    """A frame as a table."""

    def __init__(
        self,
        scan: Scan,
        data: Any,
        columns: Mapping[str, Column],
        open_other: Callable[[str, str], Mapping[str, Column]],
    ) -> None:
        super().__init__(scan, f"{library_of(data)} frame", columns, open_other)
        self._data = data

    def column(self, name: str) -> Column:
        """Return a column.

        Raises:
            NotScannableError: DuckDB cannot read its values as pandas means them.
        """
        column = super().column(name)
        if column.native == UNREADABLE:
            if has_many_digits(self._data[column.name]):
                message = f"Column {column.name!r} holds numbers that no type of 38 digits holds together."
                raise TooManyDigitsError(message)
            raise NotScannableError(f"The {column.dtype} column {name!r} holds values that only pandas knows.")
        return column

    def types_held(self, name: str) -> set[type] | None:
        """Return the types of the values of a column that DuckDB cannot read."""
        column = super().column(name)
        if column.native != UNREADABLE:
            return None
        series = self._data[column.name]
        return set(map(type, series.cat.categories if column.dtype == "category" else series.dropna()))

    def labels(self, positions: Sequence[int]) -> list[Any]:
        """Return the frame's own row labels."""
        if library_of(self._data) != "pandas":
            return list(positions)
        return list(self._data.index.take(positions).to_list())

    def whole(self) -> tuple[sa.FromClause, Mapping[str, str]]:
        """Return all rows with their positions; what DuckDB cannot read goes as the text that Python has for it."""
        aliases = {name: f"c{number}" for number, name in enumerate(self.columns)}
        unreadable = [name for name, column in self.columns.items() if column.native == UNREADABLE]
        if not unreadable:
            return self.rows(positioned=True), aliases
        import pandas as pd

        arrays = {
            alias: _texts(self._data[name]) if name in unreadable else self._data[name].array
            for name, alias in aliases.items()
        }
        register(self.scan, _WHOLE, pd.DataFrame(arrays, index=range(len(self._data))))
        counter = (sa.func.row_number().over() - 1).label(POSITION)
        return sa.select(sa.literal_column("*"), counter).select_from(sa.table(_WHOLE)).subquery("positioned"), aliases

    def frame(self) -> pd.DataFrame | None:
        """Return pandas' own frame, without the rows that the filters leave out."""
        if library_of(self._data) != "pandas":
            return None
        if not self.filters:
            return self._data
        source = self.rows(positioned=True)
        kept = self.fetch(sa.select(named(POSITION)).select_from(source).where(*self.filters).order_by(named(POSITION)))
        return self._data.iloc[[position for (position,) in kept]]


def _texts(series: pd.Series) -> Any:
    import pandas as pd

    texts = [str(value).encode(errors="backslashreplace").decode() for value in series]
    return pd.array([None if gone else text for text, gone in zip(texts, series.isna(), strict=True)], dtype="string")
