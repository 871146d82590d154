"""Patience with a store that may answer in a moment: locked, restarting, or temporarily out of reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import tenacity

from airflow_provider_dpq.core.errors import StoreBusyError

T = TypeVar("T")

KEEPING_SECONDS: Final = 30.0
"""How long to keep trying to store a report: the measurement may have taken hours."""

STARTING_SECONDS: Final = 10.0
"""How long to keep trying to record a start."""

LAST_SECONDS: Final = 1.0
"""How long to keep trying if the process is about to be killed."""


def patiently(work: Callable[[], T], seconds: float) -> T:
    """Do some work with a store, and try again while it is busy.

    Args:
        work: Opens the store and does its work in one transaction.
        seconds: How long to keep trying.

    Raises:
        StoreError: What the last attempt raised.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(StoreBusyError),
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_exponential(multiplier=0.2, max=5),
        reraise=True,
    )
    return retrying(work)
