"""Check an operation for leaks: the entry point of the leak gate's core."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.leak.decide import Decision, decide
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.growth import LEAST_ITERATIONS
from airflow_provider_dpq.core.leak.limits import growth_limits, with_defaults
from airflow_provider_dpq.core.leak.measure import ENVIRONMENT, Heap, Sample, heap_bytes, observe
from airflow_provider_dpq.core.leak.result import LeakResult, heap_of
from airflow_provider_dpq.core.leak.trace import Trace, trace
from airflow_provider_dpq.core.operation.isolation import Cancellation, Child
from airflow_provider_dpq.core.operation.pulse import Pulse

log = logging.getLogger(__name__)


def check_leak(
    check: LeakCheck,
    thresholds: Sequence[Threshold] = (),
    *,
    progress: Callable[[str], None] | None = None,
    cancellation: Cancellation | None = None,
    clock: Callable[[], float] = time.monotonic,
    heap: Heap = heap_bytes,
    samples: list[Sample] | None = None,
) -> LeakResult:
    """Run an operation in a fresh interpreter until it is clear whether it leaks.

    If it leaks, it runs again in another interpreter, to find where the memory was allocated.

    Args:
        check: The leak check to run.
        thresholds: Thresholds to decide; metrics without one have the gate's defaults.
        progress: Called with a progress line every few seconds.
        cancellation: Stops the check from outside, such as from a signal handler.
        clock: Monotonic clock, in seconds.
        heap: Returns the heap usage; called in the other interpreter.
        samples: Filled with the samples as they come, so that they survive an exception of the caller.

    Returns:
        The result. If the operation failed or was killed, it has the samples up to then and the error.

    Raises:
        DeclarationError: The check is invalid, or cannot be sent to another interpreter; nothing was run.
    """
    check.validate()
    limits = growth_limits(with_defaults(thresholds))
    run = _Run(check, limits, Pulse(progress, clock=clock), cancellation or Cancellation())
    started_at, started = datetime.now(UTC), clock()
    samples = [] if samples is None else samples
    error = None
    try:
        run.measure(samples, heap)
    except MeasurementError as failure:
        error = failure
    decision = decision_of(check, samples)
    leaks = error is None and decision is not None and decision.leaks(run.limits)
    profile = run.find_allocations() if leaks else None
    spent = clock() - started
    return LeakResult(
        subject=check.operation.subject,
        samples=tuple(samples),
        decision=decision,
        started_at=started_at,
        duration_seconds=spent,
        profile=profile,
        error=error,
        external_process=check.external_process,
    )


def decision_of(check: LeakCheck, samples: Sequence[Sample]) -> Decision | None:
    """Judge the samples by the rule that ends the check; None if there are too few."""
    if len(samples) < LEAST_ITERATIONS:
        return None
    resident = [sample.resident_bytes for sample in samples]
    return decide(heap_of(samples), resident, final=len(samples) == check.stages[-1])


@dataclass(frozen=True, slots=True)
class _Run:
    """A leak check with its limits, progress and cancellation."""

    check: LeakCheck
    limits: tuple[float, ...]
    pulse: Pulse
    cancellation: Cancellation

    def measure(self, samples: list[Sample], heap: Heap) -> None:
        """Run the check and append each sample."""
        check = self.check
        with self.cancellation.spawned(environment=ENVIRONMENT) as child:
            for sample in self._stream(child, observe, check, self.limits, heap):
                if sample is not None:
                    samples.append(sample)
                self.pulse.beat(self._state(samples) if samples else "warming up")

    def find_allocations(self) -> Profile | None:
        """Run the operation again under tracemalloc; None if that fails, which does not change the verdict."""
        found: Trace | None = None
        try:
            with self.cancellation.spawned() as child:
                for item in self._stream(child, trace, self.check):
                    found = item
                    self.pulse.beat("memory grows: tracing its allocations")
        except MeasurementError as failure:
            log.warning("Could not find where the memory was allocated: %s", failure)
            return None
        return None if found is None else Profile(iterations=found.iterations, allocations=found.allocations)

    def _stream(self, child: Child, function: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
        functions = self.check.operation.functions
        timeout_seconds = self.check.iteration_timeout_seconds
        return child.stream(function, *arguments, functions=functions, timeout_seconds=timeout_seconds)

    def _state(self, samples: Sequence[Sample]) -> str:
        first, last = (_used_bytes(sample) for sample in (samples[0], samples[-1]))
        each = (last - first) / len(samples)
        return f"{len(samples)} of at most {self.check.stages[-1]} iterations, {each:+,.0f} B/op so far"


def _used_bytes(sample: Sample) -> int:
    return sample.resident_bytes if sample.heap_bytes is None else sample.heap_bytes
