"""Columns of SQLite, which keeps any value in any column: one that is none of the column's type is malformed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.sql.moment import canonical

_DAY: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"


class Truth(sa.types.UserDefinedType[Any]):
    """A truth value as SQLite keeps it, and anything else that stands in its place."""

    cache_ok = True

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """Return what makes 0 and 1 truth values of Python."""
        return lambda value: bool(value) if value in (0, 1) else value


def sqlite_column(column: Column) -> Column:
    """Return a column of SQLite with the values that are none of its type as malformed.

    A number is one whatever type of number is declared, a truth value is 0 or 1, and days and moments are ISO texts.

    Args:
        column: The column, as any other database has it.
    """
    if column.kind in (Kind.STRING, Kind.OTHER):
        return column
    plain, fits = _plain(column), _fits(column)
    read = canonical(plain) if column.kind is Kind.TIMESTAMP else plain
    return replace(
        column,
        value=sa.case((fits, read)),
        shown=sa.type_coerce(plain, Truth()) if column.kind is Kind.BOOLEAN else plain,
        key=sa.case((fits, read), else_=plain) if column.kind is Kind.TIMESTAMP else plain,
        missing=plain.is_(None),
        malformed=sa.and_(plain.is_not(None), sa.not_(fits)),
        text=plain,
    )


def _plain(column: Column) -> sa.ColumnElement[Any]:
    # A decimal number is one of Python's own here: SQLAlchemy would write no more than ten of its digits.
    return named(column.name, sa.types.NullType() if column.kind is Kind.DECIMAL else column.value.type)


def _fits(column: Column) -> sa.ColumnElement[bool]:
    stored: sa.ColumnElement[Any] = named(column.name)
    if column.kind.numeric:
        return sa.func.typeof(stored).in_(["integer", "real"])
    if column.kind is Kind.BOOLEAN:
        return sa.and_(sa.func.typeof(stored) == "integer", stored.in_([0, 1]))
    day, moment = sa.func.substr(stored, 1, 10), sa.func.date(stored)
    return sa.and_(
        stored.op("GLOB", is_comparison=True)(_DAY), sa.func.date(day, "+0 days") == day, moment.is_not(None)
    )
