"""What is observed of one operation: samples beside the reference, then memory."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from airflow_provider_dpq.core.benchmark import observation
from airflow_provider_dpq.core.benchmark.observation import LEAST_SAMPLES, Amount, Memory, Observed, observe
from airflow_provider_dpq.core.benchmark.timing import Clocks
from airflow_provider_dpq.core.operation.iteration import Iteration
from airflow_provider_dpq.core.operation.python import PythonOperation

MEGABYTE = 1_000_000
NO_SAMPLES = Amount(0, 0, 0.0)


@dataclass
class Given:
    """An operation that is an iteration made beforehand."""

    iteration: Iteration

    @contextmanager
    def opened(self, _size: int | None) -> Iterator[Iteration]:
        """Give the iteration."""
        yield self.iteration


def look(operation: object, amount: Amount, clocks: Clocks | None = None) -> tuple[list[Observed], list[Memory]]:
    """Observe an operation and part what comes."""
    items = list(observe(operation, None, amount, clocks))  # type: ignore[arg-type]
    return [item for item in items if isinstance(item, Observed)], [item for item in items if isinstance(item, Memory)]


def memory_of(call: Callable[[], Any], **parts: Any) -> list[Memory]:
    """Look at the memory of a call."""
    return look(Given(Iteration(call, **parts)), NO_SAMPLES)[1]


def ticking(step: float = 0.03) -> Clocks:
    """Return clocks that go on by a step each time somebody reads them."""
    ticks = count()
    return Clocks(wall=lambda: step * next(ticks), cpu=lambda: step * next(ticks))


def test_each_sample_stands_beside_one_of_the_reference() -> None:
    """Both have times, and there are as many as are wanted."""
    found, _ = look(PythonOperation(target=sorted, arguments=[range(1000)]), Amount(12, 0, 60.0))
    assert len(found) == 12
    assert all(item.reference.wall_seconds > 0.0005 for item in found)
    assert all(0 < item.sample.wall_seconds < item.reference.wall_seconds for item in found)


def test_a_sign_of_life_comes_before_the_samples() -> None:
    """Whoever waits for an item learns that it goes on while it warms up."""
    items = list(observe(PythonOperation(target=sorted, arguments=[[]]), None, Amount(1, 0, 60.0)))
    kinds = [type(item) for item in items]
    assert kinds[0] is type(None)
    assert kinds == sorted(kinds, key=[type(None), Observed, Memory].index)
    assert kinds.count(Memory) == 3


def test_samples_go_on_until_there_are_enough_iterations() -> None:
    """Percentiles that are asked for need iterations, however many samples that takes."""
    found, _ = look(Given(Iteration(lambda: None)), Amount(1, 40, 1e9), ticking())
    assert sum(len(item.sample.each_wall_seconds) for item in found) >= 40
    assert len(found) > 1


def test_the_least_samples_are_taken_when_the_time_is_up() -> None:
    """A budget does not leave fewer than an interval needs."""
    found, _ = look(Given(Iteration(lambda: None)), Amount(30, 10_000, 0.0), ticking())
    assert len(found) == LEAST_SAMPLES


def test_an_allocation_shows_in_the_peak_and_not_in_what_is_retained() -> None:
    """Twice twenty megabytes that are written and given back."""
    for memory in memory_of(lambda: len(bytearray(b"x" * 20 * MEGABYTE))):
        assert 35 * MEGABYTE < memory.peak_bytes < 60 * MEGABYTE
        assert abs(memory.retained_bytes) < 5 * MEGABYTE


def test_what_an_iteration_leaks_is_retained() -> None:
    """Ten megabytes more each time, in small pieces."""
    kept: list[bytearray] = []
    for memory in memory_of(lambda: kept.extend(bytearray(b"x" * 50_000) for _ in range(200))):
        assert memory.retained_bytes > 8 * MEGABYTE


def test_what_the_call_returns_is_not_retained() -> None:
    """The caller holds it, and lets go."""
    for memory in memory_of(lambda: bytearray(b"x" * 30 * MEGABYTE)):
        assert memory.peak_bytes > 25 * MEGABYTE
        assert memory.retained_bytes < 5 * MEGABYTE


def test_memory_of_set_up_is_not_that_of_the_call() -> None:
    """A fresh copy of the data is made outside of what is measured, and torn down."""
    torn_down: list[int] = []

    def set_up() -> Callable[[], int]:
        data = bytearray(b"x" * 30 * MEGABYTE)
        return lambda: len(data)

    for memory in memory_of(lambda: 0, set_up=set_up, tear_down=torn_down.append):
        assert memory.peak_bytes < 5 * MEGABYTE
        assert memory.retained_bytes < 5 * MEGABYTE
    assert set(torn_down) == {30 * MEGABYTE}


def test_a_program_counts_with_all_of_its_memory() -> None:
    """A command works in another process; the call of another operation after it does not count it again."""
    program = [sys.executable, "-c", "x = b'x' * 300_000_000"]
    for memory in memory_of(lambda: subprocess.run(program, check=True)):
        assert memory.peak_bytes > 290 * MEGABYTE
    for memory in memory_of(lambda: None):
        assert memory.peak_bytes < 20 * MEGABYTE


def test_without_proc_the_peak_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not tell a resettable peak, the highest yet is too high rather than too low."""
    monkeypatch.setattr(observation, "_STATUS", "/nowhere/status")
    monkeypatch.setattr(observation, "_CLEAR", "/nowhere/clear")
    for memory in memory_of(lambda: len(bytearray(b"x" * 30 * MEGABYTE))):
        assert memory.peak_bytes >= 0


def test_what_there_is_before_the_samples_is_frozen() -> None:
    """Objects of the imports and the dataset are not walked through before each sample."""
    kept = [[index] for index in range(100)]
    gc.unfreeze()
    items = observe(Given(Iteration(lambda: len(kept))), None, Amount(1, 0, 60.0))  # type: ignore[arg-type]
    try:
        for item in items:
            if item is not None:
                break
            assert gc.get_freeze_count() == 0
        assert gc.get_freeze_count() > len(kept)
        assert not [other for other in gc.get_objects() if other is kept]
    finally:
        items.close()  # type: ignore[attr-defined]
        gc.unfreeze()
