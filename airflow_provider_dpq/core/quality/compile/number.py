"""Numbers of several kinds held against each other: equal where their shortest decimal texts are.

Engines compare an integer or a decimal with a floating number as floating numbers, so that 2**53 + 1 is 2**53 to them.
Here the two are equal only where the digits of the exact one are those that the floating one is written with.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, Table

_EXACT: Final = 2**53
"""Up to this size every whole number is a floating one."""
_SURE_DIGITS: Final = 15
"""A decimal number of so many digits is the shortest text of the floating number that it is rounded to."""
_DECIMAL: Final = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+), ?(\d+)\)", re.IGNORECASE)
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


def equal(a: Column, b: Column, table: Table) -> sa.ColumnElement[bool]:
    """Return the condition that two columns of numbers hold the same number."""
    if not mixed(a, b):
        return a.value == b.value
    precise, floating = (b, a) if a.kind is Kind.FLOAT else (a, b)
    return _compared(precise, floating, "=", table)


def greater(a: Column, b: Column, table: Table, *, or_equal: bool) -> sa.ColumnElement[bool]:
    """Return the condition that one column of numbers is greater than another."""
    symbol = ">=" if or_equal else ">"
    if not mixed(a, b):
        return a.value.op(symbol, is_comparison=True)(b.value)
    if a.kind is Kind.FLOAT:
        return _compared(b, a, "<=" if or_equal else "<", table)
    return _compared(a, b, symbol, table)


def _compared(precise: Column, floating: Column, symbol: str, table: Table) -> sa.ColumnElement[bool]:
    """Compare an exact number with the one that the shortest text of a floating number writes."""

    def by(left: Any, right: Any) -> sa.ColumnElement[bool]:
        compared: sa.ColumnElement[bool] = sa.type_coerce(left, sa.types.NullType()).op(symbol, is_comparison=True)(
            right
        )
        return compared

    written = _written(precise, floating, table)
    if written is None:
        return by(precise.value, floating.value)
    if table.dialect == "postgresql":
        return by(precise.value, written)
    near: sa.ColumnElement[float] = sa.cast(precise.value, sa.Double())
    as_floating: sa.ColumnElement[float] = sa.type_coerce(floating.value, sa.Double())
    if _sure(precise) and not _single(floating, table):
        return by(near, as_floating)
    if symbol == "=":
        return (
            precise.value == written
            if _single(floating, table)
            else sa.and_(near == as_floating, by(precise.value, written))
        )
    strict = symbol.removesuffix("=")
    apart: sa.ColumnElement[bool] = near.op(strict, is_comparison=True)(as_floating)
    return sa.or_(apart, sa.and_(near == as_floating, by(precise.value, written)))


def _sure(precise: Column) -> bool:
    """Whether every value of a column of exact numbers is the shortest text of a floating number."""
    if precise.kind is Kind.DECIMAL:
        found = _DECIMAL.fullmatch(precise.native)
        return found is not None and int(found[1]) <= _SURE_DIGITS
    return precise.native.upper() in ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")


def _single(floating: Column, table: Table) -> bool:
    name = floating.native.upper().partition("(")[0]
    return (
        name == ("FLOAT" if table.dialect in ("duckdb", "mysql", "mariadb") else "REAL") and table.dialect != "sqlite"
    )


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
    if not mixed(column, other):
        return column.value
    if table.dialect == "duckdb":
        return shortest_text(column.value, column.kind)
    precise, floating = (other, column) if column.kind is Kind.FLOAT else (column, other)
    written = _written(precise, floating, table)
    return column.value if written is None or column is precise else written


def limit(symbol: str, bound: float | Decimal) -> tuple[str, float]:
    """Return a comparison of a floating number with a bound as one with a floating bound.

    Args:
        symbol: ``<``, ``<=``, ``>`` or ``>=``.
        bound: The bound, as a number of any kind.
    """
    try:
        near = float(bound)
    except OverflowError:
        return symbol, math.copysign(math.inf, bound)
    if not math.isfinite(near) or exact(near) == exact(bound):
        return symbol, near
    below = exact(near) < exact(bound)  # every number up to `near` is, and the next one is above
    return ("<=" if below else "<") if symbol[0] == "<" else (">" if below else ">="), near


def whole_limit(symbol: str, bound: float | Decimal) -> tuple[str, int] | None:
    """Return a comparison of a whole number with a bound as one with a whole bound; None with an infinite one."""
    number = exact(bound)
    if not isinstance(number, Fraction):
        return None
    if number.denominator == 1:
        return symbol, number.numerator
    return (">=", math.ceil(number)) if symbol[0] == ">" else ("<=", math.floor(number))
