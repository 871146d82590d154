"""A report as it may be read by more people than the report itself: without values of the data."""

from __future__ import annotations

from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Report


def without_values(report: Report) -> Report:
    """Return the report with only numbers in its checks' results and no text that may quote data.

    Task logs are read by many. What a failed iteration of a load said may quote data, too.
    """
    checks = tuple(_without_values(check) for check in report.checks)
    recording = _without_samples(report.recording) if report.recording else None
    return report.model_copy(update={"checks": checks, "error": _quiet(report.error), "recording": recording})


def _without_samples(recording: Recording) -> Recording:
    failures = tuple(failure.model_copy(update={"samples": ()}) for failure in recording.failures)
    return recording.model_copy(update={"failures": failures})


def _without_values(check: CheckResult) -> CheckResult:
    numbers = {name: value for name, value in check.result.items() if isinstance(value, (int, float))}
    return check.model_copy(update={"result": numbers, "error": _quiet(check.error)})


def _quiet(problem: Problem | None) -> Problem | None:
    return None if problem is None else problem.model_copy(update={"message": problem.without_values})
