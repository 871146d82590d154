"""The recording, decoded."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.recording import Recording, Window
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.stats.histogram import Histogram
from tests.core.load.loads import load, record


def test_a_recording_is_read_as_it_was_written() -> None:
    """Through its encoded form nothing is lost."""
    recorder = record(load("read", "write"), service=lambda due: 0.001 + due, fails=lambda due: 3 < due < 3.1)
    ledger = recorder.ledger()
    assert Ledger.of(recorder.recording()) == ledger
    assert Ledger.of(Recording.model_validate_json(recorder.recording().model_dump_json())) == ledger
    assert ledger.recording() == recorder.recording()


def test_merged_windows_have_the_same_sum() -> None:
    """Neighbours are put together until there are few enough."""
    ledger = record(load("read", "write"), seconds=70, service=lambda due: 0.001 + due / 100).ledger()
    coarse = ledger.coarsened(10)
    assert (ledger.window_count, coarse.window_count, coarse.length_seconds) == (71, 9, 8.0)
    for scenario in (None, "read"):
        assert coarse.total(scenario) == ledger.total(scenario)
    assert coarse.by_window("read")[1] == Span.total(
        span for number, span in ledger.by_window("read").items() if 8 <= number < 16
    )
    assert ledger.coarsened(100) is ledger


def test_between_has_whole_windows_alone() -> None:
    """A window that is partly of another level does not count, nor time after the end of the load."""
    ledger = record(load("read", "write"), seconds=10, service=lambda due: 0.0).ledger()
    span, seconds = ledger.between(2.5, 6.0, ["read"]) or (None, None)
    assert (span.due if span else None, seconds) == (300, 3.0)
    assert ledger.between(2.5, 3.4, ["read"]) is None
    assert ledger.between(12.0, 20.0, ["read"]) is None
    assert (ledger.between(8.0, 20.0, ["read", "write"]) or (None, None))[1] == 2.0


def test_a_quiet_stretch_is_a_stretch_without_anything() -> None:
    """A level at which nothing was due is there, with zeros."""
    ledger = Ledger(spans={("read", 9): Span(due=1, response=Histogram.of([0.1]))}, duration_seconds=10.0)
    assert ledger.between(2.0, 5.0, ["read"]) == (Span(), 3.0)


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ([(0.0, 1.0, ""), (2.0, 2.0, "")], "lengths: 1 s, 2 s"),
        ([(0.5, 1.0, "")], "cannot begin at 0.5 s"),
        ([(-1.0, 1.0, "")], "cannot begin at -1 s"),
        ([(0.0, 1.0, "HISTnonsense")], "cannot be read"),
        ([(0.0, 0.0, "")], "lengths: 0 s"),
    ],
)
def test_a_damaged_recording_is_refused(windows: list[tuple[float, float, str]], words: str) -> None:
    """It is an error, not a load without iterations."""
    found = [
        Window(scenario="a", start_seconds=start, length_seconds=length, response=text)
        for start, length, text in windows
    ]
    with pytest.raises(MeasurementError, match=words) as refused:
        Ledger.of(Recording(windows=tuple(found)))
    assert refused.value.reason == "unreadable_recording"


def test_windows_of_another_kind_of_length_are_refused() -> None:
    """Two seconds do not go into three."""
    with pytest.raises(MeasurementError, match="2 s cannot be merged into windows of 3 s"):
        Ledger(length_seconds=2.0).at(3.0)
