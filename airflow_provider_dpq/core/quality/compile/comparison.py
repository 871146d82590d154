"""Which values SQL compares with a column as Python would."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.instant import read_moment
from airflow_provider_dpq.core.table.sql import moment, number
from airflow_provider_dpq.core.table.sql.moment import in_kind
from airflow_provider_dpq.core.table.sql.number import decimal_of
from airflow_provider_dpq.core.table.table import Table

_WIDEST: Final = 2**127
"""Beyond it no engine has integers."""

_WIDEST_OF_SQLITE: Final = 2**63
"""Beyond it SQLite has none."""

_DIGITS: Final = 38
"""The most digits that an engine's decimal has."""

_AS_MOMENT: Final = re.compile(r"\s*[0-9]{2}")
"""How whatever MySQL reads as a day or moment begins: also ``2024-1-5`` and the number 20240105."""


def comparable(column: Column, value: Any) -> bool:
    """Whether comparing a column with a value means the same in SQL and in Python."""
    if isinstance(value, bool):
        return column.kind is Kind.BOOLEAN
    if isinstance(value, (int, float, Decimal)):
        return column.kind.numeric
    if isinstance(value, str):
        return column.kind is Kind.STRING
    if isinstance(value, datetime):
        return column.kind is (Kind.TIMESTAMP if value.tzinfo is None else Kind.TIMESTAMP_TZ)
    if isinstance(value, date):
        return column.kind is Kind.DATE
    return False


def ordered(
    column: Column, value: sa.ColumnElement[Any], symbol: str, bound: Any, table: Table
) -> sa.ColumnElement[bool] | None:
    """Return the comparison of a column's value with a bound; None where the two cannot be compared.

    Args:
        column: The column.
        value: Its value.
        symbol: ``<``, ``<=``, ``>`` or ``>=``.
        bound: A number, text, day or moment.
        table: The table.
    """
    if moment.are_comparable(column, bound):
        symbol, bound = moment.limit(column.kind, symbol, bound)
    elif isinstance(bound, (int, float, Decimal)) and not isinstance(bound, bool) and column.kind.numeric:
        symbol, bound = _number_limit(column, symbol, bound, table)
    elif not comparable(column, bound):
        return None
    condition: sa.ColumnElement[bool] = _SYMBOLS[symbol](value, bound)
    return condition


_SYMBOLS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _number_limit(column: Column, symbol: str, bound: float | Decimal, table: Table) -> tuple[str, Any]:
    """Return a comparison of a column of numbers with a bound as one with a bound that its engine compares exactly."""
    if table.dialect == "sqlite":
        return (symbol, bound) if isinstance(bound, int) and not _is_wide(bound) else number.limit(symbol, bound)
    if column.kind is Kind.INTEGER:
        whole = number.whole_limit(symbol, bound)
        return whole if whole is not None and abs(whole[1]) < _WIDEST else (symbol, float(bound))
    if column.kind is Kind.DECIMAL:
        written = decimal_of(bound) if math.isfinite(bound) else None
        return symbol, float(bound) if written is None or not _is_short(written) else written
    if table.pandas_like and column.single:
        return symbol, rounded(column, float(bound))
    return number.limit(symbol, bound, single=column.single)


def _is_short(written: Decimal) -> bool:
    """Whether an engine's decimal has so many digits."""
    _, digits, exponent = written.normalize(_EVERY_DIGIT).as_tuple()
    return isinstance(exponent, int) and max(len(digits), -exponent, len(digits) + exponent) <= _DIGITS


def rounded(column: Column, bound: Any) -> Any:
    """Return a bound as numpy compares it with a column: of one of single precision, the nearest single."""
    return number.nearest_single(bound) if column.single and isinstance(bound, float) else bound


_EVERY_DIGIT: Final = Context(prec=10_000)

ABSENT: Final[Any] = object()
"""Stands for a value that no column of a kind can hold."""


def member_of(column: Column, member: Any) -> Any:
    """Return what to look for in a column so that SQL finds the values that Python holds equal to a member.

    To Python ``True``, ``1``, ``1.0`` and ``Decimal(1)`` are one member of a set, and text is never a number.

    Returns:
        The value to compare with, or `ABSENT` where no value of the column can be equal.

    Raises:
        NotScannableError: The member cannot be one of a set.
    """
    try:
        hash(member)
    except TypeError as error:
        raise NotScannableError(f"{member!r} cannot be a member of a set.") from error
    if isinstance(member, (bool, int, float, Decimal)):
        return _number(column, member)
    if isinstance(member, date) and column.kind.temporal:
        fitting = in_kind(column.kind, member)
        return ABSENT if fitting is None else fitting
    return member if comparable(column, member) else ABSENT


