"""The longest time that one statement of a check may take."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.unit import parse_duration

DEFAULT: Final = "1h"
"""What holds where nothing is said: more than a check of a sound table takes, and less than a night."""

_SECONDS: Final = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def parse_query_timeout(declared: Any) -> float:
    """Read a time limit of statements, and return its seconds.

    Args:
        declared: A number of seconds, a duration such as ``"90s"``, or a timedelta; None for `DEFAULT`.

    Raises:
        DeclarationError: ``invalid_option`` or ``malformed_duration``.
    """
    if declared is None:
        declared = DEFAULT
    if isinstance(declared, timedelta):
        seconds = declared.total_seconds()
    elif isinstance(declared, str) and _SECONDS.fullmatch(declared.strip()) is None:
        seconds = parse_duration(declared)
    elif isinstance(declared, (int, float, str)) and not isinstance(declared, bool):
        seconds = float(declared)
    else:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        message = f"query_timeout is {declared!r}."
        raise DeclarationError("invalid_option", message, hint="Give seconds, or a duration such as 90s or 30min.")
    return seconds
