"""The findings of a benchmark, filled while it runs, so that they survive an interruption."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from airflow_provider_dpq.core.benchmark.change import Pair
from airflow_provider_dpq.core.benchmark.comparison import HistoryComparison
from airflow_provider_dpq.core.benchmark.observation import Memory, Observed
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.profile import Profile


@dataclass(slots=True)
class SizeFindings:
    """The findings at one size.

    Attributes:
        runs: Observed samples by run: the first run, then its confirmations.
        pairs: Interleaved pairs with the baseline.
        memory: Memory of the operation, one entry for each iteration measured.
        baseline_memory: Memory of the baseline, likewise.
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
class SkippedSize:
    """A size that was not measured.

    Attributes:
        size: Rows of the dataset.
        predicted_seconds: How long it would have taken, extrapolated from smaller sizes.
        left_seconds: How much of the time budget was left.
    """

    size: int
    predicted_seconds: float
    left_seconds: float


@dataclass(slots=True)
class Findings:
    """The findings of a benchmark so far.

    Attributes:
        started_at: When measuring began, with time zone.
        sizes: Findings by size; the key is None for an operation that is not sized.
        skipped_sizes: Sizes that did not fit into the time budget.
        comparisons: Metrics compared with the gate's history.
        profile: The profile, if one was taken.
        profiling_error: Why profiling failed.
    """

    started_at: datetime
    sizes: dict[int | None, SizeFindings] = field(default_factory=lambda: defaultdict(SizeFindings))
    skipped_sizes: list[SkippedSize] = field(default_factory=list)
    comparisons: list[HistoryComparison] = field(default_factory=list)
    profile: Profile | None = None
    profiling_error: DpqError | None = None
