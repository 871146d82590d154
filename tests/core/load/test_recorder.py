"""Raw times, folded into windows."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_provider_dpq.core.load.model import breakpoint_search, constant_concurrency, shared_iterations
from airflow_provider_dpq.core.load.moment import MAX_SAMPLES, Outcome
from airflow_provider_dpq.core.load.recorder import MAX_KINDS, MAX_WINDOWS, OTHER, Recorder
from airflow_provider_dpq.core.stats.histogram import Histogram
from tests.core.load.loads import STARTED, dropped, iterations, load, moment, record


def test_iterations_count_where_they_were_due_and_successes_where_they_ended() -> None:
    """A window has what was due in it, and what ended in it."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    recorder.add(0, moment(3.0, iterations={"default": iterations([0.2, 0.9, 1.5], [0.1, 1.2, 0.1], [0.1, 0.2, 0.1])}))
    recorder.add(0, moment(3.5, iterations={"default": iterations([0.5], [2.9], outcome=1)}))
    recorder.add(0, moment(4.0, dropped=dropped(default=[1.9, 2.1])))
    spans = {number: span for (_, number), span in recorder.ledger().spans.items()}
    assert {number: (span.due, span.completed, span.failed, span.dropped) for number, span in spans.items()} == {
        0: (3, 1, 1, 0),
        1: (2, 1, 0, 1),
        2: (1, 1, 0, 1),
    }
    assert spans[0].response == Histogram.of([0.1, 1.2, 2.9])
    assert spans[0].service == Histogram.of([0.1, 0.2, 2.9])
    assert (spans[0].ended, spans[0].successful, spans[1].ended) == (3, 2, 1)
    assert spans[2].response.count == 0


def test_moments_of_several_processes_and_scenarios_add_up() -> None:
    """What two generators did at the same time is one window, of each scenario its own."""
    test = load("read", "write", processes=2)
    recorder = record(test, process=1, recorder=record(test, process=0, rate=50), rate=30)
    ledger = recorder.ledger()
    assert {place: span.due for place, span in ledger.spans.items() if place[1] == 3} == {
        ("read", 3): 80,
        ("write", 3): 80,
    }
    assert [(generator.part, generator.parts) for generator in ledger.generators] == [(0, 2), (1, 2)]


def test_windows_widen_where_there_would_be_too_many() -> None:
    """A load of an hour has no more windows than one of ten minutes, and nothing is lost."""
    recorder = Recorder(load(model=constant_concurrency(1, "1h")))
    for second in range(0, 3600, 10):
        recorder.add(0, moment(second + 10, iterations={"default": iterations([second + 0.5, second + 7], [0.1, 0.2])}))
    ledger = recorder.ledger()
    assert MAX_WINDOWS / 2 < ledger.window_count <= MAX_WINDOWS
    assert ledger.length_seconds == 8.0
    assert ledger.total().due == ledger.total().completed == 720
    assert ledger.total().response == Histogram.of([0.1] * 360 + [0.2] * 360)


