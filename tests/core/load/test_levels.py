"""Levels of a load compared with each other."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.load.levels import level_metrics, plateaus
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    ramping_arrival_rate,
    ramping_concurrency,
)
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.result import Level
from tests.core.load.loads import STARTED, dropped, iterations, load, moment, record, value

SPIKE = ramping_arrival_rate(
    [("5s", "20/s"), ("0s", "100/s"), ("5s", "100/s"), ("0s", "20/s"), ("5s", "20/s")], start="20/s"
)


def test_levels_are_compared_with_the_lowest_and_the_first() -> None:
    """A load that comes again counts the first time."""
    recorder = record(
        load(model=SPIKE),
        seconds=15,
        service=lambda due: 0.01 if due < 5 else 0.04 if due < 10 else 0.02,
        fails=lambda due: 5 <= due < 6,
    )
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert [dict(metric.tags)["level"] for metric in metrics] == ["20", "20", "100", "100"]
    assert value(metrics, "slowdown", level="20") == 1
    assert value(metrics, "slowdown", level="100") == pytest.approx(4, rel=0.002)
    assert value(metrics, "throughput_retention", level="20") == 100
    assert value(metrics, "throughput_retention", level="100") == pytest.approx(80, abs=1)


def test_the_lowest_level_is_the_measure_also_where_it_comes_last() -> None:
    """Slowdown is what load does, whatever the order."""
    model = ramping_arrival_rate([("5s", "100/s"), ("0s", "20/s"), ("5s", "20/s")], start="100/s")
    recorder = record(load(model=model), service=lambda due: 0.03 if due < 5 else 0.01)
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "slowdown", level="100") == pytest.approx(3, rel=0.002)
    assert value(metrics, "slowdown", level="20") == 1


def test_what_was_given_up_was_not_retained() -> None:
    """Dropped arrivals were due."""
    recorder = record(load(model=SPIKE), rate=20, seconds=15)
    recorder.add(0, moment(15.0, dropped=dropped(default=[7.5] * 300)))
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "throughput_retention", level="100") == pytest.approx(25)


def test_a_closed_load_is_compared_by_worker() -> None:
    """Twice the workers that do the same in all retain a half."""
    model = ramping_concurrency([("5s", 2), ("0s", 4), ("5s", 4)], start=2)
    recorder = record(load(model=model), rate=40, service=lambda due: 0.05 if due < 5 else 0.1)
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "throughput_retention", level="4") == pytest.approx(50, rel=0.02)
    assert value(metrics, "slowdown", level="4") == pytest.approx(2, rel=0.002)


def test_one_level_is_compared_with_nothing() -> None:
    """Neither is one that the load did not reach."""
    for model, seconds in ((constant_arrival_rate("10/s", "10s"), 10), (SPIKE, 4)):
        recorder = record(load(model=model), seconds=seconds)
        if seconds < 5:
            recorder = Recorder(load(model=model), started_at_seconds=STARTED)
            recorder.add(0, moment(4.0, iterations={"default": iterations([1.0], [0.1])}))
        assert list(level_metrics(recorder.ledger(), recorder.test)) == []


def test_levels_of_a_search_are_those_that_it_tried() -> None:
    """They are given, and named by their rates."""
    recorder = Recorder(load(model=breakpoint_search("10/s", "100/s")), started_at_seconds=STARTED)
    for begin, seconds in ((0.0, 0.01), (10.0, 0.05)):
        recorder.begin(begin)
        due = [number / 10 for number in range(100)]
        recorder.add(0, moment(10.0, iterations={"default": iterations(due, [seconds] * 100)}, final=True))
    levels = [Level(10.0, 0.0, 10.0), Level(33.75, 10.0, 20.0)]
    metrics = list(level_metrics(recorder.ledger(), recorder.test, levels))
    assert value(metrics, "slowdown", level="33.75") == pytest.approx(5, rel=0.002)
    assert list(level_metrics(recorder.ledger(), recorder.test)) == []


def test_a_level_at_which_nothing_ended_has_no_slowdown() -> None:
    """It could not be measured, which is not the same as none."""
    recorder = record(load(model=SPIKE), rate=20, seconds=5)
    recorder.add(
        0, moment(15.0, dropped=dropped(default=[7.5] * 10), iterations={"default": iterations([11.0], [1.0])})
    )
    metrics = list(level_metrics(recorder.ledger(), recorder.test))
    assert value(metrics, "slowdown", level="100") is None
    assert value(metrics, "throughput_retention", level="100") == 0


def test_plateaus_are_those_of_the_shared_load_or_of_the_only_scenario() -> None:
    """A search has none before it has run."""
    assert [level.load for level in plateaus(load(model=SPIKE))] == [20, 100, 20]
    assert plateaus(load(model=breakpoint_search("10/s", "100/s"))) == ()
