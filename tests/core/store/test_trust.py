"""What is acted on is the document that was written: columns decide nothing, and what was changed is an error."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import DamagedStart, Start, Store, open_store
from airflow_provider_dpq.core.store.entry import digest_of
from airflow_provider_dpq.triggers.gate import GateQuery
from airflow_provider_dpq.triggers.runs import AirflowRuns
from tests.reports import report_with

Vary: TypeAlias = Callable[..., Report]
GATE = Gate("flights_quality", "flights")
DAY = DataInterval(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def change(store_path: Path) -> Callable[..., None]:
    """A function that changes the table of reports behind the store's back."""

    def execute(statement: str, *parameters: Any) -> None:
        with closing(sqlite3.connect(store_path)) as connection, connection:
            connection.execute(statement, parameters)

    return execute


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


@pytest.mark.parametrize(("written", "claimed"), [(Verdict.FAIL, "pass"), (Verdict.PASS, "fail")])
def test_verdict_is_the_documents(
    store: Store, change: Callable[..., None], variant: Vary, written: Verdict, claimed: str
) -> None:
    """A column that says something else decides nothing, wherever a verdict is asked for."""
    store.write(variant(verdict=written, data_interval=DAY))
    change("UPDATE dpq_report SET verdict = ?, subject = 'x', started_at = '2099-01-01 00:00:00.000000'", claimed)
    run = store.newest_run(GATE, interval=(DAY.start, DAY.end))
    assert run is not None
    seen = [run.verdict, store.latest()[0].verdict, store.history(GATE)[0].verdict]
    assert seen == [written] * 3
    assert store.history(GATE)[0].started_at == variant().started_at


@pytest.mark.parametrize(
    "statement",
    [
        'document = replace(document, \'"verdict":"fail"\', \'"verdict":"pass"\'), verdict = \'pass\'',
        "document = document || ' '",
        "document = ''",
        "document = x'00ff'",
        "document = CAST(x'7bff7d' AS TEXT)",
        "digest = ''",
        "kind = 'load'",
        "run_id = 'another'",
        "task_id = 'another'",
        "map_index = 'many'",
        "try_number = 7",
        "report_id = 'another'",
    ],
)
def test_report_that_was_changed_is_an_error(
    store: Store, change: Callable[..., None], variant: Vary, statement: str
) -> None:
    """It reads as no verdict that was ever given, says why, and takes no other report with it."""
    store.write(variant(verdict=Verdict.FAIL))
    store.write(variant(gate="others", verdict=Verdict.PASS))
    change(f"UPDATE dpq_report SET {statement} WHERE gate = 'flights'")
    flights, others = store.latest()
    assert (flights.verdict, others.verdict) == (Verdict.ERROR, Verdict.PASS)
    assert flights.worst.problem is not None
    assert flights.worst.problem.reason == "report_altered"
    (entry,) = store.history(GATE)
    assert (entry.verdict, entry.started_at) == (Verdict.ERROR, None)
    assert _reason(lambda: store.report(entry.report_id)) == "report_altered"
    assert _reason(lambda: store.reports(GATE, limit=5, kind=entry.kind)) == "report_altered"


@pytest.mark.parametrize("column", ["gate", "dag_id"])
def test_report_does_not_become_that_of_another_gate(
    store: Store, change: Callable[..., None], variant: Vary, column: str
) -> None:
    """A pass that is moved to another gate is an error there."""
    store.write(variant(verdict=Verdict.PASS))
    change(f"UPDATE dpq_report SET {column} = 'orders'")
    (run,) = store.latest()
    assert run.verdict is Verdict.ERROR
    assert "orders" in (run.gate.name, run.gate.dag_id)


