"""What a check demands, in words: its limits as it declares them, or as its thresholds do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.render import figure

TARGETS: Final = ("column", "column_A", "column_B", "column_list")
"""Arguments that say what a check is about."""

LIMITS: Final = frozenset({"lower_limit", "upper_limit"})
"""Fields of a result that say what a history demands of the metric."""

_BOUNDS: Final = ("min_value", "max_value", "strict_min", "strict_max")
_SHARE: Final = "mostly"
_NO_LIMITS: Final = (*TARGETS, *_BOUNDS, _SHARE, "condition_parser")
_LONGEST: Final = 120


def demand(check: CheckResult) -> str:
    """Say what a check demands; empty where it declares no limit.

    Args:
        check: The check. Where thresholds decide, they are what it demands, of the values that its limits tell apart.
    """
    if LIMITS & check.result.keys():
        return _followed(check)
    limits = [_bounds(check.declaration), *_others(check.declaration)]
    judged = ", ".join(result.threshold for result in check.thresholds)
    own = ", ".join(filter(None, (*limits, "" if judged else _share(check))))
    return "; ".join(filter(None, (own, judged)))


def _followed(check: CheckResult) -> str:
    """Say what the history of a metric demands of it."""
    low, high = (check.result.get(name) for name in ("lower_limit", "upper_limit"))
    bounds = _bounds({"min_value": low, "max_value": high})
    count = check.result.get("report_count")
    of = f", by the last {figure.counted(count, 'report')}" if isinstance(count, int) else ""
    return f"{_value(check.declaration.get('metric', 'the metric'))} {bounds}{of}"


def _bounds(declared: Mapping[str, JsonValue]) -> str:
    low, high = declared.get("min_value"), declared.get("max_value")
    strict_low, strict_high = declared.get("strict_min"), declared.get("strict_max")
    above = "" if low is None else f"{'more than' if strict_low else 'at least'} {_value(low)}"
    below = "" if high is None else f"{'less than' if strict_high else 'at most'} {_value(high)}"
    if above and below and not strict_low and not strict_high:
        return f"from {_value(low)} to {_value(high)}"
    return " and ".join(filter(None, (above, below)))


def _others(declared: Mapping[str, JsonValue]) -> Iterator[str]:
    for name, value in declared.items():
        if name not in _NO_LIMITS and value is not None:
            yield f"{name} {_value(value)}"


def _share(check: CheckResult) -> str:
    mostly = check.declaration.get(_SHARE)
    if isinstance(mostly, bool) or not isinstance(mostly, (int, float)) or mostly == 1:
        return ""
    return f"for at least {figure.percent(100 * mostly)} of the values"


def _value(value: JsonValue) -> str:
    return figure.value(value, limit=_LONGEST)
