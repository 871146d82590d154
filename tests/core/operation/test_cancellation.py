"""A cancellation: it ends the child that measures, and lets no other begin."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import pytest

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.operation.isolation import Cancellation

pytestmark = pytest.mark.alone


def wait() -> Iterator[str]:
    """Begin, and never end."""
    yield "begun"
    time.sleep(600)


def answer() -> Iterator[int]:
    """Give an answer."""
    yield 42


def running() -> list[psutil.Process]:
    """Return the children of this process that still run."""
    return [item for item in psutil.Process().children() if item.status() != psutil.STATUS_ZOMBIE]


def test_it_ends_the_child_that_measures() -> None:
    """What waits for its next item is told so."""
    cancellation = Cancellation()
    with cancellation.spawned() as child:
        stream = child.stream(wait, functions=[wait], timeout_seconds=60)
        assert next(stream) == "begun"
        cancellation.cancel()
        with pytest.raises(MeasurementError) as caught:
            next(stream)
    assert caught.value.reason == "cancelled"
    assert running() == []


@pytest.mark.parametrize("times", [1, 2])
def test_it_lets_no_other_child_begin(times: int) -> None:
    """Before the first one, and each time that another would begin."""
    cancellation = Cancellation()
    cancellation.cancel()
    for _ in range(times):
        with pytest.raises(MeasurementError) as caught, cancellation.spawned():
            pytest.fail("it began")
        assert caught.value.reason == "cancelled"
    cancellation.cancel()
    assert running() == []


def test_it_leaves_a_measurement_alone_that_has_ended() -> None:
    """A child that was left is not ended once more; its process number may be somebody else's by then."""
    cancellation = Cancellation()
    with cancellation.spawned() as child:
        assert list(child.stream(answer, functions=[answer], timeout_seconds=60)) == [42]
    ended: list[bool] = []
    child.kill = lambda: ended.append(True)  # type: ignore[method-assign]
    cancellation.cancel()
    assert ended == []


def test_it_ends_all_children_that_measure() -> None:
    """Each of several at a time, but not one that has ended before."""
    cancellation = Cancellation()
    with cancellation.spawned() as one, cancellation.spawned() as other:
        with cancellation.spawned() as ended:
            assert list(ended.stream(answer, functions=[answer], timeout_seconds=60)) == [42]
        streams = [child.stream(wait, functions=[wait], timeout_seconds=60) for child in (one, other)]
        assert [next(stream) for stream in streams] == ["begun", "begun"]
        cancellation.cancel()
        for stream in streams:
            with pytest.raises(MeasurementError):
                next(stream)
    assert running() == []