def _number(column: Column, member: Any) -> Any:
    if column.kind is Kind.BOOLEAN:
        return bool(member) if member in (0, 1) else ABSENT
    if column.kind is Kind.FLOAT:
        return _floating(member, single=False)
    if not _is_finite(member):
        return ABSENT
    if column.kind is Kind.INTEGER:
        value = Fraction(exact(member))
        return int(value) if value == int(value) and abs(value) < _WIDEST else ABSENT
    if column.kind is Kind.DECIMAL:
        written = decimal_of(member)
        return written if _is_short(written) else ABSENT
    return ABSENT


def _is_finite(member: float | Decimal) -> bool:
    return isinstance(member, int) or math.isfinite(member)  # a whole number may be too large for a floating one


def _floating(member: float | Decimal, *, single: bool) -> Any:
    """Return the floating number, of four bytes or of eight, that is written as a number is; or `ABSENT`."""
    if not _is_finite(member):
        return ABSENT if math.isnan(member) else float(member)
    near = number.nearest(member, single=single)
    return near if math.isfinite(near) and number.written(near, single=single) == exact(member) else ABSENT


def as_column(column: Column, member: Any, table: Table) -> Any:
    """Return a member of a set as a database compares it with a column: ISO texts of days and moments are read.

    Returns:
        The value to compare with, or `ABSENT` where no value of the column can be equal.
    """
    if isinstance(member, str) and column.kind.temporal:
        member = read_moment(member) or member
    numeric = isinstance(member, (int, float, Decimal)) and not isinstance(member, bool) and column.kind.numeric
    if numeric and table.dialect == "sqlite":
        return _of_sqlite(member)
    if numeric and column.single:
        return _floating(member, single=True)
    if numeric or (isinstance(member, date) and column.kind.temporal):
        return member_of(column, member)
    if comparable(column, member) or (column.kind is Kind.BOOLEAN and member in (0, 1)):
        return member
    if table.dialect in ("mysql", "mariadb"):
        return _of_mysql(column, member)
    return sa.literal(member)  # what the database makes of another type is its answer, as in GX


def _of_mysql(column: Column, member: Any) -> Any:
    """Return a member of another type than a column's, which they would cast: ``a`` to 0 or a zero date."""
    if column.kind.temporal:
        if isinstance(member, str) and moment.beyond_python(member):
            return sa.literal(member)
        from sqlalchemy.dialects import mysql

        # NULL where it is no moment, so that it is no zero date either.
        return sa.cast(str(member), mysql.DATETIME(fsp=6)) if _AS_MOMENT.match(str(member)) else ABSENT
    if column.kind is Kind.STRING and isinstance(member, (int, float, Decimal)) and not isinstance(member, bool):
        return str(number.plain(member))
    if isinstance(member, str) and (column.kind.numeric or column.kind is Kind.BOOLEAN):
        return member_of(column, Decimal(member)) if is_number(member) else ABSENT
    return sa.literal(member)


def is_number(text: str) -> bool:
    """Whether a text writes a finite number."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _of_sqlite(member: float | Decimal) -> Any:
    """Return a number as SQLite holds it, which compares its whole and its floating numbers exactly."""
    whole = number.plain(member)
    return whole if isinstance(whole, int) and not _is_wide(whole) else _floating(member, single=False)


def _is_wide(value: int) -> bool:
    """Whether SQLite has no such integer."""
    return not -_WIDEST_OF_SQLITE <= value < _WIDEST_OF_SQLITE


def coerced(column: Column, member: Any) -> Any:
    """Return a text in a set of moments or days as the one that it names, as Great Expectations reads it.

    Raises:
        NotScannableError: It names one that Python cannot.
    """
    if not isinstance(member, str) or column.kind not in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ):
        return member
    from dateutil.parser import parse

    try:
        found = parse(member)
    except ValueError:
        return member
    except OverflowError as error:
        raise NotScannableError(f"{member!r} is no moment.") from error
    return found.date() if column.kind is Kind.DATE and found.time() == time() else found
