"""An open table: its columns, where to select from, and who answers."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from airflow_provider_dpq.core.closing import letting_go
from airflow_provider_dpq.core.errors import MeasurementError, UnsupportedExpectationError
from airflow_provider_dpq.core.table.column import KEY, Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.sql.functions import count_if

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import JsonValue

    from airflow_provider_dpq.core.table.circumstances import Circumstances
    from airflow_provider_dpq.core.table.distinct import DistinctValues
    from airflow_provider_dpq.core.table.evidence import Evidence
    from airflow_provider_dpq.core.table.references import References


class Table(abc.ABC):
    """A table that is open for checking; a context manager that releases what it holds.

    Attributes:
        subject: Its name for people.
        columns: Its columns by name, in order.
        pandas_like: Whether GX's pandas engine is the reference (files and frames) or its SQL engine (databases).
        filters: Conditions that choose the rows to look at; none for all.
        circumstances: What checks may know beside the rows; set when a suite is answered.
        references: Files and frames that checks may refer to, and how they are read.
        sizes: Number of the files that were opened, and their bytes, None where a store does not tell; None for what
            is no file.
        reading: How text files are read, by option; empty for anything else.
    """

    subject: str
    columns: Mapping[str, Column]
    pandas_like: bool
    filters: Sequence[sa.ColumnElement[bool]] = ()
    circumstances: Circumstances
    references: References
    sizes: tuple[int, int | None] | None = None
    reading: Mapping[str, JsonValue] = MappingProxyType({})
    _keys = 0

    @property
    @abc.abstractmethod
    def dialect(self) -> str:
        """Name of the SQL dialect."""

    @abc.abstractmethod
    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """What to select from; with `positioned`, `POSITION` counts the rows of the source from 0."""

    @abc.abstractmethod
    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows.

        Raises:
            MeasurementError: ``query_failed``: the engine refused it or broke.
        """

    def looked_up(self, name: str, column: str, like: Column) -> tuple[Column, Column]:
        """Return a column, and another table's in which its values are looked up, as they can be compared.

        Args:
            name: The other table.
            column: Its column.
            like: The column whose values are looked up, which must hold values that can be compared.

        Raises:
            MeasurementError: The other table or its column does not exist, or holds other kinds of values.
        """
        _, columns = self.other(name)
        if column not in columns:
            message = f"The other table {name!r} has no column {column!r}."
            raise MeasurementError(
                "missing_column", message, hint=f"Its columns are {', '.join(map(repr, columns))}.", quotes_data=False
            )
        like, found = like.as_stored().alike(columns[column].as_stored())
        numeric, temporal = found.kind.numeric and like.kind.numeric, found.kind.temporal and like.kind.temporal
        alike = found.kind is like.kind or numeric or temporal
        odd = found.kind is Kind.OTHER and (self.pandas_like or found.native != like.native)
        if not alike or odd:
            message = (
                f"Column {like.name!r} ({like.native}) cannot be looked up in {column!r} ({found.native}) of {name!r}."
            )
            raise MeasurementError(
                "incomparable", message, hint="Both must hold the same kind of values.", quotes_data=False
            )
        return like, found

    def keys(self, name: str, value: sa.ColumnElement[Any], column: Column) -> sa.FromClause:
        """Return the distinct values of another table's column as a selection with the one column `KEY`.

        Each call returns a selection of its own: two columns that refer to the same keys are two joins.

        Args:
            name: The other table.
            value: The column's value, as it is looked up.
            column: The column.
        """
        source, _ = self.other(name)
        self._keys += 1
        distinct = sa.select(value.label(KEY)).select_from(source).where(sa.not_(column.missing)).distinct()
        return distinct.subquery(f"dpq_keys_{self._keys}")

    @abc.abstractmethod
    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another table and its columns.

        Raises:
            MeasurementError: It does not exist.
        """

    def keep(self, query: sa.Select[Any], hashed: sa.Select[Any] | None = None) -> sa.FromClause:
        """Return a selection to read from; where the source can keep it, it runs once, when it is first read.

        Args:
            query: The selection.
            hashed: For a selection of groups of two rows or more, a hash of each row's key: a source that knows its
                rows to be many groups only those whose hash is not the only one of its kind.
        """
        return query.subquery()

    def near(self) -> sa.ColumnElement[bool] | None:
        """Return a condition of positioned rows under which only the first are read; None where that saves nothing."""
        return None

    @property
    def many_rows(self) -> int:
        """Number of rows, where the source knows it without reading them and they are many; or else 0."""
        return 0

    def distinct(self) -> DistinctValues:
        """Return where distinct values of a column are judged in Python.

        Raises:
            NotScannableError: They would have to leave the database.
        """
        message = "Values of a database are judged where they live."
        raise NotScannableError(message)

    def text(self, query: sa.Select[Any]) -> str | None:
        """Return a query as text with its values, to be read and run by people; None where there is no such text."""
        return None

    def batch(self) -> str:
        """Return the query of the rows that the filters keep, to stand in a query of the user's own.

        Raises:
            MeasurementError: ``unsupported_expectation``: there is no such text.
        """
        every: sa.ColumnClause[Any] = sa.literal_column("*")
        text = self.text(sa.select(every).select_from(self.rows()).where(*self.filters))
        if text is None:
            raise self._unasked()
        return text

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query of the user's own, and return the names of its columns and its first rows.

        Args:
            query: The query.
            most: Most rows.

        Raises:
            MeasurementError: ``query_failed``, or ``unsupported_expectation``: this table takes none.
        """
        raise self._unasked()

    def _unasked(self) -> MeasurementError:
        message = f"{self.subject} ({self.dialect}) cannot be asked a query of your own."
        return UnsupportedExpectationError(
            "unsupported_expectation", message, hint="Ask files, frames or a database.", quotes_data=False
        )

    def require_values(self, columns: Iterable[Column]) -> None:
        """Refuse columns of this table that hold, in the rows to look at, text that is no value of their type.

        Args:
            columns: The columns, as they are read.

        Raises:
            MeasurementError: ``malformed_values``.
        """
        bad = [(column, sa.and_(column.malformed, *self.filters)) for column in columns if column.malformed is not None]
        if not bad:
            return
        figures: list[sa.ColumnElement[Any]] = [count_if(where) for _, where in bad]
        (found,) = self.fetch(sa.select(*figures).select_from(self.rows()))
        for (column, where), count in zip(bad, found, strict=True):
            if count:
                raise column.malformed_values(count, where)

    def labels(self, positions: Sequence[int]) -> list[Any]:
        """Return the row labels that GX reports for rows at these positions."""
        return list(positions)

    def frame(self) -> pd.DataFrame | None:
        """Return all rows as a pandas frame for evaluation by GX; None where that is not possible."""
        return None

    def confirm(self) -> None:
        """Make sure, after the last query, that the columns still are those that checks were planned for.

        Raises:
            MeasurementError: ``schema_changed``.
        """
        return

    def evidence(self, names: Iterable[str]) -> Evidence:
        """Return what decides how columns are read; what is not there is left out."""
        return {column.name: {"type": column.dtype or column.native} for column in self._there(names)}

    def _there(self, names: Iterable[str]) -> list[Column]:
        wanted = {name.casefold() for name in names}
        return [column for column in self.columns.values() if column.name.casefold() in wanted]

    def types_held(self, name: str) -> set[type] | None:
        """Return the types of Python of the values of a column that only Python knows; None for any other."""
        return None

    @cached_property
    def columns_used(self) -> set[str]:
        """Names of the columns that checks have asked for."""
        return set()

    def column(self, name: str) -> Column:
        """Return a column; of files and frames, as in GX, by its name in another case where that is unambiguous.

        Raises:
            MeasurementError: ``missing_column``.
        """
        self.columns_used.add(name)
        alike = self._there([name])
        if name in self.columns:
            return self.columns[name]
        if self.pandas_like and len(alike) == 1:
            return alike[0]
        known = ", ".join(map(repr, list(self.columns)[:50]))
        message = f"Column {name!r} does not exist in {self.subject}."
        raise MeasurementError("missing_column", message, hint=f"Its columns are {known}.", quotes_data=False)

    @cached_property
    def held(self) -> ExitStack:
        """What was opened for checks of this table, and is closed before it."""
        return ExitStack()

    @abc.abstractmethod
    def close(self) -> None:
        """Release what the table holds."""

    def __enter__(self) -> Self:
        """Return the table."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the table, and what was opened beside it."""
        for close in (self.held.close, self.close):
            with letting_go(self.subject):
                close()
