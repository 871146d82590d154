"""Values of a report as JSON has them, which knows no infinite number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import JsonValue, PlainSerializer


def finite(value: JsonValue) -> JsonValue:
    """Return a value with the texts ``inf`` and ``-inf`` in the place of infinite numbers."""
    if isinstance(value, float):
        return str(value) if math.isinf(value) else value
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _written(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: finite(item) for name, item in values.items()}


Values: TypeAlias = Annotated[
    Mapping[str, JsonValue], PlainSerializer(_written, return_type=dict[str, JsonValue], when_used="json")
]
"""Values by name, written into JSON without infinite numbers."""
