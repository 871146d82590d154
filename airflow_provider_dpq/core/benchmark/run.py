"""The course of a benchmark: which child measures what, until what is to be judged can be."""

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
from airflow_provider_dpq.core.benchmark.design import CLOCKS, Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, LeftOut
from airflow_provider_dpq.core.benchmark.history import Accepted, difference, segments
from airflow_provider_dpq.core.benchmark.metrics import asked_percentiles, baseline_metrics, metrics_of, tags_of
from airflow_provider_dpq.core.benchmark.observation import LEAST_SAMPLES, Amount, Memory, Observed, observe
from airflow_provider_dpq.core.benchmark.pairs import WARMING_UP, compare, enough, take_side
from airflow_provider_dpq.core.benchmark.profiling import look_into
from airflow_provider_dpq.core.benchmark.revision import laid_out
from airflow_provider_dpq.core.benchmark.standing import KEPT_AS, stand
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
"""Samples of an operation whose times are only measured."""

PROCESSES: Final = 3
"""Fresh processes of one run that is held against a history: times differ from process to process."""

PROCESS_SAMPLES: Final = 12
CONFIRMATIONS: Final = 2
"""Further runs before a change against the history counts."""

_READ_REPORTS: Final = 100
_HISTORY_VALUES: Final = 20

History: TypeAlias = Callable[[int], tuple[Sequence[Report], Sequence[Accepted]]]
"""Returns at most so many reports of the gate, the newest first, and what was accepted as its baseline."""


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
    """Measure what a benchmark declares, and where a threshold is breached, look where the time went.

    Args:
        design: What to run.
        thresholds: What will be judged: it decides how much has to be measured.
        findings: Where to put what is found, also when it is cut short.
        history: Earlier reports of the gate; needed for a benchmark against its history.
        cancellation: Ends it from outside.
        tell: Gets a line of progress every few seconds.
        order: Which of a pair comes first.
        clock: Seconds of a clock that does not go back.

    Raises:
        MeasurementError: It could not be measured; what was found so far is in `findings`.
        DeclarationError: The function, the revision or an argument turns out to be wrong.
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
        course.hold_against(history)
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
        """Measure at each size for which there is time, with the seconds that are left; at the first one always."""
        deadline = self.clock() + self.design.time_budget_seconds
        for size in self.design.chosen_sizes:
            left = deadline - self.clock()
            if self.findings.sizes and size is not None:
                predicted = least_samples * max(self._predicted_seconds(size), SAMPLE_SECONDS)
                if predicted > left:
                    self.findings.left_out.append(LeftOut(size, predicted, left))
                    continue
            at(size, max(left, 0.0))

    def _predicted_seconds(self, size: int) -> float:
        """Return how long an iteration will take at a size: in proportion to the last one, or as the last two grew."""
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
        """Observe an operation that is only measured."""
        self._observe(size, Amount(SAMPLES, self._iterations, left_seconds), self._begun_run(size))

    def run_once(self, size: int | None, left_seconds: float) -> None:
        """Observe an operation in some fresh processes, as one run of it."""
        run = self._begun_run(size)
        each = Amount(PROCESS_SAMPLES, ceil(self._iterations / PROCESSES), left_seconds / PROCESSES)
        for _ in range(PROCESSES):
            self._observe(size, each, run)

    @property
    def _iterations(self) -> int:
        """How many iterations support the percentiles that thresholds name."""
        asked = asked_percentiles(self.thresholds)
        return max((ceil(1000 / min(percent, 100 - percent)) for percent in asked), default=0)

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
        """Compare with the baseline until every limit is decided."""
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
            self.pulse.beat(f"{_at(size)}looking at memory")
            if isinstance(item, Memory):
                memory.append(item)

    def pair_revisions(self) -> None:
        """Compare with the same function of another revision, each sample in a process of its own."""
        revision, target = str(self.design.baseline_revision), self.design.operation.subject
        with laid_out(revision, target.partition(":")[0]) as path:
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

    def hold_against(self, history: History | None) -> None:
        """Hold the run against the gate's history, and where it stands out, against further runs.

        In each of those a size has its share of the time budget: the whole would be taken again for every size.
        """
        reports, accepted = ([], ()) if history is None else history(_READ_REPORTS)
        self._stand(reports, accepted)
        share_seconds = self.design.time_budget_seconds / len(self.findings.sizes)
        for _ in range(CONFIRMATIONS):
            for size in self._standing_out:
                self.run_once(size, share_seconds)
            self._stand(reports, accepted)

    @property
    def _standing_out(self) -> list[int | None]:
        metrics = [metric for standing in self.findings.standings if (metric := standing.as_metric)]
        breached = _breached(judge([item for item in self.thresholds if _is_of_time(item)], metrics))
        return [size for size in self.findings.sizes if tags_of(size) in breached]

    def _stand(self, reports: Sequence[Report], accepted: Sequence[Accepted]) -> None:
        fingerprint = current().fingerprint
        missing = _missing(reports, fingerprint)
        self.findings.standings = [
            stand(
                metric,
                tags_of(size),
                found.runs,
                segments(
                    reports,
                    accepted,
                    metric_name=KEPT_AS[metric],
                    tags=tags_of(size),
                    fingerprint=fingerprint,
                    last=_HISTORY_VALUES,
                ),
                started_at=self.findings.started_at,
                missing=missing,
            )
            for size, found in self.findings.sizes.items()
            for metric in KEPT_AS
        ]

    def profile(self) -> None:
        """Look where time and memory go, at the last size that breaches a threshold, or where that is asked for.

        Where that is not possible, as it takes longer than an iteration may, what was measured stands nevertheless: a
        breach would else become an error, and the task be tried again.
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
            for item in self._spawned(look_into, self.design.operation, size):
                if isinstance(item, Profile):
                    self.findings.profile = item
        except CancelledError:
            raise
        except MeasurementError as error:
            self.findings.unprofiled = error

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
        rest = f", sizes to go: {len(later)}" if later else ""
        self.pulse.beat(f"{_at(size)}{done}, now {1000 * sample.wall_seconds:.3g} ms{rest}")

    def _beat_pairs(self, size: int | None) -> None:
        pairs = self.findings.sizes[size].pairs
        found = change(pairs, self.design.judged_clock)
        ratio = "" if found is None else f", {found.ratio:.3g}x the baseline"
        self._beat(size, f"{len(pairs)} of at most {LOOKS[-1]} pairs{ratio}", pairs[-1].candidate[0])


def _at(size: int | None) -> str:
    return "" if size is None else f"size {size:,}: "


_MEMORY_ONLY: Final = Amount(0, 0, 0.0)


def _breached(judged: Sequence[ThresholdResult]) -> list[dict[str, str]]:
    """Return the tags of what breaches a limit; where there is no baseline to multiply, there is none."""
    return [
        dict(item.tags) for item in judged if item.limit is not None and item.verdict in (Verdict.FAIL, Verdict.WARN)
    ]


def _is_of_time(threshold: Threshold) -> bool:
    return threshold.of_baseline and threshold.metric in CLOCKS


def _missing(reports: Sequence[Report], fingerprint: dict[str, str]) -> str:
    """Say why there is no baseline."""
    if not reports:
        return "The gate has no earlier report."
    differs = difference(fingerprint, reports[0])
    if differs:
        told = ", ".join(f"{name} {here} here, {there} there" for name, (here, there) in differs.items())
        return f"Earlier reports were made elsewhere: {told}."
    return "Reports count that are comparable and did not fail."
