"""The summary: bounded, plain, and without values read from data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.summary import MAX_BYTES, summarize
from airflow_provider_dpq.core.gate.threshold import ThresholdResult, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict

SECRET = "4111-1111"


def _size(summary: object) -> int:
    return len(json.dumps(summary, allow_nan=False).encode())


def test_summarize_tells_what_downstream_needs(report: Report) -> None:
    """Identity, verdict, counts and link are there under the names that DAGs read."""
    summary = summarize(report, link="/dpq/reports/1")
    told = ("report_id", "gate", "dag_id", "kind", "verdict", "check_count", "link")
    assert {name: summary[name] for name in told} == {
        "report_id": report.id,
        "gate": "flights",
        "dag_id": "flights_quality",
        "kind": "quality",
        "verdict": "error",
        "check_count": 6,
        "link": "/dpq/reports/1",
    }
    assert summary["failed_check_count"] == 4
    assert summary["data_interval"] == {"start": "2013-01-01T00:00:00Z", "end": "2013-01-02T00:00:00Z"}


def test_summarize_lists_the_worst_first(report: Report) -> None:
    """Checks that did not pass and all thresholds come in the order of their verdicts."""
    summary = summarize(report)
    assert [check["name"] for check in summary["failed_checks"]] == [
        "dest pattern",
        "tailnum present",
        "speed",
        "origin known",
    ]
    assert [item["verdict"] for item in summary["thresholds"]] == ["error", "fail", "inconclusive", "warn", "pass"]


@given(data=st.data())
def test_summarize_is_bounded_and_plain(
    reports: st.SearchStrategy[Report], make_check: Callable[..., CheckResult], data: st.DataObject
) -> None:
    """Whatever a report holds, its summary is JSON of at most 16 KiB that says how much it left out."""
    report = data.draw(reports)
    times = data.draw(st.integers(1, 100))
    long = data.draw(st.integers(0, 40_000))
    checks = [
        make_check("é" * long, verdict=verdict) for verdict in data.draw(st.lists(st.sampled_from(Verdict), max_size=3))
    ]
    grown = report.model_copy(
        update={
            "subject": report.subject + "ü" * long,
            "thresholds": report.thresholds * times,
            "checks": (*report.checks * times, *checks),
        }
    )
    summary = summarize(grown, link="https://airflow.example/" + "x" * 500)
    assert _size(summary) <= MAX_BYTES
    assert json.loads(json.dumps(summary)) == summary
    failed = [check for check in grown.checks if check.verdict is not Verdict.PASS]
    assert len(summary["failed_checks"]) + summary["omitted_checks"] == len(failed) == summary["failed_check_count"]
    assert len(summary["thresholds"]) + summary["omitted_thresholds"] == len(grown.thresholds)


def test_summarize_uses_the_room_it_has(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """Of very many failed checks as many are kept as fit, not a handful."""
    many = report.model_copy(
        update={"checks": tuple(make_check(f"check {n}", verdict=Verdict.FAIL) for n in range(5000))}
    )
    summary = summarize(many)
    assert MAX_BYTES - 400 < _size(summary) <= MAX_BYTES


@given(
    places=st.sets(st.sampled_from(["samples", "observed", "details", "declaration", "metrics", "count"]), min_size=1),
    verdict=st.sampled_from(Verdict),
)
def test_summarize_leaves_out_what_was_read_from_data(
    make_check: Callable[..., CheckResult], places: set[str], verdict: Verdict
) -> None:
    """No sample value, observed value, detail or declared value reaches XCom."""
    result = {"unexpected_count": SECRET if "count" in places else 1}
    result |= {"partial_unexpected_list": [SECRET], "unexpected_list": [SECRET]} if "samples" in places else {}
    result |= {"observed_value": SECRET} if "observed" in places else {}
    result |= {"details": {SECRET: SECRET}} if "details" in places else {}
    check = make_check(
        verdict=verdict, result=result, declaration={"value_set": [SECRET]} if "declaration" in places else {}
    )
    report = make_report(
        gate="g",
        kind="quality",
        subject="s",
        provenance=Provenance(run_id="r"),
        started_at=datetime(2013, 1, 1, tzinfo=UTC),
        duration_seconds=1.0,
        checks=[check],
        metrics=[Metric(name="row_count", value=1, tags={"value": SECRET} if "metrics" in places else {})],
    )
    assert SECRET not in json.dumps(summarize(report))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_summarize_is_plain_when_a_number_is_not(
    report: Report, make_check: Callable[..., CheckResult], value: float
) -> None:
    """A value that JSON has no number for becomes null, so that any database takes the summary."""
    result = ThresholdResult(
        threshold="observed_value < 1",
        severity="fail",
        metric="observed_value",
        tags={},
        observed=value,
        limit=value,
        unit="",
        verdict=Verdict.ERROR,
    )
    check = make_check(verdict=Verdict.FAIL, result={"unexpected_percent": value})
    summary = summarize(
        report.model_copy(update={"thresholds": (result,), "checks": (check,), "duration_seconds": value})
    )
    assert summary["thresholds"][0]["observed"] is None
    assert summary["failed_checks"][0]["unexpected_percent"] is None
    assert _size(summary) <= MAX_BYTES


@pytest.mark.parametrize("reason", ["statement_failed", "connection_failed", "unreadable_answer"])
def test_summarize_leaves_out_the_words_of_what_was_measured(
    report: Report, make_check: Callable[..., CheckResult], reason: str
) -> None:
    """A database that cannot cast a value quotes it: neither the gate's nor a check's error repeats that."""
    problem = Problem(reason=reason, message=f"Could not convert string '{SECRET}' to INT32.")
    checks = (make_check(verdict=Verdict.ERROR, error=problem),)
    told = json.dumps(summarize(report.model_copy(update={"error": problem, "checks": checks})))
    assert SECRET not in told
    assert told.count(f"See the report for the reason ({reason}).") == 2


def test_summarize_keeps_the_error_of_the_whole_short(report: Report) -> None:
    """Why a gate could not be measured is told, cut off with an ellipsis where it is long."""
    thresholds = parse_thresholds(["row_count > 0"], "quality")
    assert thresholds
    long = report.model_copy(
        update={"error": report.checks[3].error.model_copy(update={"message": "m" * 5000, "quotes_data": False})}
    )
    error = summarize(long)["error"]
    assert error == {"reason": "bad_regex", "message": "m" * 299 + "…"}


def test_summarize_leaves_out_the_words_of_an_engine_when_they_may_quote_data(report: Report) -> None:
    """A database's message may hold a value of the data: the summary names the reason and leaves the words out."""
    problem = report.checks[3].error.model_copy(
        update={"reason": "query_failed", "message": f"invalid input syntax: {SECRET}", "quotes_data": True}
    )
    quoting = report.model_copy(
        update={"error": problem, "checks": (report.checks[3].model_copy(update={"error": problem}),)}
    )
    text = json.dumps(summarize(quoting))
    assert SECRET not in text
    assert text.count("query_failed") == 3
