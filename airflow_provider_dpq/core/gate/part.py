"""One partition of a table as it was measured: what a later report needs of it so as not to measure it again."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from airflow_provider_dpq.core.gate.values import Values


class PartCheck(BaseModel):
    """What one check found in a partition.

    Attributes:
        success: Whether it held there.
        figures: Its counts and figures, in the field names of its kind.
        evaluated_by: Who evaluated it.
        doubt: Why its success may say less than was meant; empty where it says what it seems to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    success: bool
    figures: Values = Field(default_factory=dict)
    evaluated_by: str | None = None
    doubt: str = ""


class Part(BaseModel):
    """A partition whose checks were all measured.

    Attributes:
        key: Its values, by column.
        state: What tells it from the same partition with other rows: a digest of its files, or its number of rows.
        asked: Digest of what was asked of it: the suite and which rows.
        row_count: Its rows.
        checks: What each check found, by name.
        readings: How its columns were read, by name: as those of all partitions together.
        evidence: What of its own values decides that, by name: counts and types, and no value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: Values
    state: str
    asked: str
    row_count: int
    checks: Mapping[str, PartCheck]
    readings: Mapping[str, str] = Field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, int | str]] = Field(default_factory=dict)
