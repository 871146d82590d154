"""A report as JUnit XML."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_junit


def _suite(report: Report) -> ET.Element:
    root = ET.fromstring(render_junit(report).encode())  # noqa: S314 - XML of our own
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def _outcomes(report: Report) -> dict[str, tuple[str, str | None] | None]:
    found = {}
    for case in _suite(report).iter("testcase"):
        child = next(iter(case), None)
        found[case.attrib["name"]] = None if child is None else (child.tag, child.get("message") or child.text)
    return found


def test_junit_has_a_case_for_each_check_and_threshold(report: Report) -> None:
    """Each verdict becomes what CI systems know: failure, error, skipped with a reason, or a note."""
    assert _outcomes(report) == {
        "row count": None,
        "tailnum present": ("failure", "2,512 of 335,576 unexpected (0.75%), 1,200 missing"),
        "origin known": ("system-out", "warn: 0 of 1,000 unexpected (0%)"),
        "dest pattern": ("error", "The pattern '(' is not a regular expression. (bad_regex)"),
        "delay tolerated": None,
        "speed": ("skipped", "inconclusive: observed rounds=12"),
        "row_count > 0": None,
        "success_percent >= 95": ("failure", "success_percent >= 95: observed 50%, limit 95%"),
        "missing_percent < 1.8": (
            "skipped",
            "inconclusive: missing_percent < 1.8: observed 1.5%, too uncertain to compare with the limit 1.8%",
        ),
        "element_count > 0": ("error", "element_count > 0: no value of element_count to judge"),
        "unexpected_percent < 0.5 of tailnum present": (
            "system-out",
            "warn: unexpected_percent < 0.5: observed 0.745896% of tailnum present, limit 0.5%",
        ),
    }


def test_junit_counts_its_cases(report: Report) -> None:
    """The totals that CI systems show agree with the cases."""
    suite = _suite(report)
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped", "time", "timestamp")} == {
        "tests": "11",
        "failures": "2",
        "errors": "2",
        "skipped": "2",
        "time": "1.250",
        "timestamp": "2013-01-02T03:04:05+00:00",
    }


def test_junit_says_where_the_report_came_from(report: Report) -> None:
    """Identity and provenance are properties of the suite; what a report has not is left out."""
    facts = {item.attrib["name"]: item.attrib["value"] for item in _suite(report).iter("property")}
    assert facts["report_id"] == report.id
    assert facts["run_id"] == "scheduled__2013-01-01"
    source = report.provenance.model_copy(update={"dag_id": None, "task_id": None})
    outside = _suite(report.model_copy(update={"provenance": source}))
    assert "dag_id" not in {item.attrib["name"] for item in outside.iter("property")}


def test_junit_groups_cases_by_gate_and_type(report: Report) -> None:
    """The class of a case is the gate and the type of the check, as CI systems group by it."""
    names = [case.attrib["classname"] for case in _suite(report).iter("testcase")]
    assert names[0] == "flights.expect_table_row_count_to_be_between"
    assert names[-1] == "flights.thresholds"


def test_junit_has_a_case_in_error_when_the_gate_could_not_be_measured(report: Report) -> None:
    """A gate without any check is never an empty, green suite."""
    problem = Problem(reason="out_of_memory", message="More memory is needed.", quotes_data=False)
    failed = report.model_copy(update={"error": problem, "checks": (), "thresholds": ()})
    assert _outcomes(failed) == {"gate": ("error", "More memory is needed. (out_of_memory)")}
    assert _suite(failed).attrib["errors"] == "1"


def test_junit_tells_a_breach_without_counts(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """A check's message is its counts, what it observed and which of its thresholds did not hold."""
    checks = (
        make_check("bare", verdict=Verdict.FAIL, result={}),
        make_check("counted", verdict=Verdict.FAIL, result={"unexpected_count": 3}),
        make_check("judged", verdict=Verdict.FAIL, result={"observed_value": 7}, thresholds=report.thresholds),
    )
    found = _outcomes(report.model_copy(update={"checks": checks, "thresholds": ()}))
    assert found["bare"] == ("failure", "The check's verdict is fail.")
    assert found["counted"] == ("failure", "3 unexpected")
    message = found["judged"]
    assert message
    assert message[1].startswith("observed 7; success_percent >= 95: observed 50%, limit 95%; missing_percent")


def test_junit_tells_where_a_baseline_is_missing(report: Report) -> None:
    """A relative threshold without baseline passes with that warning."""
    result = report.thresholds[0].model_copy(
        update={"threshold": "row_count > 0.9x baseline", "limit": None, "verdict": Verdict.WARN}
    )
    message = "warn: row_count > 0.9x baseline: observed 336,776, but there is no baseline"
    found = _outcomes(report.model_copy(update={"checks": (), "thresholds": (result,)}))
    assert found == {"row_count > 0.9x baseline": ("system-out", message)}


@pytest.mark.parametrize("text", ["\x00\x01\x08\x0b\x1f", "\ufffe\uffff", "\ud800"])
def test_junit_leaves_out_what_xml_cannot_hold(report: Report, text: str) -> None:
    """Control characters and the like, which data may hold, never make the document unreadable."""
    suite = _suite(report.model_copy(update={"gate": f"fl{text}ights", "subject": f"{text}x<y>&\"'"}))
    assert suite.attrib["name"] == "flights"
    assert next(p.attrib["value"] for p in suite.iter("property") if p.attrib["name"] == "subject") == "x<y>&\"'"


@given(data=st.data())
def test_junit_is_well_formed_whatever_the_report(reports: st.SearchStrategy[Report], data: st.DataObject) -> None:
    """Any report makes XML that parses, with a case for each check, threshold and error of the whole."""
    report = data.draw(reports)
    thresholds = len(report.thresholds) + sum(len(check.thresholds) for check in report.checks)
    assert len(list(_suite(report).iter("testcase"))) == len(report.checks) + thresholds + bool(report.error)


def test_junit_tells_times_growths_and_ratios_as_people_read_them(compared: Report, leaking: Report) -> None:
    """A breach reads as its threshold was written, and one whose interval spans the limit says that it is uncertain."""
    found = _outcomes(compared)
    ratio = "observed 1.071x baseline, limit 1.05x baseline"
    assert found["cpu_median < 1.05x baseline"] == ("failure", f"cpu_median < 1.05x baseline: {ratio}")
    kind, message = found["median < 1.05x baseline"] or ("", "")
    assert kind == "skipped"
    assert message.endswith("observed 1.083x baseline, too uncertain to compare with the limit 1.05x baseline")
    assert "observed 1.012 kB/op, too uncertain to compare with the limit 512 B/op" in str(_outcomes(leaking))


def test_junit_holds_no_values_and_no_words_that_may_quote_them(
    report: Report, make_check: Callable[..., CheckResult]
) -> None:
    """Build servers keep the document for everybody who may see a build."""
    problem = Problem(reason="query_failed", message="Not a number: 'secret'")
    checks = (
        make_check(verdict=Verdict.FAIL, result={"observed_value": "secret", "partial_unexpected_list": ["secret"]}),
        make_check("other", verdict=Verdict.ERROR, error=problem),
    )
    text = render_junit(report.model_copy(update={"checks": checks, "error": problem}))
    assert ("secret" in text, "query_failed" in text) == (False, True)
