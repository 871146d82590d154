"""Columns that DuckDB itself types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.scan import Scan, quote_name
from airflow_provider_dpq.core.table.sql.functions import without_nan

_KINDS: Final = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), Kind.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), Kind.FLOAT),
    "BOOLEAN": Kind.BOOLEAN,
    "VARCHAR": Kind.STRING,
    "DATE": Kind.DATE,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Kind.TIMESTAMP),
    "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMP_TZ,
}
_BY_MICROSECOND: Final = {"TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE"}


def kind_of(native: str) -> Kind:
    """Return what a column of a DuckDB type holds."""
    return Kind.DECIMAL if native.startswith("DECIMAL") else _KINDS.get(native, Kind.OTHER)


def is_finer(native: str) -> bool:
    """Whether a column of a DuckDB type holds moments finer than microseconds."""
    return native in _BY_MICROSECOND


class DuckType(sa.types.UserDefinedType[Any]):
    """A type by DuckDB's own name for it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name."""
        return self.name


def typed_column(name: str, native: str, *, by_microsecond: bool = False) -> Column:
    """Return a column that DuckDB itself types; floating NaN counts as missing.

    Args:
        name: Its name.
        native: Its type.
        by_microsecond: Whether it is of moments by the nanosecond none of which is finer than microseconds.
    """
    value: sa.ColumnElement[Any] = named(name)
    if by_microsecond:
        native = _BY_MICROSECOND[native]
        value = sa.cast(value, DuckType(native))
    kind = kind_of(native)
    if kind is Kind.FLOAT:
        value = without_nan(value)
    single = native == "FLOAT"
    text = None if single else text_of(value, kind)  # numpy writes numbers of four bytes in its own way
    return Column(name, kind, native, value, shown(value, kind), value, value.is_(None), text=text, single=single)


def without_values(name: str) -> Column:
    """Return a column that may be of any type, since it has no value: it is cast to what it is compared with."""
    native = {kind: next(type_ for type_, one in _KINDS.items() if one is kind) for kind in _KINDS.values()}

    def read_as(kind: Kind) -> Column:
        column = typed_column(name, native[kind])
        empty = sa.cast(named(name), DuckType(native[kind]))
        return replace(column, value=empty, shown=shown(empty, kind), key=empty, text=None)

    return replace(
        typed_column(name, "VARCHAR"),
        read_as=read_as,
        read_as_moments=lambda: read_as(Kind.TIMESTAMP),
        prevailing=lambda: None,
    )


def shown(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    """Return how a value is fetched: DuckDB needs pytz to hand over a moment with its zone, so it goes as a number."""
    return sa.func.epoch_us(value) if kind is Kind.TIMESTAMP_TZ else value


def text_of(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any] | None:
    """Return a value as the text that pandas writes, where SQL writes the same."""
    if kind is Kind.STRING:
        return value
    if kind is Kind.BOOLEAN:
        return sa.case((value, "True"), (sa.not_(value), "False"))
    return sa.cast(value, sa.String()) if kind in (Kind.INTEGER, Kind.FLOAT) else None


def pick(scan: Scan, relation: str, columns: Sequence[tuple[str, str]]) -> dict[str, Column]:
    """Return columns of a relation that DuckDB itself types."""
    fine = [name for name, native in columns if native in _BY_MICROSECOND]
    coarse: set[str] = set()
    if fine:
        figures = ", ".join(f"count_if(epoch_ns({quote_name(name)}) % 1000 <> 0)" for name in fine)
        (row,) = scan.connection.execute(f"SELECT {figures} FROM {quote_name(relation)}").fetchall()  # noqa: S608
        coarse = {name for name, count in zip(fine, row, strict=True) if not count}
        scan.is_finer = scan.is_finer or len(coarse) < len(fine)
    return {name: typed_column(name, native, by_microsecond=name in coarse) for name, native in columns}
