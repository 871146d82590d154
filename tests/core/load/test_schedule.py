"""When arrivals are due, and how a load is divided."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import constant_arrival_rate, ramping_concurrency, shared_iterations
from airflow_provider_dpq.core.load.schedule import Schedule, Stage
from airflow_provider_dpq.core.operation.python import PythonOperation

SCHEDULES = st.builds(
    Schedule,
    st.floats(0, 500),
    st.lists(st.builds(Stage, st.floats(0.01, 5), st.floats(0, 500)), min_size=1, max_size=5).map(tuple),
)


def test_a_constant_rate_is_due_evenly() -> None:
    """The first at once, the others a period apart, and none at the end."""
    schedule = Schedule(4.0, (Stage(2.0, 4.0),))
    assert [schedule.due(number) for number in range(8)] == pytest.approx([number / 4 for number in range(8)])
    assert schedule.due(8) == math.inf
    assert schedule.plateaus == [(0.0, 2.0, 4.0)]


def test_a_pause_holds_arrivals_back() -> None:
    """What comes after a level of 0 is due at its end."""
    schedule = Schedule(0.0, (Stage(3.0, 0.0), Stage(0.0, 2.0), Stage(1.0, 2.0)))
    assert [schedule.due(number) for number in range(2)] == pytest.approx([3.0, 3.5])
    assert schedule.level(1.0) == 0
    assert schedule.level(3.2) == 2


@given(SCHEDULES)
def test_arrivals_are_due_where_the_area_says(schedule: Schedule) -> None:
    """In order, within the duration, and as many before each moment as there is area below the level."""
    dues = [schedule.due(number) for number in range(math.ceil(schedule.amount - 1e-6))]
    assert all(before <= after + 1e-9 for before, after in pairwise(dues))
    assert all(0 <= due <= schedule.duration_seconds + 1e-6 for due in dues)
    for number, due in enumerate(dues):
        before = Schedule(schedule.start, _until(schedule, due)).amount
        assert before == pytest.approx(number, abs=1e-3)


def _until(schedule: Schedule, end: float) -> tuple[Stage, ...]:
    """Return the stages up to a moment."""
    found, begin = [], 0.0
    for stage in schedule.stages:
        length = min(stage.duration_seconds, end - begin)
        if length <= 0:
            break
        whole = length == stage.duration_seconds
        level = stage.level if whole else schedule.level(min(begin + length, schedule.duration_seconds - 1e-12))
        found.append(Stage(length, level))
        begin += stage.duration_seconds
    return tuple(found)


@given(st.integers(1, 5), st.integers(1, 400), st.lists(st.floats(0.1, 10), min_size=1, max_size=4))
def test_generators_and_scenarios_share_a_load_whole(parts: int, rate: int, weights: list[float]) -> None:
    """Together they start what one would, however it is divided."""
    scenarios = tuple(
        Scenario(operation=PythonOperation(target=int), name=str(number), weight=weight)
        for number, weight in enumerate(weights)
    )
    test = LoadTest(scenarios=scenarios, model=constant_arrival_rate(f"{rate}/s", "2s"), processes=parts)
    for number, stream in enumerate(test.streams()):
        streams = [test.streams(process)[number] for process in range(parts)]
        dues = sorted(due for stream in streams for due in stream.dues())
        schedule = stream.model.schedule.scaled(stream.share[1] - stream.share[0])
        assert dues == pytest.approx([schedule.due(arrival) for arrival in range(len(dues))])
        assert len(dues) == pytest.approx(schedule.amount, abs=1)
        assert sum(stream.planned or 0 for stream in streams) == len(dues)


@given(st.integers(1, 4), st.integers(1, 50), st.lists(st.floats(0.1, 10), min_size=1, max_size=4))
def test_workers_are_shared_whole(parts: int, workers: int, weights: list[float]) -> None:
    """As many run at each moment as the level says, over all scenarios and generators."""
    scenarios = tuple(
        Scenario(operation=PythonOperation(target=int), name=str(number), weight=weight)
        for number, weight in enumerate(weights)
    )
    model = ramping_concurrency([("10s", workers), ("10s", workers), ("10s", 0)])
    test = LoadTest(scenarios=scenarios, model=model, processes=parts)
    for at in (0.0, 3.3, 10.0, 15.0, 27.0):
        running = [stream.workers(at) for process in range(parts) for stream in test.streams(process)]
        assert sum(running) == math.floor(model.schedule.level(at) + 0.5)
    shared = LoadTest(scenarios=scenarios, model=shared_iterations(workers, 3), processes=parts)
    assert sum(stream.planned or 0 for process in range(parts) for stream in shared.streams(process)) == workers
