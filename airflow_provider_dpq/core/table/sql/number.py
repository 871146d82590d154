"""Numbers of several kinds held against each other: equal where their shortest decimal texts are.

Engines compare an integer or a decimal with a floating number as floating numbers, so that 2**53 + 1 is 2**53 to them.
Here the two are equal only where the digits of the exact one are those that the floating one is written with.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.sql.functions import widened
from airflow_provider_dpq.core.table.table import Table

_EXACT: Final = 2**53
"""Up to this size every whole number is a floating one."""
_SURE_DIGITS: Final = 15
"""A decimal number of so many digits is the shortest text of the floating number that it is rounded to."""
_DECIMAL: Final = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+), ?(\d+)\)", re.IGNORECASE)
_DIGITS_OF_SINGLE: Final = 9
"""So many digits tell every floating number of four bytes from all others."""
_WIDEST: Final = 38
_WIDEST_OF_MYSQL: Final = (65, 30)


def plain(value: Any) -> Any:
    """Return a number as Python compares it with others of its shortest decimal text; anything else as it is.

    ``Decimal("1.10")`` becomes ``1.1``, ``1e23`` the integer, and a decimal that no floating number writes stays one.
    """
    if isinstance(value, bool) or not isinstance(value, (float, Decimal)):
        return value
    number = exact(value) if math.isfinite(value) else value
    if not isinstance(number, Fraction):
        return float(value)
    if number.denominator == 1:
        return number.numerator
    near = float(number)
    return near if exact(near) == number else value


def decimal_of(number: float | Decimal) -> Decimal:
    """Return the number that the shortest decimal text of a finite number writes."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def mixed(a: Column, b: Column) -> bool:
    """Whether one of two columns holds exact numbers and the other floating ones."""
    kinds = {a.kind, b.kind}
    return Kind.FLOAT in kinds and bool(kinds & {Kind.INTEGER, Kind.DECIMAL})


def of_eight_bytes(column: Column, value: sa.ColumnElement[Any]) -> Column:
    """Return a column of a database with floating numbers of four bytes, whose values are numbers of eight.

    Drivers and engines would write six digits of the others, or compare them with what the shorter text writes.

    Args:
        column: The column.
        value: Its value, of four bytes.
    """
    wide: sa.ColumnElement[float] = sa.cast(value, sa.Double())
    return replace(column, value=wide, shown=widened(value), key=wide, single=True)


def as_written(column: Column) -> Column:
    """Return a column of floating numbers of four bytes as those of eight that are written alike, any other as is."""
    return replace(column, value=widened(column.value), single=False) if column.single else column


def equal(a: Column, b: Column, table: Table) -> sa.ColumnElement[bool]:
    """Return the condition that two columns of numbers hold the same number."""
    if not _differ(a, b, table):
        return a.value == b.value
    a, b = as_written(a), as_written(b)
    if not mixed(a, b):
        return a.value == b.value
    precise, floating = (b, a) if a.kind is Kind.FLOAT else (a, b)
    return _compared(precise, floating, "=", table)


def greater(a: Column, b: Column, table: Table, *, or_equal: bool) -> sa.ColumnElement[bool]:
    """Return the condition that one column of numbers is greater than another."""
    symbol = ">=" if or_equal else ">"
    if not _differ(a, b, table):
        return a.value.op(symbol, is_comparison=True)(b.value)
    a, b = as_written(a), as_written(b)
    if not mixed(a, b):
        return a.value.op(symbol, is_comparison=True)(b.value)
    if a.kind is Kind.FLOAT:
        return _compared(b, a, "<=" if or_equal else "<", table)
    return _compared(a, b, symbol, table)


def _differ(a: Column, b: Column, table: Table) -> bool:
    """Whether two columns hold numbers of several kinds; pandas compares floating ones as such, whatever their size."""
    return mixed(a, b) or (a.single is not b.single and not table.pandas_like)


def _compared(precise: Column, floating: Column, symbol: str, table: Table) -> sa.ColumnElement[bool]:
    """Compare an exact number with the one that the shortest text of a floating number writes."""

    def by(left: Any, right: Any) -> sa.ColumnElement[bool]:
        compared: sa.ColumnElement[bool] = sa.type_coerce(left, sa.types.NullType()).op(symbol, is_comparison=True)(
            right
        )
        return compared

    digits = _written(precise, floating, table)
    if digits is None:
        return by(precise.value, floating.value)
    if table.dialect == "postgresql":
        return by(precise.value, digits)
    near: sa.ColumnElement[float] = sa.cast(precise.value, sa.Double())
    as_floating: sa.ColumnElement[float] = sa.type_coerce(floating.value, sa.Double())
    if _sure(precise):
        return by(near, as_floating)
    if symbol == "=":
        return sa.and_(near == as_floating, by(precise.value, digits))
    strict = symbol.removesuffix("=")
    apart: sa.ColumnElement[bool] = near.op(strict, is_comparison=True)(as_floating)
    return sa.or_(apart, sa.and_(near == as_floating, by(precise.value, digits)))


