"""The thresholds of a leak gate, and which growth of memory they have settled."""

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
"""Thresholds of the metrics that the user gives none for."""


def tolerance(text: str) -> Threshold:
    """Return the threshold that a tolerance such as ``512B`` an iteration stands for.

    Raises:
        DeclarationError: ``malformed_bytes``.
    """
    return parse_threshold(f"growth < {parse_bytes(text):.15g}B/op", KIND)


def with_defaults(thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return some thresholds, and the default ones of the metrics that none of them judges.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold is a multiple of a baseline, and a leak gate has none.
    """
    for threshold in thresholds:
        if threshold.of_baseline:
            message = f"Threshold '{threshold}' has no baseline to multiply."
            hint = "A leak gate is compared with nothing: give a limit with a unit, such as 512B/op."
            raise DeclarationError("missing_baseline", message, hint=hint)
    named = {threshold.metric for threshold in thresholds}
    defaults = (parse_threshold(text, KIND) for text in DEFAULTS)
    return (*thresholds, *(default for default in defaults if default.metric not in named))


def growth_limits(thresholds: Sequence[Threshold]) -> tuple[float, ...]:
    """Return the limits of the growth of memory in B/op."""
    unit = CATALOGUES[KIND]["growth"]
    of_growth = [threshold for threshold in thresholds if threshold.metric == "growth"]
    return tuple(convert(threshold.limit, threshold.unit or unit, unit) for threshold in of_growth)
