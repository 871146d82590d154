"""Benchmarks in real interpreters: short ones, of operations whose answer is known."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_provider_dpq.core.benchmark.change import LOOKS
from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.benchmark.findings import Findings
from airflow_provider_dpq.core.benchmark.gate import judge_benchmark, thresholds_of
from airflow_provider_dpq.core.benchmark.observation import LEAST_SAMPLES
from airflow_provider_dpq.core.benchmark.run import PROCESSES, measure
from airflow_provider_dpq.core.errors import DpqError, MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.python import PythonOperation

pytestmark = pytest.mark.alone


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations are imported by name, here and in the interpreters that are spawned."""
    monkeypatch.syspath_prepend(Path(__file__).parent)


def named(name: str, **fields: Any) -> PythonOperation:
    """Return an operation of `timed_work`."""
    parts = {key: f"timed_work:{value}" for key, value in fields.items()}
    return PythonOperation(target=f"timed_work:{name}", **parts)  # type: ignore[arg-type]


def go(design: Benchmark, *declared: Any, **fields: Any) -> tuple[Findings, Report]:
    """Measure and judge, as an operator does."""
    design.validate()
    findings = Findings(started_at=datetime.now(UTC))
    thresholds = thresholds_of(design, parse_thresholds(declared, "benchmark"))
    problem: DpqError | None = None
    try:
        measure(design, thresholds, findings, **fields)
    except MeasurementError as error:
        problem = error
    report = judge_benchmark(
        design,
        findings,
        gate="g",
        provenance=Provenance(run_id="r"),
        thresholds=thresholds,
        duration_seconds=1.0,
        error=problem,
    )
    return findings, report


def values(report: Report, unit: str = "s", **tags: str) -> dict[str, Any]:
    """Return metrics of a unit by name."""
    return {item.name: item.value for item in report.metrics if item.unit == unit and dict(item.tags) == tags}


def left_alive() -> list[psutil.Process]:
    """Return the children of this process that still run."""
    return [item for item in psutil.Process().children() if item.status() != psutil.STATUS_ZOMBIE]


def test_an_operation_alone_is_measured() -> None:
    """A millisecond of work takes about that; limits far off on either side decide."""
    design = Benchmark(operation=named("spin"), time_budget_seconds=0.1)
    _, report = go(design, "cpu_median < 200ms", "median > 10us", "peak_memory < 50MB")
    assert report.verdict is Verdict.PASS
    found = values(report)
    assert 0.0001 < found["cpu_min"] <= found["cpu_median"] < 0.2
    assert found["cpu_median"] <= found["max"] * 1.1
    assert values(report, "")["sample_count"] >= LEAST_SAMPLES
    assert "retained_memory" in values(report, "B")
    assert left_alive() == []


def test_sizes_for_which_there_is_no_time_are_left_out() -> None:
    """What was asked for and not measured warns."""
    design = Benchmark(operation=named("wait", dataset="rows"), sizes=[1_000, 10_000_000], time_budget_seconds=4.0)
    findings, report = go(design, "median < 1s")
    assert list(findings.sizes) == [1_000]
    assert [item.size for item in findings.skipped_sizes] == [10_000_000]
    assert report.verdict is Verdict.WARN
    by_name = {item.name: item.verdict for item in report.checks}
    assert by_name["left out: size 10000000"] is Verdict.WARN
    assert by_name["measured at size 1000"] is Verdict.PASS


def test_twice_the_work_fails_and_is_profiled() -> None:
    """Against a baseline, at the first look or little later, and the profile names what is slow."""
    design = Benchmark(operation=named("spin_twice"), baseline=named("spin"), tolerance_percent=20)
    findings, report = go(design)
    assert report.verdict is Verdict.FAIL
    assert len(findings.sizes[None].pairs) in LOOKS
    (ratio,) = [item for item in report.metrics if item.name == "cpu_median" and item.unit == "x baseline"]
    assert ratio.value == pytest.approx(2.0, rel=0.3)
    assert report.profile is not None
    assert {item.name for item in report.profile.functions} >= {"spin", "slow_half"}
    assert {"peak_memory", "retained_memory"} <= set(values(report, "B"))


def test_the_same_work_does_not_fail() -> None:
    """Against itself it passes, or on a machine that is too busy stays inconclusive."""
    design = Benchmark(operation=named("spin"), baseline=named("spin"), tolerance_percent=25, time_budget_seconds=3)
    findings, report = go(design)
    assert report.verdict in {Verdict.PASS, Verdict.INCONCLUSIVE}
    assert len(findings.sizes[None].pairs) >= LOOKS[0]
    assert report.profile is None


def test_a_function_of_a_test_survives_the_trip() -> None:
    """It is taken along by value, as a DAG file's is."""

    def work() -> int:
        return sum(range(50_000))

    _, report = go(Benchmark(operation=PythonOperation(target=work), time_budget_seconds=0.1), "median < 1s")
    assert report.verdict is Verdict.PASS


