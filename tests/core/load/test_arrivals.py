"""Who starts an iteration when, and how many."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_dpq.core.load.arrivals import Crew, Permits, arrivals, last_end, last_start
from airflow_provider_dpq.core.load.design import Scenario, Stream
from airflow_provider_dpq.core.load.model import ArrivalRate, Concurrency
from airflow_provider_dpq.core.load.schedule import Schedule, Stage
from airflow_provider_dpq.core.operation.python import PythonOperation

SCENARIO = Scenario(operation=PythonOperation(target="time:time"))


def crew(*stages: Stage, start: float = 0, cap: int | None = None, until: float = 10.0, **options: Any) -> Crew:
    """Return the crew of a closed model."""
    model = Concurrency(schedule=Schedule(start, stages), **options)
    return Crew(Stream(scenario=SCENARIO, model=model), until, Permits(cap))


def test_arrivals_end_with_the_time() -> None:
    """Of 10 per second for 2 s, 1 s has 10."""
    stream = Stream(scenario=SCENARIO, model=ArrivalRate(schedule=Schedule(10, (Stage(2, 10),))))
    assert len(list(arrivals(stream, 2.0))) == 20
    assert list(arrivals(stream, 1.0)) == pytest.approx([number / 10 for number in range(10)])


def test_permits_are_counted() -> None:
    """There are so many, and what is given back is there again; or there is any number."""
    cap = Permits(2)
    assert [cap.take(), cap.take(), cap.take(), cap.left] == [True, True, False, 0]
    cap.give()
    assert [cap.take(), cap.take()] == [True, False]
    assert all(Permits(None).take() for _ in range(100))


def test_what_is_started_last_has_its_time() -> None:
    """After the schedule comes a grace, and then an iteration with all the time that it may take."""
    assert 10 < last_start(10) < 12
    assert last_end(10, 30) > last_start(10) + 30


def test_what_is_planned_and_not_started_is_dropped_once() -> None:
    """At the end, which is that of the schedule at the latest; where nothing was counted there is nothing."""
    found = crew(Stage(10, 2), start=2, iterations=5, until=4.0)
    found.missing(0.0)
    assert len(list(zip(range(2), found.turns(0), strict=False))) == 2
    assert list(found.dropped(4.5)) == [4.0] * 3
    assert list(found.dropped(4.5)) == []
    assert list(crew(Stage(10, 2), start=2).dropped(10.0)) == []
    capped = crew(Stage(10, 2), start=2, iterations_each=3, cap=4)
    capped.missing(0.0)
    assert sum(1 for number in (0, 1) for _ in capped.turns(number)) == 4
    assert capped.done(1.0)
    assert list(capped.dropped(1.5)) == [1.5] * 2


def test_workers_come_and_leave_with_the_level() -> None:
    """Those with the highest numbers leave, after the iteration that they are in, and come again."""
    found = crew(Stage(1, 3), Stage(0, 1), Stage(1, 1), Stage(0, 2), Stage(1, 2), start=3)
    assert found.missing(0.0) == [0, 1, 2]
    assert found.missing(0.5) == []
    turns = found.turns(2)
    assert next(turns, "left") is True
    assert found.missing(1.5) == []
    assert next(turns, "left") == "left"
    assert next(found.turns(1), "left") == "left"
    assert found.missing(2.5) == [1]


def test_a_worker_that_is_wanted_again_before_it_left_goes_on() -> None:
    """There are never two workers of one number."""
    found = crew(Stage(1, 2), Stage(0, 1), Stage(1, 1), Stage(0, 2), Stage(1, 2), start=2)
    found.missing(0.0)
    turns = found.turns(1)
    next(turns)
    assert found.missing(1.5) == []
    assert found.missing(2.5) == []
    assert next(turns, "left") is True


def test_shared_iterations_are_shared_to_the_last() -> None:
    """A worker that leaves takes none with it."""
    found = crew(Stage(1, 2), Stage(0, 1), Stage(9, 1), start=2, iterations=5)
    found.missing(0.0)
    first, second = found.turns(0), found.turns(1)
    assert [next(first, "end"), next(second, "end")] == [True, True]
    found.missing(1.5)
    assert next(second, "end") == "end"
    assert len(list(first)) == 3
    assert found.done(2.0)
    assert found.missing(2.0) == []


def test_workers_with_iterations_of_their_own_end_one_by_one() -> None:
    """Each has its number, is not started again, and the load ends with the last."""
    found = crew(Stage(10, 2), start=2, iterations_each=3)
    found.missing(0.0)
    assert list(found.turns(0)) == [True, True, False]
    assert not found.done(1.0)
    assert found.missing(1.0) == []
    assert len(list(found.turns(1))) == 3
    assert found.done(1.0)


def test_a_crew_ends_with_the_time_or_the_cap() -> None:
    """Nobody starts anything after the end."""
    found = crew(Stage(10, 1), start=1, cap=2, until=5.0)
    found.missing(0.0)
    assert not found.done(4.9)
    assert found.done(5.0)
    assert len(list(found.turns(0))) == 2
    assert found.done(1.0)
