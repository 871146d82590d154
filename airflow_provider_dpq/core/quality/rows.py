"""Rows in the flesh: the ones that break a check, and all of them for evaluation by Great Expectations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.plan import Unexpected
from airflow_provider_dpq.core.table.column import POSITION, Column, Kind, named
from airflow_provider_dpq.core.table.instant import of_nanoseconds
from airflow_provider_dpq.core.table.table import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Row:
    """A row that breaks a check.

    Attributes:
        value: What the check looked at, in the check's shape.
        own: The same by column.
        keys: The columns that name the row.
        label: Its position or its frame's label; None on a database.
        whole: All its columns, where they were asked for.
    """

    value: Any
    own: dict[str, Any]
    keys: dict[str, Any]
    label: Any = None
    whole: Mapping[str, Any] | None = None


def fetch_rows(
    table: Table, unexpected: Unexpected, keys: Sequence[str], limit: int | None, *, whole: bool = False
) -> list[Row]:
    """Fetch rows that break a check, in the order of the source where it has one.

    Args:
        table: The table.
        unexpected: Which rows, and which of their columns.
        keys: Columns that name a row.
        limit: Most rows; None for all.
        whole: Whether to fetch all columns too.

    Raises:
        MeasurementError: The query failed, or a column does not exist.
    """
    if limit is not None and unexpected.first is not None:
        unexpected = unexpected.first(limit)
    named_columns = [table.column(name) for name in keys]
    every = [table.column(name) for name in table.columns] if whole else []
    columns = (*unexpected.columns, *named_columns, *every)
    query = _in_order(_select(table, unexpected, _fetched(columns)), table, unexpected)
    near = table.near() if _is_joined(unexpected) else None
    rows = table.fetch(query) if limit is None else _first(table, query, limit, near)
    labels = table.labels([row[-1] for row in rows]) if table.pandas_like else [None] * len(rows)
    shown = [_values(table, columns, row) for row in rows]
    return [_row(values, label, unexpected, named_columns, every) for values, label in zip(shown, labels, strict=True)]


def _first(table: Table, query: sa.Select[Any], limit: int, near: sa.ColumnElement[bool] | None) -> list[Any]:
    """Fetch the first rows of a query: among those that are near, before all are looked at."""
    rows = [] if near is None else table.fetch(query.where(near).limit(limit))
    return rows if len(rows) == limit else table.fetch(query.limit(limit))


def fetch_labels(table: Table, unexpected: Unexpected) -> list[Any]:
    """Fetch the labels of all rows of a file or frame that break a check, in order."""
    rows = table.fetch(_in_order(_select(table, unexpected, []), table, unexpected))
    return table.labels([position for (position,) in rows])


def fetch_positions(table: Table) -> list[int]:
    """Fetch the positions of all rows of a file or frame that its filters keep, in order."""
    query = sa.select(named(POSITION)).select_from(table.rows(positioned=True)).where(*table.filters)
    return [position for (position,) in table.fetch(query.order_by(named(POSITION)))]


def select_rows(table: Table, unexpected: Unexpected, keys: Sequence[str]) -> sa.Select[Any]:
    """Return the query of a database that finds the rows that break a check: their keys, then the check's columns."""
    columns = {column.name: column.shown for column in [*map(table.column, keys), *unexpected.columns]}
    named_columns = [value.label(sa.quoted_name(name, quote=True)) for name, value in columns.items()]
    return _select(table, unexpected, named_columns)