def test_report_does_not_become_one_about_another_interval(
    store: Store, change: Callable[..., None], variant: Vary
) -> None:
    """A pass of yesterday that is moved to today is an error today."""
    store.write(variant(verdict=Verdict.PASS, data_interval=DAY))
    end = "2026-01-03 00:00:00.000000"
    change("UPDATE dpq_report SET data_interval_start = data_interval_end, data_interval_end = ?", end)
    today = (DAY.end, DAY.end + timedelta(days=1))
    run = store.newest_run(GATE, interval=today)
    assert run is not None
    assert run.verdict is Verdict.ERROR


def test_changed_report_is_no_baseline(store: Store, change: Callable[..., None], variant: Vary) -> None:
    """Nobody can accept what was not measured."""
    report = variant(kind="benchmark", verdict=Verdict.FAIL)
    store.write(report)
    change("UPDATE dpq_report SET document = replace(document, '\"fail\"', '\"pass\"')")
    assert _reason(lambda: store.accept_baseline(report.id, actor="ann", reason="r")) == "report_altered"
    assert (store.baselines(report.identity), store.audit()) == ([], [])


def test_document_without_a_verdict_that_is_known_is_an_error(
    store: Store, change: Callable[..., None], report: Report
) -> None:
    """What a newer release may have written with its digest in order is listed, and is never a pass."""
    store.write(report)
    for verdict in ('"verdict":"great"', '"verdict":null', '"verdict":1'):
        document = report.to_json().replace(f'"verdict":"{report.verdict.value}"', verdict)
        change("UPDATE dpq_report SET document = ?, digest = ?", document, digest_of(document))
        (entry,) = store.history(report.identity)
        assert entry.verdict is Verdict.ERROR
        assert entry.problem is not None
        assert entry.problem.reason == "unreadable_report"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started_at", "'yesterday'"),
        ("ends_by", "2024"),
        ("data_interval_start", "x'00ff'"),
        ("after", "'x'"),
        ("map_index", "''"),
        ("process", "x'00ff'"),
        ("dag_id", "x'00ff'"),
        ("gate", "x'00ff'"),
        ("kind", "x'00ff'"),
    ],
)
def test_damaged_start_is_told_by_itself(store: Store, store_path: Path, column: str, value: str) -> None:
    """SQLite keeps anything anywhere: it costs the other rows nothing, and no sensor passes by it."""
    for gate in ("customers", "orders"):
        store.begin(Start.now(gate, "quality", gate, Provenance(dag_id="etl", task_id="check", run_id="r")))
    store.write(report_with(Verdict.PASS, gate="orders", dag_id="etl", task_id="check", run_id="older"))
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute(f"UPDATE dpq_start SET {column} = {value} WHERE gate = 'orders'")
        # Begun after the newest report.
        connection.execute("UPDATE dpq_start SET after = 1 WHERE gate = 'orders' AND typeof(after) = 'integer'")
    damaged, whole = store.starts()
    assert (whole.gate, whole.state) == ("customers", "measuring")
    assert isinstance(damaged, DamagedStart)
    assert (damaged.parts, damaged.state) == ((column,), "damaged")
    assert column in damaged.describe()
    assert "row 2 of dpq_start" in damaged.advice
    query = GateQuery(gate="orders", dag_id="etl", max_age=timedelta(days=1))
    standing = query.standing(store, AirflowRuns())
    assert damaged.describe() in standing.unreported
    with pytest.raises(StoreError) as refused:
        store.rename_gates({Gate("etl", "orders"): Gate("etl", "new")}, actor="ann")
    assert refused.value.reason == "store_corrupt"


def test_damaged_rows_are_errors_of_the_store(store: Store, store_url: str, store_path: Path, variant: Vary) -> None:
    """A name that is no text is told as it stands, and a version that is no number is no version."""
    store.write(variant(gate="orders"))
    store.write(variant(gate="customers"))
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute("UPDATE dpq_report SET gate = x'00ff' WHERE gate = 'orders'")
    assert [gate.name for gate in store.gates()] == ["b'\\x00\\xff'", "customers"]
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute("UPDATE dpq_schema SET version = 'x'")
    assert _reason(lambda: open_store(store_url)) == "store_corrupt"
