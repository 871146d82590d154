"""Reports of gates, for tests that only care about what is in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict

DAY = DataInterval(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
_ROWS = {Verdict.PASS: 10.0, Verdict.WARN: 7.0, Verdict.FAIL: 1.0}


def report_with(
    verdict: Verdict,
    *,
    gate: str = "orders",
    dag_id: str | None = "orders_quality",
    task_id: str = "check",
    run_id: str = "scheduled__2026-01-02",
    map_index: int = -1,
    try_number: int = 1,
    gate_tasks: tuple[str, ...] | None = None,
    data_interval: DataInterval | None = DAY,
    age: timedelta = timedelta(0),
) -> Report:
    """Return a report with a verdict, measured some time ago."""
    rows = _ROWS.get(verdict, 10.0)
    uncertain = verdict is Verdict.INCONCLUSIVE
    report = make_report(
        gate=gate,
        kind="quality",
        subject="orders",
        provenance=Provenance(
            dag_id=dag_id,
            task_id=task_id,
            run_id=run_id,
            map_index=map_index,
            try_number=try_number,
            gate_tasks=gate_tasks,
        ),
        started_at=datetime.now(UTC) - age,
        duration_seconds=1,
        metrics=[Metric(name="row_count", value=rows, interval=(0, 20) if uncertain else None)],
        thresholds=parse_thresholds(["row_count > 5", {"threshold": "row_count > 8", "severity": "warn"}], "quality"),
        data_interval=data_interval,
        error=MeasurementError("broken", "It broke.") if verdict is Verdict.ERROR else None,
    )
    assert report.verdict is verdict
    return report
