"""What is found of a load while it goes on: thresholds that it has failed already, and checks that say how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Problem
from airflow_provider_dpq.core.gate.stored import LOAD, SCENARIO
from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdResult, judge
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.load.metrics import ERROR_RATE, metrics_of
from airflow_provider_dpq.core.stats.share import exact_interval

_SUCCESS: Final = {Verdict.PASS: True, Verdict.FAIL: False}


def first_breach(thresholds: Sequence[Threshold], ledger: Ledger, test: LoadTest) -> ThresholdResult | None:
    """Return the first threshold that fails by what was recorded until now; None where none does.

    An error rate is judged with the interval that its counts have: the first few failures would make it anything.

    Args:
        thresholds: What to judge by.
        ledger: What was recorded.
        test: What is run.
    """
    if not thresholds:
        return None
    known = [
        _uncertain(metric, ledger) if metric.name == ERROR_RATE else metric
        for metric in metrics_of(ledger, test, thresholds, percentiles=())
    ]
    return next((result for result in judge(thresholds, known) if result.verdict is Verdict.FAIL), None)


def _uncertain(rate: Metric, ledger: Ledger) -> Metric:
    span = ledger.total(rate.tags.get(SCENARIO))
    low, high = exact_interval(span.failed, span.ended)
    return rate.model_copy(update={"interval": (100 * low, 100 * high)})


def finding(
    name: str, verdict: Verdict, reason: str, message: str, *, quotes_data: bool = False, **result: JsonValue
) -> CheckResult:
    """Return a check of how a load went.

    Args:
        name: Its name.
        verdict: What it decides.
        reason: Stable code of what was found.
        message: The same as a sentence.
        quotes_data: Whether the sentence quotes the target.
        result: What was observed.
    """
    return CheckResult(
        name=name,
        type=LOAD,
        verdict=verdict,
        severity="warn" if verdict is Verdict.WARN else "fail",
        success=_SUCCESS.get(verdict),
        result=result,
        error=None if verdict is Verdict.PASS else Problem(reason=reason, message=message, quotes_data=quotes_data),
    )
