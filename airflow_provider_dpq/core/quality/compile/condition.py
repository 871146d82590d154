"""Row conditions and partition filters as SQL."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.compile.comparison import ABSENT, as_column, comparable, ordered, rounded
from airflow_provider_dpq.core.quality.condition import Comparison, Condition, Group, Nullity
from airflow_provider_dpq.core.table.cast import cast_beside_texts, cast_for
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.instant import read_moment
from airflow_provider_dpq.core.table.sql.functions import known
from airflow_provider_dpq.core.table.sql.moment import are_comparable, in_kind
from airflow_provider_dpq.core.table.statement import refuse_reaching
from airflow_provider_dpq.core.table.table import Table


def predicate(table: Table, condition: Condition) -> sa.ColumnElement[bool]:
    """Return a condition as SQL that is never NULL, so that counting by it loses no row.

    Raises:
        MeasurementError: ``missing_column``.
        NotScannableError: It compares what SQL would compare otherwise than pandas.
    """
    if isinstance(condition, Group):
        parts = [predicate(table, part) for part in condition.conditions]
        return sa.and_(*parts) if condition.every else sa.or_(*parts)
    if isinstance(condition, Nullity):
        column = table.column(condition.column)
        return column.missing if condition.is_null else sa.not_(column.missing)
    if isinstance(condition, Comparison):
        return _comparison(table, table.column(condition.column), condition)
    if table.dialect == "spark" and condition.parser == "spark":
        refuse_reaching("spark", condition.text)
        # As it was declared, like a query; it may end in a comment.
        return sa.func.coalesce(sa.literal_column(f"(\n{condition.text}\n)", sa.Boolean()), sa.false())
    message = f"The row condition {condition.text!r} is not plain comparisons."
    raise NotScannableError(message)


def selection(table: Table, condition: Condition) -> sa.ColumnElement[bool]:
    """Return a condition that chooses rows, as `predicate` does: it must not pass over a row that it cannot read.

    Raises:
        MeasurementError: ``missing_column``; ``malformed_values``: a column that it compares holds such text.
        NotScannableError: It compares what SQL would compare otherwise than pandas.
    """
    chosen = predicate(table, condition)
    table.require_values(_compared_columns(table, condition))
    return chosen


def _compared_columns(table: Table, condition: Condition) -> Iterator[Column]:
    if isinstance(condition, Group):
        for part in condition.conditions:
            yield from _compared_columns(table, part)
    elif isinstance(condition, Comparison):
        yield _cast(table.column(condition.column), condition)


def _cast(column: Column, condition: Comparison) -> Column:
    values = condition.value if condition.operator in ("IN", "NOT_IN") else [condition.value]
    return _as_moments(cast_beside_texts(column, values) or cast_for(column, *values), values)


def _comparison(table: Table, column: Column, condition: Comparison) -> sa.ColumnElement[bool]:
    column = _cast(column, condition)
    if condition.operator in ("IN", "NOT_IN"):
        members = [_typed(table, column, value) for value in condition.value]
        inside = known(sa.or_(sa.false(), *(_held(table, column, member) for member in members)))
        return inside if condition.operator == "IN" else _unlike(table, column, inside)
    return _compared(table, column, condition.operator, _typed(table, column, condition.value))


def _as_moments(column: Column, values: Sequence[Any]) -> Column:
    """Return a column of days as the moments at which they begin, where it is compared with a moment."""
    if column.kind is not Kind.DATE or column.raw is None or not any(_is_moment(value) for value in values):
        return column
    return replace(column, kind=Kind.TIMESTAMP, value=sa.cast(column.value, sa.TIMESTAMP()))


def _is_moment(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is None
    try:
        return isinstance(value, str) and len(value) > len("2024-01-01") and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _typed(table: Table, column: Column, value: Any) -> Any:
    if isinstance(value, str) and _is_read(column):
        value = _moment(column, value)
    if not are_comparable(column, value) and not comparable(column, value):
        raise NotScannableError(f"Row condition compares {column.kind} column {column.name!r} with {value!r}.")
    if table.pandas_like and column.single and isinstance(value, float):
        return ctypes.c_float(value).value  # 0.1 is another number in four bytes, where pandas compares
    return value


def _is_read(column: Column) -> bool:
    """Whether a text beside a column is a moment: pandas does not read it for one with a time zone."""
    return column.kind.temporal and not (column.dtype is not None and column.kind is Kind.TIMESTAMP_TZ)


def _compared(table: Table, column: Column, symbol: str, value: Any) -> sa.ColumnElement[bool]:
    if isinstance(value, bool) and symbol not in ("==", "!="):
        raise NotScannableError(f"Row condition orders the {column.kind} column {column.name!r}.")
    if symbol == "!=":
        like = known(_held(table, column, value))
        na = NULLABLE.fullmatch(column.dtype or "") and column.dtype != "string"  # a missing text differs from all
        return sa.and_(sa.not_(like), sa.not_(column.missing)) if na else _unlike(table, column, like)
    if symbol == "==":
        return known(_held(table, column, value))
    condition = ordered(column, column.value, symbol, value, table)
    if condition is None:
        raise NotScannableError(f"Row condition compares {column.kind} column {column.name!r} with {value!r}.")
    return known(condition)


def _held(table: Table, column: Column, value: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a column's value is equal to a value."""
    held: sa.ColumnElement[bool]
    if isinstance(value, (bool, str)) or (table.pandas_like and column.single):
        held = column.value == value
        return held
    wanted = as_column(column, value, table)
    held = sa.false() if wanted is ABSENT else column.value == wanted
    return held


