"""Values of data in the JSON form that Great Expectations gives them."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from pydantic import JsonValue


def jsonable(value: Any) -> JsonValue:
    """Return a value as JSON can hold it: ISO dates and times, decimals as floats, NaN and missing as None.

    A decimal that a floating number would round is a whole number, or the text of its digits.

    Args:
        value: A value that a table held or an aggregate of it; lists and mappings of such values too.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if is_nan(value):
        return None
    if isinstance(value, (float, Decimal)):
        return _number(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    return _collection(value)


def _number(value: float | Decimal) -> JsonValue:
    near = float(value)
    if isinstance(value, float) or math.isinf(near) or Decimal(repr(near)) == value:
        return near
    return int(value) if value == value.to_integral_value() else format(value, "f")


def is_nan(value: object) -> bool:
    """Whether a value is the missing one of numbers (NaN) or of times (NaT), which equals nothing."""
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (float, date)) and value != value  # noqa: PLR0124 - so both are told, without pandas


def _collection(value: Any) -> JsonValue:
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((jsonable(item) for item in value), key=repr)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if getattr(value, "shape", None) == ():
        return jsonable(value.item())  # a scalar of numpy
    return str(value)
