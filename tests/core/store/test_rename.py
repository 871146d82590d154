"""A history follows its gate to another DAG or name, whole, and is never put together with another one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Start, Store
from airflow_provider_dpq.core.store.start import outstanding

Vary: TypeAlias = Callable[..., Report]
OLD = Gate("flights_quality", "flights")
NEW = Gate("flights_nightly", "arrivals")
DAY = DataInterval(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


def _state(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT")]


@pytest.fixture
def kept(store: Store, variant: Vary) -> list[Report]:
    """A history of more reports than are rewritten at once, and what is another gate's."""
    reports = [variant(kind="benchmark", run_id=str(number), data_interval=DAY) for number in range(103)]
    for report in [*reports, variant(gate="planes"), variant(dag_id="other"), variant(dag_id=None)]:
        store.write(report)
    accepted = variant(kind="benchmark", run_id="accepted", verdict=Verdict.FAIL)
    store.write(accepted)
    store.accept_baseline(accepted.id, actor="ann", reason="faster")
    return [*reports, accepted]


@pytest.mark.parametrize(
    "new", [NEW, Gate(OLD.dag_id, "arrivals"), Gate("flights_nightly", OLD.name), Gate("", "alone")]
)
def test_history_moves_whole(store: Store, kept: list[Report], new: Gate) -> None:
    """Order, times, identifiers and all else stay; documents, baselines and lookups say the new gate."""
    others = [run for run in store.latest() if run.gate != OLD]
    assert store.rename_gates({OLD: new}, actor="ben") == {OLD: (104, 1, 0)}
    assert (store.history(OLD), store.baselines(OLD)) == ([], [])
    entries = store.history(new, limit=1000)
    assert [entry.report_id for entry in entries] == [report.id for report in reversed(kept)]
    assert all(entry.problem is None and entry.identity == new for entry in entries)
    moved = store.report(kept[0].id)
    elsewhere = None if new.dag_id == OLD.dag_id else new.dag_id
    assert moved == kept[0].model_copy(update={"gate": new.name, "moved_to": elsewhere})
    source = moved.provenance
    assert [
        one.report_id for one in store.of_task(OLD.dag_id, str(source.task_id), source.run_id, source.map_index)
    ] == [moved.id]
    assert elsewhere is None or store.of_task(new.dag_id, str(source.task_id), source.run_id, source.map_index) == []
    assert [item.identity for item in store.baselines(new)] == [new]
    run = store.newest_run(new, interval=(DAY.start, DAY.end))
    assert run is not None
    assert run.gate == new
    assert [run for run in store.latest() if run.gate != new] == others
    event = store.audit()[0]
    assert (event.actor, event.event, event.dag_id) == ("ben", "gate_renamed", new.dag_id or None)
    assert event.detail == f"gate 'flights_quality > flights' is now {str(new)!r}. Moved reports: 104, baselines: 1."


@pytest.mark.parametrize("new", [OLD, Gate(OLD.dag_id, "planes"), Gate("other", "flights"), Gate("", "flights")])
def test_gate_with_a_history_is_not_renamed_to(store: Store, store_path: Path, kept: list[Report], new: Gate) -> None:
    """Neither history changes."""
    before = _state(store_path)
    assert _reason(lambda: store.rename_gates({OLD: new}, actor="ben")) == "gate_exists"
    assert _state(store_path) == before


def test_gate_that_is_not_there_is_told(store: Store, kept: list[Report]) -> None:
    """A slip of the pen moves nothing."""
    assert _reason(lambda: store.rename_gates({Gate("x", "flights"): NEW}, actor="ben")) == "unknown_gate"


def test_changed_report_is_not_made_good_by_renaming(store: Store, store_path: Path, kept: list[Report]) -> None:
    """What was changed keeps the whole history where it is, rather than getting a digest that fits."""
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute("UPDATE dpq_report SET document = document || ' ' WHERE run_id = '7'")
    before = _state(store_path)
    assert _reason(lambda: store.rename_gates({OLD: NEW}, actor="ben")) == "report_altered"
    assert _state(store_path) == before