def test_a_revision_is_compared_with_the_present_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in its own interpreters: what became three times slower since the last commit fails."""
    file = tmp_path / "speed_between_commits.py"
    file.write_text("def work():\n    return sum(range(30_000))\n", encoding="utf-8")
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "Work"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    file.write_text("def work():\n    return sum(range(90_000))\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    design = Benchmark(
        operation=PythonOperation(target="speed_between_commits:work"),
        baseline_revision="HEAD",
        tolerance_percent=20,
        time_budget_seconds=0.1,
    )
    findings, report = go(design)
    assert report.verdict is Verdict.FAIL
    assert len(findings.sizes[None].pairs) == LOOKS[0]
    (ratio,) = [item for item in report.metrics if item.name == "cpu_median" and item.unit == "x baseline"]
    assert ratio.value == pytest.approx(3.0, rel=0.4)
    assert len(findings.sizes[None].memory) == len(findings.sizes[None].baseline_memory) == 3
    assert "speed_between_commits" not in sys.modules


def test_a_run_is_held_against_its_history() -> None:
    """In fresh processes; what was far slower in earlier reports is the level, and it passes."""
    design = Benchmark(operation=named("spin"), against_history=True, tolerance_percent=5, time_budget_seconds=0.1)
    metrics = [Metric(name="cpu_median", value=5.0, unit="s"), Metric(name="wall_ratio", value=500.0)]
    earlier = [
        make_report(
            gate="g",
            kind="benchmark",
            subject="timed_work:spin",
            provenance=Provenance(run_id=str(day)),
            started_at=datetime.now(UTC) - timedelta(days=day),
            duration_seconds=1.0,
            metrics=[item.model_copy(update={"value": item.value * (1 + 0.02 * (day % 3))}) for item in metrics],
            thresholds=parse_thresholds(["cpu_median < 9s"], "benchmark"),
        )
        for day in range(1, 15)
    ]
    findings, report = go(design, history=lambda most: (earlier[:most], ()))
    assert report.verdict is Verdict.PASS
    assert len(findings.sizes[None].samples) >= PROCESSES * LEAST_SAMPLES
    assert [item for item in report.series if item.name == "history"]


def test_an_operation_that_raises_is_an_error_with_what_was_found() -> None:
    """At once, or at a later size: the first traceback, and the sizes before."""
    _, report = go(Benchmark(operation=named("fail")), "median < 9s")
    assert report.error is not None
    assert (report.verdict, report.error.reason) == (Verdict.ERROR, "operation_failed")
    assert "LookupError: no such table" in report.error.message
    assert "timed_work.py" in report.error.message
    design = Benchmark(operation=named("fail_in_the_end", dataset="rows"), sizes=[10, 1000], time_budget_seconds=5)
    findings, report = go(design, "median < 9s")
    assert report.verdict is Verdict.ERROR
    assert findings.sizes[10].samples
    assert [item.name for item in report.checks] == ["measured at size 10"]
    assert [item.verdict for item in report.thresholds] == [Verdict.PASS]


def test_an_operation_that_ends_its_process_is_an_error() -> None:
    """It is the child's process, not this one."""
    _, report = go(Benchmark(operation=named("leave")), "median < 9s")
    assert report.error is not None
    assert report.error.reason == "child_exited"


def test_an_iteration_that_takes_too_long_is_an_error() -> None:
    """Its process is killed."""
    design = Benchmark(operation=named("wait", dataset="rows"), sizes=[2_000_000], iteration_timeout_seconds=1.0)
    _, report = go(design, "median < 9s")
    assert report.error is not None
    assert report.error.reason == "operation_timeout"
    assert left_alive() == []


def cancelling(cancellation: Cancellation, samples: int, findings: Findings) -> Callable[[], None]:
    """Return a function that cancels once there are so many samples."""

    def watch() -> None:
        while sum(len(found.samples) for found in findings.sizes.copy().values()) < samples:
            if threading.Event().wait(0.01):
                return
        cancellation.cancel()

    return watch


def test_what_was_measured_before_a_cancellation_is_kept() -> None:
    """The child is ended, and the report says so."""
    cancellation, findings = Cancellation(), Findings(started_at=datetime.now(UTC))
    design = Benchmark(operation=named("wait", dataset="rows"), sizes=[100_000], time_budget_seconds=1e4)
    watcher = threading.Thread(target=cancelling(cancellation, 3, findings))
    watcher.start()
    with pytest.raises(MeasurementError) as caught:
        measure(design, parse_thresholds(["p(99) < 1s"], "benchmark"), findings, cancellation=cancellation)
    watcher.join()
    assert caught.value.reason == "cancelled"
    assert 3 <= len(findings.sizes[100_000].samples) < 30
    assert left_alive() == []
