"""Numbers, times and values of a report as people read them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.report import DataInterval

ABSENT: Final = "-"
"""Stands where nothing was measured."""

_SIGNIFICANT_DIGITS: Final = 6
_MAX_PLAIN: Final = 1e15


def number(value: float | None, unit: str = "") -> str:
    """Write a number with its unit: at most six significant digits, thousands set apart.

    Args:
        value: The number; None where there is none.
        unit: Symbol of its unit; empty for a plain number.
    """
    if value is None:
        return ABSENT
    return _with_unit(_digits(value), unit)


def numbers_apart(value: float | None, limit: float | None, unit: str = "") -> tuple[str, str]:
    """Write a number and its limit, in full where rounding would make two different numbers look the same."""
    written = number(value, unit), number(limit, unit)
    if value is None or limit is None or value == limit or written[0] != written[1]:
        return written
    return _with_unit(repr(value), unit), _with_unit(repr(limit), unit)


def _with_unit(digits: str, unit: str) -> str:
    return f"{digits}{unit}" if unit in ("", "%") else f"{digits} {unit}"


def _digits(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size != 0 and not 1e-4 <= size < _MAX_PLAIN:
        return f"{value:.{_SIGNIFICANT_DIGITS}g}"
    decimals = 0 if size == 0 else max(0, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Write a share of a hundred: two decimals, more where it is tiny, and never 0% or 100% unless it is."""
    if share in (0, 100) or not math.isfinite(share):
        return f"{share:g}%"
    if share > 99.99:
        return ">99.99%"
    return f"{share:.2g}%" if 0 < share < 0.01 else f"{share:.2f}%"


def duration(seconds: float) -> str:
    """Write a duration: ``0.042 s``, ``12.3 s``, ``2 min 5 s``."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def memory(size_bytes: int) -> str:
    """Write an amount of memory in GiB."""
    return f"{size_bytes / 1024**3:.1f} GiB"


def moment(time: datetime) -> str:
    """Write a moment in UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def interval(span: DataInterval) -> str:
    """Write both ends of a data interval in UTC."""
    return f"{moment(span.start)} to {moment(span.end)}"


def value(item: JsonValue, *, limit: int = 300) -> str:
    """Write any value of a report on one line.

    Args:
        item: A number, a text, or JSON.
        limit: Longest text returned, in characters; what is cut off is marked with an ellipsis.
    """
    if item is None or isinstance(item, bool):
        text = json.dumps(item)
    elif isinstance(item, (int, float)):
        text = number(item)
    elif isinstance(item, str):
        text = item
    else:
        text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"
