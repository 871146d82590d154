"""Numbers, times and values of a report as people read them."""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.report import DataInterval
from airflow_provider_dpq.core.gate.values import finite
from airflow_provider_dpq.core.render.magnitude import Magnitude, magnitude

ABSENT: Final = "-"
"""Stands where nothing was measured."""

_SIGNIFICANT_DIGITS: Final = 6
_MEASURED_DIGITS: Final = 4
"""Digits of times, amounts of memory and ratios: more of them are noise."""

_MEASURED_UNITS: Final = ("s", "B", "B/op", OF_BASELINE)
_MAX_PLAIN: Final = 1e15


def number(value: float | None, unit: str = "") -> str:
    """Write a number with its unit: thousands set apart, seconds and bytes in the multiple that fits.

    Times, amounts of memory and ratios to a baseline have at most four significant digits, other numbers six.

    Args:
        value: The number; None where there is none.
        unit: Symbol of its unit; empty for a plain number.
    """
    if value is None:
        return ABSENT
    return _in(value, magnitude(value, unit), unit)


def _in(value: float, multiple: Magnitude, unit: str) -> str:
    return _with_unit(scaled(value, multiple, unit), multiple.symbol)


def scaled(value: float, multiple: Magnitude, unit: str) -> str:
    """Write a number in a multiple of its unit, without the symbol.

    Args:
        value: The number in `unit`.
        multiple: The multiple.
        unit: The number's unit.
    """
    digits = _MEASURED_DIGITS if unit in _MEASURED_UNITS else _SIGNIFICANT_DIGITS
    return _digits(value if multiple.factor == 1 else value / multiple.factor, digits)


def numbers_apart(value: float | None, limit: float | None, unit: str = "") -> tuple[str, str]:
    """Write a number and its limit, in full where rounding would make two different numbers look the same."""
    written = number(value, unit), number(limit, unit)
    if value is None or limit is None or value == limit or written[0] != written[1]:
        return written
    return _with_unit(repr(value), unit), _with_unit(repr(limit), unit)


def between(metric: Metric) -> str:
    """Write the interval of a metric, and which end its sample does not support; empty where it has none."""
    if metric.interval is None:
        return ""
    low, high = (_end(end, metric.unit) for end in metric.interval)
    if low and high:
        return f"{low} to {high}"
    return (f"from {low}" if low else "") or (f"up to {high}" if high else "") or "no limits"


def _end(value: float, unit: str) -> str:
    return number(value, unit).removesuffix(" baseline") if is_supported(value) else ""


def is_supported(end: float) -> bool:
    """Whether an end of an interval is a number: the largest one stands for none."""
    return abs(end) < sys.float_info.max


def brackets(metric: Metric) -> str:
    """Write the interval of a metric beside its value, in the same multiple: ``[-3, 40]``; empty where it has none."""
    if metric.interval is None:
        return ""
    multiple = magnitude(metric.value or 0.0, metric.unit)
    suffix = "x" if metric.unit == OF_BASELINE else ""
    low, high = (
        scaled(end, multiple, metric.unit) + suffix if is_supported(end) else f"no {side} limit"
        for end, side in zip(metric.interval, ("lower", "upper"), strict=True)
    )
    return f"[{low}, {high}]"


def _with_unit(digits: str, unit: str) -> str:
    return f"{digits}{unit}" if unit in ("", "%", OF_BASELINE) else f"{digits} {unit}"


def _digits(value: float, significant: int = _SIGNIFICANT_DIGITS) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size != 0 and not 1e-4 <= size < _MAX_PLAIN:
        return f"{value:.{significant}g}"
    decimals = 0 if size == 0 else max(0, significant - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(count: int, noun: str) -> str:
    """Write how many there are of something: ``1 report``, ``2,000 reports``."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


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
    """Write both ends of a data interval in UTC, or the one moment of a schedule without intervals."""
    return moment(span.start) if span.start == span.end else f"{moment(span.start)} to {moment(span.end)}"


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
        text = json.dumps(finite(item), ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"
