"""`dpq bench`: what it measures, what it exits with, and what it leaves behind when it is interrupted."""

from __future__ import annotations

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import open_store

pytestmark = pytest.mark.alone

WORKLOADS = "tests.core.cli_workloads"


def dpq(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(arguments), prog_name="dpq")


def bench(*arguments: str) -> Result:
    """Run a short benchmark whose report is JSON."""
    return dpq("bench", *arguments, "--format", "json", "--time-budget", "1s")


def report_of(result: Result) -> Report:
    """Return the report that a command wrote."""
    return parse_report(result.stdout)


def test_function_is_measured_and_judged() -> None:
    """A function within its limit exits with 0; its report has the target for the gate's name."""
    result = bench(f"{WORKLOADS}:work", "--threshold", "median < 10s")
    assert result.exit_code == 0
    report = report_of(result)
    assert (report.gate, report.kind, report.verdict) == (f"{WORKLOADS}:work", "benchmark", Verdict.PASS)


def test_breach_exits_with_1() -> None:
    """A function that takes longer than its limit fails."""
    assert bench(f"{WORKLOADS}:work", "--threshold", "min < 1ns").exit_code == 1


def test_slower_version_exits_with_1() -> None:
    """As written in the documentation: a new version against an old one, with a tolerance."""
    result = dpq("bench", f"{WORKLOADS}:work_twice", "--baseline", f"{WORKLOADS}:work", "--tolerance", "5%")
    assert result.exit_code == 1
    assert "cpu_median < 1.05x baseline" in result.stdout


