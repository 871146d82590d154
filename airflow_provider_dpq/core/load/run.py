"""Run a load test: generators in processes of their own, started together, watched until they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airflow_provider_dpq.core.errors import DpqError, MeasurementError
from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.climb import Climb
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.fleet import Fleet
from airflow_provider_dpq.core.load.gate import judge_load
from airflow_provider_dpq.core.load.limits import check_thresholds, first_breach
from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.load.play import LEAD_SECONDS, Course, Death, Player
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.resources import Sampler, processes_under_test
from airflow_provider_dpq.core.load.result import LoadResult, finding
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.pulse import Pulse


class LoadRun:
    """A load test under way, and what it has found so far: an interruption loses nothing of it.

    Args:
        test: What to run.
        thresholds: Limits, of which some may end it early; those of a search judge its levels.
        starts_at_seconds: When the load begins, in seconds since 1970, as agreed with other machines; None to begin as
            soon as all is ready.
    """

    def __init__(
        self, test: LoadTest, thresholds: Sequence[Threshold] = (), *, starts_at_seconds: float | None = None
    ) -> None:
        self._test = test
        self._thresholds = thresholds
        self._agreed_seconds = starts_at_seconds
        self._created_at = datetime.now(UTC)
        self._recorder: Recorder | None = None
        self._sampler: Sampler | None = None
        self._climb: Climb | None = None
        self._checks: list[CheckResult] = []

    def go(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Generate the load until its end, or until something ends it.

        Args:
            cancellation: Ends it from outside.
            tell: Gets a line of progress every few seconds.

        Raises:
            DeclarationError: The test or a threshold is wrong; nothing was run.
            MeasurementError: The target is down from the first call, ``shard_late``, or a generator failed.
        """
        self._test.validate()
        check_thresholds(self._thresholds, self._test)
        searched = isinstance(self._test.model, Breakpoint)
        with ExitStack() as stack:
            fleet = stack.enter_context(Fleet(self._test, cancellation))
            player = Player(fleet, Pulse(tell))
            player.make_ready()
            starts_at_seconds = self._start(player.clock())
            self._recorder = Recorder(self._test, started_at_seconds=starts_at_seconds)
            targets = processes_under_test(self._test)
            self._sampler = stack.enter_context(Sampler(lambda: fleet.pids, targets))
            if searched:
                self._climb = Climb(self._test, self._thresholds, player, self._recorder)
                self._climb.go()
                return
            _, end = player.play(self._test, starts_at_seconds, [self._recorder], self._look)
            if end is not None:
                self._checks.append(end)

    def result(self, *, duration_seconds: float, error: DpqError | None = None) -> LoadResult:
        """Return what was found so far.

        Args:
            duration_seconds: How long it took.
            error: What cut it short.
        """
        recorder, climb = self._recorder, self._climb
        started_at = self._created_at
        if recorder is not None:
            started_at = datetime.fromtimestamp(recorder.started_at_seconds, UTC)
        seen = () if self._sampler is None else self._sampler.metrics()
        return LoadResult(
            test=self._test,
            recording=Recording() if recorder is None else recorder.recording(),
            started_at=started_at,
            duration_seconds=duration_seconds,
            levels=() if climb is None else tuple(climb.levels),
            measured=(*(() if climb is None else climb.measured), *seen),
            series=() if self._sampler is None else tuple(self._sampler.series(started_at.timestamp())),
            checks=(*self._checks, *(() if climb is None else climb.checks)),
            error=error,
        )

    def _start(self, now: float) -> float:
        """Return when the load begins, once all is ready.

        Raises:
            MeasurementError: ``shard_late``: the moment that was agreed on has passed.
        """
        if self._agreed_seconds is None:
            return now + LEAD_SECONDS
        if now > self._agreed_seconds:
            message = f"This shard was ready {now - self._agreed_seconds:.1f} s after the agreed start of all shards."
            raise MeasurementError(
                "shard_late",
                message,
                hint="Agree on a later start, or free a worker for each shard.",
                quotes_data=False,
            )
        return self._agreed_seconds

    def _look(self, course: Course) -> CheckResult | None:
        """Return why the load is to end; None where it is not."""
        if course.death is not None:
            return died(course.death)
        if course.elapsed_seconds >= (self._test.duration_seconds or 0.0):  # its thresholds are judged in the report
            return self._over_cap(course)
        return self._over_cap(course) or self._breached(course.elapsed_seconds)

    def _over_cap(self, course: Course) -> CheckResult | None:
        test = self._test
        if test.planned is None and any(count >= test.most_requests(number) for number, count in course.ended.items()):
            count = course.ended.total()
            message = (
                f"The load ended at {course.elapsed_seconds:.0f} s, after {count} requests, at the cap of "
                f"{test.max_requests}. Raise max_requests, or shorten the load."
            )
            return finding("request cap", Verdict.INCONCLUSIVE, "request_cap", message, count=count)
        if course.elapsed_seconds > test.max_duration_seconds + 2 * test.iteration_timeout_seconds:
            message = (
                f"The load was stopped at {course.elapsed_seconds:.0f} s: the cap is {test.max_duration_seconds:g} s, "
                "and the iterations running then did not end in time."
            )
            return finding(
                "duration cap", Verdict.INCONCLUSIVE, "duration_cap", message, seconds=course.elapsed_seconds
            )
        return None

    def _breached(self, at_seconds: float) -> CheckResult | None:
        """Return which threshold that may end the load fails for sure."""
        limits = [
            threshold
            for threshold in self._thresholds
            if threshold.abort_after_seconds is not None
            and threshold.abort_after_seconds <= at_seconds
            and (self._test.parts == 1 or threshold.metric != "throughput")  # which all machines share
        ]
        failed = first_breach(limits, self._recorder.ledger(), self._test) if limits and self._recorder else None
        if failed is None:
            return None
        message = f"The load was aborted at {at_seconds:.0f} s because the threshold '{failed.threshold}' failed."
        return finding(
            "abort on fail", Verdict.FAIL, "aborted_on_fail", message, threshold=failed.threshold, seconds=at_seconds
        )


