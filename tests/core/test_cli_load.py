"""`dpq load`: what it declares, what it exits with, and what it leaves behind when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load import preset
from airflow_provider_dpq.core.load.model import (
    Model,
    constant_arrival_rate,
    constant_concurrency,
    iterations_per_worker,
    ramping_arrival_rate,
    ramping_concurrency,
    shared_iterations,
)
from airflow_provider_dpq.core.load.run import LoadMeasurement
from airflow_provider_dpq.core.store import open_store

pytestmark = pytest.mark.alone

WORK = "tests.core.cli_workloads:work"
FAIL = "tests.core.cli_workloads:fail"


def load(*arguments: str) -> Result:
    """Run a load test in this process."""
    return CliRunner().invoke(main, ["load", *arguments], prog_name="dpq")


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> list[LoadMeasurement]:
    """What would be measured, in place of measuring it."""
    found: list[LoadMeasurement] = []
    monkeypatch.setattr(
        sys.modules["airflow_provider_dpq.core.cli.load"],
        "measure_and_exit",
        lambda prepare, **_: found.append(prepare(None)),
    )
    return found


@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        (["--rate", "5/s", "--duration", "2s"], constant_arrival_rate("5/s", "2s")),
        (
            ["--rate", "5/s", "--duration", "2s", "--max-workers", "7"],
            constant_arrival_rate("5/s", "2s", max_workers=7),
        ),
        (["--stage", "2s:9/s", "--stage", "3s:0/s"], ramping_arrival_rate([("2s", "9/s"), ("3s", "0/s")])),
        (["--stage", "2s:9", "--stage", "3s:1"], ramping_concurrency([("2s", 9), ("3s", 1)])),
        (["--workers", "3", "--duration", "2s"], constant_concurrency(3, "2s")),
        (["--workers", "3", "--iterations", "20"], shared_iterations(20, 3)),
        (["--workers", "3", "--iterations-each", "20"], iterations_per_worker(20, 3)),
        (["--workers", "3", "--iterations", "20", "--duration", "1h"], shared_iterations(20, 3, max_duration="1h")),
        (
            ["--workers", "3", "--iterations-each", "20", "--duration", "5s"],
            iterations_per_worker(20, 3, max_duration="5s"),
        ),
        (["--preset", "smoke"], preset.smoke()),
        (["--preset", "average-load", "--rate", "5/s"], preset.average_load("5/s")),
        (["--preset", "stress", "--rate", "5/s", "--duration", "50s"], preset.stress("5/s", "50s")),
        (["--preset", "soak", "--rate", "5/s"], preset.soak("5/s")),
        (["--preset", "spike", "--rate", "5/s", "--max-workers", "9"], preset.spike("5/s", max_workers=9)),
        (["--preset", "breakpoint", "--rate", "5/s"], preset.breakpoint("5/s")),
    ],
)
def test_options_declare_a_model(arguments: list[str], model: Model, declared: list[LoadMeasurement]) -> None:
    """One of each kind."""
    result = load(WORK, *arguments)
    assert result.exit_code == 0, result.output
    assert declared[0].test.model == model


def test_options_reach_the_test(declared: list[LoadMeasurement]) -> None:
    """Each has its place."""
    result = load(
        *("http://example.com/", "--workers", "4", "--iterations", "40", "--think-time", "50ms", "--processes", "2"),
        *("--allow-host", "example.com", "--max-requests", "50", "--max-duration", "20min", "--target-pid", "1"),
        *("--iteration-timeout", "3s", "--threshold", "p(50) < 1s", "--abort-on-fail", "10s"),
        *("--warn-threshold", "p(75) < 1s"),
    )
    assert result.exit_code == 0, result.output
    test, (threshold, warning) = declared[0].test, declared[0].thresholds
    assert test.scenarios[0].think_time_seconds == 0.05
    assert (test.processes, test.max_requests, test.max_duration_seconds) == (2, 50, 1200)
    assert (test.allow_hosts, test.target_pid, test.iteration_timeout_seconds) == (("example.com",), 1, 3)
    assert (threshold.metric, threshold.abort_after_seconds) == ("p(50)", 10)
    assert (warning.metric, warning.severity, warning.abort_after_seconds) == ("p(75)", "warn", None)


def test_a_validation_needs_no_target(declared: list[LoadMeasurement], monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its own, and its own limits."""
    monkeypatch.setenv("DPQ_CONNECTION", "duckdb:///a")  # which is there for other commands
    assert load("--preset", "graceful-degradation", "--processes", "2").exit_code == 0
    assert [str(threshold) for threshold in declared[0].thresholds] == ["error_rate < 15%"]
    assert declared[0].test.scenarios[0].size == 50_000
    assert declared[0].test.processes == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "TARGET"),
        ([WORK], "--rate"),
        ([WORK, "--rate", "5/s"], "--duration"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--workers", "3"], "one of"),
        ([WORK, "--preset", "smoke", "--rate", "5/s"], "one of"),
        ([WORK, "--preset", "soak"], "--rate"),
        ([WORK, "--preset", "sustained"], "no TARGET"),
        *(
            (["--preset", "massive-dataset", *option], f"takes no {option[0]}")
            for option in (
                ["--rate", "100/s"],
                ["--duration", "5s"],
                ["--stage", "2s:9"],
                ["--workers", "3"],
                ["--iterations", "3"],
                ["--iterations-each", "3"],
                ["--max-workers", "3"],
                ["--size", "5"],
                ["--think-time", "0s"],
                ["--iteration-timeout", "30s"],
                ["--connection", "duckdb:///a"],
                ["--dataset", "a:b"],
            )
        ),
        ([WORK, "--preset", "smoke", "--max-workers", "5"], "--max-workers"),
        ([WORK, "--workers", "2", "--duration", "2s", "--max-workers", "5"], "--max-workers"),
        ([WORK, "--preset", "smoke", "--abort-on-fail", "1s"], "--threshold"),
        ([WORK, "--preset", "smoke", "--abort-on-fail", "1s", "--warn-threshold", "p(50) < 1s"], "--threshold"),
        ([WORK, "--stage", "2s:9", "--max-workers", "5"], "--max-workers"),
        ([WORK, "--stage", "2s"], "''"),
        ([WORK, "--rate", "5", "--duration", "2s"], "'5'"),
        ([WORK, "--rate", "-5/s", "--duration", "2s"], "'-5/s'"),
        ([WORK, "--rate", "0/s", "--duration", "2s"], "always 0"),
        ([WORK, "--rate", "5/s", "--duration", "2"], "'2'"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--processes", "11"], "11 generators for only 10"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--max-requests", "9"], "10 requests"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--threshold", "p(99.9) < 1s"], "10,000"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--threshold", "p(50) < 2x baseline"], "needs a baseline"),
        ([WORK, "--rate", "5/s", "--duration", "2s", "--format", "pyperf"], "pyperf"),
        (["http://example.com/", "--preset", "smoke"], "example.com"),
        (["tests.core.cli_workloads:nothing", "--preset", "smoke"], "nothing"),
    ],
)
def test_mistake_exits_with_2(arguments: list[str], words: str) -> None:
    """With the value that is wrong, and nothing was run."""
    result = load(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_load_that_holds_passes_and_is_stored(tmp_path: Path) -> None:
    """The report is whole in any form."""
    store = f"sqlite:///{tmp_path}/dpq.db"
    result = load(WORK, "--workers", "2", "--iterations", "60", "--threshold", "p(50) < 10s", "--store", store)
    assert result.exit_code == 0, result.output
    with open_store(store) as reports:
        (report,) = reports.reports(Gate("", WORK), limit=2, kind="load")
    assert (report.kind, report.verdict) == ("load", Verdict.PASS)
    assert report.recording is not None


def test_failures_fail_the_gate_by_default() -> None:
    """No threshold is needed for that."""
    result = load(FAIL, "--workers", "2", "--iterations", "60", "--format", "json")
    report = parse_report(result.stdout)
    assert (result.exit_code, report.verdict) == (1, Verdict.FAIL)
    assert {metric.tags.get("error") for metric in report.metrics} >= {"exception ValueError"}


def test_a_target_that_is_down_exits_with_3() -> None:
    """Nothing was learnt."""
    result = load("http://127.0.0.1:1/", "--rate", "5/s", "--duration", "2s")
    assert result.exit_code == 3
    assert "target_down" in result.output


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_report_and_leaves_no_process(number: int, exit_code: int, tmp_path: Path) -> None:
    """What was measured until then is in it."""
    output = tmp_path / "report.json"
    arguments = ["load", "time:monotonic", "--rate", "50/s", "--duration", "60s", "--format", "json", "--output"]
    program = "import sys; from airflow_provider_dpq.core.cli import main; main(sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments, str(output)], stdout=subprocess.DEVNULL, env=os.environ
    ) as process:
        children: list[psutil.Process] = []
        end = time.monotonic() + 30
        while not children and time.monotonic() < end:
            time.sleep(0.1)
            children = psutil.Process(process.pid).children(recursive=True)
        time.sleep(3)
        process.send_signal(number)
        assert process.wait(30) == exit_code
    report = parse_report(output.read_bytes())
    assert report.verdict is Verdict.ERROR
    assert [metric.value for metric in report.metrics if metric.name == "iteration_count"]
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_coroutine_function_runs_on_an_event_loop() -> None:
    """One that waits passes, and one that holds the loop up is named."""
    waited = load("tests.core.cli_workloads:wait", "--workers", "2", "--iterations", "20", "--format", "json")
    assert waited.exit_code == 0, waited.output
    assert parse_report(waited.stdout).verdict is Verdict.PASS
    held = load("tests.core.cli_workloads:hold", "--rate", "4/s", "--duration", "2s", "--format", "json")
    assert held.exit_code == 3, held.output
    error = parse_report(held.stdout).error
    assert error is not None
    assert error.reason == "event_loop_blocked"
    assert "cli_workloads.py" in error.message
    assert "in hold" in error.message
