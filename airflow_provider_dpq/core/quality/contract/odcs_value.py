"""Values that a contract of the Open Data Contract Standard lists, as those of the column that they are said of.

YAML decides by itself what a value is: ``1`` beside a column of texts is the text ``1``, and ``N/A`` beside one of
numbers is a value that the column cannot have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract.model import TYPES

_NUMBERS: Final = frozenset({"integer", "float", "decimal"})
_MOMENTS: Final = frozenset({"timestamp", "timestamp with time zone"})
_TIMES: Final = _MOMENTS | {"date"}
_TRUTHS: Final = {"true": True, "false": False}
_NOT_THERE: Final = object()


class UnfitError(Exception):
    """Listed values say nothing certain of a column."""


def fit(values: Iterable[Any], types: Sequence[str]) -> list[Any]:
    """Return the values listed that a column can have, as it has them.

    Args:
        values: The values; those that are missing are left out.
        types: Types of `TYPES` that the column may have; none where nothing is said of it.

    Raises:
        UnfitError: They leave open what they are in the column.
    """
    present = [value for value in values if not is_missing(value)]
    return [fitted for value in present if (fitted := _fit(value, types, present)) is not _NOT_THERE]


def is_missing(value: Any) -> bool:
    """Whether a value listed stands for there being none."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def fit_bound(value: Any, types: Sequence[str]) -> Any:
    """Return a bound as it is compared with a column: beside moments a day is the moment at which it begins."""
    if isinstance(value, date):
        value = value.isoformat()
    is_day = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None
    return f"{value}T00:00:00" if is_day and _kinds(types) & _MOMENTS else value


def _kinds(types: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*(TYPES[name] for name in types)) - {"other"}


def _fit(value: Any, types: Sequence[str], beside: Sequence[Any]) -> Any:
    kinds = _kinds(types)
    if not isinstance(value, (str, bool, int, float, date)) or value in (math.inf, -math.inf):
        message = f"{value!r} is no value of a column"
        raise UnfitError(message)
    if kinds == {"string"}:
        return _as_text(value)
    if kinds and kinds <= _NUMBERS:
        return _as_number(value)
    if kinds and kinds <= _TIMES:
        return _as_time(value)
    if kinds == {"boolean"}:
        return value if isinstance(value, bool) else _TRUTHS.get(str(value).lower(), _NOT_THERE)
    if len({_sort(other) for other in beside}) > 1:
        message = "it lists values of several types, and no logicalType says which of them the column has"
        raise UnfitError(message)
    return value.isoformat() if isinstance(value, date) else value


def _sort(value: Any) -> type:
    return float if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)


def _as_text(value: Any) -> str:
    if isinstance(value, (bool, datetime)):
        message = f"{value!r} is no text; put it in quotes, since YAML reads yes, no, on, off and moments as no texts"
        raise UnfitError(message)
    return value.isoformat() if isinstance(value, date) else str(value)


def _as_number(value: Any) -> Any:
    if isinstance(value, (bool, date)):
        return _NOT_THERE
    if not isinstance(value, str):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return _NOT_THERE
    if not number.is_finite():
        return _NOT_THERE
    return int(number) if number == number.to_integral_value() else float(number)


def _as_time(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return _NOT_THERE
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return _NOT_THERE
    return value


Declaration = dict[str, Any]


class UnsupportedError(Exception):
    """No expectation answers a rule exactly."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule is about.

    Attributes:
        name: Name of the column, or of the object.
        column: The column; None for a rule of the table.
        types: Types that the column may have.
    """

    name: str
    column: str | None = None
    types: tuple[str, ...] = ()

    def refuse(self, rule: str, problem: str) -> UnsupportedError:
        """Return the reason why a rule about it is not checked."""
        return UnsupportedError(f"{self.column or 'the table'}: {rule}: {problem}")

    def fit(self, rule: str, values: Any) -> list[Any]:
        """Return the values that a rule lists as those of the column.

        Raises:
            UnsupportedError: They are no list, or leave open what they are in the column.
        """
        if not isinstance(values, list):
            raise self.refuse(rule, f"{values!r} is no list of values")
        try:
            return fit(values, self.types)
        except UnfitError as error:
            raise self.refuse(rule, str(error)) from error


def declare(type_: str, **kwargs: Any) -> Declaration:
    """Return the declaration of an expectation, without the parameters that are not given."""
    return {"type": type_, "kwargs": {name: value for name, value in kwargs.items() if value is not None}}