def _sure(precise: Column) -> bool:
    """Whether every value of a column of exact numbers is the shortest text of a floating number."""
    if precise.kind is Kind.DECIMAL:
        found = _DECIMAL.fullmatch(precise.native)
        return found is not None and int(found[1]) <= _SURE_DIGITS
    return precise.native.upper() in ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")


def _written(precise: Column, floating: Column, table: Table) -> sa.ColumnElement[Any] | None:
    """Return the exact number that a floating one's shortest text writes; None where the engine compares exactly."""
    if table.dialect == "postgresql":
        return sa.cast(sa.cast(floating.value, sa.Text()), sa.Numeric())
    if table.dialect in ("mysql", "mariadb"):
        return sa.cast(sa.cast(floating.value, sa.CHAR()), sa.Numeric(*_WIDEST_OF_MYSQL))
    if table.dialect == "duckdb":
        found = _DECIMAL.fullmatch(precise.native)
        return sa.try_cast(sa.cast(floating.value, sa.String()), sa.Numeric(_WIDEST, int(found[2]) if found else 0))
    return None


def shortest_text(value: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[str]:
    """Return a number in DuckDB, of any type or as the text of one, as the text of the floating number that it writes.

    An exact number that no floating one is written as keeps its own digits.
    """
    text: sa.ColumnElement[str] = sa.cast(value, sa.String())
    near = sa.cast(sa.cast(text, sa.Double()) + 0.0, sa.String())  # without a minus before zero
    if kind is Kind.FLOAT:
        return near
    digits = sa.case((text.contains("."), sa.func.rtrim(sa.func.rtrim(text, "0"), ".")), else_=text)
    return sa.case((significant(text) == significant(near), near), else_=digits)


def significant(text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return the digits of a number's text in DuckDB, without its point, its exponent and zeros at either end."""
    digits = sa.func.replace(sa.func.split_part(text, "e", 1), ".", "")
    return sa.func.ltrim(sa.func.rtrim(digits, "0"), "-0")


def in_common(column: Column, other: Column, table: Table) -> sa.ColumnElement[Any]:
    """Return a column of numbers in the form in which it is looked up among another's values."""
    if column.single is not other.single:
        column, other = as_written(column), as_written(other)
    if not mixed(column, other):
        return column.value
    if table.dialect == "duckdb":
        return shortest_text(column.value, column.kind)
    precise, floating = (other, column) if column.kind is Kind.FLOAT else (column, other)
    digits = _written(precise, floating, table)
    return column.value if digits is None or column is precise else digits


def nearest(value: float | Decimal, *, single: bool) -> float:
    """Return the floating number nearest to a finite number, infinity where it is greater than all.

    Args:
        value: The number.
        single: Whether it is one of four bytes.
    """
    try:
        near = float(exact(value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return nearest_single(near) if single else near


def nearest_single(value: float) -> float:
    """Return the floating number of four bytes nearest to one of eight."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(single)


def shortest_single(value: float) -> float:
    """Return the number that the shortest decimal text of one of four bytes writes; any other number as it is."""
    if not math.isfinite(value) or nearest_single(value) != value:
        return value
    texts = (f"{value:.{digits}g}" for digits in range(1, _DIGITS_OF_SINGLE + 1))
    return next((float(text) for text in texts if nearest_single(float(text)) == value), value)


def written(value: float, *, single: bool) -> Fraction | float:
    """Return the number that the shortest decimal text of a finite floating number writes."""
    return exact(shortest_single(value) if single else value)


def limit(symbol: str, bound: float | Decimal, *, single: bool = False) -> tuple[str, float]:
    """Return a comparison of a floating number with a bound as one with a floating bound.

    Args:
        symbol: ``<``, ``<=``, ``>`` or ``>=``.
        bound: The bound, as a number of any kind.
        single: Whether the floating number is one of four bytes.
    """
    if not math.isfinite(bound):
        return symbol, float(bound)
    near = nearest(bound, single=single)
    if not math.isfinite(near) or written(near, single=single) == exact(bound):
        return symbol, near
    below = written(near, single=single) < exact(bound)  # every number up to `near` is, and the next one is above
    return ("<=" if below else "<") if symbol[0] == "<" else (">" if below else ">="), near


def whole_limit(symbol: str, bound: float | Decimal) -> tuple[str, int] | None:
    """Return a comparison of a whole number with a bound as one with a whole bound; None with an infinite one."""
    number = exact(bound)
    if not isinstance(number, Fraction):
        return None
    if number.denominator == 1:
        return symbol, number.numerator
    return (">=", math.ceil(number)) if symbol[0] == ">" else ("<=", math.floor(number))
