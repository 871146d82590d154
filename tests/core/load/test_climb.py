"""A search for a breaking point, on a service of known capacity in simulated time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.threshold import judge, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.climb import Climb
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.load.play import Player
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.operation.pulse import Pulse
from tests.core.load.loads import load, one
from tests.core.load.simulated import Clock, Simulated


def search(**options: Any) -> LoadTest:
    """Return a search from 100/s on, with levels of five seconds."""
    model = Breakpoint(**{"start": 100, "limit": 1000, "level_seconds": 5, "precision_percent": 10, **options})
    return load(model=model)


def climbed(
    service: Simulated, test: LoadTest | None = None, thresholds: Sequence[str] = (), said: list[str] | None = None
) -> Climb:
    """Search, and return what became of it."""
    test = test or search()
    recorder = Recorder(test, started_at_seconds=service.clock.now)
    pulse = Pulse(None if said is None else said.append, period_seconds=0)
    player = Player(service, pulse, clock=service.clock)
    climb = Climb(test, parse_thresholds(thresholds, LOAD), player, recorder, sleep=service.clock.sleep)
    climb.go()
    return climb


def reasons(climb: Climb) -> dict[str, tuple[Verdict, str]]:
    """Return the verdict and the reason of each check."""
    return {check.name: (check.verdict, check.error.reason if check.error else "") for check in climb.checks}


@pytest.mark.parametrize("capacity", [130.0, 300.0, 555.5])
def test_the_breaking_point_is_the_capacity(capacity: float) -> None:
    """No threshold is declared: errors, what is dropped and a backlog that grows decide."""
    climb = climbed(Simulated(Clock(), capacity=capacity))
    found = one(climb.measured, "breaking_point")
    assert found.value == pytest.approx(capacity, rel=0.1)
    assert found.interval is not None
    assert found.interval[1] - found.interval[0] <= 0.1 * found.interval[1]
    assert found.interval[1] >= capacity
    assert reasons(climb) == {"breaking point": (Verdict.PASS, "")}


def test_each_level_says_whether_it_held_and_what_broke_it() -> None:
    """By its thresholds, or by how far it fell behind; the load that recovery is seen after is no level."""
    climb = climbed(Simulated(Clock(), capacity=300, latency=0.05), thresholds=["p(95) < 200ms"])
    judged = [level for level in climb.levels if level.held is not None]
    assert {level.held for level in judged if level.load <= 250} == {True}
    broken = [level for level in judged if level.load > 300]
    assert {level.held for level in broken} == {False}
    assert all("p(95) < 200ms: " in level.why for level in broken)
    assert any("% of what was due was answered" in level.why for level in broken)
    assert (climb.levels[-1].held, climb.levels[-1].why) == (None, "")


def test_a_broken_level_ends_early_and_levels_follow_each_other() -> None:
    """Nobody waits for the end of what is lost; each level has its place in time."""
    service = Simulated(Clock(), capacity=150)
    said: list[str] = []
    climb = climbed(service, search(growth=3), said=said)
    assert service.plays[:3] == [100, 300, 300]
    assert service.ended_early >= 2
    assert all(before.end_seconds <= after.begin_seconds for before, after in pairwise(climb.levels))
    broken = climb.levels[1]
    assert (broken.load, broken.end_seconds - broken.begin_seconds) == (300, pytest.approx(4, abs=1.1))
    assert any(line.startswith("level 300/s, 3 s of 5 s: ") for line in said)
    assert any(line.startswith("recovery from ") for line in said)


def test_a_threshold_breaks_a_level() -> None:
    """A limit is reached long before the capacity; a wider one is not."""
    service = Simulated(Clock(), capacity=1e6, fails=lambda due, rate: 2 * (rate > 250 and round(due * rate) % 20 == 0))
    climb = climbed(service, thresholds=["error_rate < 1%"])
    assert one(climb.measured, "breaking_point").value == pytest.approx(250, rel=0.1)
    assert one(climbed(service, thresholds=["error_rate < 10%"]).measured, "breaking_point").value == 1000


def test_a_search_that_reaches_its_limit_says_so() -> None:
    """The breaking point lies at the limit or above, and recovery is measured from there."""
    climb = climbed(Simulated(Clock(), capacity=5000))
    found = one(climb.measured, "breaking_point")
    assert (found.value, found.interval) == (1000, (1000, sys.float_info.max))
    assert climb.checks[0].result == {"held": 1000, "broken": None, "levels": 7}
    assert one(climb.measured, "recovery").value == 0


def test_a_first_level_that_breaks_fails() -> None:
    """There is nothing to compare a recovery with."""
    climb = climbed(Simulated(Clock(), capacity=50))
    assert reasons(climb) == {"breaking point": (Verdict.FAIL, "broken_at_start")}
    found = one(climb.measured, "breaking_point")
    assert (found.value, found.interval) == (0, (0, 100))
    assert len(climb.measured) == 1


@pytest.mark.parametrize("capacity", [200.0, 390.0])
def test_recovery_takes_until_the_backlog_is_gone(capacity: float) -> None:
    """Of a first come, first served queue that is known: what piled up, by what is left of the capacity."""
    service = Simulated(Clock(), capacity=capacity)
    climb = climbed(service, search(growth=4, precision_percent=80))
    assert service.plays == [100, 400, 400, 400]
    truth = (400 - capacity) * 5 / (capacity - 100)
    found = one(climb.measured, "recovery")
    assert found.value == pytest.approx(truth, abs=1)
    assert found.interval is not None
    assert found.interval[0] <= truth <= found.interval[1]


def test_a_target_that_stays_slow_has_not_recovered() -> None:
    """From the overload on it answers in a tenth of a second."""
    service = Simulated(Clock())
    service.fails = lambda due, rate: 2 * (rate > 300 and len(service.plays) > 8 and due > 5)
    climb = climbed(service)
    assert reasons(climb)["recovery"] == (Verdict.FAIL, "no_recovery")
    assert not [metric for metric in climb.measured if metric.name == "recovery"]


def test_a_target_that_an_overload_kills_has_not_recovered() -> None:
    """What was found until then stands."""
    service = Simulated(Clock(), fails=lambda due, rate: int(rate > 300))
    service.down = lambda now: 337.5 in service.plays
    climb = climbed(service)
    assert reasons(climb) == {
        "recovery": (Verdict.FAIL, "no_recovery"),
        "breaking point": (Verdict.PASS, ""),
    }
    assert one(climb.measured, "breaking_point").value == 225


def test_a_target_that_comes_back_is_searched_on() -> None:
    """It is waited for between levels."""
    clock = Clock()
    service = Simulated(clock)
    begun: list[float] = []

    def down(now: float) -> bool:
        if 337.5 in service.plays and not begun:
            begun.append(now)
        return bool(begun) and now < begun[0] + 10

    service.down = down
    assert one(climbed(service).measured, "breaking_point").value == pytest.approx(300, rel=0.1)


def test_caps_end_a_search() -> None:
    """What was found until then stands, and the check warns."""
    test = search()
    counted = LoadTest(scenarios=test.scenarios, model=test.model, max_requests=2000)
    climb = climbed(Simulated(Clock()), counted)
    assert reasons(climb)["request cap"] == (Verdict.WARN, "request_cap")
    assert one(climb.measured, "breaking_point").value == 150
    texts = ("breaking_point > 140/s", "breaking_point > 160/s", "breaking_point < 140/s", "breaking_point < 160/s")
    assert [result.verdict for result in judge(parse_thresholds(texts, LOAD), climb.measured)] == [
        Verdict.PASS,
        Verdict.INCONCLUSIVE,
        Verdict.FAIL,
        Verdict.INCONCLUSIVE,
    ]
    timed = LoadTest(scenarios=test.scenarios, model=test.model, max_duration_seconds=20)
    assert reasons(climbed(Simulated(Clock()), timed))["duration cap"] == (Verdict.WARN, "duration_cap")


@pytest.mark.parametrize("rate", [0.3, 0.7, 1.0, 1.3, 2.1, 3.7])
def test_a_low_rate_is_answered_and_recovered_from(rate: float) -> None:
    """What is due in some windows is a whole number; some have nothing."""
    climb = climbed(Simulated(Clock()), search(start=rate, limit=4 * rate, growth=2, level_seconds=10))
    assert one(climb.measured, "breaking_point").value == 4 * rate
    found = one(climb.measured, "recovery")
    assert found.interval is not None
    assert found.interval[0] == 0
    assert found.interval[1] <= 2 * (1 / rate + 2)
    assert reasons(climb) == {"breaking point": (Verdict.PASS, "")}


def test_a_low_rate_that_is_not_answered_is_broken() -> None:
    """One arrival that is not there may be rounding; more are not."""
    test = search(start=1.3, limit=5.2, growth=2, level_seconds=10)
    found = one(climbed(Simulated(Clock(), capacity=2.0), test).measured, "breaking_point")
    assert found.interval is not None
    assert 1.3 <= found.interval[0] <= 2.2
    assert 2.0 <= found.interval[1] <= 2.6


def test_a_generator_that_is_the_limit_gives_no_answer() -> None:
    """A level is tried once more before."""
    service = Simulated(Clock(), capacity=1e6, lateness=lambda rate: 0.05 if rate > 200 else 0.0001)
    with pytest.raises(MeasurementError) as caught:
        climbed(service)
    assert caught.value.reason == "generator_limited"
    assert service.plays == [100, 150, 225, 225]


def test_workers_that_a_slow_target_keeps_busy_are_not_too_few() -> None:
    """At an overload each takes long; at the first level it is seen how many it takes."""
    climb = climbed(Simulated(Clock(), capacity=300), search(growth=5, precision_percent=15, max_workers=20))
    assert one(climb.measured, "breaking_point").value == pytest.approx(300, rel=0.15)


def test_an_undecided_level_is_played_longer_and_counts_as_broken_then() -> None:
    """Slow answers come in bursts, and make up what is just about allowed."""
    service = Simulated(Clock(), capacity=1e6, slow=lambda due, rate: 0.1 * (rate > 200 and due % 2 < 0.1))
    climb = climbed(service, search(level_seconds=8), ["p(95) < 50ms"])
    again = [level.end_seconds - level.begin_seconds for level in climb.levels if level.load == 225]
    assert again == [pytest.approx(8, abs=0.2), pytest.approx(16, abs=0.2)]
    assert one(climb.measured, "breaking_point").value < 225
