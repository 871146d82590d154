"""What was found becomes a report: its checks, its verdict, and what an error leaves of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_dpq.core.benchmark.change import Pair
from airflow_provider_dpq.core.benchmark.comparison import compare_with_history
from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings, SizeFindings, SkippedSize
from airflow_provider_dpq.core.benchmark.gate import judge_benchmark, thresholds_of
from airflow_provider_dpq.core.benchmark.observation import Observed
from airflow_provider_dpq.core.benchmark.timing import Sample
from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.python import PythonOperation

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = PythonOperation(target="bisect:bisect")
SIZED = PythonOperation(target=sorted, dataset=range)


def found_at(*sizes: int | None, seconds: float = 1.0) -> Findings:
    """Return ten samples at each size."""
    findings = Findings(started_at=BEGUN)
    for size in sizes:
        sample = Sample(seconds, seconds, 4, (seconds,) * 4)
        findings.sizes[size].runs.append([Observed(sample, Sample(1.0, 1.0, 1))] * 10)
    return findings


def judged(design: Benchmark, findings: Findings, *declared: str, **fields: Any) -> Report:
    """Write down what was found."""
    return judge_benchmark(
        design,
        findings,
        gate="speed",
        provenance=Provenance(run_id="r1"),
        thresholds=thresholds_of(design, parse_thresholds(declared, "benchmark")),
        duration_seconds=2.0,
        **fields,
    )


def check(report: Report, name: str) -> CheckResult:
    """Return the check of a name."""
    return {item.name: item for item in report.checks}[name]


def test_the_tolerance_is_one_more_threshold() -> None:
    """Behind those that are declared."""
    declared = parse_thresholds(["median < 1s"], "benchmark")
    design = Benchmark(operation=PLAIN, against_history=True, tolerance_percent=5)
    assert list(map(str, thresholds_of(design, declared))) == ["median < 1s", "cpu_median < 1.05x baseline"]
    assert thresholds_of(Benchmark(operation=PLAIN), declared) == declared


@pytest.mark.parametrize("compared", [{"baseline": PLAIN}, {"baseline_revision": "v1"}, {"against_history": True}])
def test_what_is_compared_has_a_tolerance(compared: dict[str, Any]) -> None:
    """The default one, unless a threshold compares times with it."""
    design = Benchmark(operation=PLAIN, **compared)
    assert list(map(str, thresholds_of(design, ()))) == ["cpu_median < 1.05x baseline"]
    declared = parse_thresholds(["median < 2x baseline"], "benchmark")
    assert thresholds_of(design, declared) == declared


def test_a_report_holds_what_was_measured_and_how_it_was_judged() -> None:
    """With samples, profile, interval and the number of iterations behind it."""
    findings = found_at(None)
    findings.profile = Profile(iterations=1)
    interval = DataInterval(start=BEGUN, end=BEGUN)
    report = judged(Benchmark(operation=PLAIN), findings, "median < 2s", data_interval=interval)
    assert (report.kind, report.gate, report.subject) == ("benchmark", "speed", "bisect:bisect")
    assert (report.verdict, report.started_at, report.duration_seconds) == (Verdict.PASS, BEGUN, 2.0)
    assert (report.profile, report.data_interval) == (findings.profile, interval)
    assert check(report, "measured").result == {"sample_count": 10, "iteration_count": 40}
    assert {item.name for item in report.series} == {"wall", "cpu"}
    assert judged(Benchmark(operation=PLAIN), found_at(None, seconds=3.0), "median < 2s").verdict is Verdict.FAIL


@pytest.mark.parametrize("sizes", [None, [100, 1000]])
def test_a_size_that_was_left_out_warns(sizes: list[int] | None) -> None:
    """Nobody takes it for measured, whether it was asked for or is a default; a threshold on it is an error."""
    findings = found_at(100)
    findings.skipped_sizes.append(SkippedSize(1000, 50.0, -0.5))
    design = Benchmark(operation=SIZED, sizes=sizes)
    report = judged(design, findings)
    assert [item.name for item in report.checks] == ["measured at size 100", "left out: size 1000"]
    left_out = check(report, "left out: size 1000")
    assert (left_out.verdict, left_out.success, report.verdict) == (Verdict.WARN, None, Verdict.WARN)
    assert left_out.error is not None
    assert left_out.error.reason == "time_budget_spent"
    assert left_out.error.message == (
        "Measuring this size would take 50 s, but only 0 s of the time budget are left. "
        "Raise time_budget, or remove the size."
    )
    assert check(report, "measured at size 100").success is True
    assert judged(design, findings, "median{size:1000} < 9s").verdict is Verdict.ERROR


@pytest.mark.parametrize("size", [None, 100])
def test_without_a_baseline_it_warns_and_says_why(size: int | None) -> None:
    """Once for the clock that is judged."""
    findings = found_at(size)
    tags = {} if size is None else {"size": str(size)}
    runs = findings.sizes[size].runs
    findings.comparisons = [
        compare_with_history(metric, tags, runs, [()], started_at=BEGUN, missing="New.")
        for metric in ("median", "cpu_median")
    ]
    operation = PLAIN if size is None else SIZED
    report = judged(Benchmark(operation=operation, against_history=True, tolerance_percent=5), findings)
    assert report.verdict is Verdict.WARN
    (found,) = [item for item in report.checks if item.type == "history"]
    assert found.name == ("history" if size is None else "history at size 100")
    assert (found.verdict, found.success, found.declaration) == (Verdict.WARN, None, {"metric": "cpu_median"})
    assert found.error is not None
    collecting = "Collecting 0 of 10 reports before judging."
    assert (found.error.reason, found.error.message) == ("no_baseline", f"{collecting} New.")
    assert [item.verdict for item in report.thresholds] == [Verdict.WARN]


def test_a_profile_that_could_not_be_made_does_not_change_the_verdict() -> None:
    """A fail stays a fail, which is not retried, and the report says what is missing."""
    findings = found_at(None)
    findings.profiling_error = MeasurementError("operation_timeout", "It hung.")
    report = judged(Benchmark(operation=PLAIN), findings, "median < 0.5s")
    assert report.verdict is Verdict.FAIL
    found = check(report, "profile")
    assert (found.verdict, found.severity) == (Verdict.PASS, "info")
    assert found.error is not None
    assert found.error.reason == "operation_timeout"


def test_what_was_cut_short_is_an_error_with_what_there_was() -> None:
    """Metrics and thresholds so far are kept, and the verdict is that it could not be measured."""
    error = MeasurementError("cancelled", "The measurement was cancelled.")
    findings = found_at(100)
    findings.sizes[1000] = SizeFindings()
    report = judged(Benchmark(operation=SIZED), findings, "median < 2s", error=error)
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert report.error.reason == "cancelled"
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS]
    assert [item.name for item in report.checks] == ["measured at size 100"]


def test_nothing_found_is_an_error_without_judgement() -> None:
    """An operation that never ran has no threshold that failed."""
    error = MeasurementError("operation_failed", "The operation raised.")
    report = judged(Benchmark(operation=PLAIN), Findings(started_at=BEGUN), "median < 2s", error=error)
    assert (report.verdict, report.thresholds, report.checks) == (Verdict.ERROR, (), ())


def test_nothing_found_without_an_error_never_passes() -> None:
    """Zero samples are no measurement."""
    assert judged(Benchmark(operation=PLAIN), Findings(started_at=BEGUN)).verdict is Verdict.ERROR
    assert judged(Benchmark(operation=PLAIN), Findings(started_at=BEGUN), "median < 2s").verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("design", "verdict"),
    [(Benchmark(operation=PLAIN, baseline=PLAIN), Verdict.WARN), (Benchmark(operation=PLAIN), Verdict.PASS)],
)
def test_iterations_too_short_to_time_are_told(design: Benchmark, verdict: Verdict) -> None:
    """Whoever compares is warned; alone their times are stated, with a note."""
    findings, sample = Findings(started_at=BEGUN), Sample(5e-6, 5e-6, 1, (), 0.0, 1e-6)
    findings.sizes[None].pairs += [Pair((sample,), (sample,))] * 10
    found = check(judged(design, findings), "measured")
    assert found.error is not None
    assert (found.verdict, found.error.reason) == (verdict, "too_short_to_time")
    assert check(judged(design, found_at(None)), "measured").error is None
