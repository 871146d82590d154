"""Keeping the report of one gate in one try of a task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Failure, Recording
from airflow_provider_dpq.core.gate.redaction import without_values
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.run import GateRun

RUN = GateRun(gate="rows", provenance=Provenance(dag_id="d", task_id="t", run_id="backfill__2026-01-01"))


class Instance:
    """A task instance that takes XComs."""

    def __init__(self) -> None:
        self.pushed: list[Any] = []

    def xcom_push(self, key: str, value: Any) -> None:
        """Take one."""
        self.pushed.append((key, value))


def report_of(rows: int) -> Report:
    """Return a report that passes from ten rows on."""
    return make_report(
        gate="rows",
        kind="quality",
        subject="rows",
        provenance=RUN.provenance,
        started_at=datetime.now(UTC),
        duration_seconds=0,
        metrics=[Metric(name="row_count", value=rows)],
        thresholds=parse_thresholds(["row_count >= 10"], "quality"),
    )


def test_report_of_a_run_made_again_takes_the_place_of_the_deleted_ones(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """A backfill that is deleted and made again has the same run id and counts its tries anew: it is not refused."""
    for rows in (9, 10):
        RUN.keep(report_of(rows))
    (entry,) = store.of_task("d", "t", "backfill__2026-01-01")
    assert entry.verdict is Verdict.PASS
    assert "It is replaced" in caplog.text


def test_link_is_an_address_when_airflow_knows_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a message the link works from anywhere, once [api] base_url is set."""
    assert RUN.link.startswith("/dags/d/runs/")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/prod")
    assert RUN.link.startswith("https://airflow.example.com/prod/dags/d/runs/")


def test_without_values_keeps_counts_and_drops_what_the_data_held() -> None:
    """Only numbers are left of what a check observed."""
    check = CheckResult(
        name="c",
        type="expect_x",
        verdict=Verdict.FAIL,
        severity="critical",
        success=False,
        result={"unexpected_count": 2, "observed_value": ["secret"], "partial_unexpected_list": ["secret"]},
    )
    report = report_of(9).model_copy(update={"checks": (check,)})
    assert without_values(report).checks[0].result == {"unexpected_count": 2}


def test_without_values_drops_what_failed_iterations_said() -> None:
    """How often each kind failed stays; the words, which may quote data, are in the stored report only."""
    failure = Failure(scenario="read", name="status 503", count=3, samples=("secret",))
    report = report_of(9).model_copy(update={"recording": Recording(failures=(failure,), duration_seconds=2.0)})
    quiet = without_values(report).recording
    assert quiet == Recording(failures=(failure.model_copy(update={"samples": ()}),), duration_seconds=2.0)


@pytest.mark.parametrize("reason", ["statement_failed", "connection_failed", "unreadable_answer"])
def test_without_values_drops_the_words_of_what_was_measured(reason: str) -> None:
    """A database that cannot cast a value quotes it; the log says where to read its words."""
    problem = Problem(reason=reason, message="Could not convert string 'secret' to INT32.")
    quiet = without_values(report_of(9).model_copy(update={"error": problem}))
    assert quiet.error == Problem(reason=reason, message=f"See the report for the reason ({reason}).")
