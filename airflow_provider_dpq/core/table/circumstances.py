"""What a check may know beside the rows of its table: the time, the data interval, other connections, the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_dpq.core.gate.report import DataInterval, Report


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When and in which surroundings a suite is answered.

    Attributes:
        now: The time that ages are measured against; passed in, so that tests and backfills choose it.
        data_interval: The span of data judged, where there is one.
        connect: Returns a SQLAlchemy engine, connection or URL for the name of a connection; None where checks may
            name none.
        history: Returns at most so many reports of the gate, the newest first; None where there is no store.
    """

    now: datetime
    data_interval: DataInterval | None = None
    connect: Callable[[str], Any] | None = None
    history: Callable[[int], Sequence[Report]] | None = None
