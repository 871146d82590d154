"""Numbers in their order: the samples behind a metric, and what a report plots."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class Series(BaseModel):
    """Values that belong together, one after another.

    Attributes:
        name: What they are, in snake case, in the words of the gate's kind: ``wall``, ``heap``, ``history``.
        unit: Symbol of their unit, as of a metric.
        values: The values.
        positions: Where each lies: the iteration, the seconds since 1970; None where the order says all.
        tags: What they belong to, as of a metric.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    unit: str
    values: tuple[FiniteFloat, ...]
    positions: tuple[FiniteFloat, ...] | None = None
    tags: Mapping[str, str] = Field(default_factory=dict)
