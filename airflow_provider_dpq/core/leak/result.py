"""The result of a leak check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.leak.decide import Decision
from airflow_provider_dpq.core.leak.growth import LEAST_ITERATIONS, count_growth
from airflow_provider_dpq.core.leak.measure import Sample


@dataclass(frozen=True, slots=True)
class LeakResult:
    """The result of a leak check.

    Attributes:
        subject: The operation, in readable form.
        samples: A sample after each iteration.
        decision: What is known about the growth of memory; None if too little was measured.
        started_at: When measuring began.
        duration_seconds: How long the check took.
        profile: Where the growing memory was allocated, if there is a leak.
        error: What cut the check short; the samples before it remain valid.
        external_process: A process whose memory is not measured; see `LeakCheck.external_process`.
    """

    subject: str
    samples: tuple[Sample, ...]
    decision: Decision | None
    started_at: datetime
    duration_seconds: float
    profile: Profile | None = None
    error: DpqError | None = None
    external_process: str | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that thresholds can judge."""
        return tuple(self._metrics()) if self.samples else ()

    def _metrics(self) -> Iterator[Metric]:
        if self.decision is not None:
            growth = self.decision.growth
            interval = (growth.low, growth.high)
            yield Metric(name="growth", value=growth.value, unit="B/op", interval=interval)
        if len(self.samples) >= LEAST_ITERATIONS:
            for name, count in _COUNTS.items():
                yield Metric(name=name, value=count_growth([count(sample) for sample in self.samples]), unit="/op")
        yield Metric(name="iteration_count", value=len(self.samples))

    @property
    def series(self) -> tuple[Series, ...]:
        """The samples, for plots."""
        return tuple(self._series()) if self.samples else ()

    def _series(self) -> Iterator[Series]:
        positions = tuple(float(count) for count in range(1, len(self.samples) + 1))
        heap = heap_of(self.samples)
        columns: dict[str, tuple[str, Sequence[float]]] = {} if heap is None else {"heap": ("B", heap)}
        columns["resident"] = "B", [sample.resident_bytes for sample in self.samples]
        columns["open_files"] = "", [sample.open_files for sample in self.samples]
        columns["threads"] = "", [sample.threads for sample in self.samples]
        columns["child_processes"] = "", [sample.child_processes for sample in self.samples]
        for name, (unit, values) in columns.items():
            yield Series(name=name, unit=unit, values=tuple(map(float, values)), positions=positions)


_COUNTS: dict[str, Callable[[Sample], int]] = {
    "open_file_growth": lambda sample: sample.open_files,
    "thread_growth": lambda sample: sample.threads,
    "child_process_growth": lambda sample: sample.child_processes,
    "uncollectable_growth": lambda sample: sample.uncollectable,
}


def heap_of(samples: Sequence[Sample]) -> list[int] | None:
    """Return the bytes on the heap after each iteration; None if unknown."""
    heap = [sample.heap_bytes for sample in samples if sample.heap_bytes is not None]
    return heap if len(heap) == len(samples) else None
