"""Attempts that are interrupted: what was found is kept, whatever follows, and the report says by what it ended."""

from __future__ import annotations

import signal
import threading
from functools import partial

import pytest

from airflow_provider_dpq.core.attempt import Attempt, cut_short


def test_second_interrupt_does_not_lose_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one stops the work; the second comes while what it found is waited for."""
    attempt, stopped = Attempt(), threading.Event()

    interrupts = iter([1])

    def stop() -> None:
        if next(interrupts, None):
            signal.raise_signal(signal.SIGINT)
        stopped.set()

    monkeypatch.setattr(attempt._watch, "cancel", stop)

    def work() -> str:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        stopped.wait()
        return "found"

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ended = attempt.run(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value == "found"
    assert isinstance(ended.error, KeyboardInterrupt)


@pytest.mark.parametrize(
    ("by", "told"), [("a kill of the task", "was cancelled by a kill of the task."), ("", "was cancelled.")]
)
def test_cancelled_attempt_says_by_what(by: str, told: str) -> None:
    """Also one that was cancelled before it began."""
    for begun in (False, True):
        attempt = Attempt()
        if not begun:
            attempt.cancel(by)
        ended = attempt.run(partial(_cancelling, attempt, by))
        assert str(ended.error).startswith(f"The measurement {told}"), begun


def _cancelling(attempt: Attempt, by: str) -> None:
    attempt.cancel(by)
    attempt._watch._cancelling.wait(30)


def test_interrupt_is_named_in_words() -> None:
    """A report says what cut the measurement short."""
    assert "by Ctrl-C or a signal (KeyboardInterrupt)" in str(cut_short(KeyboardInterrupt()))
    assert "by SystemExit" in str(cut_short(SystemExit()))
