"""Timed samples, on clocks that only an operation moves."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise
from statistics import median

import pytest

from airflow_provider_dpq.core.benchmark.timing import (
    SAMPLE_SECONDS,
    WARM_UP_SECONDS,
    Clocks,
    Sample,
    Timer,
    children_seconds,
    too_short,
)
from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.operation.iteration import Iteration

pytestmark = pytest.mark.alone


@dataclass
class Bench:
    """An operation whose calls move two clocks, and nothing else does."""

    wall: float = 0.0
    cpu: float = 0.0
    calls: int = 0
    log: list[str] = field(default_factory=list)

    @property
    def clocks(self) -> Clocks:
        """The two clocks."""
        return Clocks(wall=lambda: self.wall, cpu=lambda: self.cpu)

    def work(self, wall: float, cpu: float | None = None) -> str:
        """Take some time."""
        self.calls += 1
        self.wall += wall
        self.cpu += wall if cpu is None else cpu
        self.log.append("call")
        return "result"

    def set_up(self, call: Callable[[], object], wall: float = 1.0) -> Callable[[], object]:
        """Take time before a call."""
        self.wall += wall
        self.cpu += wall
        self.log.append("set up")
        return call

    def tear_down(self, result: object) -> None:
        """Take time after a call."""
        self.wall += 1.0
        self.cpu += 1.0
        self.log.append(f"tear down {result}")


def warmed(timer: Timer) -> Timer:
    """Return a timer that has warmed up."""
    assert all(True for _ in timer.warm_up())
    return timer


def test_warm_up_runs_until_caches_are_filled() -> None:
    """A long sample is not enough: the warm-up takes its least time."""
    bench = Bench()
    samples = list(Timer(Iteration(partial(bench.work, 0.03)), bench.clocks).warm_up())
    assert len(samples) == 4
    assert bench.wall == pytest.approx(0.12)
    assert bench.wall >= WARM_UP_SECONDS


@pytest.mark.parametrize("seconds", [1e-6, 9.9e-6, 1e-4, 0.003, 0.0199])
def test_iterations_are_timed_together_until_a_sample_is_long_enough(seconds: float) -> None:
    """Calibration finds about the fewest iterations that make a sample."""
    bench = Bench()
    sample = warmed(Timer(Iteration(partial(bench.work, seconds)), bench.clocks)).sample()
    assert SAMPLE_SECONDS <= sample.length_seconds * (1 + 1e-9) < SAMPLE_SECONDS + 2 * seconds
    assert sample.wall_seconds == pytest.approx(seconds)
    assert sample.cpu_seconds == pytest.approx(seconds)


def test_the_number_of_iterations_at_most_doubles_from_sample_to_sample() -> None:
    """One iteration that seemed short does not make the next sample last for minutes."""
    bench = Bench()
    iterations = [sample.iterations for sample in Timer(Iteration(partial(bench.work, 1e-5)), bench.clocks).warm_up()]
    assert iterations[:4] == [1, 1, 2, 4]
    assert all(later <= 2 * earlier for earlier, later in pairwise(iterations))


def test_a_cold_first_iteration_does_not_decide_how_many_are_timed_together() -> None:
    """A first call that imports for a second is followed by samples that are long enough."""
    bench, calls = Bench(), count()

    def call() -> None:
        bench.work(1.0 if next(calls) == 0 else 0.001)

    assert warmed(Timer(Iteration(call), bench.clocks)).sample().length_seconds >= SAMPLE_SECONDS * (1 - 1e-9)


def test_a_long_set_up_is_not_repeated_to_make_a_sample_long() -> None:
    """Where set-up takes far longer than the call, a sample stays short rather than last for minutes."""
    bench = Bench()
    call = partial(bench.work, 1e-5)
    timer = warmed(Timer(Iteration(call, partial(bench.set_up, call, 0.3)), bench.clocks))
    begun = bench.wall
    assert timer.sample().iterations == 2
    assert bench.wall - begun < 1.0


def test_set_up_and_tear_down_stay_outside_of_the_measured_span() -> None:
    """Only the call counts, on both clocks, and each is followed by its tear-down."""
    bench = Bench()
    call = partial(bench.work, 0.05, 0.02)
    timer = warmed(Timer(Iteration(call, partial(bench.set_up, call), bench.tear_down), bench.clocks))
    bench.log.clear()
    sample = timer.sample()
    assert (sample.wall_seconds, sample.cpu_seconds) == (pytest.approx(0.05), pytest.approx(0.02))
    assert bench.log == ["set up", "call", "tear down result"]


@pytest.mark.parametrize("part", ["set_up", "tear_down"])
def test_either_of_set_up_and_tear_down_may_be_missing(part: str) -> None:
    """One of them alone is run around each call and not measured."""
    bench = Bench()
    call = partial(bench.work, 0.05)
    parts = {"set_up": partial(bench.set_up, call)} if part == "set_up" else {"tear_down": bench.tear_down}
    timer = warmed(Timer(Iteration(call, **parts), bench.clocks))
    bench.log.clear()
    assert timer.sample().wall_seconds == pytest.approx(0.05)
    assert len(bench.log) == 2


def test_iterations_are_also_timed_alone_where_they_are_long_enough() -> None:
    """Percentiles need the time of each iteration, of which a sample is the mean."""
    bench, times = Bench(), iter([0.002, 0.003] * 500)
    sample = warmed(Timer(Iteration(lambda: bench.work(next(times))), bench.clocks)).sample()
    assert sample.iterations == len(sample.each_wall_seconds) >= 4
    assert {round(each, 6) for each in sample.each_wall_seconds} == {0.002, 0.003}
    assert sample.wall_seconds == pytest.approx(sum(sample.each_wall_seconds) / sample.iterations)


def test_short_iterations_are_not_timed_alone() -> None:
    """Reading the clock would be a good part of their time."""
    bench = Bench()
    sample = warmed(Timer(Iteration(partial(bench.work, 2e-6)), bench.clocks)).sample()
    assert sample.iterations > 1
    assert sample.each_wall_seconds == ()


def test_processor_time_may_stand_still() -> None:
    """What only waits takes time on the wall alone."""
    bench = Bench()
    sample = warmed(Timer(Iteration(partial(bench.work, 0.05, 0.0)), bench.clocks)).sample()
    assert (sample.wall_seconds, sample.cpu_seconds) == (pytest.approx(0.05), 0.0)


@pytest.mark.parametrize(("wall", "cpu"), [(-0.1, 0.1), (0.0, 0.1), (0.1, -0.1)])
@pytest.mark.parametrize("bare", [True, False])
def test_a_clock_that_goes_backwards_or_stands_still_is_an_error(wall: float, cpu: float, bare: bool) -> None:
    """Such times are not a fast operation."""
    bench = Bench()
    call = partial(bench.work, wall, cpu)
    timer = Timer(Iteration(call, None if bare else lambda: call), bench.clocks)
    with pytest.raises(MeasurementError, match="backwards") as caught:
        timer.sample()
    assert caught.value.reason == "clock_backwards"


def test_one_iteration_that_goes_backwards_is_an_error() -> None:
    """The clock is not trusted where only the sum of a sample looks right."""
    bench, times = Bench(), iter([0.01] * 40 + [-0.01, 0.05])

    def go(timer: Timer) -> Iterator[object]:
        yield from timer.warm_up()
        while True:
            yield timer.sample()

    with pytest.raises(MeasurementError):
        list(go(Timer(Iteration(lambda: bench.work(next(times))), bench.clocks)))


def test_processor_time_includes_programs_that_have_ended() -> None:
    """A command works in another process, and its work counts."""
    before = children_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    children = children_seconds() - before
    assert children > 0.02


@pytest.mark.parametrize("parts", [{}, {"tear_down": lambda _result: None}])
def test_processor_time_of_a_sample_includes_programs(parts: dict[str, Callable[[object], None]]) -> None:
    """It is that of this process and of the programs that it has waited for."""
    bench = Bench()
    clocks = Clocks(wall=lambda: bench.wall, cpu=lambda: bench.cpu, children=lambda: 2 * bench.cpu)
    sample = warmed(Timer(Iteration(partial(bench.work, 0.05, 0.01), **parts), clocks)).sample()
    assert sample.cpu_seconds == pytest.approx(0.03)


def costly(bench: Bench) -> Clocks:
    """Return clocks that take processor time themselves, most of it before they tell."""

    def told(clock: str) -> float:
        bench.wall += 0.4e-6
        bench.cpu += 0.4e-6
        return float(getattr(bench, clock))

    return Clocks(wall=lambda: told("wall"), cpu=lambda: told("cpu"), children=lambda: 0.0)


@pytest.mark.parametrize("seconds", [20e-6, 5e-6, 1e-3])
def test_what_reading_the_clocks_costs_is_not_the_operations_time(seconds: float) -> None:
    """It is subtracted on both clocks, and from each iteration."""
    bench = Bench()
    call = partial(bench.work, seconds)
    sample = warmed(Timer(Iteration(call, lambda: call), costly(bench))).sample()
    assert sample.cpu_seconds == pytest.approx(seconds)
    assert sample.wall_seconds == pytest.approx(seconds)
    assert sample.each_wall_seconds == pytest.approx([seconds] * sample.iterations)
    assert (sample.wall_cost_seconds, sample.cpu_cost_seconds) == (pytest.approx(0.4e-6), pytest.approx(1.2e-6))


def test_a_call_that_takes_no_longer_than_the_clocks_still_takes_something() -> None:
    """A clock that moved is not one that stands still, and what is left supports no ratio."""
    bench = Bench()
    call = partial(bench.work, 0.0)
    sample = warmed(Timer(Iteration(call, lambda: call), costly(bench))).sample()
    assert 0 < sample.wall_seconds < 0.1e-6
    assert 0 < sample.cpu_seconds < 0.1e-6
    assert not sample.supports_ratio("cpu")
    assert not sample.supports_ratio("wall")


def test_clocks_that_stand_still_are_told_beside_their_cost() -> None:
    """The cost is subtracted after the check."""
    bench = Bench()
    timer = warmed(Timer(Iteration(lambda: None, lambda: partial(bench.work, 0.05)), costly(bench)))
    bench.work = lambda *_: setattr(bench, "wall", bench.wall - 1)  # type: ignore[method-assign, assignment]
    with pytest.raises(MeasurementError, match="backwards"):
        timer.sample()


def test_most_samples_decide_whether_they_are_too_short() -> None:
    """Ten times the cost of the clock in question is enough; what has no cost is never too short."""
    short, long = Sample(5e-6, 9e-6, 1, (), 1e-7, 1e-6), Sample(5e-6, 11e-6, 1, (), 1e-7, 1e-6)
    assert too_short([short, short, long], "cpu")
    assert not too_short([short, long, long], "cpu")
    assert not too_short([short], "wall")
    assert not too_short([Sample(1e-9, 0.0, 1)], "cpu")


def test_a_short_function_takes_as_long_with_a_set_up_as_without() -> None:
    """On the clocks of the machine, that cost a good part of its time."""
    call = partial(sum, range(200))

    def ratio() -> float:
        timers = [warmed(Timer(Iteration(call, parts), Clocks())) for parts in (None, lambda: call)]
        pairs = [[timer.sample().cpu_seconds for timer in timers] for _ in range(10)]  # in turns: the machine changes
        return median(with_set_up / bare for bare, with_set_up in pairs)

    assert median(ratio() for _ in range(5)) == pytest.approx(1, rel=0.15)


def test_garbage_is_collected_before_each_sample_and_not_within() -> None:
    """What earlier samples left is not cleared away in the time of this one."""
    bench, collected = Bench(), []
    timer = warmed(Timer(Iteration(partial(bench.work, 0.05)), bench.clocks))

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            collected.append(bench.calls)

    gc.callbacks.append(note)
    try:
        before = bench.calls
        timer.sample()
    finally:
        gc.callbacks.remove(note)
    assert collected == [before]
