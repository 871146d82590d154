"""A report as JUnit XML, which CI systems show: one test case for each check and each threshold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from airflow_provider_dpq.core.gate.redaction import without_values
from airflow_provider_dpq.core.gate.report import CheckResult, Report
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import checked, outcome

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may contain, not even escaped."""


def render_junit(whole: Report) -> str:
    """Return a report as a JUnit XML document.

    A failed check or threshold is a failure, one that could not be judged an error, an inconclusive one is skipped with
    its reason, and one that only warns is passed with the warning in its output. A gate that could not be measured as a
    whole is one test case in error.

    Args:
        whole: The report; its values of the data stay out, for programs and people of many kinds read the document.
    """
    report = without_values(whole)
    cases = list(_cases(report))
    suite = ET.Element(
        "testsuite",
        {
            "name": _clean(report.gate),
            "tests": str(len(cases)),
            "failures": _count(cases, "failure"),
            "errors": _count(cases, "error"),
            "skipped": _count(cases, "skipped"),
            "time": f"{report.duration_seconds:.3f}",
            "timestamp": report.started_at.isoformat(timespec="seconds"),
            "hostname": _clean(report.environment.host),
        },
    )
    suite.append(_properties(report))
    suite.extend(cases)
    root = ET.Element("testsuites", {name: suite.attrib[name] for name in ("tests", "failures", "errors", "time")})
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _count(cases: list[ET.Element], outcome_tag: str) -> str:
    return str(sum(1 for case in cases if case.find(outcome_tag) is not None))


def _properties(report: Report) -> ET.Element:
    source = report.provenance
    facts = {
        "report_id": report.id,
        "kind": report.kind,
        "subject": report.subject,
        "verdict": report.verdict.value,
        "dag_id": source.dag_id,
        "task_id": source.task_id,
        "run_id": source.run_id,
        **{fact.title.lower().replace(" ", "_"): fact.text for fact in checked.facts(report)},
    }
    properties = ET.Element("properties")
    for name, fact in facts.items():
        if fact is not None:
            ET.SubElement(properties, "property", {"name": name, "value": _clean(fact)})
    return properties


def _cases(report: Report) -> Iterator[ET.Element]:
    if report.error:
        message = f"{report.error.message} ({report.error.reason})"
        yield _case(report.gate, "gate", Verdict.ERROR, message)
    for check in report.checks:
        yield _check_case(report.gate, check)
    for result in outcome.thresholds(report):
        yield _threshold_case(report.gate, result)


def _check_case(gate: str, check: CheckResult) -> ET.Element:
    return _case(f"{gate}.{check.type}", check.name, check.verdict, outcome.finding(check))


def _threshold_case(gate: str, result: ThresholdResult) -> ET.Element:
    of = outcome.belonging(result)
    name = f"{result.threshold} of {of}" if of else result.threshold
    return _case(f"{gate}.thresholds", name, result.verdict, outcome.breach(result))


def _case(classname: str, name: str, verdict: Verdict, message: str) -> ET.Element:
    case = ET.Element("testcase", {"classname": _clean(classname), "name": _clean(name), "time": "0"})
    if verdict is Verdict.FAIL:
        ET.SubElement(case, "failure", {"message": _clean(message), "type": verdict.value})
    elif verdict is Verdict.ERROR:
        ET.SubElement(case, "error", {"message": _clean(message), "type": verdict.value})
    elif verdict is Verdict.INCONCLUSIVE:
        ET.SubElement(case, "skipped", {"message": _clean(f"inconclusive: {message}")})
    elif verdict is Verdict.WARN:
        ET.SubElement(case, "system-out").text = _clean(f"warn: {message}")
    return case


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