NULLABLE: Final = re.compile(r"U?Int\d+|Float\d+|boolean|string|.*\[pyarrow\]")
"""The dtypes of pandas whose missing values are `pd.NA`, which as in SQL differs from nothing."""


def _unlike(table: Table, column: Column, like: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Negate a comparison: a missing value differs from everything in pandas, and from nothing in SQL."""
    return sa.not_(like) if table.pandas_like else sa.and_(sa.not_(like), sa.not_(column.missing))


def _moment(column: Column, text: str) -> date:
    found = read_moment(text)
    if found is None:
        raise NotScannableError(f"Row condition compares {column.name!r} with {text!r}.")
    of_pandas = column.dtype is not None and column.kind is Kind.TIMESTAMP
    return datetime.fromisoformat(text) if of_pandas else found


def partition_filters(table: Table, partition: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that keep one partition: each column equal to its value, or in its list of values.

    Raises:
        DeclarationError: ``invalid_partition``: a value does not fit its column.
        MeasurementError: ``missing_column``.
    """
    return [_partition_filter(table, column, items) for column, items in _of_partition(table, partition)]


def require_readable(table: Table, partition: Mapping[str, Any]) -> None:
    """Refuse a partition where a row may be of it that holds text which is no value of a column's type.

    Raises:
        MeasurementError: ``missing_column``, or ``malformed_values``.
    """
    table.require_values(column for column, _ in _of_partition(table, partition))


def _of_partition(table: Table, partition: Mapping[str, Any]) -> Iterator[tuple[Column, Collection[Any]]]:
    """Yield each column, cast as its values need it, with these."""
    for name, value in partition.items():
        items = value if isinstance(value, (list, tuple, set)) else [value]
        try:
            column = table.column(name)
        except NotScannableError as error:
            hint = "Choose by a column whose values are all of one type, such as days, texts or numbers."
            raise DeclarationError("invalid_partition", f"{error} They choose no partition.", hint=hint) from error
        yield cast_for(column, *items), items


def _partition_filter(table: Table, column: Column, items: Collection[Any]) -> sa.ColumnElement[bool]:
    values = [_fit(column, item) for item in items]
    if column.kind.numeric:
        fitted = [rounded(column, v) if table.pandas_like else as_column(column, v, table) for v in values]
        values = [value for value in fitted if value is not ABSENT]
    return known(column.value.in_(values))


def _fit(column: Column, value: Any) -> Any:
    """Read a partition's value, often text from a template, as the column's type."""
    readers: Mapping[Kind, Callable[[Any], Any]] = {
        Kind.INTEGER: _integer,
        Kind.FLOAT: float,
        Kind.DECIMAL: _decimal,
        Kind.BOOLEAN: _truth,
        **{kind: partial(_temporal, kind) for kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)},
        Kind.STRING: _text,
    }
    try:
        return readers[column.kind](value)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        message = f"Partition value {value!r} does not fit the {column.kind} column {column.name!r}."
        hint = "Give a value of the column's type."
        raise DeclarationError("invalid_partition", message, hint=hint, quotes_data=True) from error


def _integer(value: Any) -> int:
    if isinstance(value, str) or float(value).is_integer():
        return int(value)
    raise ValueError(value)


def _decimal(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(value)
    return number


def _truth(value: Any) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


def _temporal(kind: Kind, value: Any) -> date:
    """Return a day or moment as one of the column's kind: else the time zone of the session would decide."""
    found = value if isinstance(value, date) else read_moment(value)
    fitting = None if found is None else in_kind(kind, found)
    if fitting is None:
        raise ValueError(value)
    return fitting


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