@pytest.mark.parametrize(
    ("metric", "compared"),
    [("median", []), ("max", ["--baseline", f"{WORKLOADS}:work"]), ("peak_memory", ["--history", "--store", "STORE"])],
)
def test_multiple_of_a_baseline_that_never_is_exits_with_2(metric: str, compared: list[str], tmp_path: Path) -> None:
    """Nothing is measured."""
    options = [f"sqlite:///{tmp_path / 'r.db'}" if option == "STORE" else option for option in compared]
    result = bench(f"{WORKLOADS}:work", "--threshold", f"{metric} < 2x baseline", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Threshold '{metric} < 2x baseline' needs a baseline, but" in result.stderr


def test_sizes_and_datasets_are_measured() -> None:
    """Each --size is measured with the dataset that --dataset makes."""
    result = bench(f"{WORKLOADS}:total", "--dataset", f"{WORKLOADS}:rows", "--size", "100", "--size", "200")
    sizes = {item.tags["size"] for item in report_of(result).metrics if item.name == "median"}
    assert "100" in sizes
    assert sizes <= {"100", "200"}


def test_statement_is_measured_on_the_connection(tmp_path: Path) -> None:
    """A statement runs on the database of --connection; the gate is named without its text."""
    result = bench("sql:SELECT 'secret'", "--connection", f"sqlite:///{tmp_path / 'x.db'}", "--threshold", "max < 10s")
    report = report_of(result)
    assert report.verdict is Verdict.PASS
    assert report.gate.startswith("sql:")
    assert "secret" not in report.gate
    assert bench("sql:SELECT 1").exit_code == 2


def test_command_is_measured() -> None:
    """A command runs without a shell; another command has another gate."""
    first, second = (report_of(bench(f"cmd:{sys.executable} -c {code}", "--threshold", "max < 60s")) for code in "12")
    assert first.verdict is Verdict.PASS
    assert first.gate != second.gate


def test_request_is_measured() -> None:
    """An address is asked for; the gate's name has no password and no query."""

    class Answer(BaseHTTPRequestHandler):
        """Answers with nothing."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer."""
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        result = bench(f"http://me:s3cret@127.0.0.1:{port}/a?key=s3cret", "--threshold", "max < 10s")
        server.shutdown()
    report = report_of(result)
    assert report.verdict is Verdict.PASS
    assert report.gate == f"GET http://127.0.0.1:{port}/a"
    assert "s3cret" not in result.stdout


def test_function_of_the_current_directory_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `python -m`, modules of the directory that the command runs in are found."""
    (tmp_path / "benched_here.py").write_text("def work(): return sum(range(1000))\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert bench("benched_here:work", "--threshold", "median < 10s").exit_code == 0


def test_history_is_kept_and_read(tmp_path: Path) -> None:
    """With a store, a second run finds the first one; without one, a history is refused."""
    url = f"sqlite:///{tmp_path / 'r.db'}"
    for _ in range(2):
        result = bench(f"{WORKLOADS}:work", "--history", "--store", url, "--gate", "work")
    (check,) = [item for item in report_of(result).checks if item.type == "history"]
    assert check.result == {"report_count": 1}
    refused = bench(f"{WORKLOADS}:work", "--history")
    assert refused.exit_code == 2
    assert "--store" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([f"{WORKLOADS}:works"], "'works'"),
        (["tests.nowhere:work"], "tests.nowhere"),
        ([f"{WORKLOADS}:work", "--tolerance", "5%"], "this benchmark has none"),
        ([f"{WORKLOADS}:work", "--baseline", f"{WORKLOADS}:work", "--tolerance", "5"], "'5'"),
        ([f"{WORKLOADS}:work", "--iteration-timeout", "5"], "'5'"),
        ([f"{WORKLOADS}:work", "--size", "5"], "sizes"),
        ([f"{WORKLOADS}:work", "--size", "five"], "'five'"),
        ([f"{WORKLOADS}:work", "--clock", "sun"], "'sun'"),
        ([f"{WORKLOADS}:work", "--threshold", "speed < 1"], "speed"),
        ([f"{WORKLOADS}:work", "--threshold", "p(100) < 1s"], "100"),
        ([f"{WORKLOADS}:work", "--revision", "no-such-revision"], "no-such-revision"),
        (["cmd:true", "--dataset", f"{WORKLOADS}:rows"], "dataset"),
        (["ftp://h/"], "ftp"),
    ],
)
def test_mistake_exits_with_2_and_writes_no_report(arguments: list[str], words: str, tmp_path: Path) -> None:
    """Nothing was measured: there is no report, neither on standard output nor in the store."""
    url = f"sqlite:///{tmp_path / 'r.db'}"
    result = bench(*arguments, "--store", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    with open_store(url) as store:
        assert store.latest() == []


def test_source_that_cannot_be_opened_leaves_a_report(tmp_path: Path) -> None:
    """It exits with 2 like a mistake, and the store says so of the gate: an older pass does not stand for it."""
    url = f"sqlite:///{tmp_path / 'r.db'}"
    result = bench("cmd:no-such-program", "--store", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no-such-program" in result.stderr
    with open_store(url) as store:
        assert [run.verdict for run in store.latest()] == [Verdict.ERROR]
        assert store.starts() == []


def test_operation_that_fails_exits_with_3_and_says_why(tmp_path: Path) -> None:
    """The report has the traceback, and is stored."""
    url = f"sqlite:///{tmp_path / 'r.db'}"
    result = bench(f"{WORKLOADS}:fail", "--store", url)
    assert result.exit_code == 3
    error = report_of(result).error
    assert error is not None
    assert (error.reason, "no such luck" in error.message) == ("operation_failed", True)
    with open_store(url) as store:
        assert [run.verdict for run in store.latest()] == [Verdict.ERROR]


@pytest.mark.parametrize(("workload", "exit_code"), [("interrupt", 130), ("terminate", 143)])
def test_signal_keeps_what_was_measured_and_has_its_exit_code(workload: str, exit_code: int, tmp_path: Path) -> None:
    """Ctrl-C or SIGTERM ends the child; the report of what there was is stored with verdict error."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    url = f"sqlite:///{tmp_path / 'r.db'}"
    result = bench(f"{WORKLOADS}:{workload}", "--threshold", "median < 10s", "--store", url)
    assert result.exit_code == exit_code
    report = report_of(result)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "cancelled")
    assert next(item.value for item in report.metrics if item.name == "sample_count") >= 1
    with open_store(url) as store:
        assert [run.worst.report_id for run in store.latest()] == [report.id]
    assert not [
        child for child in psutil.Process().children(recursive=True) if "core.operation.child" in str(child.cmdline())
    ]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_pyperf_reads_the_samples() -> None:
    """The report can be written in the form that pyperf compares."""
    result = dpq(
        "bench", f"{WORKLOADS}:work", "--format", "pyperf", "--time-budget", "1s", "--threshold", "median < 10s"
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout)["benchmarks"]