def test_gate_that_moves_back_is_what_it_was(store: Store, store_path: Path, kept: list[Report]) -> None:
    """Nothing of having been elsewhere is left in its reports."""
    before = [line for line in _state(store_path) if "dpq_audit" not in line and "sqlite_sequence" not in line]
    store.rename_gates({OLD: NEW}, actor="ben")
    store.rename_gates({NEW: OLD}, actor="ben")
    assert [line for line in _state(store_path) if "dpq_audit" not in line and "sqlite_sequence" not in line] == before


def test_task_that_reports_once_more_is_told_apart_from_what_was_moved(
    store: Store, kept: list[Report], variant: Vary
) -> None:
    """The new DAG may have a task and a run of the same names: it never measured what was moved to it."""
    store.rename_gates({OLD: NEW}, actor="ben")
    own = variant(gate=NEW.name, dag_id=NEW.dag_id, run_id="5")
    store.write(own)
    source = own.provenance
    of_task = store.of_task(NEW.dag_id, str(source.task_id), source.run_id, source.map_index)
    assert [entry.report_id for entry in of_task] == [own.id]
    assert len(store.history(NEW, limit=1000)) == 105


def test_all_gates_move_or_none(store: Store, store_path: Path, kept: list[Report]) -> None:
    """One that has a history already keeps the others where they are."""
    planes = Gate(OLD.dag_id, "planes")
    before = _state(store_path)
    taken = {planes: Gate("nightly", "planes"), OLD: Gate("other", "flights")}
    assert _reason(lambda: store.rename_gates(taken, actor="ben")) == "gate_exists"
    assert _state(store_path) == before


@pytest.mark.parametrize("new", [NEW, Gate("", "alone"), Gate(OLD.dag_id, "arrivals")])
def test_what_has_started_moves_too(store: Store, kept: list[Report], variant: Vary, new: Gate) -> None:
    """A try that was killed holds up the new gate, and no longer the old one; its report takes it away there."""
    begun = Start.now(OLD.name, "benchmark", "s", variant(run_id="killed").provenance)
    store.begin(begun)
    other = Start.now("planes", "benchmark", "s", variant(run_id="killed").provenance)
    store.begin(other)
    (held,) = store.starts(OLD)
    store.rename_gates({OLD: new}, actor="ben")
    assert store.starts(OLD) == []
    assert store.starts(new) == [replace(held, gate=new.name, dag_id=new.dag_id)]
    assert len(store.starts(other.identity)) == 1
    assert outstanding(store.starts(new), store.newest_run(new)) == store.starts(new)
    store.write(variant(gate=new.name, dag_id=new.dag_id or None, run_id="killed"))
    assert store.starts(new) == []


def test_gate_that_has_only_started_moves_with_its_dag(store: Store, kept: list[Report], variant: Vary) -> None:
    """Killed in its first run: it is a gate of the DAG as the others are."""
    store.begin(Start.now("first", "quality", "s", variant(run_id="killed").provenance))
    first, moved = Gate(OLD.dag_id, "first"), Gate("flights_nightly", "first")
    assert first in store.gates()
    assert store.gates("first") == [first]
    assert store.rename_gates({first: moved}, actor="ben") == {first: (0, 0, 1)}
    assert store.audit()[0].detail.endswith("Moved reports: 0, baselines: 0, starts without a report: 1.")
    assert store.gates("first") == [moved]


def test_start_of_the_same_try_gives_way(store: Store, kept: list[Report], variant: Vary) -> None:
    """The new gate is held up by it once."""
    source = variant(run_id="killed").provenance
    for name in (OLD.name, "arrivals"):
        store.begin(Start.now(name, "benchmark", "s", source))
    new = Gate(OLD.dag_id, "arrivals")
    store.rename_gates({OLD: new}, actor="ben")
    assert [start.run_id for start in store.starts(new)] == ["killed"]
