"""What is accepted as a gate's level is kept with who and why, together with its event, and is never changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Engine, event

from airflow_provider_dpq.core.benchmark.history import segments
from airflow_provider_dpq.core.errors import DeclarationError, DpqError, StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import AuditEvent, Baseline, Store, open_store

Vary: TypeAlias = Callable[..., Report]
START = datetime(2026, 3, 1, 2, 30, 0, 250, tzinfo=UTC)
REASON = "reads a second file since #412"


@pytest.fixture
def slower(variant: Vary) -> Report:
    """A report of a benchmark that failed, measured in another time zone."""
    began = START.astimezone(timezone(timedelta(hours=-5)))
    return variant(kind="benchmark", verdict=Verdict.FAIL, started_at=began, map_index=3, try_number=2)


def _refused(action: Callable[[], object], kind: type[DpqError] = DeclarationError) -> str:
    with pytest.raises(kind) as caught:
        action()
    return caught.value.reason


def test_acceptance_is_kept_and_told(store: Store, slower: Report) -> None:
    """The baseline has the report, its time in UTC, who, when and why; the event beside it the report's verdict."""
    store.write(slower)
    before = datetime.now(UTC)
    baseline = store.accept_baseline(slower.id, actor="ann@example.org", reason=REASON)
    assert before <= baseline.accepted_at <= datetime.now(UTC)
    assert baseline == Baseline(
        number=1,
        gate=slower.gate,
        report_id=slower.id,
        started_at=START,
        accepted_at=baseline.accepted_at,
        actor="ann@example.org",
        reason=REASON,
        dag_id="flights_quality",
    )
    assert baseline.started_at.utcoffset() == timedelta(0)
    assert store.baselines(slower.identity) == [baseline]
    source = slower.provenance
    assert store.audit() == [
        AuditEvent(
            at=baseline.accepted_at,
            actor="ann@example.org",
            event="baseline_accepted",
            dag_id=source.dag_id,
            task_id=source.task_id,
            run_id=source.run_id,
            map_index=3,
            try_number=2,
            verdict="fail",
            detail=f"gate {slower.gate!r}, report {slower.id}: {REASON}",
        )
    ]


def test_baselines_are_of_one_gate_in_the_order_of_accepting(store: Store, variant: Vary) -> None:
    """Neither the time of the report nor the other gates matter, and a report may be accepted twice."""
    reports = [
        variant(kind="benchmark", gate=gate, verdict=Verdict.WARN, started_at=START - timedelta(days=number))
        for number, gate in enumerate(["fast", "slow", "fast"])
    ]
    for report in reports:
        store.write(
            report.model_copy(update={"provenance": report.provenance.model_copy(update={"run_id": report.id})})
        )
    for report in [*reports, reports[0]]:
        store.accept_baseline(report.id, actor="ann", reason=REASON)
    assert [item.report_id for item in store.baselines(Gate("flights_quality", "fast"))] == [
        reports[0].id,
        reports[2].id,
        reports[0].id,
    ]
    assert [item.number for item in store.baselines(Gate("flights_quality", "fast"))] == [1, 3, 4]
    assert store.baselines(Gate("flights_quality", "other")) == []


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL])
def test_whatever_was_measured_can_be_accepted(store: Store, variant: Vary, verdict: Verdict) -> None:
    """A pass too: somebody who made the code faster wants that held from now on."""
    report = variant(kind="benchmark", verdict=verdict)
    store.write(report)
    assert store.accept_baseline(report.id, actor="ann", reason=REASON).report_id == report.id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "quality"}, "kind_without_baseline"),
        ({"kind": "leak"}, "kind_without_baseline"),
        ({"kind": "benchmark", "verdict": Verdict.ERROR}, "nothing_to_accept"),
    ],
)
def test_report_without_a_level_is_refused(store: Store, variant: Vary, changes: dict[str, Any], reason: str) -> None:
    """Neither a kind that is judged otherwise nor one that measured nothing leaves a baseline or an event."""
    report = variant(**{"verdict": Verdict.PASS, **changes})
    store.write(report)
    assert _refused(lambda: store.accept_baseline(report.id, actor="ann", reason=REASON)) == reason
    assert (store.baselines(report.identity), store.audit()) == ([], [])


