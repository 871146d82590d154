"""The course of a benchmark: what is measured how often, on children whose answers are made up."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from airflow_provider_dpq.core.benchmark.change import LOOKS, Limit, Pair
from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings
from airflow_provider_dpq.core.benchmark.gate import judge_benchmark, thresholds_of
from airflow_provider_dpq.core.benchmark.observation import Amount, Memory, Observed, observe
from airflow_provider_dpq.core.benchmark.pairs import WARMING_UP, compare
from airflow_provider_dpq.core.benchmark.profiling import profile_operation
from airflow_provider_dpq.core.benchmark.run import CONFIRMATIONS, PROCESS_SAMPLES, PROCESSES, SAMPLES, measure
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.environment import current
from airflow_provider_dpq.core.errors import CancelledError, MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.python import PythonOperation

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = PythonOperation(target="bisect:bisect")
SIZED = PythonOperation(target=sorted, dataset=range)
PROFILE = Profile(iterations=1)


@dataclass
class Stage(Cancellation):
    """Children whose answers are made up, on a clock that they move.

    Attributes:
        seconds: Time of an iteration at a size.
        runs: Factors of the time, of one run after the other; the last one goes on.
        profiled: What looking into the operation yields, or raises.
        asked: What was asked for: function, size and amount.
    """

    seconds: Callable[[int | None], float] = lambda _: 1.0
    runs: Sequence[float] = (1.0,)
    profiled: Exception | None = None
    now: float = 0.0
    asked: list[tuple[Any, Any, Any]] = field(default_factory=list)
    timeouts: set[float] = field(default_factory=set)

    @contextlib.contextmanager
    def spawned(self, **_: Any) -> Iterator[Any]:
        """Give itself as the child."""
        yield self

    def stream(self, function: Any, *arguments: Any, functions: Sequence[Any], timeout_seconds: float) -> Iterator[Any]:
        """Answer as the function would."""
        self.timeouts.add(timeout_seconds)
        assert functions == [argument for argument in [arguments[0].target] if callable(argument)] + [
            argument for argument in [arguments[0].dataset] if argument is not None
        ]
        if function is observe:
            yield from self._observe(*arguments)
        elif function is profile_operation:
            self.asked.append((profile_operation, arguments[1], None))
            if self.profiled:
                raise self.profiled
            yield from (None, PROFILE)
        else:
            yield from self._compare(function, *arguments)

    def _observe(self, _: Any, size: int | None, amount: Amount) -> Iterator[Any]:
        done = sum(asked[0] is observe and asked[1] == size for asked in self.asked) // PROCESSES
        self.asked.append((observe, size, amount))
        time = self.seconds(size) * self.runs[min(done, len(self.runs) - 1)]
        yield None
        for _ in range(amount.samples):
            self.now += time
            yield Observed(Sample(time, time, 1, (time,)), Sample(1.0, 1.0, 1))
        yield Memory(1000, 10)

    def _compare(
        self, function: partial[Any], new: Any, old: Any, size: int | None, limits: list[Limit]
    ) -> Iterator[Any]:
        assert function.func is compare
        assert isinstance(function.keywords["order"], random.Random)
        self.asked.append((compare, size, (new, old, limits, function.keywords["budget_seconds"])))
        yield WARMING_UP
        for _ in range(LOOKS[0]):
            self.now += self.seconds(size)
            yield Pair((Sample(1.2, 1.2, 1),), (Sample(1.0, 1.0, 1),))

    def counted(self, function: Any, size: int | None = None) -> int:
        """Return how often something was asked for at a size."""
        return sum(asked[0] is function and asked[1] == size for asked in self.asked)


def go(design: Benchmark, stage: Stage, *declared: Any, **fields: Any) -> tuple[Findings, Report]:
    """Measure on a stage and judge."""
    findings = Findings(started_at=BEGUN)
    thresholds = thresholds_of(design, parse_thresholds(declared, "benchmark"))
    measure(design, thresholds, findings, cancellation=stage, clock=lambda: stage.now, **fields)
    return findings, report_of(design, findings, thresholds)


def report_of(design: Benchmark, findings: Findings, thresholds: Sequence[Threshold]) -> Report:
    """Judge what was found."""
    provenance = Provenance(run_id="r")
    return judge_benchmark(
        design, findings, gate="g", provenance=provenance, thresholds=thresholds, duration_seconds=1.0
    )


def test_an_operation_is_observed_in_one_child() -> None:
    """For as many samples as are wanted, within the time that there is."""
    stage = Stage()
    findings, report = go(Benchmark(operation=PLAIN, time_budget_seconds=60, iteration_timeout_seconds=7), stage)
    assert stage.asked == [(observe, None, Amount(SAMPLES, 0, 60.0))]
    assert stage.timeouts == {7}
    assert len(findings.sizes[None].samples) == SAMPLES
    assert findings.sizes[None].memory == [Memory(1000, 10)]
    assert report.verdict is Verdict.PASS
    assert report.profile is None


@pytest.mark.parametrize(
    ("declared", "iterations"), [("p(99) < 9s", 1000), ("p(99.9) < 9s", 10_000), ("p(5) < 9s", 200)]
)
def test_a_percentile_that_is_asked_for_is_given_the_iterations_it_needs(declared: str, iterations: int) -> None:
    """Ten beyond it; of a run in several processes each has its share."""
    stage = Stage()
    go(Benchmark(operation=PLAIN), stage, declared, "p(50) < 9s")
    assert stage.asked[0][2].iterations == pytest.approx(iterations, abs=1)
    split = Stage()
    go(Benchmark(operation=PLAIN, against_history=True), split, declared)
    assert PROCESSES * split.asked[0][2].iterations == pytest.approx(iterations, abs=PROCESSES)


def test_a_breach_is_looked_into_apart_from_the_samples() -> None:
    """At the size that breaches; where all pass, nobody looks."""
    stage = Stage(seconds=lambda size: float(size or 0))
    design = Benchmark(operation=SIZED, sizes=[1, 2, 3], time_budget_seconds=1e6)
    findings, report = go(design, stage, "median{size:2} < 1s")
    assert stage.asked[-1] == (profile_operation, 2, None)
    assert (findings.profile, report.profile, report.verdict) == (PROFILE, PROFILE, Verdict.FAIL)
    assert go(design, stage, "median < 9s")[0].profile is None
    assert go(design, stage, "exponent < 0.5")[0].profile == PROFILE
    assert stage.asked[-1] == (profile_operation, 3, None)
    assert go(design, stage, {"threshold": "median{size:1} < 0.5s", "severity": "warn"})[0].profile == PROFILE


def test_a_profile_may_be_asked_for() -> None:
    """Where nothing is breached too."""
    assert go(Benchmark(operation=PLAIN, profile=True), Stage())[1].profile == PROFILE


def test_a_fail_stays_a_fail_where_it_cannot_be_looked_into() -> None:
    """A profile that takes too long is noted; a cancellation is one."""
    stage = Stage(profiled=MeasurementError("operation_timeout", "It hung."))
    findings, report = go(Benchmark(operation=PLAIN), stage, "median < 0.5s")
    assert findings.profiling_error is stage.profiled
    assert report.verdict is Verdict.FAIL
    with pytest.raises(CancelledError, match="ended"):
        go(Benchmark(operation=PLAIN, profile=True), Stage(profiled=CancelledError("cancelled", "It was ended.")))


def left_out(sizes: Sequence[int] | None, seconds: Callable[[int | None], float], budget: float) -> Findings:
    """Measure sizes within a budget."""
    return go(Benchmark(operation=SIZED, sizes=sizes, time_budget_seconds=budget), Stage(seconds=seconds))[0]


def test_sizes_are_measured_as_long_as_there_is_time() -> None:
    """What would not end is left out with all that follow, and its time is predicted in proportion."""
    findings = left_out([10, 100, 1000, 10_000], lambda size: (size or 0) / 100, 130.0)
    assert list(findings.sizes) == [10, 100]
    assert [item.size for item in findings.skipped_sizes] == [1000, 10_000]
    assert findings.skipped_sizes[0].predicted_seconds == pytest.approx(100.0)
    assert findings.skipped_sizes[0].left_seconds == pytest.approx(130 - 3 - 30)


def test_a_prediction_follows_the_growth_of_the_last_two_sizes() -> None:
    """A square is foreseen, and what seemed to grow less than its size is foreseen as growing with it."""
    square = left_out([10, 20, 40], lambda size: (size or 0) ** 2 / 100, 30 * 1 + 30 * 4 + 159)
    assert list(square.sizes) == [10, 20]
    assert square.skipped_sizes[0].predicted_seconds == pytest.approx(160.0)
    fixed = left_out([10, 20, 40], lambda _: 1.0, 30 + 30 + 19.0)
    assert fixed.skipped_sizes[0].predicted_seconds == pytest.approx(20.0)


def test_a_later_size_that_takes_less_is_measured() -> None:
    """Sizes may come in any order."""
    findings = left_out([10, 1000, 20], lambda size: (size or 0) / 100, 60.0)
    assert list(findings.sizes) == [10, 20]
    assert [item.size for item in findings.skipped_sizes] == [1000]


def test_the_first_size_is_always_measured() -> None:
    """However little time there is."""
    assert list(left_out([10, 20], lambda _: 100.0, 1.0).sizes) == [10]


def test_a_sample_is_not_predicted_shorter_than_samples_are() -> None:
    """Iterations of no length take the time of ten samples nevertheless."""
    assert left_out([10, 20], lambda _: 1e-6, 0.09).skipped_sizes[0].predicted_seconds == pytest.approx(0.1)


def test_default_sizes_run_to_the_last_where_there_is_time() -> None:
    """Six of them."""
    assert list(left_out(None, lambda _: 0.001, 1e6).sizes) == [100, 1_000, 10_000, 100_000, 500_000, 1_000_000]


def test_pairs_are_taken_for_the_limits_of_the_thresholds() -> None:
    """Those on times of the baseline, with the time that is left; memory is looked at apart."""
    stage, other = Stage(), PythonOperation(target="bisect:bisect_left")
    design = Benchmark(operation=PLAIN, baseline=other, tolerance_percent=5, time_budget_seconds=50)
    findings, report = go(design, stage, "median < 2x baseline", "median < 3s", "peak_memory < 2x baseline")
    limits = [Limit("wall", 2.0), Limit("cpu", 1.05)]
    assert stage.asked[0] == (compare, None, (PLAIN, other, limits, 50.0))
    assert stage.counted(observe) == 2
    assert findings.sizes[None].memory == findings.sizes[None].baseline_memory == [Memory(1000, 10)]
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS] * 3 + [Verdict.FAIL]
    assert report.profile == PROFILE


def test_an_order_of_pairs_is_by_the_random_source() -> None:
    """The same source gives the same order."""
    orders = []

    class Ordered(Stage):
        def _compare(self, function: partial[Any], *arguments: Any) -> Iterator[Any]:
            orders.append(function.keywords["order"].random())
            yield from super()._compare(function, *arguments)

    for seed in (1, 1, 2):
        go(Benchmark(operation=PLAIN, baseline=PLAIN), Ordered(), order=random.Random(seed))
    assert orders[0] == orders[1] != orders[2]


def night(day: int, value: float = 1.0, verdict: Verdict = Verdict.PASS, *, python: str = "", size: str = "") -> Report:
    """Return an earlier report of this machine."""
    environment = current()
    tags = {"size": size} if size else {}
    return Report(
        id=f"night {day}",
        gate="g",
        kind="benchmark",
        subject="bisect:bisect",
        verdict=verdict,
        metrics=tuple(Metric(name=name, value=value, tags=tags) for name in ("cpu_median", "wall_ratio")),
        environment=environment.model_copy(update={"python": python}) if python else environment,
        provenance=Provenance(run_id=str(day)),
        started_at=BEGUN - timedelta(days=day),
        duration_seconds=1.0,
    )


NIGHTS = [night(day, 1.0 + 0.01 * (day % 3)) for day in range(1, 21)]
HELD = Benchmark(operation=PLAIN, against_history=True, tolerance_percent=5)


def history(reports: Sequence[Report]) -> Callable[[int], tuple[Sequence[Report], tuple[()]]]:
    """Return a history as the store gives it."""
    return lambda most: (reports[:most], ())


def test_a_run_within_its_history_is_one_run() -> None:
    """In a few fresh processes, and it passes."""
    stage = Stage(runs=(1.02,))
    findings, report = go(HELD, stage, history=history(NIGHTS))
    assert stage.asked == [(observe, None, Amount(PROCESS_SAMPLES, 0, 40.0))] * PROCESSES
    assert report.verdict is Verdict.PASS
    assert len(findings.sizes[None].runs) == 1


def test_a_run_beyond_its_history_is_confirmed_before_it_fails() -> None:
    """By two fresh runs, all of which agree."""
    stage = Stage(runs=(1.5,))
    findings, report = go(HELD, stage, history=history(NIGHTS))
    assert stage.counted(observe) == PROCESSES * (1 + CONFIRMATIONS)
    assert report.verdict is Verdict.FAIL
    assert {item.run_count for item in findings.comparisons} == {1 + CONFIRMATIONS}
    assert report.checks[0].result["run_count"] == 1 + CONFIRMATIONS


def test_a_fresh_run_that_does_not_agree_acquits() -> None:
    """No further one is taken."""
    stage = Stage(runs=(1.5, 1.0))
    _, report = go(HELD, stage, history=history(NIGHTS))
    assert stage.counted(observe) == PROCESSES * 2
    assert report.verdict is Verdict.PASS


def test_only_the_sizes_that_stand_out_are_run_again() -> None:
    """The others have their verdict."""
    stage = Stage(seconds=lambda size: 1.0 if size == 1 else 3.0)
    reports = [item for day in range(1, 13) for item in [night(day, size="1")]]
    both = [item.model_copy(update={"metrics": (*item.metrics, *night(0, size="2").metrics)}) for item in reports]
    design = Benchmark(
        operation=SIZED, sizes=[1, 2], against_history=True, tolerance_percent=5, time_budget_seconds=1e6
    )
    _, report = go(design, stage, history=history(both))
    assert (stage.counted(observe, 1), stage.counted(observe, 2)) == (PROCESSES, PROCESSES * (1 + CONFIRMATIONS))
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS, Verdict.FAIL]


def test_confirming_runs_share_the_time_budget_among_the_sizes() -> None:
    """Two sizes that stand out take no more of it than one would; a process has its part of a size's share."""
    stage = Stage(seconds=lambda _: 2.0)
    reports = [
        night(day, size="1").model_copy(
            update={"metrics": (*night(day, size="1").metrics, *night(day, size="2").metrics)}
        )
        for day in range(1, 13)
    ]
    design = Benchmark(
        operation=SIZED, sizes=[1, 2], against_history=True, tolerance_percent=5, time_budget_seconds=6000
    )
    go(design, stage, history=history(reports))
    confirming = [asked[2].budget_seconds for asked in stage.asked if asked[0] is observe][2 * PROCESSES :]
    assert confirming == [6000 / 2 / PROCESSES] * (2 * CONFIRMATIONS * PROCESSES)


