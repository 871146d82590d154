"""Resources over time, of real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil
import pytest

from airflow_provider_dpq.core.load.resources import Sampler, processes_under_test
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation
from tests.core.load.loads import load, one, value

pytestmark = pytest.mark.alone

_HOLD = "import sys, os; held = bytearray(50_000_000); files = [os.open(os.devnull, 0) for _ in range(20)]; "
_WAIT = "print(flush=True); sys.stdin.read()"
_SPIN = "print(flush=True)\nwhile True: pass"


@contextmanager
def running(program: str) -> Iterator[int]:
    """Run a Python program and give its number, once it has said something."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def sampled(workers: Sequence[int], targets: Sequence[int] = (), *, looks: int = 5) -> Sampler:
    """Look at some processes a few times, ten times a second."""
    with Sampler(lambda: workers, targets, period_seconds=0.1) as sampler:
        end = time.monotonic() + 20
        while len(sampler.series(0.0)) == 0 or len(sampler.series(0.0)[0].values) < looks:
            assert time.monotonic() < end
            time.sleep(0.02)
    return sampler


def test_what_processes_hold_is_added_up() -> None:
    """Two of them hold fifty megabytes and twenty files each."""
    with running(_HOLD + _WAIT) as one_pid, running(_HOLD + _WAIT) as other_pid:
        metrics = sampled([one_pid, other_pid]).metrics()
        alone = sampled([one_pid]).metrics()
    for name, least in (("worker_memory", 50_000_000), ("worker_open_files", 20), ("worker_threads", 1)):
        together, single = value(metrics, name), value(alone, name)
        assert together is not None
        assert single is not None
        assert single >= least
        assert together == pytest.approx(2 * single, rel=0.1)


def test_processor_time_is_of_the_process() -> None:
    """One that does nothing else uses what it gets of a processor; one that waits uses none."""
    with running(_SPIN) as busy, running("import sys; " + _WAIT) as idle:
        found = sampled([idle], [busy], looks=8)
    assert (value(found.metrics(), "target_cpu") or 0) > 4
    (cpu,) = [series for series in found.series(0.0) if series.name == "worker_cpu"]
    assert max(cpu.values) < 2


def test_children_of_the_process_under_test_count_with_it() -> None:
    """As of a server that answers in processes of its own."""
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {_HOLD + _WAIT!r}]).wait()"
    with running(parent) as pid:
        try:
            metrics = sampled([], [pid]).metrics()
        finally:
            for child in psutil.Process(pid).children():
                child.kill()
    assert (value(metrics, "target_memory") or 0) > 50_000_000


def test_a_worker_is_no_process_under_test() -> None:
    """Where the target is in the process that started it."""
    with running(_HOLD + _WAIT) as worker:
        metrics = sampled([worker], [os.getpid()]).metrics()
    with running(_HOLD + _WAIT) as child:
        beside = sampled([os.getpid()], [child, os.getpid()]).metrics()
    assert (value(metrics, "target_open_files") or 0) < psutil.Process().num_fds() + 20
    assert value(beside, "target_open_files") == value(metrics, "worker_open_files")


def test_positions_count_from_the_start_of_the_load() -> None:
    """What was seen before is left out."""
    found = sampled([os.getpid()])
    begun = time.time()
    assert not found.series(begun + 1)
    positions = found.series(begun - 60)[0].positions
    assert positions is not None
    assert all(0 < position < 60 for position in positions)
    assert sorted(positions) == list(positions)


def test_a_process_that_ends_leaves_no_gap_in_the_others() -> None:
    """What is gone is not counted, and nothing fails."""
    with running("import sys; " + _WAIT) as pid:
        pass
    metrics = sampled([pid, os.getpid()]).metrics()
    assert (value(metrics, "worker_threads") or 0) >= 1


def test_the_thread_ends_and_its_cost_is_told() -> None:
    """At the usual period it is far below one percent."""
    before = threading.active_count()
    found = sampled([os.getpid()])
    assert threading.active_count() == before
    cost = one(found.metrics(), "sampler_cpu")
    assert cost.value is not None
    assert cost.value > 0
    assert cost.unit == "%"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_process_that_listens_is_found(host: str) -> None:
    """By the port of a loopback address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert processes_under_test(load(operation=HttpOperation(url=f"http://{host}:{port}/x"))) == {os.getpid()}
        statement = SqlOperation(statement="SELECT 1", url=f"postgresql://{host}:{port}/db")
        assert processes_under_test(load(operation=statement)) == {os.getpid()}


@pytest.mark.parametrize(
    "operation",
    [
        HttpOperation(url="http://127.0.0.1:1/"),
        HttpOperation(url="http://example.com/"),
        SqlOperation(statement="SELECT 1", url="sqlite:///a.db"),
        PythonOperation(target="os:getpid"),
    ],
    ids=str,
)
def test_nothing_is_looked_at_where_nothing_local_is_called(operation: Operation) -> None:
    """But for what is named."""
    assert not processes_under_test(load(operation=operation))
    assert processes_under_test(load(operation=operation, target_pid=4711)) == {4711}
