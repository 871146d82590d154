"""What a benchmark has found so far: filled while it runs, so that what is cut short is not lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from airflow_provider_dpq.core.benchmark.change import Pair
from airflow_provider_dpq.core.benchmark.observation import Memory, Observed
from airflow_provider_dpq.core.benchmark.standing import Standing
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.profile import Profile


@dataclass(slots=True)
class AtSize:
    """What was found at one size.

    Attributes:
        runs: Observed samples by run: the first one, and those that were to confirm it.
        pairs: Interleaved pairs with the baseline.
        memory: Memory of the operation, once for each iteration that was looked at.
        baseline_memory: That of the baseline.
    """

    runs: list[list[Observed]] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    baseline_memory: list[Memory] = field(default_factory=list)

    @property
    def observed(self) -> list[Observed]:
        """The observed samples of all runs."""
        return [item for run in self.runs for item in run]

    @property
    def samples(self) -> list[Sample]:
        """All samples of the operation."""
        return [item.sample for item in self.observed] or [sample for pair in self.pairs for sample in pair.candidate]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A size that was not measured.

    Attributes:
        size: Rows of the dataset.
        predicted_seconds: How long it would have taken, from the sizes before.
        left_seconds: How much of the time budget there was.
    """

    size: int
    predicted_seconds: float
    left_seconds: float


@dataclass(slots=True)
class Findings:
    """What a benchmark has found so far.

    Attributes:
        started_at: When measuring began, with time zone.
        sizes: What was found by size; None for an operation that is not sized.
        left_out: Sizes that the time was too short for.
        standings: How metrics stand against the gate's history, by their names and tags.
        profile: Where time and memory went, once that was looked at.
        unprofiled: Why it could not be looked at.
    """

    started_at: datetime
    sizes: dict[int | None, AtSize] = field(default_factory=lambda: defaultdict(AtSize))
    left_out: list[LeftOut] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    profile: Profile | None = None
    unprofiled: DpqError | None = None
