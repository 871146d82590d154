"""The report: how it is made from a measurement, written and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import MeasurementError, StoreError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import (
    SCHEMA_VERSION,
    CheckResult,
    Provenance,
    Report,
    make_report,
    parse_report,
)
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict

Checks = Callable[..., CheckResult]


def _made(**fields: Any) -> Report:
    fixed = {"gate": "g", "kind": "quality", "subject": "s", "provenance": Provenance(run_id="r")}
    return make_report(**fixed, started_at=datetime(2013, 1, 1, tzinfo=UTC), duration_seconds=1.0, **fields)


@pytest.mark.parametrize("verdict", Verdict)
def test_make_report_takes_the_worst_of_checks_and_thresholds(make_check: Checks, verdict: Verdict) -> None:
    """A check decides where the thresholds pass, and a threshold where the checks do."""
    held = parse_thresholds(["row_count > 0"], "quality")
    metrics = [Metric(name="row_count", value=3)]
    checks = [make_check("a"), make_check("b", verdict=verdict)]
    assert _made(checks=checks, metrics=metrics, thresholds=held).verdict is verdict
    breached = parse_thresholds(["row_count > 9"], "quality")
    assert _made(checks=[make_check()], metrics=metrics, thresholds=breached).verdict is Verdict.FAIL


def test_make_report_is_an_error_when_nothing_was_judged() -> None:
    """A gate without checks and thresholds has not passed."""
    report = _made(metrics=[Metric(name="row_count", value=3)])
    assert report.verdict is Verdict.ERROR
    assert report.error
    assert report.error.reason == "nothing_judged"


def test_make_report_is_an_error_when_measuring_failed() -> None:
    """Where nothing was measured there is nothing to hold against a threshold."""
    error = MeasurementError("out_of_memory", "The scan needs more memory.", hint="Raise memory_limit.")
    thresholds = parse_thresholds(["row_count > 0"], "quality")
    report = _made(thresholds=thresholds, error=error)
    assert (report.verdict, report.thresholds) == (Verdict.ERROR, ())
    assert report.error
    assert (report.error.reason, report.error.message) == (
        "out_of_memory",
        "The scan needs more memory. Raise memory_limit.",
    )


def test_make_report_refers_to_the_baseline(make_check: Checks) -> None:
    """Limits that are multiples of a baseline are judged by the metrics handed in."""
    thresholds = parse_thresholds(["row_count > 0.9x baseline"], "quality")
    baseline = [Metric(name="row_count", value=100)]
    report = _made(metrics=[Metric(name="row_count", value=50)], thresholds=thresholds, baseline=baseline)
    assert (report.verdict, report.thresholds[0].limit) == (Verdict.FAIL, 90)


def test_make_report_gives_each_its_own_identifier(make_check: Checks) -> None:
    """Two reports of the same measurement are two reports."""
    assert _made(checks=[make_check()]).id != _made(checks=[make_check()]).id


@given(data=st.data())
def test_report_is_read_back_from_its_json(reports: st.SearchStrategy[Report], data: st.DataObject) -> None:
    """Whatever a report holds, reading its JSON gives an equal report, and writing that the same JSON."""
    report = data.draw(reports)
    indent = data.draw(st.sampled_from([None, 2]))
    text = report.to_json(indent=indent)
    assert parse_report(text) == report
    assert parse_report(text.encode()).to_json(indent=indent) == text


def test_report_json_is_plain_when_a_number_is_not(make_check: Checks) -> None:
    """A value that JSON has no number for is written as null, and the report can still be read."""
    values = (float("nan"), float("inf"))
    text = _made(
        checks=[make_check()], metrics=[Metric(name="observed_value", value=value) for value in values]
    ).to_json()
    assert [metric["value"] for metric in json.loads(text, parse_constant=pytest.fail)["metrics"]] == [None, None]
    assert [metric.value for metric in parse_report(text).metrics] == [None, None]


def _edited(report: Report, **fields: Any) -> str:
    return json.dumps({**json.loads(report.to_json()), **fields})


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "schema_version"),
        ({"verdict": "green"}, "verdict"),
        ({"extra": 1}, "extra"),
        ({"gate": None}, "gate"),
        ({"checks": [{"name": "x"}]}, r"checks\.0\.type"),
    ],
)
def test_parse_report_refuses_another_contract(report: Report, edit: dict[str, Any], place: str) -> None:
    """A report of another version, or a broken one, is refused by the field that is wrong."""
    with pytest.raises(StoreError, match=place) as caught:
        parse_report(_edited(report, **edit))
    assert caught.value.reason == "unreadable_report"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", b"\xff\xfe", '"report"'])
def test_parse_report_refuses_what_is_no_report(text: str | bytes) -> None:
    """Text that is no report at all is refused, not guessed at."""
    with pytest.raises(StoreError, match="Not a report of schema version 1: the document") as caught:
        parse_report(text)
    assert caught.value.reason == "unreadable_report"


def test_parse_report_does_not_repeat_the_data(report: Report) -> None:
    """The error for an unreadable report holds no value out of it."""
    with pytest.raises(StoreError) as caught:
        parse_report(_edited(report, duration_seconds="SECRET"))
    assert "SECRET" not in str(caught.value)


def test_error_beside_checks_leaves_them_judged(make_check: Checks) -> None:
    """What was measured stays judged where something that was to follow failed; the verdict is an error."""
    report = _made(
        metrics=[Metric(name="row_count", value=3)],
        checks=[make_check()],
        thresholds=parse_thresholds(["row_count > 5"], "quality"),
        error=MeasurementError("quarantine_failed", "No room."),
    )
    assert report.verdict is Verdict.ERROR
    assert report.thresholds[0].verdict is Verdict.FAIL
    assert len(report.checks) == 1
