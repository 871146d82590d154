"""Where memory was allocated, traced in this interpreter."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.trace import Trace, trace
from airflow_provider_dpq.core.operation.python import PythonOperation

KEPT: list[Any] = []
ITERATIONS = 40


def make(size: int) -> bytearray:
    """Allocate some memory."""
    return bytearray(size)


def keep_much_and_little() -> None:
    """Keep a lot of memory from one line and less from another, and work on some more."""
    KEPT.append(make(10_000))
    KEPT.append(make(1_000))
    make(100_000)


def found(target: Any) -> Trace:
    """Trace an operation and return what came last."""
    items = list(trace(LeakCheck(operation=PythonOperation(target=target), stages=(ITERATIONS,))))
    assert items[:-1] == [None] * (10 + ITERATIONS)
    assert items[-1] is not None
    return items[-1]


def test_places_are_named_the_largest_first() -> None:
    """Each line that keeps memory is a place, with the frames from the innermost to the operation's own."""
    traced = found(keep_much_and_little)
    assert traced.iterations == ITERATIONS
    much, little = traced.allocations[:2]
    inner = f"leak/test_trace.py:{make.__code__.co_firstlineno + 2}"
    outer = keep_much_and_little.__code__.co_firstlineno
    assert much.location[:2] == (inner, f"leak/test_trace.py:{outer + 2}")
    assert little.location[:2] == (inner, f"leak/test_trace.py:{outer + 3}")
    assert much.size_bytes == pytest.approx(10_000 * ITERATIONS, rel=0.05)
    assert much.count >= ITERATIONS
    assert not any("core/leak/trace.py" in frame or "tracemalloc" in frame for frame in much.location)


def test_what_is_given_back_is_no_place() -> None:
    """Memory that does not grow is not named."""
    assert sum(place.size_bytes for place in found(lambda: make(100_000)).allocations) < 10_000
