"""Many processes at one SQLite file: nothing is lost, nothing is half there, and one of them makes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import Store, open_store

WRITER = Path(__file__).with_name("write_reports.py")
ROOT = Path(__file__).parents[3]


def _start(url: str, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), url, name, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def _finished(writer: subprocess.Popen[str]) -> list[str]:
    output, errors = writer.communicate(timeout=120)
    assert writer.returncode == 0, errors
    return output.split()


def _kept(store: Store) -> dict[str, Report]:
    """Every report of the store, read whole."""
    return {
        entry.report_id: store.report(entry.report_id)
        for entry in store.history(Gate("flights", "shared"), limit=1_000_000)
    }


def test_two_processes_write_five_hundred_reports_each(store_url: str) -> None:
    """Neither loses one, although both write as fast as they can, beginning with no store at all."""
    writers = [_start(store_url, name, 500) for name in ("a", "b")]
    acknowledged = [identifier for writer in writers for identifier in _finished(writer)]
    with open_store(store_url) as store:
        kept = _kept(store)
    assert len(acknowledged) == 1000
    assert set(kept) == set(acknowledged)
    assert {report.provenance.run_id for report in kept.values()} == {f"{n}-{i}" for n in "ab" for i in range(500)}
    assert all(len(str(report.checks[0].result["rows"])) > 1000 for report in kept.values())


def test_processes_that_start_together_make_one_store(store_url: str, store_path: Path) -> None:
    """Each finds the store made, whoever was first, and keeps its report."""
    writers = [_start(store_url, str(number), 1) for number in range(6)]
    acknowledged = [identifier for writer in writers for identifier in _finished(writer)]
    with open_store(store_url) as store:
        assert set(_kept(store)) == set(acknowledged)
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("SELECT count(*) FROM dpq_schema").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_one_of_two_processes_reports_a_try(store_url: str) -> None:
    """Where two processes report the same tries, each try is kept once, by the one that was told so."""
    writers = [_start(store_url, "same", 30) for _ in range(2)]
    outcomes = [writer.communicate(timeout=120) for writer in writers]
    acknowledged = [identifier for output, _ in outcomes for identifier in output.split()]
    with open_store(store_url) as store:
        assert set(_kept(store)) == set(acknowledged)
    assert len(acknowledged) == 30
    (told,) = [errors for _, errors in outcomes if errors]
    assert "already has a report" in told


def test_killed_writers_lose_nothing_that_they_acknowledged(store_url: str) -> None:
    """However a writer is cut off, the store opens, has every acknowledged report, and has no part of another."""
    acknowledged: set[str] = set()
    for round_number in range(5):
        writer = _start(store_url, f"round {round_number}", 10_000)
        assert writer.stdout
        for _ in range(1 + 7 * round_number):
            acknowledged.add(writer.stdout.readline().strip())
        writer.send_signal(signal.SIGKILL)
        # What it managed to say after that was kept as well.
        acknowledged.update(
            line.strip() for line in writer.communicate()[0].splitlines(keepends=True) if line[-1] == "\n"
        )
        with open_store(store_url) as store:
            kept = _kept(store)
        assert writer.returncode == -signal.SIGKILL
        assert acknowledged <= set(kept)
        assert len(kept) <= len(acknowledged) + round_number + 1
    with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


FORK = """
import os, sys
from airflow_provider_dpq.core.store import open_store
from airflow_provider_dpq.core.gate.report import parse_report

first, second = (parse_report(line) for line in sys.stdin)
with open_store(sys.argv[1]) as store:
    store.write(first)
    child = os.fork()
    if child == 0:
        store.write(second)
        assert store.report(first.id) == first
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.report(second.id) == second
"""


def test_forked_process_uses_the_store_of_its_parent(store_url: str, variant: Callable[..., Report]) -> None:
    """Airflow forks its tasks: both sides go on with the store that was open before."""
    reports = "".join(f"{variant(try_number=number).to_json()}\n" for number in (1, 2))
    done = subprocess.run(
        [sys.executable, "-c", FORK, store_url],
        check=False,
        input=reports,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("replace", [False, True])
def test_threads_share_a_store(store: Store, variant: Callable[..., Report], replace: bool) -> None:
    """The sensor's trigger reads in threads: a store may be used from any of them."""
    from concurrent.futures import ThreadPoolExecutor

    reports = [variant(run_id=str(number)) for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda report: store.write(report, replace=replace), reports))
        read = list(threads.map(lambda report: store.report(report.id), reports))
    assert read == reports
