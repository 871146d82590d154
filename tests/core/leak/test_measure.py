"""What the measuring interpreter does, run in this one with a heap that is told."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count

import psutil
import pytest

from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.measure import Sample, heap_bytes, look, observe
from airflow_provider_dpq.core.operation.python import PythonOperation

pytestmark = pytest.mark.alone

STAGES = (40, 80)


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def observed(heap: Callable[[], int | None], limits: tuple[float, ...] = (512.0,), warm_up: int = 3) -> list[Sample]:
    """Return the samples of an operation that keeps nothing, with the heap that is told."""
    check = LeakCheck(operation=PythonOperation(target=int), warm_up_iterations=warm_up, stages=STAGES)
    items = list(observe(check, limits, heap))
    assert items[:warm_up] == [None] * warm_up
    return [item for item in items[warm_up:] if item is not None]


def test_it_stops_at_the_first_stage_that_can_tell() -> None:
    """A heap that grows evenly is settled by the first stage; that one stands still, not before it has done so long."""
    assert len(observed(lambda: 10**6)) == STAGES[1]
    growing = count(step=1_000)
    samples = observed(lambda: next(growing))
    assert len(samples) == STAGES[0]
    assert [sample.heap_bytes for sample in samples[:2]] == [3_000, 4_000]  # after those of the warm-up


def test_it_goes_on_while_it_cannot_tell() -> None:
    """Growth that stops within the first stage is looked at again, and without limits all stages are run."""
    filling = count()
    assert len(observed(lambda: 10_000 * min(next(filling), 33))) == STAGES[1]
    assert len(observed(lambda: 10**6, limits=())) == STAGES[1]


def test_without_figures_of_the_heap_it_judges_resident_memory() -> None:
    """Where the C library says nothing, a limit below the coarse tolerance is never settled."""
    samples = observed(lambda: None)
    assert len(samples) == STAGES[1]
    assert {sample.heap_bytes for sample in samples} == {None}
    assert samples[0].resident_bytes > 0


def test_a_look_counts_what_the_process_holds() -> None:
    """An open file is one more, until it is closed."""
    before = look(lambda: 1)
    number = os.open(os.devnull, os.O_RDONLY)
    during = look(lambda: 1)
    os.close(number)
    after = look(lambda: 1)
    assert during.open_files == before.open_files + 1 == after.open_files + 1
    assert (before.heap_bytes, before.threads > 0, before.uncollectable) == (1, True, 0)


ORPHANING = """
import os, subprocess
print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL).pid, flush=True)
os._exit(0)
"""


def test_a_look_counts_processes_whose_parent_has_ended() -> None:
    """A program that goes on in the background is left behind, although this process is not its parent."""
    before = look(lambda: 1)
    told = subprocess.run([sys.executable, "-S", "-c", ORPHANING], stdout=subprocess.PIPE, check=True)
    orphan = int(told.stdout)
    try:
        assert os.getsid(orphan) == os.getsid(0)
        assert orphan not in {child.pid for child in psutil.Process().children(recursive=True)}
        assert look(lambda: 1).child_processes == before.child_processes + 1
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_a_look_counts_processes_in_sessions_of_their_own() -> None:
    """A process that was not waited for counts, wherever it went."""
    before = look(lambda: 1)
    apart = subprocess.Popen([sys.executable, "-S", "-c", ""], start_new_session=True)
    assert look(lambda: 1).child_processes == before.child_processes + 1
    apart.wait()
    assert look(lambda: 1).child_processes == before.child_processes


def test_the_heap_holds_what_is_allocated() -> None:
    """Ten megabytes more show on the heap, and are gone when they are freed."""
    before = heap_bytes()
    if before is None:
        pytest.skip("this platform does not say what is on the heap")
    block = bytearray(10_000_000)
    during = heap_bytes()
    del block
    after = heap_bytes()
    assert during is not None
    assert after is not None
    assert during - before >= 10_000_000
    assert during - after >= 10_000_000
