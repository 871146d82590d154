"""Who blocks the loop: the user's own code is named."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_dpq.core.load import generator
from airflow_provider_dpq.core.load.generator import Watch, culprit

pytestmark = pytest.mark.alone


class Gate:
    """Blocks whoever encodes it."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, _found: object) -> str:
        """Wait at the gate."""
        self.reached.set()
        self.open.wait(20)
        return ""


def through_library(gate: Gate) -> None:
    """Block in a library."""
    json.dumps({1: object()}, default=lambda _found: _inner(gate))


def _inner(gate: Gate) -> str:
    return gate(None)


def seen(work: Callable[[Gate], Any]) -> str | None:
    """Return who is found while some work stands at the gate."""
    gate = Gate()
    thread = threading.Thread(target=work, args=(gate,))
    thread.start()
    gate.reached.wait(20)
    found = culprit(thread.ident)
    gate.open.set()
    thread.join(20)
    return found


def test_the_innermost_frame_of_the_user_is_named() -> None:
    """Not the library that it calls, nor what called it."""
    found = seen(through_library)
    assert found is not None
    place, _, name = found.partition(" in ")
    assert place.startswith("load/test_generator_blocked.py:")
    assert name == "__call__"


def test_a_thread_without_code_of_a_user_is_not_blamed() -> None:
    """A thread that waits in the standard library's threads is nobody's fault, and neither is one that has ended."""
    waits = threading.Event()
    thread = threading.Thread(target=waits.wait, args=(20,))
    thread.start()
    assert culprit(thread.ident) is None
    waits.set()
    thread.join(20)
    assert culprit(thread.ident) is None


def test_time_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the last sign of life to each look, without a second twice; nothing for a short while."""
    monkeypatch.setattr(generator, "culprit", lambda _number: "a.py:1 in f")
    now = iter((10.02, 10.2, 10.5, 10.53, 11.0))
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    blocked: dict[str, float] = {}
    driver: Any = SimpleNamespace(
        alive=10.0, ended=threading.Event(), thread_number=1, tally=SimpleNamespace(blocked=blocked)
    )
    looking = Watch(driver)
    looking.look()
    assert blocked == {}
    looking.look()
    looking.look()
    assert blocked["a.py:1 in f"] == pytest.approx(0.5)
    driver.alive = 10.52
    looking.look()
    looking.look()
    assert blocked["a.py:1 in f"] == pytest.approx(0.5 + 0.48)
