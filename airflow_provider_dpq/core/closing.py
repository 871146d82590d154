"""Letting go of what was opened, once it is done with: what goes wrong then never costs what was found before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def letting_go(subject: str) -> Iterator[None]:
    """Close something inside; an error of that is logged, by its type alone, and goes no further.

    Args:
        subject: What is closed, for people.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - of any driver: a finished measurement is not lost by closing
        log.warning("Closing %s raised %s: what was measured stands.", subject, type(error).__name__)
