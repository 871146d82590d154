"""That measuring has started is in the store until its report is: what was killed outright is seen as such."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.process import is_gone, this_process
from airflow_provider_dpq.core.store import Start, Store, open_store
from airflow_provider_dpq.core.store.start import outstanding
from airflow_provider_dpq.triggers.gate import GateQuery
from airflow_provider_dpq.triggers.runs import AirflowRuns
from tests.reports import report_with

GATE = Gate("d", "rows")
DAY = DataInterval(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
KILLED = """
import sys, time
from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.store import Start, open_store
with open_store(sys.argv[1]) as store:
    store.begin(Start.now("rows", "quality", "orders", Provenance(dag_id="d", task_id="t", run_id="r2")))
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a file."""
    return open_store(f"sqlite:///{tmp_path / 'dpq.db'}")


def source(run: str, *, map_index: int = -1, try_number: int = 1) -> Provenance:
    """A try of the gate's task."""
    return Provenance(dag_id="d", task_id="t", run_id=run, map_index=map_index, try_number=try_number)


def begin(store: Store, of: Provenance, *, interval: DataInterval | None = None) -> Start:
    """Let the gate start."""
    start = Start.now("rows", "quality", "orders", of, interval=interval)
    store.begin(start)
    return start


def report_of(of: Provenance, verdict: Verdict = Verdict.PASS, *, interval: DataInterval | None = None) -> Report:
    """A report of the gate."""
    return report_with(
        verdict,
        gate="rows",
        dag_id="d",
        task_id="t",
        run_id=of.run_id,
        map_index=of.map_index,
        try_number=of.try_number,
        data_interval=interval,
    )


def finish(store: Store, of: Provenance, *, interval: DataInterval | None = None) -> None:
    """Let the gate pass."""
    store.write(report_of(of, interval=interval))


def standing(store: Store, **query: object) -> object:
    """Where the gate stands for a sensor."""
    settings: dict[str, object] = {"gate": "rows", "dag_id": "d", "max_age": timedelta(days=1)}
    return GateQuery(**(settings | query)).standing(store, AirflowRuns())


def test_a_report_takes_its_start_away(store: Store) -> None:
    """Whether it is the first of its try or replaces one."""
    begin(store, source("r1"))
    assert [start.run_id for start in store.starts(GATE)] == ["r1"]
    finish(store, source("r1"))
    assert store.starts() == []
    begin(store, source("r1"))
    store.write(report_of(source("r1")), replace=True)
    assert store.starts() == []


def test_a_start_stands_before_an_older_pass(store: Store) -> None:
    """The sensor waits, says since when, and passes again with the next report."""
    finish(store, source("r1"))
    assert standing(store).passed  # type: ignore[attr-defined]
    begin(store, source("r2"))
    found = standing(store)
    assert not found.passed  # type: ignore[attr-defined]
    assert "in run r2 and has left no report" in str(found)
    finish(store, source("r3"))
    assert standing(store).passed  # type: ignore[attr-defined]


def test_an_older_failure_is_not_final_while_the_gate_measures_again(store: Store) -> None:
    """What is measured now may pass."""
    store.write(report_of(source("r1"), Verdict.FAIL))
    assert standing(store).final  # type: ignore[attr-defined]
    begin(store, source("r2"))
    assert not standing(store).final  # type: ignore[attr-defined]


def test_a_start_without_any_report_is_told(store: Store) -> None:
    """It is more than no report."""
    begin(store, source("r1"))
    assert "measuring started at" in str(standing(store))


def test_a_start_of_another_interval_or_kind_is_of_no_matter(store: Store) -> None:
    """Each sensor looks at what it waits for."""
    finish(store, source("r1"), interval=DAY)
    other = DataInterval(start=DAY.end, end=DAY.end + timedelta(days=1))
    begin(store, source("r2"), interval=other)
    day = {"max_age": None, "interval": (DAY.start, DAY.end)}
    assert standing(store, **day).passed  # type: ignore[attr-defined]
    begin(store, source("r3"), interval=DAY)
    assert not standing(store, **day).passed  # type: ignore[attr-defined]
    store.begin(Start.now("other", "load", "x", source("r4")))
    assert [start.gate for start in store.starts(Gate("d", "other"))] == ["other"]


def test_a_part_of_the_run_that_was_killed_stands_before_the_others(store: Store) -> None:
    """Of a mapped gate one part was killed after it began, the others passed later; its next try mends that."""
    begin(store, source("r1", map_index=0))
    begin(store, source("r1", map_index=1))
    finish(store, source("r1", map_index=1))
    assert [start.map_index for start in outstanding(store.starts(GATE), store.newest_run(GATE))] == [0]
    finish(store, source("r1", map_index=0, try_number=2))
    assert outstanding(store.starts(GATE), store.newest_run(GATE)) == []


def test_a_process_that_was_killed_is_seen_as_such(tmp_path: Path) -> None:
    """At once, on the same machine: there is no report, and there will be none."""
    url = f"sqlite:///{tmp_path / 'dpq.db'}"
    with subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        with open_store(url) as store:
            (start,) = store.starts()
            assert not start.is_over()
            assert start.describe().endswith("has left no report yet")
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert start.is_over()
            assert start.describe().endswith("its process was killed")


def test_a_process_on_another_machine_has_its_time_limit() -> None:
    """A minute more than that, or a day where it has none."""
    start = replace(Start.now("g", "quality", "s", source("r"), limit_seconds=60), process="elsewhere/1/2/3.00")
    assert is_gone(start.process) is None
    assert not start.is_over(start.started_at + timedelta(seconds=100))
    assert start.is_over(start.started_at + timedelta(seconds=130))
    unlimited = replace(Start.now("g", "quality", "s", source("r")), process="elsewhere/1/2/3.00")
    assert not unlimited.is_over(unlimited.started_at + timedelta(hours=23))
    assert unlimited.is_over(unlimited.started_at + timedelta(hours=25))


def test_a_number_that_another_process_has_by_now_is_not_the_one_that_measured() -> None:
    """Numbers of processes come again; when they began does not."""
    assert is_gone(this_process()) is False
    machine, _, began = this_process().rpartition("/")
    assert is_gone(f"{machine}/{float(began) - 100:.2f}") is True
