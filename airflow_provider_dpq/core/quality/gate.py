"""The data-quality gate: a suite's results judged by thresholds and written down as a report."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import Threshold
from airflow_provider_dpq.core.quality.result import SuiteResult

KIND = "quality"


def judge_suite(
    found: SuiteResult,
    *,
    gate: str,
    provenance: Provenance,
    thresholds: Sequence[Threshold] = (),
    data_interval: DataInterval | None = None,
) -> Report:
    """Judge what a suite found by the checks' severities and by the gate's own thresholds.

    Args:
        found: Results of `check`.
        gate: Name of the gate.
        provenance: Which run this is.
        thresholds: The gate's thresholds, beside those declared on single checks.
        data_interval: The span of data judged.
    """
    return make_report(
        gate=gate,
        kind=KIND,
        subject=found.subject,
        provenance=provenance,
        started_at=found.started_at,
        duration_seconds=found.duration_seconds,
        metrics=found.metrics,
        checks=found.results,
        thresholds=thresholds,
        data_interval=data_interval,
        parts=found.parts,
        artifacts=found.artifacts,
        error=found.error,
        not_checked=found.not_checked,
        checked=found.checked,
    )
