"""How near the breaking point and the recovery that a search finds are to the truth, which the service knows."""

from __future__ import annotations

from loads.memory import service

from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import Breakpoint
from airflow_provider_dpq.core.load.run import LoadMeasurement
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.measurement import conclude

_GROWTH = 2.0
"""Between the levels of a search for the recovery: the rate that breaks is far from the one that holds."""


def breaking_point(capacity: float, rounds: int, seconds: float) -> None:
    """Search for the breaking point of a service that answers so many requests per second, and no more.

    Args:
        capacity: Answers per second.
        rounds: How many searches.
        seconds: Length of a level.
    """
    for number in range(rounds):
        start = capacity / (3 + number)  # so that levels fall on other rates each time
        report = _search(capacity, Breakpoint(start=start, limit=10 * capacity, level_seconds=seconds))
        found = _found(report, "breaking_point")
        error = "" if found is None else f", {100 * (found / capacity - 1):+.1f} %"
        told = f"{report.duration_seconds:.0f} s, {_told(report)}"
        print(f"capacity {capacity:g}/s: breaking point {found}/s{error}, {told}", flush=True)


def recovery(capacity: float, rounds: int, seconds: float) -> None:
    """Overload the service, and see how soon it is found to be its old self.

    In a queue that is served in its order, what piled up at the rate that broke it is gone after ``(rate - capacity) *
    seconds / (capacity - start)`` seconds at the first rate.

    Args:
        capacity: Answers per second.
        rounds: How many searches.
        seconds: Length of a level.
    """
    for number in range(rounds):
        start = capacity / (2.5 + number / 4)
        search = Breakpoint(
            start=start, limit=10 * capacity, growth=_GROWTH, level_seconds=seconds, precision_percent=60
        )
        report = _search(capacity, search)
        point = next((metric.interval for metric in report.metrics if metric.name == "breaking_point"), None)
        found = _found(report, "recovery")
        if point is None or found is None:
            print(f"capacity {capacity:g}/s: no recovery found, {_told(report)}")
            continue
        truth = (point[1] - capacity) * seconds / (capacity - start)
        print(
            f"capacity {capacity:g}/s: {point[1]:.0f}/s, then {start:.0f}/s: recovery {found:g} s, "
            f"truth {truth:.2f} s ({found - truth:+.2f} s), {_told(report)}"
        )


def _search(capacity: float, search: Breakpoint) -> Report:
    with service("--delay", "0.002", "--capacity", str(capacity)) as (url, _):
        test = LoadTest(scenarios=(Scenario(operation=HttpOperation(url=url)),), model=search)
        measurement = LoadMeasurement(test=test)
        return conclude(measurement, gate="benchmark", provenance=Provenance(run_id="benchmark")).report


def _found(report: Report, name: str) -> float | None:
    return next((metric.value for metric in report.metrics if metric.name == name), None)


def _told(report: Report) -> str:
    return report.error.reason if report.error else report.verdict.value
