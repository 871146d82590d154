"""Every question is answered from an index: the plans of the statements that the store really runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Engine, event

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import Store

Plan: TypeAlias = Callable[[Callable[[Store], object]], list[str]]

DAY = (datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC))


@pytest.fixture
def plan(store: Store, store_path: Path, variant: Callable[..., Report]) -> Plan:
    """A function that asks a store with some reports, and returns SQLite's plan of the last statement that it ran."""

    def explain(ask: Callable[[Store], object]) -> list[str]:
        with _statements() as ran:
            ask(store)
        *_, (statement, parameters) = ran  # before it, a task's reports are looked for in all DAGs that there are
        with closing(sqlite3.connect(store_path)) as connection:
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    for number in range(10):
        store.write(variant(id=str(number), run_id=str(number), gate=f"gate {number % 5}"))
    return explain


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """Collect the questions to the table of reports, as they reach the database."""
    ran: list[tuple[str, Any]] = []

    def see(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "FROM dpq_report" in statement:
            ran.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield ran
    finally:
        event.remove(Engine, "before_cursor_execute", see)


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda store: store.history(Gate("flights_quality", "flights")), "dpq_report_gate (gate=? AND dag_id=?)"),
        (
            lambda store: store.history(Gate("flights_quality", "flights"), kind="quality"),
            "dpq_report_gate (gate=? AND dag_id=?)",
        ),
        (
            lambda store: store.newest_run(Gate("flights_quality", "flights"), interval=DAY),
            "dpq_report_interval_of_gate (gate=? AND dag_id=? AND data_interval_start=? AND data_interval_end=?)",
        ),
        (
            lambda store: store.of_task("flights_quality", "check", "scheduled__2013-01-01", 3),
            "dpq_report_task (dag_id=? AND task_id=? AND run_id=? AND map_index=?)",
        ),
        (lambda store: store.report("7"), "(report_id=?)"),
    ],
    ids=["history", "history of a kind", "interval", "task", "report"],
)
def test_question_is_answered_from_an_index(plan: Plan, ask: Callable[[Store], object], index: str) -> None:
    """The plan searches the index and never scans the table."""
    steps = plan(ask)
    assert any(index in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN dpq_report")], steps


def test_history_needs_no_sorting(plan: Plan) -> None:
    """The index holds the entries in the order asked for: twenty of a million cost as much as twenty of twenty."""
    steps = plan(lambda store: store.history(Gate("flights_quality", "gate 1")))
    assert steps == ["SEARCH dpq_report USING INDEX dpq_report_gate (gate=? AND dag_id=?)"]


def _steps_of_latest(store: Store, store_path: Path) -> int:
    """Count the instructions that SQLite runs to find the latest of each gate."""
    with _statements() as ran:
        store.latest()
    ((statement, parameters),) = ran
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with closing(sqlite3.connect(store_path)) as connection:
        connection.set_progress_handler(count, 1)
        connection.execute(statement, parameters).fetchall()
    return counted


def test_latest_costs_the_same_however_long_the_history(
    store: Store, store_path: Path, variant: Callable[..., Report]
) -> None:
    """Ten gates with a thousand reports each are listed for the price of ten gates with one each."""
    for number in range(10):
        store.write(variant(gate=f"gate {number}", dag_id="flights"))
    few = _steps_of_latest(store, store_path)
    newest = store.latest()
    columns = "gate, kind, subject, verdict, dag_id, task_id, map_index, duration_seconds, document, digest"
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n <= 1000)"
            f" INSERT INTO dpq_report (number, key, report_id, run_id, try_number, started_at, {columns})"
            f" SELECT -10 * n - number, key || n, report_id || n, run_id || n, n, started_at, {columns}"
            " FROM dpq_report, n"
        )
    assert len(store.history(Gate("flights", "gate 7"), limit=10_000)) == 1001
    assert store.latest() == newest
    assert _steps_of_latest(store, store_path) < 1.1 * few
