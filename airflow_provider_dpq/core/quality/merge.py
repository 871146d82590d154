"""Results of parts of a table, put together into the result of the whole where that is exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.table.instant import instant, read_fine_moment
from airflow_provider_dpq.core.table.jsonable import jsonable

Figures: TypeAlias = Mapping[str, JsonValue]
_Merge: TypeAlias = Callable[[Sequence[Figures]], dict[str, Any] | None]

COUNTS: Final = ("element_count", "unexpected_count", "missing_count")
OBSERVED: Final = "observed_value"
WEIGHT: Final = "value_count"
"""How many values a figure is of."""
TOTAL: Final = "total"
"""Their sum."""
FLOATING: Final = "floating"
"""1 where their mean is a floating number."""
MEAN: Final = "mean"
"""Their mean."""
SQUARES: Final = "squares"
"""The sum of the squares of what lies between them and the mean."""
VALUE: Final = "value"
"""The number among them that a figure is."""
MOMENT: Final = "moment"
"""The day or moment among them that a figure is."""
_DIGITS: Final = 200
"""So many digits a decimal sum is written with: more than sums of decimals of 38 digits have."""


def figures_of_part(count: int, **figures: Any) -> dict[str, JsonValue]:
    """Return the figures of a part as JSON holds them without rounding; none where one is no finite number or moment.

    Args:
        count: How many values they are of.
        figures: The figures, by name; they mean nothing where there is no value.
    """
    if not count:
        return {WEIGHT: 0}
    written = {name: _written(value) for name, value in figures.items()}
    return {} if None in written.values() else {WEIGHT: count, **written}


def _written(value: Any) -> JsonValue:
    """Return a number as `_exact` reads it, a day or moment as text; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, (float, Decimal)) and not math.isfinite(value)):
        return None
    if isinstance(value, (int, float)):
        return value
    return str(value) if isinstance(value, (Decimal, Fraction)) else jsonable(value) if _is_moment(value) else None


def _is_moment(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and read_fine_moment(value) is not None)


def _exact(value: Any) -> Fraction:
    """Return a number that was written exactly: a floating one with all its binary digits, else by its text."""
    return Fraction(value)


def _as_found(number: Fraction, *, floating: bool) -> int | float | Decimal:
    """Return a sum as an engine would: floating, whole or decimal."""
    if floating:
        return float(number)
    if number.denominator == 1:
        return number.numerator
    with localcontext(prec=_DIGITS):
        return Decimal(number.numerator) / Decimal(number.denominator)


def _counts(parts: Sequence[Figures]) -> dict[str, Any]:
    """Add counts of rows, each of which holds or not whatever the others are."""
    return {name: sum(int(str(part.get(name) or 0)) for part in parts) for name in COUNTS if name in parts[0]}


def _held(parts: Sequence[Figures], *names: str) -> list[Figures] | None:
    """Return the parts that have values; None where one of them lacks a figure, or no part has any value."""
    held = [part for part in parts if part.get(WEIGHT) != 0]
    complete = all(name in part for part in held for name in (WEIGHT, *names))
    return held if held and complete else None


def _total(parts: Sequence[Figures]) -> dict[str, Any] | None:
    held = _held(parts, TOTAL)
    if held is None:
        return None
    floating = any(isinstance(part[TOTAL], float) for part in held)
    return {OBSERVED: _as_found(sum((_exact(part[TOTAL]) for part in held), Fraction(0)), floating=floating)}


def _extreme(choose: Callable[..., Any]) -> _Merge:
    def merge(parts: Sequence[Figures]) -> dict[str, Any] | None:
        if (held := _held(parts, VALUE)) is not None:
            value = choose((part[VALUE] for part in held), key=_exact)
            return {OBSERVED: _as_found(_exact(value), floating=False) if isinstance(value, str) else value}
        if (held := _held(parts, MOMENT)) is not None:
            return {OBSERVED: choose((str(part[MOMENT]) for part in held), key=_instant)}
        return None

    return merge


def _instant(text: str) -> Any:
    found = read_fine_moment(text)
    return None if found is None else instant(found)


def _mean(parts: Sequence[Figures]) -> dict[str, Any] | None:
    held = _held(parts, TOTAL)
    if held is None:
        return None
    count = sum(int(str(part[WEIGHT])) for part in held)
    mean = sum((_exact(part[TOTAL]) for part in held), Fraction(0)) / count
    # Of floating numbers it is one, as an engine's is: 0.4, and no number between it and the next.
    return {OBSERVED: float(mean) if any(part.get(FLOATING) for part in held) else mean}


def _stdev(parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Add the squares about each part's mean and those of the means about the whole's (Chan, Golub, LeVeque 1979)."""
    held = _held(parts, MEAN, SQUARES)
    if held is None:
        return None
    weights = [int(str(part[WEIGHT])) for part in held]
    means = [_exact(part[MEAN]) for part in held]
    count = sum(weights)
    mean = sum((weight * own for weight, own in zip(weights, means, strict=True)), Fraction(0)) / count
    squares = sum((_exact(part[SQUARES]) for part in held), Fraction(0))
    squares += sum((weight * (own - mean) ** 2 for weight, own in zip(weights, means, strict=True)), Fraction(0))
    return {OBSERVED: deviation(squares, count)}


def deviation(squares: Fraction, count: int) -> float | None:
    """Return the sample standard deviation of some values; None of fewer than two.

    Args:
        squares: The sum of the squares of what lies between them and their mean.
        count: How many there are.
    """
    if count < 2:
        return None
    try:
        return math.sqrt(max(squares, Fraction(0)) / (count - 1))
    except OverflowError:
        return math.inf  # as engines have it


_MERGES: Final[Mapping[Merging, _Merge]] = {
    Merging.COUNTS: _counts,
    Merging.TOTAL: _total,
    Merging.LEAST: _extreme(min),
    Merging.GREATEST: _extreme(max),
    Merging.MEAN: _mean,
    Merging.DEVIATION: _stdev,
}


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


def counts_of(result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the counts of a result."""
    return {name: result[name] for name in COUNTS if name in result}


def figures_of(merging: Merging, result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what merging needs, as far as a check's result tells it: a mean and the like do not say enough."""
    value = result.get(OBSERVED)
    if merging is Merging.COUNTS:
        return counts_of(result)
    if merging in (Merging.LEAST, Merging.GREATEST):
        if OBSERVED in result and value is None:
            return figures_of_part(0)
        return figures_of_part(1, **{MOMENT if isinstance(value, str) else VALUE: value})
    return figures_of_part(1, total=value) if merging is Merging.TOTAL and not isinstance(value, str) else {}


def merge_figures(merging: Merging, parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Return the figures of a whole from those of its parts; None where they cannot be put together exactly.

    Args:
        merging: How.
        parts: The figures of each part: its counts, or what `figures_of_part` returned.
    """
    if merging not in _MERGES or not parts or not all(parts):
        return None
    return _MERGES[merging](parts)


def holding(merging: Merging, parts: Sequence[Figures]) -> list[int]:
    """Return which parts hold the value that a figure of the whole is: a least or greatest one, and no other figure.

    Args:
        merging: How the figure is merged.
        parts: The figures of each part.
    """
    if merging not in (Merging.LEAST, Merging.GREATEST):
        return []
    whole = merge_figures(merging, parts)
    alone = [merge_figures(merging, [part]) for part in parts]
    return [] if whole is None else [number for number, part in enumerate(alone) if part == whole]
