"""What the checks of a table may name beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.scan import Limits


@dataclass(frozen=True, slots=True)
class References:
    """Files and frames that checks may refer to, and how they are read.

    Attributes:
        sources: Paths and frames by name.
        limits: What DuckDB may use to read them.
        reading: How files are read.
    """

    sources: Mapping[str, Any]
    limits: Limits
    reading: Reading