def _select(table: Table, unexpected: Unexpected, parts: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    source = table.rows(positioned=table.pandas_like)
    if unexpected.join is not None:
        source = source.outerjoin(unexpected.join.keys, unexpected.join.on)
    return sa.select(*parts).select_from(source).where(*table.filters, unexpected.predicate)


def _in_order(query: sa.Select[Any], table: Table, unexpected: Unexpected) -> sa.Select[Any]:
    if table.pandas_like:
        query = query.add_columns(named(POSITION))
        # DuckDB keeps the order of its source, so that the first few rows end the query; a join may change it.
        return query.order_by(named(POSITION)) if _is_joined(unexpected) else query
    return query if unexpected.order is None else query.order_by(unexpected.order)


def _is_joined(unexpected: Unexpected) -> bool:
    """Whether rows are found by looking at others, too."""
    parts = sa.sql.visitors.iterate(unexpected.predicate)
    return unexpected.join is not None or any(isinstance(part, sa.SelectBase) for part in parts)


def _row(
    shown: Sequence[Any],
    label: Any,
    unexpected: Unexpected,
    named_columns: Sequence[Column],
    every: Sequence[Column],
) -> Row:
    width, keyed = len(unexpected.columns), len(unexpected.columns) + len(named_columns)
    own = _by_name(unexpected.columns, shown[:width])
    value: Any = own
    if unexpected.shape != "mapping":
        value = shown[0] if unexpected.shape == "value" else tuple(shown[:width])
    whole = _by_name(every, shown[keyed:]) if every else None
    return Row(value, own, _by_name(named_columns, shown[width:keyed]), label, whole)


def _by_name(columns: Sequence[Column], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((column.name for column in columns), values, strict=True))


def _fetched(columns: Sequence[Column]) -> list[sa.ColumnElement[Any]]:
    """Return what to select for some columns: the typed value, and the text behind it where there is one."""
    fetched = [(column.shown, sa.null() if column.raw is None else column.raw) for column in columns]
    return [part.label(f"c{i}_{j}") for i, pair in enumerate(fetched) for j, part in enumerate(pair)]


def _values(table: Table, columns: Sequence[Column], row: Sequence[Any]) -> list[Any]:
    """Return a row's values, each as its source would show it."""
    return [shown_value(table, column, *row[2 * index : 2 * index + 2]) for index, column in enumerate(columns)]


def shown_value(table: Table, column: Column, value: Any, raw: str | None = None) -> Any:
    """Return a value as its source would show it.

    Args:
        table: The table.
        column: The column.
        value: What selecting its `shown` gave.
        raw: What selecting its `raw` gave.
    """
    if value is None and raw is not None:
        return raw if column.decode is None else column.decode(raw)
    if not table.pandas_like:
        return value
    if value is None:
        return _missing(column)
    if column.kind is Kind.TIMESTAMP_TZ and not isinstance(value, str):
        return of_nanoseconds(value * 1000, _zone(column.dtype or ""))
    return value


def _zone(dtype: str) -> tzinfo:
    """Return the time zone that a dtype of pandas names; UTC, where an instant is the same, for one without a name."""
    match = re.search(r", (?:tz=)?(?:UTC(?=[+-]))?([^\]]+)", dtype)
    name = match[1] if match else "UTC"
    try:
        return datetime.strptime(name, "%z").tzinfo or UTC if name[0] in "+-" else ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        return UTC


def _missing(column: Column) -> Any:
    """Return what pandas has in place of a missing value; a fresh NaN, since NaN is equal to no other."""
    if column.kind is Kind.FLOAT or column.dtype == "str":
        return float("nan")
    return "NaT" if column.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_TZ) else None


def read_frame(table: Table) -> pd.DataFrame:
    """Return the table's rows that its filters keep as a pandas frame, labelled as GX labels rows.

    Text of CSV that is no number stays text, and dates in CSV are text, as pandas reads them.
    """
    import pandas as pd

    names, columns = list(table.columns), list(table.columns.values())
    query = sa.select(*_fetched(columns), named(POSITION)).select_from(table.rows(positioned=True))
    rows = table.fetch(query.where(*table.filters).order_by(named(POSITION)))
    labels = table.labels([row[-1] for row in rows])
    return pd.DataFrame(
        {name: [_pandas(columns[i], *row[2 * i : 2 * i + 2]) for row in rows] for i, name in enumerate(names)},
        index=labels,
        columns=names,
    )


def _pandas(column: Column, value: Any, raw: str | None) -> Any:
    if raw is not None and (value is None or column.textual):
        return raw if column.decode is None else column.decode(raw)
    if value is not None and column.kind is Kind.TIMESTAMP_TZ:
        return of_nanoseconds(value * 1000, UTC)
    return value
