"""The multiple of a unit in which a number reads best: milliseconds of seconds, megabytes of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Magnitude:
    """A multiple of a unit.

    Attributes:
        symbol: Its symbol, as the threshold grammar has it.
        factor: How many of the unit it is.
    """

    symbol: str
    factor: float


_MULTIPLES: Final[Mapping[str, tuple[tuple[str, float], ...]]] = MappingProxyType(
    {
        "s": (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)),
        "B": (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)),
    }
)


def magnitude(values: float | Iterable[float], unit: str) -> Magnitude:
    """Return the largest multiple of a unit that is not larger than the largest of some values.

    Args:
        values: One number, or those that share an axis.
        unit: Their unit; one of seconds, bytes or bytes per something has multiples, any other only itself.
    """
    sizes = [abs(values)] if isinstance(values, (int, float)) else [abs(value) for value in values]
    largest = max(sizes, default=0)
    of, slash, per = unit.partition("/")
    multiples = _MULTIPLES.get(of, ())
    if not multiples or not largest:
        return Magnitude(unit, 1.0)
    symbol, factor = next((item for item in multiples if largest >= item[1]), multiples[-1])
    return Magnitude(f"{symbol}{slash}{per}", factor)
