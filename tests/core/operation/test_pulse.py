"""Signs of life: a line every few seconds, on a clock that is moved by hand."""

from __future__ import annotations

from airflow_provider_dpq.core.operation.pulse import Pulse


def test_a_line_goes_by_every_few_seconds() -> None:
    """The first one at once, and others where the last one is old enough; the newest says what there is."""
    now, lines = [100.0], []
    pulse = Pulse(lines.append, period_seconds=5.0, clock=lambda: now[0])
    for second in (0.0, 0.1, 4.9, 5.0, 9.9, 30.0, 34.9):
        now[0] = 100.0 + second
        pulse.beat(f"at {second:g}")
    assert lines == ["at 0", "at 5", "at 30"]


def test_what_begins_is_told_at_once() -> None:
    """However short before something else was told; then it takes its time again."""
    now, lines = [100.0], []
    pulse = Pulse(lines.append, period_seconds=5.0, clock=lambda: now[0])
    pulse.beat("before")
    now[0] = 101.0
    pulse.renew()
    pulse.beat("begun")
    now[0] = 105.9
    pulse.beat("lost")
    assert lines == ["before", "begun"]


def test_nobody_needs_to_read_the_lines() -> None:
    """A beat without a reader is nothing."""
    Pulse(None, clock=lambda: 0.0).beat("lost")
