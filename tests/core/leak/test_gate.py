"""The leak gate's report: one path from the measurement to the verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.gate.report import Provenance, Report, parse_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.leak.decide import decide
from airflow_provider_dpq.core.leak.gate import KIND, judge_leak
from airflow_provider_dpq.core.leak.measure import Sample
from airflow_provider_dpq.core.leak.result import LeakResult
from tests.core.leak.series import Maker, cache, noise, steady, window


def found(maker: Maker, *, known: bool = True, length: int = 600, **fields: Any) -> LeakResult:
    """Return what a check found of an operation that leaves memory behind, as a series says."""
    heap = [int(value) for value in 10**7 + maker(np.random.default_rng(4))[:length]]
    samples = tuple(
        Sample(
            heap_bytes=value if known else None,
            resident_bytes=value,
            open_files=fields.get("files", lambda _: 5)(number),
            threads=2,
            child_processes=0,
            uncollectable=0,
        )
        for number, value in enumerate(heap)
    )
    return LeakResult(
        subject="jobs:load",
        samples=samples,
        decision=decide(heap if known else None, heap, final=True) if length >= 40 else None,
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        duration_seconds=3,
        error=fields.get("error"),
        external_process=fields.get("external_process"),
    )


def judged(result: LeakResult, *thresholds: Any) -> Report:
    """Judge what was found, and read the report back from its text."""
    read = parse_thresholds(thresholds, KIND)
    report = judge_leak(result, gate="load", provenance=Provenance(run_id="1"), thresholds=read)
    return parse_report(report.to_json())


def reasons(report: Report) -> list[str]:
    """Return why checks of a report are undecided."""
    return [check.error.reason for check in report.checks if check.error is not None]


def test_memory_that_stands_still_passes() -> None:
    """Every default threshold holds, no check is in doubt, and the samples are there to be plotted."""
    report = judged(found(noise(0)))
    assert report.verdict is Verdict.PASS
    assert {result.verdict for result in report.thresholds} == {Verdict.PASS}
    assert len(report.thresholds) == 5
    assert report.checks == ()
    assert (report.kind, report.subject, report.gate) == ("leak", "jobs:load", "load")
    heap = report.series[0]
    assert (heap.name, heap.unit, len(heap.values)) == ("heap", "B", 600)
    assert heap.positions is not None
    assert heap.positions[:2] == (1, 2)


def test_memory_of_another_process_is_never_a_pass() -> None:
    """Where nothing grows here, the report warns of what it did not see; a leak that is seen fails as ever."""
    report = judged(found(noise(0), external_process="program"))
    assert report.verdict is Verdict.WARN
    assert {result.verdict for result in report.thresholds} == {Verdict.PASS}
    assert reasons(report) == ["memory_elsewhere"]
    (check,) = report.checks
    assert (check.name, check.type, check.verdict) == ("memory of other processes", "leak", Verdict.WARN)
    assert judged(found(steady(1_000), external_process="program")).verdict is Verdict.FAIL
    assert reasons(judged(found(noise(10**6), external_process="server"))) == ["memory_unsteady", "memory_elsewhere"]


def test_a_leak_fails_at_its_tolerance() -> None:
    """1000 B/op break the default limit, and a limit of 500; they keep one of 2 KB, and only warn where told."""
    leak = found(steady(1_000))
    assert judged(leak).verdict is Verdict.FAIL
    assert judged(leak, "growth < 500B/op").verdict is Verdict.FAIL
    assert judged(leak, "growth < 2kB/op").verdict is Verdict.PASS
    assert judged(leak, {"threshold": "growth < 500B/op", "severity": "warn"}).verdict is Verdict.WARN
    assert judged(leak).checks == ()


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (found(cache(200, 5_000)), "growth_fading"),
        (found(noise(10**6)), "memory_unsteady"),
        (found(noise(0), known=False), "heap_unknown"),
    ],
)
def test_a_limit_in_doubt_is_inconclusive_and_says_why(result: LeakResult, reason: str) -> None:
    """The threshold is inconclusive, and the check beside it tells the reason with its figures."""
    report = judged(result)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert {r.metric for r in report.thresholds if r.verdict is Verdict.INCONCLUSIVE} == {"growth"}
    assert reasons(report) == [reason]
    figures = report.checks[0].result
    assert figures["least_growth"] < 512 < figures["most_growth"]
    assert figures["iteration_count"] == 600


def test_memory_outside_of_the_heap_is_in_doubt() -> None:
    """Resident memory that goes up and down by much beside a still heap is told as such."""
    result = found(noise(0))
    other = window(20, 10**8)(np.random.default_rng(3))
    samples = tuple(Sample(10**7, 10**7 + int(size), 5, 2, 0, 0) for size in other)
    heap, resident = [10**7] * len(samples), [sample.resident_bytes for sample in samples]
    outside = LeakResult(
        result.subject, samples, decide(heap, resident, final=True), result.started_at, result.duration_seconds
    )
    assert reasons(judged(outside)) == ["growth_outside_heap"]


def test_open_files_fail_beside_memory_that_stands_still() -> None:
    """One file in five iterations breaks its default limit."""
    report = judged(found(noise(0), files=lambda number: number // 5))
    assert report.verdict is Verdict.FAIL
    assert [r.metric for r in report.thresholds if r.verdict is Verdict.FAIL] == ["open_file_growth"]


def test_a_check_cut_short_is_an_error_with_what_was_measured() -> None:
    """The series stays in the report; the verdict is error even where all figures would pass."""
    report = judged(found(noise(0), length=100, error=MeasurementError("cancelled", "The measurement was cancelled.")))
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert report.error.reason == "cancelled"
    assert len(report.series[0].values) == 100
    assert report.checks == ()


def test_too_few_iterations_for_growth_are_an_error() -> None:
    """Cut short before the first block is full, there is a count of iterations and no growth that could pass."""
    report = judged(found(noise(0), length=10, error=MeasurementError("cancelled", "The measurement was cancelled.")))
    assert report.verdict is Verdict.ERROR
    assert [metric.name for metric in report.metrics] == ["iteration_count"]


def test_a_multiple_of_a_baseline_never_judges() -> None:
    """Without a baseline it would only warn about a leak that fails by default."""
    with pytest.raises(DeclarationError, match="needs a baseline, but a leak gate has none"):
        judged(found(steady(1_000)), "growth < 1.5x baseline")
