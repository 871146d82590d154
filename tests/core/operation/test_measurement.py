"""Measurements that come to their end, and those that are cut short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError, StoreError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.isolation import Cancellation
from airflow_provider_dpq.core.operation.measurement import Conclusion, conclude

pytestmark = pytest.mark.alone


class Sampling:
    """Takes samples until it raises what it is told to, if it is."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.samples: list[float] = []

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Take one."""
        self.samples.append(1.0)
        if self.error is not None:
            raise self.error

    def report(self, *, error: DpqError | None = None, **fields: Any) -> Report:
        """Judge the samples."""
        return make_report(
            kind="benchmark",
            subject="samples",
            started_at=datetime.now(UTC),
            metrics=[Metric(name="median", value=self.samples[0], unit="s")],
            thresholds=parse_thresholds(["median < 10s"], "benchmark"),
            error=error,
            **fields,
        )


def concluded(error: BaseException | None = None) -> Conclusion:
    """Conclude a measurement that ends like this, after five seconds."""
    return conclude(Sampling(error), gate="g", provenance=Provenance(run_id="r"), clock=iter((10.0, 15.0)).__next__)


def test_what_comes_to_its_end_is_judged() -> None:
    """Nothing cut it short."""
    conclusion = concluded()
    assert (conclusion.report.verdict, conclusion.error) == (Verdict.PASS, None)
    assert conclusion.report.duration_seconds == 5


@pytest.mark.parametrize("kind", [DeclarationError, MeasurementError, StoreError])
def test_error_is_told_with_what_was_measured(kind: type[DpqError]) -> None:
    """The report has the samples and the error, and the error goes on."""
    error = kind("broken", "It broke.")
    conclusion = concluded(error)
    assert conclusion.error is error
    assert (conclusion.report.verdict, conclusion.report.error and conclusion.report.error.reason) == (
        Verdict.ERROR,
        "broken",
    )
    assert [metric.value for metric in conclusion.report.metrics] == [1.0]


class TimeUp(BaseException):
    """What Airflow raises in a task whose time is up is no Exception either."""


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), TimeUp(), TimeoutError()])
def test_interrupt_is_told_with_what_was_measured(interrupt: BaseException) -> None:
    """A time limit that a signal handler keeps, as a Ctrl-C: it is the error of the report, and it goes on."""
    conclusion = concluded(interrupt)
    assert conclusion.error is interrupt
    problem = conclusion.report.error
    assert problem is not None
    assert (problem.reason, type(interrupt).__name__ in problem.message) == ("cancelled", True)
    assert conclusion.report.verdict is Verdict.ERROR


def test_fault_of_this_project_is_no_report() -> None:
    """What was measured before a bug showed is not to be trusted."""
    with pytest.raises(ZeroDivisionError):
        concluded(ZeroDivisionError())
