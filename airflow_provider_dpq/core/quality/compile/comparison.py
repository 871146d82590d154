"""Which values SQL compares with a column as Python would."""

from __future__ import annotations

import math
import struct
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from airflow_provider_dpq.core.quality.compile.errors import NotScannableError
from airflow_provider_dpq.core.quality.tables.table import Column, Kind

_EXACT: Final = 2**53
"""Beyond it a floating number no longer stands for one integer."""

_WIDEST: Final = 2**127
"""Beyond it no engine has integers."""

_DIGITS: Final = 38
"""The most digits that an engine's decimal has."""


def comparable(column: Column, value: Any) -> bool:
    """Whether comparing a column with a value means the same in SQL and in Python."""
    if isinstance(value, bool):
        return column.kind is Kind.BOOLEAN
    if isinstance(value, (int, float)):
        return column.kind.numeric and (
            column.kind is not Kind.FLOAT or abs(value) <= _EXACT or isinstance(value, float)
        )
    if isinstance(value, str):
        return column.kind is Kind.STRING
    if isinstance(value, datetime):
        return column.kind is (Kind.TIMESTAMP if value.tzinfo is None else Kind.TIMESTAMP_TZ)
    if isinstance(value, date):
        return column.kind is Kind.DATE
    return False


def rounded(column: Column, bound: Any) -> Any:
    """Return a bound as numpy compares it with a column: of one of single precision, the nearest single."""
    if column.native != "FLOAT" or not isinstance(bound, float):
        return bound
    try:
        (single,) = struct.unpack("f", struct.pack("f", bound))
    except OverflowError:
        return math.copysign(math.inf, bound)
    return single


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
    fits = comparable(column, member) and not (column.kind is Kind.DATE and isinstance(member, datetime))
    return member if fits else ABSENT


def _number(column: Column, member: Any) -> Any:
    whole = math.isfinite(member) and member == int(member)
    if column.kind is Kind.BOOLEAN:
        return bool(member) if member in (0, 1) else ABSENT
    if column.kind is Kind.INTEGER:
        return int(member) if whole and abs(member) < _WIDEST else ABSENT
    if column.kind is Kind.FLOAT:
        near = math.nan if whole and abs(member) >= _WIDEST else float(member)
        return near if near == member else ABSENT
    if column.kind is Kind.DECIMAL:
        exact = Decimal(member)
        return exact if exact.is_finite() and len(exact.as_tuple().digits) <= _DIGITS else ABSENT
    return ABSENT


def coerced(column: Column, member: Any) -> Any:
    """Return a text in a set of moments or days as the one that it names, as Great Expectations reads it.

    Raises:
        NotScannableError: It names one that Python cannot.
    """
    if not isinstance(member, str) or column.kind not in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ):
        return member
    from dateutil.parser import parse

    try:
        moment = parse(member)
    except ValueError:
        return member
    except OverflowError as error:
        raise NotScannableError(f"{member!r} is no moment.") from error
    return moment.date() if column.kind is Kind.DATE else moment
