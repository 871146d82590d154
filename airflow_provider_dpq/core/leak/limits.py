"""The thresholds of a leak gate, and the limits that they set on the growth of memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.metric import CATALOGUES
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_threshold
from airflow_provider_dpq.core.gate.unit import convert, parse_bytes

KIND: Final = "leak"
DEFAULTS: Final = (
    "growth < 512B/op",
    "open_file_growth < 0.1/op",
    "thread_growth < 0.1/op",
    "child_process_growth < 0.1/op",
    "uncollectable_growth < 0.1/op",
)
"""Thresholds of metrics for which the user gives none."""


def tolerance(text: str) -> Threshold:
    """Return the threshold that is equivalent to a tolerance per iteration, such as ``512B``.

    Raises:
        DeclarationError: ``malformed_bytes``.
    """
    return parse_threshold(f"growth < {parse_bytes(text):.15g}B/op", KIND)


def with_defaults(thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the thresholds, and the default thresholds of all metrics that they do not judge.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold needs a baseline, which a leak gate does not have.
    """
    for threshold in thresholds:
        if threshold.of_baseline:
            message = f"Threshold '{threshold}' needs a baseline, but a leak gate has none."
            hint = "Give a limit with a unit, such as 512B/op."
            raise DeclarationError("missing_baseline", message, hint=hint)
    named = {threshold.metric for threshold in thresholds}
    defaults = (parse_threshold(text, KIND) for text in DEFAULTS)
    return (*thresholds, *(default for default in defaults if default.metric not in named))


def growth_limits(thresholds: Sequence[Threshold]) -> tuple[float, ...]:
    """Return the limits on the growth of memory, in B/op."""
    unit = CATALOGUES[KIND]["growth"]
    of_growth = [threshold for threshold in thresholds if threshold.metric == "growth"]
    return tuple(convert(threshold.limit, threshold.unit or unit, unit) for threshold in of_growth)
