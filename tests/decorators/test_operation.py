"""Functions of a DAG file that are benchmarked or checked for leaks, from the file to the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from tests.airflow_home import RunDag

pytestmark = pytest.mark.alone

DAG_FILE = '''
"""Functions of a DAG file."""

from airflow.sdk import DAG, task

FACTOR = 3


def times(rows):
    return [row * FACTOR for row in rows]


def make_rows(size):
    return list(range(size))


with DAG("decorated", schedule=None):

    @task
    def year():
        return 2013

    @task.benchmark(dataset=make_rows, sizes=[100], time_budget="1s", thresholds=["median{size:100} < 10s"])
    def transform(rows, year, by="{{ ds }}"):
        assert (len(rows), year, by) == (100, 2013, "2026-01-01"), (len(rows), year, by)
        return times(rows)

    @task.benchmark(time_budget="1s", thresholds=["median < 10s"])
    def mapped(number):
        return sum(range(1000 * number))

    @task.benchmark(time_budget="1s", thresholds=["median < 10s"], set_up=lambda: [3, 1, 2])
    def in_place(rows):
        rows.sort()
        assert rows == [1, 2, 3]

    @task.leak_check(tolerance="1KiB", stages=(40,))
    def clean():
        return times(range(10))

    transform(year(), by="{{ ds }}")
    mapped.expand(number=[1, 2])
    in_place()
    clean()
'''


def test_functions_of_a_dag_file_are_measured(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """They travel by value, with what they refer to; datasets, upstream results, templates and mapping reach them."""
    (tmp_path / "decorated.py").write_text(DAG_FILE)
    bag = DagBag(str(tmp_path))
    assert bag.import_errors == {}
    outcome = run_dag(bag.dags["decorated"])
    reports = {
        (task_id, index): [
            store.report(entry.report_id) for entry in store.of_task("decorated", task_id, outcome.run_id, index)
        ]
        for task_id, index in [("transform", -1), ("mapped", 0), ("mapped", 1), ("in_place", -1), ("clean", -1)]
    }
    assert {key: [(one.verdict, one.error) for one in of_task] for key, of_task in reports.items()} == {
        key: [(Verdict.PASS, None)] for key in reports
    }
    assert reports["transform", -1][0].subject == "decorated:transform"
    assert reports["clean", -1][0].kind == "leak"
    assert set(outcome.states.values()) == {"success"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('@task.benchmark(tolerance="5%")', "this benchmark has none"),
        ("@task.leak_check(tolerance=512)", "has no unit"),
        ('@task.benchmark(target="json:loads")', "target"),
    ],
)
def test_mistake_keeps_the_dag_file_from_being_imported(tmp_path: Path, line: str, words: str) -> None:
    """What is declared wrong is an import error of the file."""
    (tmp_path / "wrong.py").write_text(
        f"from airflow.sdk import DAG, task\nwith DAG('wrong'):\n    {line}\n    def work(): ...\n    work()\n"
    )
    (error,) = DagBag(str(tmp_path)).import_errors.values()
    assert words in error


def test_call_without_a_needed_argument_is_refused(tmp_path: Path) -> None:
    """Only the argument that the dataset makes may be left out of the call."""
    (tmp_path / "wrong.py").write_text(
        "from airflow.sdk import DAG, task\nwith DAG('wrong'):\n"
        "    @task.benchmark(dataset=list)\n    def work(rows, year): ...\n    work()\n"
    )
    (error,) = DagBag(str(tmp_path)).import_errors.values()
    assert "missing a required argument: 'year'" in error