@pytest.mark.parametrize(("actor", "reason"), [("ann", ""), ("ann", " \n"), ("", REASON)])
def test_acceptance_says_who_and_why(store: Store, slower: Report, actor: str, reason: str) -> None:
    """An acceptance that nobody could explain later is refused."""
    store.write(slower)
    assert _refused(lambda: store.accept_baseline(slower.id, actor=actor, reason=reason)) == "unexplained_baseline"
    assert store.baselines(slower.identity) == []


def test_unknown_report_cannot_be_accepted(store: Store) -> None:
    """The report must be in the store."""
    action = lambda: store.accept_baseline("nowhere", actor="ann", reason=REASON)  # noqa: E731
    assert _refused(action, StoreError) == "unknown_report"
    assert store.audit() == []


def _at_the_event(act: Callable[[], None]) -> Callable[..., None]:
    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("INSERT INTO dpq_audit"):
            act()

    return listen


def test_failure_between_leaves_neither(store: Store, slower: Report) -> None:
    """Where the event cannot be written, there is no baseline without one."""

    def fail() -> None:
        raise RuntimeError

    store.write(slower)
    listen = _at_the_event(fail)
    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with suppress(RuntimeError):
            store.accept_baseline(slower.id, actor="ann", reason=REASON)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert (store.baselines(slower.identity), store.audit()) == ([], [])


def test_crash_between_leaves_neither(store: Store, slower: Report) -> None:
    """A process that ends between the two rows has written none, and the store goes on working."""
    store.write(slower)
    child = os.fork()
    if child == 0:
        event.listen(Engine, "before_cursor_execute", _at_the_event(lambda: os._exit(7)))
        with suppress(BaseException):
            store.accept_baseline(slower.id, actor="ann", reason=REASON)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert (store.baselines(slower.identity), store.audit()) == ([], [])
    store.accept_baseline(slower.id, actor="ann", reason=REASON)
    assert (len(store.baselines(slower.identity)), len(store.audit())) == (1, 1)


def test_all_of_many_at_once_are_kept_and_the_newest_counts(store: Store, store_url: str, variant: Vary) -> None:
    """Whoever accepts at the same moment loses nothing; the history begins with what was accepted last."""
    metrics = (Metric(name="cpu_median", value=1.0, unit="s"),)
    reports = [
        variant(
            kind="benchmark",
            verdict=Verdict.FAIL,
            run_id=str(number),
            started_at=START + timedelta(days=number),
            data_interval=None,
            metrics=metrics,
        )
        for number in range(6)
    ]
    for report in reports:
        store.write(report)

    def accept(report: Report) -> Baseline:
        with open_store(store_url) as own:
            return own.accept_baseline(report.id, actor="ann", reason=report.id)

    with ThreadPoolExecutor(6) as threads:
        given = list(threads.map(accept, reports))
    kept = store.baselines(reports[0].identity)
    assert kept == sorted(given, key=lambda item: item.number)
    assert [item.number for item in kept] == [1, 2, 3, 4, 5, 6]
    assert sorted(item.detail[-36:] for item in store.audit()) == sorted(report.id for report in reports)
    here = reports[0].environment.fingerprint
    read = store.reports(reports[0].identity, limit=10, kind="benchmark")
    *_, present = segments(read, kept, metric_name="cpu_median", tags={}, fingerprint=here)
    assert present[0].report_id == kept[-1].report_id


def test_baseline_is_frozen(store: Store, slower: Report) -> None:
    """What was accepted cannot be changed by whoever read it."""
    store.write(slower)
    baseline = store.accept_baseline(slower.id, actor="ann", reason=REASON)
    for field in fields(Baseline):
        with pytest.raises(AttributeError):
            setattr(baseline, field.name, None)