def died(death: Death) -> CheckResult:
    """Return the check that says when a target died."""
    message = (
        f"The target died {death.at_seconds:.1f} s after the start: all {death.failures} requests since then failed "
        f"to connect. {death.cause}"
    ).strip()
    return finding(
        "target",
        Verdict.FAIL,
        "target_died",
        message,
        quotes_data=True,
        at_seconds=death.at_seconds,
        failures=death.failures,
    )


@dataclass(slots=True, kw_only=True)
class LoadMeasurement:
    """A load test and what it has found so far.

    Attributes:
        test: What to run.
        thresholds: The declared thresholds.
        starts_at_seconds: When the load begins, in seconds since 1970, as agreed with other machines; None to begin as
            soon as this one is ready.
        run: The run of it.
    """

    test: LoadTest
    thresholds: Sequence[Threshold] = ()
    starts_at_seconds: float | None = None
    run: LoadRun = field(init=False)

    def __post_init__(self) -> None:
        self.run = LoadRun(self.test, self.thresholds, starts_at_seconds=self.starts_at_seconds)

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Load the operations; see `core.load.run.LoadRun`."""
        self.run.go(cancellation=cancellation, tell=tell)

    def report(
        self,
        *,
        gate: str,
        provenance: Provenance,
        duration_seconds: float,
        data_interval: DataInterval | None = None,
        error: DpqError | None = None,
    ) -> Report:
        """Judge what was found so far; see `Measurement.report`."""
        found = self.run.result(duration_seconds=duration_seconds, error=error)
        return judge_load(
            found, gate=gate, provenance=provenance, thresholds=self.thresholds, data_interval=data_interval
        )
