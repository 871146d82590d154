"""A load's response times as an HdrHistogram log, which HdrHistogram's readers, plotters and mergers take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.recording import Window
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.stats.histogram import Histogram

_VERSION: Final = "1.2"
"""Version of the format of the log; later readers read it."""

_LEGEND: Final = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def require_recording(kind: str) -> None:
    """Refuse a kind of gate whose reports have no histograms.

    Args:
        kind: Kind of the gate.

    Raises:
        DeclarationError: ``wrong_form``.
    """
    if kind != LOAD:
        message = (
            f"The report of a {kind} gate cannot be written for HdrHistogram, which "
            f"needs the response times of a load test."
        )
        raise DeclarationError("wrong_form", message, hint="Use the form json.")


def render_hdr(report: Report) -> str:
    """Return the response times of a load, in microseconds: an interval for each window, tagged with its scenario.

    Args:
        report: The report of a load.

    Raises:
        DeclarationError: ``wrong_form``: the report is of another kind of gate; ``no_response_times``: it has none.
    """
    require_recording(report.kind)
    recording = report.recording
    windows = [window for window in recording.windows if window.response] if recording else []
    if recording is None or not windows:
        message = f"Report {report.id} has no response times."
        raise DeclarationError(
            "no_response_times", message, hint="No iteration ended during the load; use the form json."
        )
    started = recording.started_at_seconds
    begun = datetime.fromtimestamp(started, UTC).isoformat(sep=" ", timespec="milliseconds")
    gate = " ".join(str(report.identity).split())
    lines = [
        f"#[Histogram log format version {_VERSION}]",
        f"#[Response times of the gate {gate}, in microseconds; Interval_Max in milliseconds]",
        f"#[StartTime: {started:.3f} (seconds since epoch), {begun}]",
        f"#[BaseTime: {started:.3f} (seconds since epoch)]",
        _LEGEND,
        *map(_interval, windows),
    ]
    return "\n".join(lines) + "\n"


def _interval(window: Window) -> str:
    most_ms = 1000 * Histogram.decode(window.response).max
    # A tag ends at the first comma.
    tag = "".join("_" if letter in ", \t" else letter for letter in window.scenario)
    return f"Tag={tag},{window.start_seconds:.3f},{window.length_seconds:.3f},{most_ms:.3f},{window.response}"