def test_a_warning_is_confirmed_as_well() -> None:
    """A run that stands out is no more certain for being noted only."""
    design = Benchmark(operation=PLAIN, against_history=True)
    stage = Stage(runs=(1.5,))
    _, report = go(
        design, stage, {"threshold": "cpu_median < 1.1x baseline", "severity": "warn"}, history=history(NIGHTS)
    )
    assert (stage.counted(observe), report.verdict) == (PROCESSES * 3, Verdict.WARN)


def test_failed_reports_stay_out_of_the_baseline() -> None:
    """Nights that were slow and failed do not make slow the level."""
    slow = [night(day, 1.5 + 0.01 * (day % 3), Verdict.FAIL) for day in range(1, 21)]
    older = [item.model_copy(update={"started_at": item.started_at - timedelta(days=30)}) for item in NIGHTS]
    assert go(HELD, Stage(runs=(1.5,)), history=history([*slow, *older]))[1].verdict is Verdict.FAIL
    _, report = go(HELD, Stage(runs=(1.5,)), history=history(slow))
    assert report.verdict is Verdict.WARN
    assert missing(report) == (
        "Collecting 0 of 10 reports before judging. Only comparable reports that did not fail count."
    )


def missing(report: Report) -> str:
    """Return why there is no baseline."""
    (found,) = [item for item in report.checks if item.type == "history"]
    assert found.error is not None
    return found.error.message


