"""A load for HdrHistogram."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.gate.report import Provenance, Report, make_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.render import render_hdr
from tests.core.load.loads import STARTED, load, record


def loaded(recording: Recording | None) -> Report:
    """Return the report of a load."""
    return make_report(
        gate="night\nly",
        kind="load",
        subject="GET http://127.0.0.1/",
        provenance=Provenance(run_id="1"),
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        duration_seconds=5,
        recording=recording,
    )


def test_the_library_reads_every_window_of_every_scenario(tmp_path: Path) -> None:
    """With its tag, its time and all of its values."""
    recorder = record(load("read", "write", "odd, name"), seconds=5, service=lambda due: 0.001 + due / 10)
    path = tmp_path / "load.hlog"
    path.write_text(render_hdr(loaded(recorder.recording())), encoding="utf-8")
    reader = HistogramLogReader(str(path), HdrHistogram(1, 3_600_000_000, 3))
    found = {}
    while (histogram := reader.get_next_interval_histogram()) is not None:
        begin = round(histogram.get_start_time_stamp() / 1000 - STARTED)
        found[histogram.get_tag(), begin] = histogram
        assert histogram.get_end_time_stamp() - histogram.get_start_time_stamp() == pytest.approx(1000)
    reader.close()
    spans = {(name.replace(", ", "__"), number): span for (name, number), span in recorder.ledger().spans.items()}
    due = {place: span.response for place, span in spans.items() if span.response.count}
    assert found.keys() == due.keys()
    assert reader.get_start_time_sec() == STARTED
    for place, histogram in found.items():
        assert histogram.get_total_count() == due[place].count
        assert histogram.get_value_at_percentile(95) / 1e6 == pytest.approx(due[place].percentile(95), rel=0.01)


def test_the_longest_of_each_interval_is_in_milliseconds() -> None:
    """As other writers of such logs have it."""
    text = render_hdr(loaded(record(load(), seconds=1, service=lambda _: 0.25).recording()))
    (line,) = [line for line in text.splitlines() if line.startswith("Tag=default,0.000,")]
    assert float(line.split(",")[3]) == pytest.approx(250, rel=0.001)


def test_it_is_refused_for_another_kind(report: Report) -> None:
    """A quality report has no histograms."""
    with pytest.raises(
        DeclarationError, match="report of a quality gate cannot be written for HdrHistogram"
    ) as refusal:
        render_hdr(report)
    assert refusal.value.reason == "wrong_form"


@pytest.mark.parametrize("recording", [None, Recording(), Ledger().recording()])
def test_it_is_refused_without_times(recording: Recording | None) -> None:
    """A load that failed before its first iteration has nothing to write."""
    report = loaded(recording)
    assert report.verdict is Verdict.ERROR
    with pytest.raises(DeclarationError) as refusal:
        render_hdr(report)
    assert refusal.value.reason == "no_response_times"
