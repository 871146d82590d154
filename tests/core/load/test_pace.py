"""Waking at a time, by a timer of the kernel and without one."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from airflow_provider_dpq.core.load import pace
from airflow_provider_dpq.core.load.loop import new_loop
from airflow_provider_dpq.core.load.pace import Alarm, sleep_until


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("make", [new_loop, asyncio.new_event_loop])
def test_an_alarm_rings_when_it_is_set_to(make: object, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before, once for each time that it is set, and not where it was set to another time."""
    if not kernel:
        monkeypatch.setattr(pace, "_timer", lambda: None)
    rung: list[float] = []

    async def run() -> list[float]:
        def ring() -> None:
            rung.append(time.perf_counter())
            alarm.set(begin + 0.04 if len(rung) == 1 else math.inf)

        alarm = Alarm(asyncio.get_running_loop(), ring)
        begin = time.perf_counter()
        alarm.set(begin + 5)
        alarm.set(begin + 0.02)
        await asyncio.sleep(0.1)
        alarm.set(time.perf_counter() + 0.02)
        alarm.close()
        await asyncio.sleep(0.04)
        return [at - begin for at in rung]

    with asyncio.Runner(loop_factory=make) as runner:  # type: ignore[arg-type]
        first, second = runner.run(run())
    early = 0.0 if kernel else 0.002  # the loop's own timers count milliseconds
    assert first >= 0.02 - early
    assert second >= 0.04 - early


def test_an_alarm_for_the_past_rings_at_once() -> None:
    """What was due before is due now."""

    async def run() -> None:
        rung = asyncio.get_running_loop().create_future()
        alarm = Alarm(asyncio.get_running_loop(), lambda: rung.done() or rung.set_result(None))
        alarm.set(time.perf_counter() - 1)
        await asyncio.wait_for(rung, 5)
        alarm.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())


def test_sleep_lasts_until_its_time() -> None:
    """It returns that the time has come, and not before."""
    until = time.perf_counter() + 0.02
    assert sleep_until(until, lambda: False)
    assert time.perf_counter() >= until
    assert sleep_until(until, lambda: True)


def test_sleep_ends_where_it_is_stopped() -> None:
    """A sleeper of an hour wakes when it is told to."""
    asked: list[None] = []
    assert not sleep_until(time.perf_counter() + 3600, lambda: asked.append(None) or len(asked) > 1)