def test_reports_of_another_environment_are_no_baseline() -> None:
    """It warns, and what differs is named; nobody looks where the time went."""
    elsewhere = [night(day, python="3.9.1") for day in range(1, 21)]
    _, report = go(HELD, Stage(), history=history(elsewhere))
    assert report.verdict is Verdict.WARN
    assert report.profile is None
    assert missing(report) == (
        "Collecting 0 of 10 reports before judging. "
        f"Earlier reports come from another environment: python is {current().python}, was 3.9.1."
    )


@pytest.mark.parametrize("given", [None, history([])])
def test_without_earlier_reports_there_is_no_baseline(given: Any) -> None:
    """The first night warns."""
    _, report = go(HELD, Stage(), history=given)
    assert report.verdict is Verdict.WARN
    assert missing(report) == ("Collecting 0 of 10 reports before judging. The gate has no earlier reports.")


def test_progress_is_told_every_few_seconds() -> None:
    """What is done, what remains and the present time."""
    lines: list[str] = []
    stage = Stage(seconds=lambda size: 0.001 * (size or 0))
    design = Benchmark(operation=SIZED, sizes=[1000, 2000], time_budget_seconds=1e6)
    go(design, stage, tell=lines.append)
    assert lines[:2] == [
        "size 1,000: warming up",
        "size 1,000: 5 samples of about 30, last 1e+03 ms, sizes left: 1",
    ]
    assert lines[-1].startswith("size 2,000: ")
    assert "sizes left" not in lines[-1]
    assert len(lines) <= 30 * 3 / 5 + 1
    lines.clear()
    go(Benchmark(operation=PLAIN, baseline=PLAIN), Stage(), tell=lines.append)
    assert lines == [
        "warming up",
        "5 of at most 60 pairs, 1.2x the baseline, last 1.2e+03 ms",
        "10 of at most 60 pairs, 1.2x the baseline, last 1.2e+03 ms",
    ]
