"""Units of metrics: what can be compared with what, and by which factor."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final, NamedTuple

from airflow_provider_dpq.core.errors import DeclarationError


class Unit(NamedTuple):
    """A unit as a dimension and its factor to that dimension's base (seconds, bytes, percent, a plain number)."""

    dimension: str
    factor: float


_SYMBOLS: dict[str, Unit] = {
    "": Unit("number", 1.0),
    "%": Unit("percent", 1.0),
    **{name: Unit("seconds", factor) for name, factor in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0))},
    **{name: Unit("seconds", factor) for name, factor in (("min", 60.0), ("h", 3600.0), ("d", 86400.0))},
    **{name: Unit("bytes", 1000.0**power) for power, name in enumerate(("B", "kB", "MB", "GB", "TB"))},
    **{name: Unit("bytes", 1024.0**power) for power, name in enumerate(("KiB", "MiB", "GiB", "TiB"), start=1)},
}
_PER: dict[str, Unit] = {
    "s": Unit("second", 1.0),
    "min": Unit("second", 60.0),
    "h": Unit("second", 3600.0),
    "op": Unit("operation", 1.0),
    "row": Unit("row", 1.0),
}


def parse_unit(symbol: str) -> Unit:
    """Read a unit such as ``ms``, ``%``, ``MiB``, ``/s`` or ``B/op``; the empty symbol is a plain number.

    Raises:
        DeclarationError: ``unknown_unit``.
    """
    numerator, slash, denominator = symbol.partition("/")
    if numerator in _SYMBOLS and (not slash or denominator in _PER):
        over = _SYMBOLS[numerator]
        if not slash:
            return over
        per = _PER[denominator]
        return Unit(f"{over.dimension} per {per.dimension}", over.factor / per.factor)
    known = ", ".join(name for name in _SYMBOLS if name)
    message = f"Unknown unit {symbol!r}."
    raise DeclarationError("unknown_unit", message, hint=f"Use one of {known}, or a rate such as /s or B/op.")


_QUANTITY: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z%]+)\s*", re.ASCII)


def parse_duration(text: str) -> float:
    """Return a duration such as ``26h``, ``90 min`` or ``1.5 d`` in seconds.

    Raises:
        DeclarationError: ``malformed_duration``.
    """
    seconds = _quantity(text, "seconds")
    if seconds is None:
        message = f"{text!r} is not a duration."
        hint = f"Write a number and a unit ({_symbols('seconds')}), such as 26h or 90 min."
        raise DeclarationError("malformed_duration", message, hint=hint)
    return seconds


def parse_bytes(text: str) -> float:
    """Return an amount of memory such as ``512B`` or ``1.5 MiB`` in bytes.

    Raises:
        DeclarationError: ``malformed_bytes``.
    """
    amount = _quantity(text, "bytes")
    if amount is None:
        message = f"{text!r} is not an amount of memory."
        hint = f"Write a number and a unit ({_symbols('bytes')}), such as 512B."
        raise DeclarationError("malformed_bytes", message, hint=hint)
    return amount


def parse_percent(text: str) -> float:
    """Return a share such as ``5%`` in percent.

    Raises:
        DeclarationError: ``malformed_percent``.
    """
    percent = _quantity(text, "percent")
    if percent is None:
        message = f"{text!r} is not a percentage."
        raise DeclarationError("malformed_percent", message, hint="Write a number and a percent sign, such as 5%.")
    return percent


def _quantity(text: str, dimension: str) -> float | None:
    """Return a number with a unit in the base of the unit's dimension; None where it is none of this dimension."""
    match = _QUANTITY.fullmatch(text)
    unit = _SYMBOLS.get(match[2]) if match else None
    if match is None or unit is None or unit.dimension != dimension or not math.isfinite(float(match[1])):
        return None
    return float(match[1]) * unit.factor


def _symbols(dimension: str) -> str:
    return ", ".join(name for name, unit in _SYMBOLS.items() if unit.dimension == dimension)


def convert(value: float, unit: str, to: str) -> float:
    """Convert a value between two units of one dimension.

    Raises:
        DeclarationError: ``unit_mismatch``: the units measure different things.
    """
    source, target = parse_unit(unit), parse_unit(to)
    if source.dimension != target.dimension:
        message = (
            f"A value in {unit or 'plain numbers'!r} cannot be compared with a metric in {to or 'plain numbers'!r}."
        )
        unit_of = f"in a unit of {target.dimension}" if to else "as a plain number"
        raise DeclarationError("unit_mismatch", message, hint=f"Write the limit {unit_of}.")
    return value if unit == to else value * source.factor / target.factor


def convert_exactly(value: Fraction, unit: str, to: str) -> Fraction:
    """Convert a value between two units of one dimension without rounding: 1.1 ms are 0.0011 s.

    Raises:
        DeclarationError: ``unit_mismatch``.
    """
    convert(1.0, unit, to)
    return value if unit == to else value * _factor(unit) / _factor(to)


def _factor(unit: str) -> Fraction:
    """Return the factor of a unit to the base of its dimension, as the decimal number that it is."""
    numerator, _, denominator = unit.partition("/")
    over = Fraction(repr(_SYMBOLS[numerator].factor))
    return over / Fraction(repr(_PER[denominator].factor)) if denominator else over
