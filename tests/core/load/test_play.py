"""A load played to its end, in simulated time."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.load.moment import Moment, Outcome
from airflow_provider_dpq.core.load.play import Course, Player
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.operation.pulse import Pulse
from tests.core.load.loads import iterations, load, moment
from tests.core.load.simulated import Clock, Simulated


def test_the_first_state_of_a_load_is_told_at_once() -> None:
    """However little time has passed since all was made ready; a short load would say nothing of itself else."""
    clock, lines = Clock(), []
    player = Player(Simulated(clock), Pulse(lines.append, period_seconds=5.0, clock=clock), clock)
    player.make_ready()
    test = load(model=constant_arrival_rate("20/s", "4s"))
    starts_at_seconds = clock() + 0.5
    recorder = Recorder(test, started_at_seconds=starts_at_seconds)
    player.play(test, starts_at_seconds, [recorder], lambda course: None)
    ready, *states = lines
    assert ready == "preparing"
    assert [state.partition(":")[0] for state in states] == ["0 s of 4 s"]


LOST, WRONG = 1, 2
OUTCOMES = {LOST: Outcome("connection", "", "refused"), WRONG: Outcome("status", "503", "busy")}


def ended(until: float, outcome: int, dues: Sequence[float], scenario: str = "default") -> Moment:
    """Return a moment in which iterations ended at once, all alike."""
    return moment(until, outcomes=OUTCOMES, iterations={scenario: iterations(dues, [0.0] * len(dues), outcome=outcome)})


def every(begin: float, end: float, seconds: float) -> list[float]:
    """Return moments in time at an even distance."""
    return [begin + number * seconds for number in range(round((end - begin) / seconds))]


def test_a_target_is_dead_where_connections_alone_fail_for_five_seconds() -> None:
    """It died when the first of them failed, after the last that went well."""
    course = Course(load())
    course.add(0, ended(3, 0, every(0, 3, 0.1)))
    course.add(0, ended(7.9, LOST, every(3, 7.9, 0.1)))
    assert course.death is None
    course.add(0, ended(8.1, LOST, [7.9, 8.0]))
    assert course.death is not None
    assert (course.death.at_seconds, course.death.cause) == (3, "refused")
    assert course.death.failures == course.failed == 51
    assert course.ended == {0: 81}


def test_a_target_that_answers_anything_lives() -> None:
    """Also where it says that it is busy, and where another scenario reaches it."""
    course = Course(load("a", "b"))
    course.add(0, ended(8, LOST, every(0, 8, 0.1), "a"))
    course.add(0, ended(8.5, WRONG, [8.2], "b"))
    assert course.death is None
    course.add(0, ended(12, LOST, every(8.5, 12, 0.1), "a"))
    assert course.death is None


def test_few_failures_are_no_death() -> None:
    """Nine in a long time may be anything."""
    course = Course(load())
    course.add(0, ended(60, LOST, every(0, 54, 6)))
    assert course.death is None
    course.add(0, ended(61, LOST, [60.5]))
    assert course.death is not None


def test_time_goes_on_once_all_generators_have_told() -> None:
    """The slowest of them says how far it is: another may still tell of answers."""
    course = Course(load(processes=2))
    course.add(0, ended(8, LOST, every(0, 8, 0.1)))
    assert (course.elapsed_seconds, course.death) == (0, None)
    course.add(1, ended(8, 0, [7.5]))
    assert (course.elapsed_seconds, course.death) == (8, None)


def test_a_generator_that_has_ended_keeps_nobody_waiting() -> None:
    """One that had fewer iterations is done before the others."""
    course = Course(load(processes=2))
    course.add(0, moment(3, final=True))
    course.add(1, ended(9, LOST, every(0, 9, 0.1)))
    assert course.elapsed_seconds == 9
    assert course.death is not None
    course.add(1, moment(10, final=True))
    assert course.elapsed_seconds == 10
