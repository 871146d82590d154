"""The run of a benchmark: which child process measures what, until the thresholds can be judged."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log
from typing import Any, Final, TypeAlias

from airflow_provider_dpq.core.benchmark.change import LOOKS, Limit, Pair, change
from airflow_provider_dpq.core.benchmark.comparison import HISTORY_METRICS, compare_with_history
from airflow_provider_dpq.core.benchmark.design import CLOCKS, Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, SkippedSize
from airflow_provider_dpq.core.benchmark.history import Accepted, difference, segments
from airflow_provider_dpq.core.benchmark.metrics import baseline_metrics, metrics_of, requested_percentiles, tags_of
from airflow_provider_dpq.core.benchmark.observation import LEAST_SAMPLES, Amount, Memory, Observed, observe
from airflow_provider_dpq.core.benchmark.pairs import WARMING_UP, compare, enough, take_side
from airflow_provider_dpq.core.benchmark.profiling import profile_operation
from airflow_provider_dpq.core.benchmark.revision import extracted
from airflow_provider_dpq.core.benchmark.timing import SAMPLE_SECONDS, Sample
from airflow_provider_dpq.core.environment import current
from airflow_provider_dpq.core.errors import CancelledError, MeasurementError
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdResult, judge
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.pulse import Pulse

SAMPLES: Final = 30
"""Samples of an operation that is compared with nothing."""

PROCESSES: Final = 3
"""Fresh processes of one run that is compared with a history: times differ from process to process."""

PROCESS_SAMPLES: Final = 12
CONFIRMATIONS: Final = 2
"""Further runs that must confirm a change against the history."""

_READ_REPORTS: Final = 100
_HISTORY_VALUES: Final = 20

History: TypeAlias = Callable[[int], tuple[Sequence[Report], Sequence[Accepted]]]
"""Returns up to the given number of the gate's reports, newest first, and the reports accepted as its baseline."""


