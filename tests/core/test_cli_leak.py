"""`dpq leak`: what it exits with, and what it leaves behind when it is interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.report import parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import open_store

pytestmark = pytest.mark.alone

WORKLOADS = "tests.core.cli_workloads"


def leak(*arguments: str) -> Result:
    """Run a leak check in this process."""
    return CliRunner().invoke(main, ["leak", *arguments], prog_name="dpq")


@pytest.mark.parametrize(("tolerance", "exit_code"), [("512B", 1), ("1MiB", 0)])
def test_tolerance_decides_what_growth_is_a_leak(tolerance: str, exit_code: int) -> None:
    """Five kilobytes an iteration are more than 512 bytes, and less than a mebibyte."""
    assert leak(f"{WORKLOADS}:keep", "--tolerance", tolerance, "--stage", "40", "--stage", "80").exit_code == exit_code


def test_function_that_keeps_nothing_passes() -> None:
    """The default limits judge; the dataset has the size that is asked for."""
    result = leak(
        f"{WORKLOADS}:total", "--dataset", f"{WORKLOADS}:rows", "--size", "100", "--stage", "80", "--format", "json"
    )
    report = parse_report(result.stdout)
    assert (result.exit_code, report.kind, report.verdict) == (0, "leak", Verdict.PASS)
    assert report.gate == f"{WORKLOADS}:total"


def test_command_that_leaves_processes_behind_fails() -> None:
    """They are nobody's children any more, and their memory is told to be unseen."""
    command = "cmd:sh -c 'sleep 60 >/dev/null 2>&1 &'"
    result = leak(command, "--stage", "40", "--tolerance", "10MB", "--format", "json")
    report = parse_report(result.stdout)
    assert (result.exit_code, report.verdict) == (1, Verdict.FAIL)
    (grown,) = [metric.value for metric in report.metrics if metric.name == "child_process_growth"]
    assert grown == pytest.approx(1, abs=0.1)
    assert "memory_elsewhere" in {check.error and check.error.reason for check in report.checks}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([f"{WORKLOADS}:works"], "'works'"),
        ([f"{WORKLOADS}:keep", "--tolerance", "512"], "'512'"),
        ([f"{WORKLOADS}:keep", "--threshold", "growth < 2x baseline"], "needs a baseline"),
        ([f"{WORKLOADS}:keep", "--size", "5"], "5"),
        ([f"{WORKLOADS}:keep", "--stage", "3"], "3"),
        ([f"{WORKLOADS}:keep", "--warm-up", "-1"], "-1"),
        ([f"{WORKLOADS}:keep", "--format", "pyperf"], "pyperf"),
    ],
)
def test_mistake_exits_with_2(arguments: list[str], words: str) -> None:
    """Nothing was run."""
    result = leak(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_interrupt_keeps_what_was_seen_and_exits_with_130(tmp_path: Path) -> None:
    """Ctrl-C ends the child; the report of what there was is stored with verdict error."""
    url = f"sqlite:///{tmp_path / 'r.db'}"
    result = leak(f"{WORKLOADS}:interrupt", "--warm-up", "2", "--store", url, "--format", "json")
    assert result.exit_code == 130
    report = parse_report(result.stdout)
    assert (report.verdict, report.error and report.error.reason) == (Verdict.ERROR, "cancelled")
    assert [len(item.values) >= 1 for item in report.series if item.name == "resident"] == [True]
    with open_store(url) as store:
        assert [run.worst.report_id for run in store.latest()] == [report.id]
