"""Units of metrics: what can be compared with what, and by which factor."""

from __future__ import annotations

import math
import re
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


_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)\s*")


def parse_duration(text: str) -> float:
    """Return a duration such as ``26h``, ``90 min`` or ``1.5 d`` in seconds.

    Raises:
        DeclarationError: ``malformed_duration``.
    """
    match = _DURATION.fullmatch(text)
    unit = _SYMBOLS.get(match[2]) if match else None
    if match is None or unit is None or unit.dimension != "seconds" or not math.isfinite(float(match[1])):
        known = ", ".join(name for name, unit in _SYMBOLS.items() if unit.dimension == "seconds")
        message = f"{text!r} is not a duration."
        raise DeclarationError(
            "malformed_duration", message, hint=f"Write a number and one of {known}, such as 26h or 90 min."
        )
    return float(match[1]) * unit.factor


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
        raise DeclarationError("unit_mismatch", message, hint=f"Write the limit in a unit of {target.dimension}.")
    return value if unit == to else value * source.factor / target.factor
