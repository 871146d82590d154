"""The grammar of types in text files: which texts are numbers, truth values, days and moments, and which.

`docs/reference/text-files.md` publishes it. A column has a type if all its values do; casts of a value read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import Kind
from airflow_provider_dpq.core.table.duck_column import DuckType
from airflow_provider_dpq.core.table.form import HugeInteger
from airflow_provider_dpq.core.table.sql.number import significant

_Instant: Final = DuckType("TIMESTAMP WITH TIME ZONE")
"""Moments with their offsets, of which SQLAlchemy's own type says nothing to DuckDB."""

_Text = sa.ColumnElement[Any]
_Condition = sa.ColumnElement[bool]

WHOLE: Final = r"-?(?:0|[1-9][0-9]*)"
"""A whole number: no sign but that of a negative one, no zeros in front, nothing between digits."""

NUMBER: Final = r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)"
"""A number with or without a fraction."""

SCALED: Final = rf"(?:{NUMBER})(?:[eE][+-]?[01]?[0-9])?"
"""A number that may have an exponent, of so few digits that an exact type may hold it."""

FLOAT: Final = rf"{NUMBER}(?:[eE][+-]?[0-9]{{1,3}})?|-?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
"""A floating number, also with an exponent, or infinite."""

NOT_A_NUMBER: Final = r"-?[nN][aA][nN]"
"""What is missing in a column of numbers."""

DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""A day, which must exist."""

MOMENT: Final = rf"{DAY}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{{1,6}})?)?"
"""A moment, to the microsecond, on a day that exists."""

INSTANT: Final = rf"{MOMENT}(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
"""A moment with its offset from UTC."""

TRUE: Final = ("true", "True", "TRUE")
FALSE: Final = ("false", "False", "FALSE")

_MOST_DIGITS: Final = 38
_SURE: Final = 15
"""A number of so many characters is one floating number's alone."""


