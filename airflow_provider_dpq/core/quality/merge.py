"""Results of parts of a table, put together into the result of the whole where that is exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.instant import instant, read_fine_moment

Figures: TypeAlias = Mapping[str, JsonValue]
_Merge: TypeAlias = Callable[[Sequence[Figures]], dict[str, Any] | None]

COUNTS: Final = ("element_count", "unexpected_count", "missing_count")
OBSERVED: Final = "observed_value"
WEIGHT: Final = "value_count"
"""How many values a mean rests on."""
TOTAL: Final = "total"
"""The sum that a mean is a share of."""
MEAN: Final = "mean"
"""The mean that a standard deviation lies about."""


def _counts(parts: Sequence[Figures]) -> dict[str, Any]:
    """Add counts of rows, each of which holds or not whatever the others are."""
    return {name: sum(_number(part, name) or 0 for part in parts) for name in COUNTS if name in parts[0]}


def _sum(parts: Sequence[Figures]) -> dict[str, Any] | None:
    if any(part.get(OBSERVED) is None or isinstance(part[OBSERVED], str) for part in parts):
        return None  # of nothing, or of infinite numbers
    values = [exact(value) for value in _observed(parts)]
    total = sum(values)
    if isinstance(total, Fraction):  # of the numbers as they are written; else one is infinite
        total = total.numerator if total.denominator == 1 else float(total)
    return {OBSERVED: total if values else None}


def _extreme(choose: Callable[..., Any]) -> _Merge:
    def merge(parts: Sequence[Figures]) -> dict[str, Any] | None:
        values = _observed(parts)
        texts = [value for value in values if isinstance(value, str)]
        if not texts:
            return {OBSERVED: choose(values, key=exact) if values else None}
        moments = {text: found for text in texts if (found := read_fine_moment(text)) is not None}
        if len(texts) < len(values) or not all(text in moments for text in texts):
            return None  # which text is the smallest is the database's to say
        return {OBSERVED: choose(texts, key=lambda text: instant(moments[text]))}

    return merge


def _mean(parts: Sequence[Figures]) -> dict[str, Any] | None:
    held = [part for part in parts if _number(part, WEIGHT)]
    if any(_number(part, name) is None for part in held for name in (OBSERVED, TOTAL)):
        return None  # of values some of which are infinite
    count = sum(_number(part, WEIGHT) for part in held)
    total = sum((exact(_number(part, TOTAL) or 0) for part in held), Fraction(0))
    return {OBSERVED: total / count if count else None}


def _stdev(parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Add the squares about each part's mean and those of the means about the whole's (Chan, Golub, LeVeque 1979)."""
    held = [part for part in parts if _number(part, WEIGHT)]
    spread = [part for part in held if _number(part, WEIGHT) > 1]
    if any(_number(part, MEAN) is None for part in held) or any(_number(part, OBSERVED) is None for part in spread):
        return None  # of values some of which are infinite
    total = sum(_number(part, WEIGHT) or 0 for part in held)
    if total < 2:
        return {OBSERVED: None}
    mean = math.fsum(_number(part, MEAN) * _number(part, WEIGHT) for part in held) / total
    squares = math.fsum(
        (_number(part, OBSERVED) or 0) ** 2 * (_number(part, WEIGHT) - 1)
        + (_number(part, MEAN) - mean) ** 2 * _number(part, WEIGHT)
        for part in held
    )
    return {OBSERVED: math.sqrt(squares / (total - 1))}


def _observed(parts: Sequence[Figures]) -> list[Any]:
    return [part[OBSERVED] for part in parts if part.get(OBSERVED) not in (None, "NaT")]


def _number(part: Figures, name: str) -> Any:
    value = part.get(name)
    return value if isinstance(value, (int, float)) else None


_MERGES: Final[Mapping[Merging, _Merge]] = {
    Merging.COUNTS: _counts,
    Merging.TOTAL: _sum,
    Merging.LEAST: _extreme(min),
    Merging.GREATEST: _extreme(max),
    Merging.MEAN: _mean,
    Merging.DEVIATION: _stdev,
}
_NEEDED: Final[Mapping[Merging, Sequence[str]]] = {Merging.MEAN: (WEIGHT, TOTAL), Merging.DEVIATION: (WEIGHT, MEAN)}


def is_mergeable(merging: Merging) -> bool:
    """Whether what parts of a table were found to be can make what the whole is."""
    return merging in _MERGES


def require_partitionable(types: Iterable[str]) -> None:
    """Refuse expectations that say nothing about a part of a table by itself.

    Args:
        types: Their types.

    Raises:
        DeclarationError: ``not_partitionable``.
    """
    for type_ in types:
        if merging_of(type_) is Merging.NEVER:
            message = f"{type_} cannot be checked by partition."
            raise DeclarationError("not_partitionable", message, hint="Check it in a gate of its own.")


def merging_of(type_: str) -> Merging:
    """Return how an expectation's parts are merged, by its type: never where only Great Expectations knows it."""
    model = registered().get(type_)
    return Merging.NEVER if model is None else model.merges


def figures_of(result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what merging needs of a result: its counts, and its figure where that is one value."""
    kept = {name: result[name] for name in (*COUNTS, OBSERVED) if name in result}
    return {name: value for name, value in kept.items() if value is None or isinstance(value, (int, float, str))}


def merge_figures(merging: Merging, parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Return the figures of a whole from those of its parts; None where they cannot be put together exactly.

    Args:
        merging: How.
        parts: What `figures_of` returned for each part; of a mean also `WEIGHT` and `TOTAL`, of a standard deviation
            `WEIGHT` and `MEAN`.
    """
    needed = _NEEDED.get(merging, ())
    if merging not in _MERGES or not parts or any(name not in part for part in parts for name in needed):
        return None
    return _MERGES[merging](parts)
