"""Statements are stopped while they run, and never the ones after them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from airflow_provider_dpq.core import watch as watching_module
from airflow_provider_dpq.core.errors import CancelledError, QueryTimeoutError
from airflow_provider_dpq.core.watch import Stop, Watch, limit_seconds, limited, watched, watching, within


def _run(watch: Watch, stop: Stop, statement: Callable[[], None]) -> None:
    with watch.over(stop, "orders"):
        statement()


def test_statement_is_asked_to_stop_and_no_other_begins() -> None:
    """Cancelling returns at once; the statement ends when it is told to, and the next one does not begin."""
    asked, watch = threading.Event(), Watch()

    def statement() -> None:
        watch.cancel()
        assert asked.wait(timeout=10)

    with pytest.raises(CancelledError):
        _run(watch, Stop(asked.set), statement)
    with pytest.raises(CancelledError):
        _run(watch, Stop(asked.set), lambda: pytest.fail("it began"))


def test_error_of_a_stopped_statement_is_that_of_its_stop() -> None:
    """What a driver raises where it was interrupted says nothing of the data."""
    asked = threading.Event()

    def statement() -> None:
        assert asked.wait(timeout=10)
        raise RuntimeError

    with pytest.raises(QueryTimeoutError) as stopped:
        _run(Watch(limit_seconds=0.0), Stop(asked.set), statement)
    assert (stopped.value.reason, stopped.value.quotes_data) == ("query_timeout", False)


def test_timer_that_comes_late_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer may run out as its statement ends: by then the connection may serve the next one."""
    late: list[Callable[[], None]] = []

    class Timer:
        daemon = False

        def __init__(self, _seconds: float, function: Callable[[], None]) -> None:
            late.append(function)

        def start(self) -> None:
            """Run later."""

        def cancel(self) -> None:
            """Come too late for that."""

    monkeypatch.setattr(watching_module.threading, "Timer", Timer)
    asked: list[str] = []
    with Watch(limit_seconds=1.0).over(Stop(lambda: asked.append("stop")), "orders"):
        pass
    before = set(threading.enumerate())
    late[0]()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
    assert asked == []


def test_limits_nest() -> None:
    """Inside a share of the limit holds, afterwards the limit as it was; without a watch there is none."""
    assert limit_seconds() is None
    with limited(60):
        with within(4):
            assert limit_seconds() == 15
        with within(1000):
            assert limit_seconds() == 1
        with limited(5):
            assert limit_seconds() == 5
        assert limit_seconds() == 60
    assert limit_seconds() is None
    with within(4), watched(Stop(lambda: None), "orders"):
        assert limit_seconds() is None


def test_limit_of_a_watch_comes_back() -> None:
    """A limit that a check brings ends with the check."""
    watch = Watch()
    with watching(watch):
        with limited(5):
            assert watch.limit_seconds == 5
        assert watch.limit_seconds is None