@dataclass(frozen=True, slots=True)
class Form:
    """Values of one type as they are written.

    Attributes:
        kind: What they are.
        fits: Whether a text that is there is such a value; it may be NULL where not.
        value: The value of a text that fits; of another one anything.
    """

    kind: Kind
    fits: Callable[[_Text], _Condition]
    value: Callable[[_Text], _Text]


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs of numbers, as declared.

    Attributes:
        decimal: The sign before a fraction.
        thousands: The sign between groups of digits; None for none.
    """

    decimal: str = "."
    thousands: str | None = None

    @property
    def plain(self) -> bool:
        """Whether numbers are written as SQL writes them."""
        return self.decimal == "." and self.thousands is None

    def pattern(self, pattern: str) -> str:
        """Return the pattern of numbers with these signs."""
        grouped = pattern.replace(r"\.", re.escape(self.decimal))
        if self.thousands is None:
            return grouped
        digits = f"[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+"
        return grouped.replace("(?:0|[1-9][0-9]*)", f"(?:0|{digits}|[1-9][0-9]*)")

    def as_sql(self, text: _Text) -> _Text:
        """Return a number as SQL writes it."""
        if self.thousands is not None:
            text = sa.func.replace(text, self.thousands, "")
        return text if self.decimal == "." else sa.func.replace(text, self.decimal, ".")


def matches(text: _Text, pattern: str) -> _Condition:
    """Return whether a whole text matches a pattern."""
    return sa.func.regexp_full_match(text, pattern)


def is_nan(text: _Text) -> _Condition:
    """Return whether a text says that it is not a number."""
    return sa.func.lower(text).in_(["nan", "-nan"])


def whole_number(signs: Signs, *, wide: bool) -> Form:
    """Return the form of whole numbers: of eight bytes, or of up to 38 digits."""
    type_: Any = HugeInteger() if wide else sa.BigInteger()

    def value(text: _Text) -> _Text:
        return sa.try_cast(signs.as_sql(text), type_)

    def fits(text: _Text) -> _Condition:
        # What SQL writes for the number is the only way in which the grammar lets it be written.
        written = sa.cast(value(text), sa.String()) == signs.as_sql(text)
        return written if signs.plain else sa.and_(matches(text, signs.pattern(WHOLE)), written)

    return Form(Kind.INTEGER, fits, value)


def floating_number(signs: Signs, *, exact: bool) -> Form:
    """Return the form of floating numbers, infinite ones and what is not a number.

    Args:
        signs: How numbers are written.
        exact: Whether only texts fit that floating numbers tell apart: of up to 15 characters, with an exponent, or
            with the digits of the floating number.
    """
    pattern = rf"(?:{signs.pattern(FLOAT)}|{NOT_A_NUMBER})"

    def value(text: _Text) -> _Text:
        return sa.try_cast(signs.as_sql(text), sa.Double())

    def fits(text: _Text) -> _Condition:
        infinite = sa.and_(sa.func.isinf(value(text)), sa.not_(sa.func.regexp_matches(text, "[iI]")))  # 1e999
        number = _then(matches(text, pattern), sa.and_(value(text).is_not(None), sa.not_(infinite)))
        if not exact:
            return number
        sure = sa.or_(sa.func.regexp_matches(text, "[iInN]"), sa.not_(is_rounded(signs.as_sql(text))))
        return _then(number, sure)

    return Form(Kind.FLOAT, fits, value)


def is_rounded(text: _Text) -> _Condition:
    """Return whether a number, as SQL writes it, has other digits than the floating number that it is rounded to.

    What has an exponent is a floating number by its own account.
    """
    near = sa.cast(sa.try_cast(text, sa.Double()), sa.String())
    # The cases are for speed: each is computed for what those before it leave alone.
    return sa.case(
        (sa.func.strlen(text) <= _SURE, sa.false()),
        (near == text, sa.false()),
        (sa.func.regexp_matches(text, "[eE]"), sa.false()),
        else_=significant(near) != significant(text),
    )


def plain_number(signs: Signs) -> Form:
    """Return the form of numbers without an exponent, of any number of digits; their values are no part of it."""
    return Form(Kind.DECIMAL, lambda text: matches(text, signs.pattern(NUMBER)), lambda _: sa.null())


def scaled_number(signs: Signs) -> Form:
    """Return the form of numbers that may have an exponent, likewise."""
    return Form(Kind.DECIMAL, lambda text: matches(text, signs.pattern(SCALED)), lambda _: sa.null())


def not_a_number() -> Form:
    """Return the form of what is not a number."""
    return Form(Kind.FLOAT, is_nan, lambda _: sa.null())


def decimal_number(signs: Signs, digits_before: int, digits_after: int, *, scaled: bool = False) -> Form | None:
    """Return the form of exact numbers with some digits before and after the sign; None where there are too many.

    Args:
        signs: How numbers are written.
        digits_before: Most digits before the sign.
        digits_after: Most digits after it.
        scaled: Whether they may have exponents.
    """
    if digits_before + digits_after > _MOST_DIGITS:
        return None
    type_ = sa.Numeric(max(digits_before + digits_after, 1), digits_after)

    def value(text: _Text) -> _Text:
        return sa.try_cast(signs.as_sql(text), type_)

    def fits(text: _Text) -> _Condition:
        return sa.and_(matches(text, signs.pattern(SCALED if scaled else NUMBER)), value(text).is_not(None))

    return Form(Kind.DECIMAL, fits, value)


TRUTH: Final = Form(Kind.BOOLEAN, lambda text: text.in_([*TRUE, *FALSE]), lambda text: text.in_(TRUE))


def _is_day(text: _Text) -> _Condition:
    written = sa.cast(sa.try_cast(text, sa.Date()), sa.String()) == text
    return sa.and_(sa.func.strlen(text) == len("2024-01-01"), written)


def _is_far_day(text: _Text) -> _Condition:
    """Return whether a text is a day, also one of a year of more than four digits, which Python has none of."""
    written = sa.cast(sa.try_cast(text, sa.Date()), sa.String()) == text
    return sa.or_(_is_day(text), sa.and_(matches(text, FAR_DAY), written))


FAR_DAY: Final = r"[1-9][0-9]{4,5}-[0-9]{2}-[0-9]{2}"
"""A day after the year 9999."""


ISO_DAY: Final = Form(Kind.DATE, _is_day, lambda text: sa.try_cast(text, sa.Date()))


CAST_DAY: Final = Form(Kind.DATE, _is_far_day, ISO_DAY.value)
"""A day as checks cast text to it: one after the year 9999 is later than every bound, and no type of a column."""


def _then(first: _Condition, second: _Condition) -> _Condition:
    """Return whether both hold, without a look at the second where the first does not, which saves most of the time."""
    return sa.case((first, second), else_=sa.false())


def _begins_with_day(text: _Text) -> _Condition:
    """Whether a text may be more than a day: it goes on after one."""
    return sa.and_(sa.func.strlen(text) > len("2024-01-01"), sa.func.substr(text, 5, 1) == "-")


def _is_moment(text: _Text) -> _Condition:
    value = sa.try_cast(text, sa.TIMESTAMP())
    # Mostly they are written as SQL writes them, which is sooner seen.
    written = sa.and_(sa.func.strlen(text) == len("2024-01-01 00:00:00"), sa.cast(value, sa.String()) == text)
    moment = sa.or_(written, sa.and_(matches(text, MOMENT), value.is_not(None), sa.func.year(value) > 0))
    return _then(_begins_with_day(text), moment)


ISO_MOMENT: Final = Form(Kind.TIMESTAMP, _is_moment, lambda text: sa.try_cast(text, sa.TIMESTAMP()))


def _is_instant(text: _Text) -> _Condition:
    value = sa.try_cast(text, _Instant)
    day = sa.func.left(text, len("2024-01-01"))
    instant = _then(matches(text, INSTANT), sa.and_(value.is_not(None), _is_day(day)))
    return _then(_begins_with_day(text), instant)


ISO_INSTANT: Final = Form(Kind.TIMESTAMP_TZ, _is_instant, lambda text: sa.try_cast(text, _Instant))


def moments_up_to(kind: Kind) -> Form:
    """Return the form of days, and of what has a clock and an offset, brought to one kind.

    Args:
        kind: The kind: `Kind.DATE` for days alone; of `Kind.TIMESTAMP`, days begin at 00:00; of `Kind.TIMESTAMP_TZ`,
            days and moments without an offset are of UTC.
    """
    if kind is Kind.DATE:
        return CAST_DAY
    zoned = kind is Kind.TIMESTAMP_TZ

    def fits(text: _Text) -> _Condition:
        return sa.or_(_is_day(text), _is_moment(text), *([_is_instant(text)] if zoned else []))

    def value(text: _Text) -> _Text:
        moment = ISO_MOMENT.value(text)
        if not zoned:
            return moment
        return sa.case((_is_instant(text), ISO_INSTANT.value(text)), else_=sa.func.timezone("UTC", moment))

    return Form(kind, fits, value)


def declared_moment(format_: str) -> Form:
    """Return the form of days, or of moments where the format has hours, that are written in a declared format."""
    day = not re.search(r"%-?[HIMSfp]", format_.replace("%%", ""))
    pattern = sa.literal(format_)

    def value(text: _Text) -> _Text:
        read = sa.func.try_strptime(text, pattern)
        return sa.cast(read, sa.Date()) if day else read

    def fits(text: _Text) -> _Condition:
        written = sa.func.strftime(sa.func.try_strptime(text, pattern), pattern)
        return sa.func.lower(written) == sa.func.lower(text)

    return Form(Kind.DATE if day else Kind.TIMESTAMP, fits, value)
