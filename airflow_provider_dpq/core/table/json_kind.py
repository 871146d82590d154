"""What the values of a key of JSON are, in numbers and words that two parts of a table put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from airflow_provider_dpq.core.table.tally import casts, prevailing, read_tally, widest_moment

KIND: Final = "json"
"""Under this name stands what the values are: one of these."""
NULL: Final = "null"
BOOLEAN: Final = "boolean"
NUMBER: Final = "number"
STRING: Final = "string"
NESTED: Final = "nested"
MIXED: Final = "mixed"

NUMBERS: Final = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")
"""What DuckDB calls a number of JSON."""

_EXACT: Final = 2**53
"""Whole numbers up to this one are floating numbers too, each its own."""
_DIGITS: Final = 38
EXTENT: Final = ("fractions", "exponents", "infinite", "rounded", "whole", "point", "least", "most")
"""How far numbers go, without any of them; of two columns together, the greater of each.

Whether some are not written as whole ones, some have an exponent, some are beyond the largest floating number, and some
have more digits than floating ones; the most digits before a point, and after one; and which of `_LEAST` the least, and
of `_MOST` the greatest of the whole numbers is beyond.
"""
_MOST: Final = (_EXACT, 2**63 - 1, 2**64 - 1)
_LEAST: Final = (0, -_EXACT, -(2**63))
_PLAIN: Final = {"NULL": NULL, "BOOLEAN": BOOLEAN, "VARCHAR": STRING, **dict.fromkeys(NUMBERS, NUMBER)}


def kind_of(structure: Any) -> str:
    """Return what the values of a key are, from the structure that DuckDB found."""
    return _PLAIN.get(structure, MIXED) if isinstance(structure, str) else NESTED


def extent(figures: Sequence[int | None], *, rounded: bool) -> dict[str, int]:
    """Return how far numbers go, as `EXTENT` names it, without what is 0.

    Args:
        figures: How many are not written as whole ones, have an exponent, and are infinite; the most digits before a
            point, and after one; the least and the greatest of the whole numbers that have up to 38 digits.
        rounded: Whether some have more digits than floating ones.
    """
    fractions, exponents, infinite, whole, point, least, most = (figure or 0 for figure in figures)
    below = next((size for size, limit in enumerate(_LEAST) if least >= limit), len(_LEAST))
    above = next((size for size, limit in enumerate(_MOST) if most <= limit), len(_MOST))
    flags = [int(bool(flag)) for flag in (fractions, exponents, infinite, rounded)]
    found = zip(EXTENT, (*flags, whole, point, below, above), strict=True)
    return {name: size for name, size in found if size}


def number_type(extent: Mapping[str, Any]) -> str | None:
    """Return the type that holds numbers exactly: whole, floating, or decimal where floating ones would change some.

    Args:
        extent: How far they go, as `extent` says; other names are passed over. None where no type holds them.
    """
    fractions, exponents, infinite, rounded, whole, point, below, above = (extent.get(name, 0) for name in EXTENT)
    if infinite:
        return None
    if fractions:
        if not rounded and below <= 1 and not above and whole <= _DIGITS:
            return "DOUBLE"
        fits = not exponents and whole + point <= _DIGITS
        return f"DECIMAL({_DIGITS}, {point})" if fits else None
    if whole > _DIGITS:
        return None
    if below < len(_LEAST) and above <= 1:
        return "BIGINT"
    return "UBIGINT" if not below and above < len(_MOST) else "HUGEINT"


def together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, int | str]:
    """Return what the values of a key are in two parts of a table: where they are of two kinds, they are mixed."""
    kinds = {one[KIND], other[KIND]} - {NULL}
    extent = {name: max(one.get(name, 0), other.get(name, 0)) for name in EXTENT}
    tally = (read_tally(one) + read_tally(other)).written()
    kind = MIXED if len(kinds) > 1 else kinds.pop() if kinds else NULL
    return {KIND: kind, **tally, **{name: size for name, size in extent.items() if size}}


def is_mixed(evidence: Mapping[str, Any]) -> bool:
    """Whether values are of several kinds, or numbers that no type holds."""
    return evidence[KIND] == MIXED or (evidence[KIND] == NUMBER and number_type(evidence) is None)


def reading(evidence: Mapping[str, Any]) -> str:
    """Say how a key is read: two readings that are equal read every value alike."""
    tally = read_tally(evidence)
    if is_mixed(evidence):
        return f"{MIXED}, {casts(tally)}"
    if evidence[KIND] == NUMBER:
        return str(number_type(evidence))
    if evidence[KIND] == STRING:
        most = prevailing(tally)
        return f"{STRING}, {widest_moment(tally)}, {'text' if most is None else most.value}"
    return str(evidence[KIND])
