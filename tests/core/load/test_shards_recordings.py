"""Recordings of several machines as one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.load.moment import MAX_SAMPLES, Outcome
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.shards import merge_recordings
from tests.core.load.loads import STARTED, iterations, load, moment, record, shard

times = st.tuples(st.floats(0, 1500), st.floats(0, 30))


def recording(part: int, parts: int, rows: list[tuple[float, float]], started: float = STARTED) -> Recording:
    """Return what one machine recorded."""
    recorder = Recorder(load(part=part, parts=parts), started_at_seconds=started)
    recorder.add(0, moment(1.0, iterations={"default": iterations(*zip(*rows, strict=True))} if rows else {}))
    return recorder.recording()


@settings(max_examples=30)
@given(st.lists(st.lists(times, max_size=20), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_merged_recordings_are_the_recording_of_all(
    parts: list[list[tuple[float, float]]], order: random.Random
) -> None:
    """The order does not matter, nor that one machine has longer windows than another: nothing is lost."""
    recordings = [recording(part, len(parts), rows) for part, rows in enumerate(parts)]
    order.shuffle(recordings)
    merged = Ledger.of(merge_recordings(recordings))
    whole = Ledger.of(recording(0, 1, [row for rows in parts for row in rows]))
    assert (
        merged.at(max(merged.length_seconds, whole.length_seconds)).spans
        == whole.at(max(merged.length_seconds, whole.length_seconds)).spans
    )
    assert [generator.part for generator in merged.generators] == list(range(len(parts)))
    assert merged.duration_seconds == pytest.approx(whole.duration_seconds)


def test_failures_add_up_by_kind_with_a_few_samples() -> None:
    """What the machines said is put together, each text once."""
    found = []
    for part in range(4):
        recorder = Recorder(load(part=part, parts=4), started_at_seconds=STARTED)
        for number in range(1, 4):
            failed = iterations([0.1], [0.1], outcome=number)
            told = {number: Outcome("timeout", "", "all say so" if number == 1 else f"{part} {number}")}
            recorder.add(0, moment(0.5, iterations={"default": failed}, outcomes=told))
        found.append(recorder.recording())
    (failure,) = merge_recordings(found).failures
    assert (failure.name, failure.count) == ("timeout", 12)
    assert failure.samples[0] == "all say so"
    assert len(failure.samples) == len(set(failure.samples)) == MAX_SAMPLES


@pytest.mark.parametrize(
    ("parts", "reason", "words"),
    [
        ([(0, 3), (2, 3)], "missing_shard", "no recording of generator 1 of 3"),
        ([(0, 2), (1, 2), (1, 2)], "repeated_shard", "generator 1 of 2 occur more than once"),
        ([(0, 2), (1, 3)], "missing_shard", "numbers of generators are 2, 3"),
        ([], "missing_shard", "numbers of generators are unknown"),
    ],
)
def test_what_is_not_one_load_is_refused(parts: list[tuple[int, int]], reason: str, words: str) -> None:
    """A part that is not there, or there twice, is named."""
    with pytest.raises(MeasurementError, match=words) as refused:
        merge_recordings([recording(part, of, [(0.1, 0.1)]) for part, of in parts])
    assert refused.value.reason == reason


def test_generators_of_one_machine_are_parts_too() -> None:
    """A machine with two processes is two generators, of which neither may be missing."""
    test = load(processes=2, parts=2)
    full = [record(shard(test, part), process=1, recorder=record(shard(test, part))) for part in range(2)]
    assert len(merge_recordings([recorder.recording() for recorder in full]).generators) == 4
    half = [full[0].recording(), record(shard(test, 1)).recording()]
    with pytest.raises(MeasurementError, match="no recording of generator 3 of 4"):
        merge_recordings(half)


def test_a_part_that_began_at_another_instant_is_refused() -> None:
    """Its windows are of other times."""
    with pytest.raises(MeasurementError, match=r"2\.500 s apart") as refused:
        merge_recordings([recording(0, 2, [(0, 1)]), recording(1, 2, [(0, 1)], started=STARTED + 2.5)])
    assert refused.value.reason == "shard_late"
