"""What a load test found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Problem
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest

_SUCCESS: Final = {Verdict.PASS: True, Verdict.FAIL: False}


@dataclass(frozen=True, slots=True)
class Level:
    """A stretch of one load within a test: a plateau of its schedule, or a level of a search.

    Attributes:
        load: Arrivals per second, or workers.
        begin_seconds: When it began, since the start of the load.
        end_seconds: When it ended.
        held: Of a level of a search, whether it held for sure; None of what was not judged by itself.
        why: Why it did not.
    """

    load: float
    begin_seconds: float
    end_seconds: float
    held: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What a load test found.

    Attributes:
        test: What was run.
        recording: What the generators recorded, on one line of time; of a search all levels one after the other.
        started_at: When the load began, or was to begin.
        duration_seconds: How long it took in all.
        levels: The levels of a search, in the order in which they were tried; empty for any other test.
        measured: Metrics that are not in the recording: what a search found, and what the sampler of resources saw.
        series: Resources over time.
        checks: What stands beside the thresholds: a target that died, an end before the planned one and its cause.
        error: Why no more was measured; what was stands.
    """

    test: LoadTest
    recording: Recording
    started_at: datetime
    duration_seconds: float
    levels: tuple[Level, ...] = ()
    measured: tuple[Metric, ...] = ()
    series: tuple[Series, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    error: DpqError | None = None


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