def test_the_recording_can_be_had_in_the_middle() -> None:
    """It is what there is, and the recorder goes on."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    recorder.add(0, moment(0.5, iterations={"default": iterations([0.1], [0.1])}, running=4))
    first = recorder.recording()
    recorder.add(0, moment(1.0, iterations={"default": iterations([0.6], [0.1])}))
    assert (first.windows[0].due, recorder.recording().windows[0].due) == (1, 2)
    assert (first.started_at_seconds, first.duration_seconds) == (STARTED, 0.5)
    assert first.generators[0].running_peak == 4


def test_failures_are_counted_by_kind_with_a_few_samples() -> None:
    """Each process numbers outcomes its own way; of what they said a few texts are kept."""
    recorder = Recorder(load(processes=2))
    for process in range(2):
        outcomes = {1 + process: Outcome("timeout", "", f"late {process}")}
        failed = iterations([0.1, 0.2], [1, 1], outcome=1 + process)
        recorder.add(process, moment(0.5, iterations={"default": failed}, outcomes=outcomes))
    for number in range(10, 20):
        failed = iterations([0.3], [1], outcome=number)
        told = {number: Outcome("status", "503", f"answer {number}")}
        recorder.add(0, moment(1.0, iterations={"default": failed}, outcomes=told))
    refused, timed_out = recorder.recording().failures
    assert (refused.name, refused.count, len(refused.samples)) == ("status 503", 10, MAX_SAMPLES)
    assert (timed_out.name, timed_out.count) == ("timeout", 4)
    assert timed_out.samples == ("late 0", "late 1")


def test_the_busiest_two_seconds_are_kept() -> None:
    """Beside the mean, also from one level of a search to the next; a short load has its mean."""
    recorder = Recorder(load())
    for until, used in ((0.5, 0.1), (1.0, 0.2), (3.0, 2.0), (10.0, 2.5)):
        recorder.add(0, moment(until, cpu_seconds=used))
    (one,) = recorder.recording().generators
    assert (one.cpu_percent, one.cpu_peak_percent) == (pytest.approx(25), pytest.approx(90))
    recorder.begin(20.0)
    recorder.add(0, moment(4.0, cpu_seconds=3.8))
    assert recorder.recording().generators[0].cpu_peak_percent == pytest.approx(95)
    short = Recorder(load())
    short.add(0, moment(1.0, cpu_seconds=0.7))
    assert short.recording().generators[0].cpu_peak_percent == pytest.approx(70)


def test_the_first_iterations_are_those_that_began_first() -> None:
    """In whatever order they end; failed ones do not count."""
    recorder = Recorder(load("read", "write"))
    recorder.add(0, moment(1.0, iterations={"read": iterations([0.5 + n / 100 for n in range(20)], [0.3] * 20)}))
    recorder.add(0, moment(2.0, iterations={"read": iterations([n / 100 for n in range(8)], [1.5] * 8)}))
    recorder.add(0, moment(2.0, iterations={"read": iterations([0.0], [0.001], outcome=1)}))
    recorder.add(0, moment(3.0, iterations={"write": iterations([2.0], [0.1], outcome=1)}))
    assert recorder.recording().generators[0].first_seconds == {"read": pytest.approx(1.5)}


def test_kinds_of_failures_are_bounded() -> None:
    """An operation that raises ever new types does not grow the recording."""
    recorder = Recorder(load())
    for number in range(1, 200):
        failed = iterations([0.1], [1], outcome=number)
        told = {number: Outcome("exception", f"Error{number}")}
        recorder.add(0, moment(1.0, iterations={"default": failed}, outcomes=told))
    failures = recorder.recording().failures
    assert len(failures) == MAX_KINDS + 1
    assert (failures[0].name, failures[0].count) == (OTHER, 99)


def test_generators_tell_of_themselves() -> None:
    """Lateness, processor time and what held up the loop add up over moments."""
    recorder = Recorder(load(part=1, parts=3))
    recorder.add(0, moment(1.0, lateness=[0.001], cpu_seconds=0.5, running=7, blocked={"a.py:1 in f": 0.2}))
    recorder.add(0, moment(2.0, lateness=[0.003], cpu_seconds=0.8, running=2, blocked={"a.py:1 in f": 0.1}, final=True))
    (generator,) = recorder.recording().generators
    assert (generator.part, generator.parts, generator.running_peak) == (1, 3, 7)
    assert generator.cpu_percent == pytest.approx(40)
    assert Histogram.decode(generator.lateness) == Histogram.of([0.001, 0.003])
    assert generator.blocked == pytest.approx({"a.py:1 in f": 0.3})


def test_levels_of_a_search_lie_one_after_the_other() -> None:
    """What follows `begin` is later by as much, and the processor time of the levels adds up."""
    recorder = Recorder(load(model=breakpoint_search("10/s", "100/s")))
    recorder.add(0, moment(10.0, iterations={"default": iterations([1.5], [0.1])}, cpu_seconds=5.0, final=True))
    recorder.begin(20.0)
    recorder.add(0, moment(10.0, iterations={"default": iterations([1.5], [0.1])}, cpu_seconds=1.0, final=True))
    ledger = recorder.ledger()
    assert sorted(number for _, number in ledger.spans) == [1, 21]
    assert ledger.generators[0].cpu_percent == pytest.approx(30)
    assert ledger.duration_seconds == 30.0


@pytest.mark.parametrize(
    ("model", "ends", "lasted"),
    [
        (None, 5.0, 10.0),  # the rate went on
        (None, 12.0, 12.0),  # the last took its time
        (constant_concurrency(2, "10s"), 4.0, 10.0),
        (shared_iterations(5, 1), 4.0, 4.0),  # nothing goes on after the last
    ],
)
def test_a_load_lasts_until_its_last_iteration_and_as_long_as_it_goes_on(
    model: object, ends: float, lasted: float
) -> None:
    """Waiting for the last moment does not count."""
    recorder = Recorder(load(**({"model": model} if model else {})))
    recorder.add(0, moment(15.0, iterations={"default": iterations([ends - 1], [1.0])}, final=True))
    assert recorder.ledger().duration_seconds == pytest.approx(lasted)


def test_the_pace_is_that_of_the_last_seconds() -> None:
    """What was long ago, or in the level before, does not count."""
    recorder = Recorder(load(model=constant_concurrency(3, "1min")))
    assert recorder.pace().p95_seconds is None
    for second in range(20):
        due = np.linspace(second, second + 0.9, 10)
        recorder.add(0, moment(second + 1, iterations={"default": iterations(due, [second / 100] * 10)}, running=3))
    failed = iterations([19.5], [0.1], outcome=1)
    recorder.add(0, moment(20.0, iterations={"default": failed}, running=2))
    pace = recorder.pace()
    assert (pace.rate, pace.failed, pace.running) == (10.0, 1, 2)
    assert pace.p95_seconds == pytest.approx(0.19, rel=0.01)
    recorder.begin(30.0)
    assert recorder.pace().rate == 0


def test_a_generator_that_lags_behind_does_not_spoil_the_pace() -> None:
    """Its moment is older than what counts."""
    recorder = Recorder(load(processes=2))
    recorder.add(0, moment(9.0))
    recorder.add(1, moment(1.0, iterations={"default": iterations([0.5], [0.1])}))
    assert recorder.pace().rate == 0
