"""Functions of a DAG file that are put under load, from the file to the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from tests.airflow_home import RunDag

DAG_FILE = '''
"""Functions of a DAG file."""

import asyncio

from airflow.sdk import DAG, task

from airflow_provider_dpq.core.load.model import constant_concurrency
from airflow_provider_dpq.core.load.preset import smoke

FACTOR = 3


def times(rows):
    return [row * FACTOR for row in rows]


with DAG("decorated_load", schedule=None):

    @task
    def year():
        return 2013

    @task.load_test(load=smoke(10), dataset=lambda size: list(range(size)), size=100, thresholds=["max < 10s"])
    def plain(rows, year, by="{{ ds }}"):
        assert (len(times(rows)), year, by) == (100, 2013, "2026-01-01"), (len(rows), year, by)

    @task.load_test(load=constant_concurrency(20, "1s"), thresholds=["throughput > 25/s"])
    async def awaited(year):
        assert times([year]) == [6039]
        await asyncio.sleep(0.05)

    plain(year(), by="{{ ds }}")
    awaited(year())
'''


def test_functions_of_a_dag_file_are_put_under_load(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """They travel by value; a coroutine function runs many times at once, and Airflow itself never runs either."""
    (tmp_path / "decorated.py").write_text(DAG_FILE)
    bag = DagBag(str(tmp_path))
    assert bag.import_errors == {}
    outcome = run_dag(bag.dags["decorated_load"])
    reports = {}
    for task_id in ("plain", "awaited"):
        (entry,) = store.of_task("decorated_load", task_id, outcome.run_id)
        reports[task_id] = store.report(entry.report_id)
    assert {name: (one.verdict, one.error) for name, one in reports.items()} == dict.fromkeys(
        reports, (Verdict.PASS, None)
    )
    assert reports["awaited"].subject == "decorated:awaited"
    assert set(outcome.states.values()) == {"success"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("@task.load_test", "nor the test has a model"),
        ("@task.load_test(load=smoke(), processes=9)", "9 generators for only 5"),
        ("@task.load_test(load=smoke(), scenarios={})", "both scenarios and"),
    ],
)
def test_mistake_keeps_the_dag_file_from_being_imported(tmp_path: Path, line: str, words: str) -> None:
    """What is declared wrong is an import error of the file."""
    (tmp_path / "wrong.py").write_text(
        "from airflow.sdk import DAG, task\nfrom airflow_provider_dpq.core.load.preset import smoke\n"
        f"with DAG('wrong'):\n    {line}\n    def work(): ...\n    work()\n"
    )
    (error,) = DagBag(str(tmp_path)).import_errors.values()
    assert words in error