def measure(
    design: Benchmark,
    thresholds: Sequence[Threshold],
    findings: Findings,
    *,
    history: History | None = None,
    cancellation: Cancellation | None = None,
    tell: Callable[[str], None] | None = None,
    order: random.Random | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run a benchmark, and profile the operation if a threshold is breached.

    Args:
        design: The benchmark to run.
        thresholds: Thresholds to judge by; they determine how much has to be measured.
        findings: Filled with the results as they come, so that they survive an interruption.
        history: Earlier reports of the gate; required for a benchmark against its history.
        cancellation: Stops the run from outside.
        tell: Called with a progress line every few seconds.
        order: Random order of the two sides of a pair.
        clock: Monotonic clock, in seconds.

    Raises:
        MeasurementError: The measurement failed; `findings` has the results so far.
        DeclarationError: The function, the revision or an argument is invalid.
        StoreError: The history could not be read.
    """
    course = _Course(
        design=design,
        thresholds=thresholds,
        findings=findings,
        cancellation=cancellation or Cancellation(),
        pulse=Pulse(tell, clock=clock),
        clock=clock,
        order=order or random.Random(),  # noqa: S311 - an order, no secret
    )
    if design.baseline is not None:
        course.each_size(2 * LOOKS[0], course.pair)
    elif design.baseline_revision is not None:
        course.pair_revisions()
    elif design.against_history:
        course.each_size(PROCESSES * LEAST_SAMPLES, course.run_once)
        course.compare_with_history(history)
    else:
        course.each_size(LEAST_SAMPLES, course.observe)
    course.profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    design: Benchmark
    thresholds: Sequence[Threshold]
    findings: Findings
    cancellation: Cancellation
    pulse: Pulse
    clock: Callable[[], float]
    order: random.Random

    def each_size(self, least_samples: int, at: Callable[[int | None, float], None]) -> None:
        """Call `at` with each size and the seconds left, skipping sizes that would exceed them, except the first."""
        deadline = self.clock() + self.design.time_budget_seconds
        for size in self.design.chosen_sizes:
            left = deadline - self.clock()
            if self.findings.sizes and size is not None:
                predicted = least_samples * max(self._predicted_seconds(size), SAMPLE_SECONDS)
                if predicted > left:
                    self.findings.skipped_sizes.append(SkippedSize(size, predicted, left))
                    continue
            at(size, max(left, 0.0))

    def _predicted_seconds(self, size: int) -> float:
        """Predict the time of an iteration at a size, from the growth between the last two sizes, at least linear."""
        *before, (last_size, last) = [
            (measured, statistics.median(sample.wall_seconds for sample in found.samples))
            for measured, found in self.findings.sizes.items()
            if measured is not None
        ]
        exponent = 1.0  # that of small sizes is lower, as they have a fixed cost
        if before:
            earlier_size, earlier = before[-1]
            exponent = max(exponent, log(last / earlier) / log(last_size / earlier_size))
        return float(last * (size / last_size) ** exponent)

    def observe(self, size: int | None, left_seconds: float) -> None:
        """Observe an operation that is compared with nothing."""
        self._observe(size, Amount(SAMPLES, self._iterations, left_seconds), self._begun_run(size))

    def run_once(self, size: int | None, left_seconds: float) -> None:
        """Observe an operation in several fresh processes that together are one run."""
        run = self._begun_run(size)
        each = Amount(PROCESS_SAMPLES, ceil(self._iterations / PROCESSES), left_seconds / PROCESSES)
        for _ in range(PROCESSES):
            self._observe(size, each, run)

    @property
    def _iterations(self) -> int:
        """Number of iterations needed for the percentiles in the thresholds."""
        requested = requested_percentiles(self.thresholds)
        return max((ceil(1000 / min(percent, 100 - percent)) for percent in requested), default=0)

    def _begun_run(self, size: int | None) -> list[Observed]:
        run: list[Observed] = []
        self.findings.sizes[size].runs.append(run)
        return run

    def _observe(self, size: int | None, amount: Amount, run: list[Observed]) -> None:
        found, about = self.findings.sizes[size], len(run) + amount.samples
        for item in self._spawned(observe, self.design.operation, size, amount):
            if isinstance(item, Observed):
                run.append(item)
                self._beat(size, f"{len(run)} samples of about {about}", item.sample)
            elif isinstance(item, Memory):
                found.memory.append(item)
            else:
                self.pulse.beat(f"{_at(size)}{WARMING_UP}")

    def pair(self, size: int | None, left_seconds: float) -> None:
        """Compare with the baseline until every limit can be decided."""
        design, found = self.design, self.findings.sizes[size]
        order = random.Random(self.order.getrandbits(32))  # noqa: S311 - an order, no secret
        run = partial(compare, order=order, budget_seconds=left_seconds)
        for item in self._spawned(run, design.operation, design.baseline, size, self._limits):
            if isinstance(item, Pair):
                found.pairs.append(item)
                self._beat_pairs(size)
            else:
                self.pulse.beat(f"{_at(size)}{WARMING_UP}")
        for operation, memory in ((design.operation, found.memory), (design.baseline, found.baseline_memory)):
            self._look_at_memory(operation, size, memory)

    def _look_at_memory(
        self, operation: Operation | None, size: int | None, memory: list[Memory], path: Sequence[str] | None = None
    ) -> None:
        for item in self._spawned(observe, operation, size, _MEMORY_ONLY, path=path):
            self.pulse.beat(f"{_at(size)}measuring memory")
            if isinstance(item, Memory):
                memory.append(item)

    def pair_revisions(self) -> None:
        """Compare with the same function of another revision, each side of a pair in its own process."""
        revision, target = str(self.design.baseline_revision), self.design.operation.subject
        with extracted(revision, target.partition(":")[0]) as path:
            self.each_size(2 * LOOKS[0], lambda size, left: self._pair_processes(size, left, path))

    def _pair_processes(self, size: int | None, left_seconds: float, path: Sequence[str]) -> None:
        found, deadline = self.findings.sizes[size], self.clock() + left_seconds
        while not enough(found.pairs, self._limits, late=self.clock() > deadline):
            sides: dict[bool, tuple[Sample, ...]] = {}
            for old in self.order.sample((True, False), 2):
                taken: list[Sample] = []
                for item in self._spawned(take_side, self.design.operation, size, path=path if old else None):
                    self.pulse.beat(f"{_at(size)}pair {len(found.pairs) + 1} of at most {LOOKS[-1]}")
                    if isinstance(item, Sample):
                        taken.append(item)
                sides[old] = tuple(taken)
            found.pairs.append(Pair(sides[False], sides[True]))
            self._beat_pairs(size)
        self._look_at_memory(self.design.operation, size, found.memory)
        self._look_at_memory(self.design.operation, size, found.baseline_memory, path)

    @property
    def _limits(self) -> list[Limit]:
        return [Limit(CLOCKS[item.metric], item.limit) for item in self.thresholds if _is_of_time(item)]

    def compare_with_history(self, history: History | None) -> None:
        """Compare the run with the gate's history, and confirm a breach by further runs.

        In each further run, every size gets an equal share of the time budget.
        """
        reports, accepted = ([], ()) if history is None else history(_READ_REPORTS)
        self._compare(reports, accepted)
        share_seconds = self.design.time_budget_seconds / len(self.findings.sizes)
        for _ in range(CONFIRMATIONS):
            for size in self._standing_out:
                self.run_once(size, share_seconds)
            self._compare(reports, accepted)

    @property
    def _standing_out(self) -> list[int | None]:
        metrics = [metric for comparison in self.findings.comparisons if (metric := comparison.as_metric)]
        breached = _breached(judge([item for item in self.thresholds if _is_of_time(item)], metrics))
        return [size for size in self.findings.sizes if tags_of(size) in breached]

    def _compare(self, reports: Sequence[Report], accepted: Sequence[Accepted]) -> None:
        fingerprint = current().fingerprint
        missing = _missing(reports, fingerprint)
        self.findings.comparisons = [
            compare_with_history(
                metric,
                tags_of(size),
                found.runs,
                segments(
                    reports,
                    accepted,
                    metric_name=HISTORY_METRICS[metric],
                    tags=tags_of(size),
                    fingerprint=fingerprint,
                    last=_HISTORY_VALUES,
                ),
                started_at=self.findings.started_at,
                missing=missing,
            )
            for size, found in self.findings.sizes.items()
            for metric in HISTORY_METRICS
        ]

    def profile(self) -> None:
        """Profile the operation at the last size that breaches a threshold, or at the last size if requested.

        If profiling fails, for instance by a timeout, the measurement remains valid: otherwise a breach would become
        an error, and the task would be retried.
        """
        judged = judge(
            self.thresholds, metrics_of(self.design, self.findings, self.thresholds), baseline_metrics(self.findings)
        )
        breached = _breached(judged)
        sizes = [size for size in self.findings.sizes if tags_of(size) in breached]
        if not breached and not self.design.profile:
            return
        size = (sizes or list(self.findings.sizes))[-1]
        try:
            for item in self._spawned(profile_operation, self.design.operation, size):
                if isinstance(item, Profile):
                    self.findings.profile = item
        except CancelledError:
            raise
        except MeasurementError as error:
            self.findings.profiling_error = error

    def _spawned(
        self, function: Callable[..., Iterator[Any]], *arguments: Any, path: Sequence[str] | None = None
    ) -> Iterator[Any]:
        operations = [item for item in (self.design.operation, self.design.baseline) if item is not None]
        functions = [function for operation in operations for function in operation.functions]
        timeout_seconds = self.design.iteration_timeout_seconds
        with self.cancellation.spawned(path=path) as child:
            yield from child.stream(function, *arguments, functions=functions, timeout_seconds=timeout_seconds)

    def _beat(self, size: int | None, done: str, sample: Sample) -> None:
        later = [other for other in self.design.chosen_sizes if other not in self.findings.sizes]
        rest = f", sizes left: {len(later)}" if later else ""
        self.pulse.beat(f"{_at(size)}{done}, last {1000 * sample.wall_seconds:.3g} ms{rest}")

    def _beat_pairs(self, size: int | None) -> None:
        pairs = self.findings.sizes[size].pairs
        found = change(pairs, self.design.judged_clock)
        ratio = "" if found is None else f", {found.ratio:.3g}x the baseline"
        self._beat(size, f"{len(pairs)} of at most {LOOKS[-1]} pairs{ratio}", pairs[-1].candidate[0])


def _at(size: int | None) -> str:
    return "" if size is None else f"size {size:,}: "


_MEMORY_ONLY: Final = Amount(0, 0, 0.0)


def _breached(judged: Sequence[ThresholdResult]) -> list[dict[str, str]]:
    """Return the tags of the metrics that breach a limit; a threshold without its baseline has no limit."""
    return [
        dict(item.tags) for item in judged if item.limit is not None and item.verdict in (Verdict.FAIL, Verdict.WARN)
    ]


def _is_of_time(threshold: Threshold) -> bool:
    return threshold.of_baseline and threshold.metric in CLOCKS


def _missing(reports: Sequence[Report], fingerprint: dict[str, str]) -> str:
    """Say why there is no baseline."""
    if not reports:
        return "The gate has no earlier reports."
    differs = difference(fingerprint, reports[0])
    if differs:
        differences = ", ".join(f"{name} is {here}, was {there}" for name, (here, there) in differs.items())
        return f"Earlier reports come from another environment: {differences}."
    return "Only comparable reports that did not fail count."
