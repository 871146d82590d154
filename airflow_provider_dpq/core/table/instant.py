"""Moments of Python: the instants that they are, and what is finer than microseconds or beyond the years of Python."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FINER: Final = re.compile(r"[.,]\d{6}0*[1-9]")
"""A fraction of a second of which Python leaves out what is below a microsecond."""


def instant(value: date) -> datetime:
    """Return the instant of a moment, of UTC where it has no zone, or at which a day begins in UTC."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # within a day of the first or the last moment that Python has
        return datetime.max.replace(tzinfo=UTC) if moment.year > 1 else datetime.min.replace(tzinfo=UTC)


def read_moment(text: str) -> date | datetime | None:
    """Return the day or moment that an ISO text names; None for another text, or a moment finer than microseconds."""
    if _FINER.search(text):
        return None
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def read_fine_moment(text: str) -> date | datetime | None:
    """Return what `read_moment` does, and a moment of pandas where it is finer than microseconds."""
    found = read_moment(text)
    if found is not None or not _FINER.search(text):
        return found
    import pandas as pd

    try:
        fine: datetime = pd.Timestamp(text)
    except ValueError:
        return None
    return fine


def of_nanoseconds(nanoseconds: int, zone: tzinfo | None) -> datetime | str:
    """Return the moment so long after 1970: of pandas where it is finer than microseconds, text beyond Python's years.

    Args:
        nanoseconds: The nanoseconds.
        zone: The time zone to tell it in; None for a moment without one.
    """
    microseconds, finer = divmod(nanoseconds, 1000)
    if finer:
        import pandas as pd

        fine: datetime = pd.Timestamp(nanoseconds, unit="ns", tz=zone)
        return fine
    try:
        moment = (_EPOCH + timedelta(microseconds=microseconds)).astimezone(zone or UTC)
    except OverflowError:
        import numpy as np

        return f"{np.datetime64(microseconds, 'us')}{'' if zone is None else '+00:00'}"
    return moment.replace(tzinfo=None) if zone is None else moment
