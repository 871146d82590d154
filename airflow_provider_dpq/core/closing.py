"""Closing what was opened: an error while closing never loses what was found before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def letting_go(subject: str) -> Iterator[None]:
    """Close something inside the block; an error is logged, by its type alone, and goes no further.

    Args:
        subject: What is closed, for people.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - any driver's: a finished measurement is not lost by closing
        log.warning("Closing %s raised %s; the measurement stands.", subject, type(error).__name__)
