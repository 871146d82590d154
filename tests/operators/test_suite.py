"""A suite that a DAG names by a relative path."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from airflow.sdk import DAG

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.suite import dag_folder, find_suite, require_suite
from tests.airflow_home import LOGICAL_DATE, RunDag

SUITE = "expectations: [{type: expect_column_values_to_not_be_null, kwargs: {column: id}}]\n"


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of DAGs, and beside it the folder that the worker runs in."""
    folder = tmp_path / "dags"
    (folder / "suites").mkdir(parents=True)
    (tmp_path / "worker").mkdir()
    monkeypatch.chdir(tmp_path / "worker")
    (tmp_path / "ids.csv").write_text("id\n1\n", encoding="utf-8")
    return folder


def _gate(folder: Path, suite: object) -> DAG:
    with DAG("beside", schedule=None) as dag:
        dag.fileloc = str(folder / "beside.py")
        DataQualityCheckOperator(task_id="ids", path=str(folder.parent / "ids.csv"), suite=suite)
    return dag


@pytest.mark.parametrize("suite", ["suites/ids.yaml", Path("suites/ids.yaml"), "suites/{{ 'ids' }}.yaml"])
def test_relative_suite_is_found_beside_the_dag(dags: Path, run_dag: RunDag, store: object, suite: object) -> None:
    """Wherever the worker runs: the DAG and its suites are deployed together."""
    (dags / "suites" / "ids.yaml").write_text(SUITE, encoding="utf-8")
    assert run_dag(_gate(dags, suite)).states == {"ids": "success"}


def test_suite_beside_the_dag_is_refused_while_the_file_is_parsed(dags: Path) -> None:
    """What is there is read at once, as a whole path is."""
    (dags / "suites" / "ids.yaml").write_text("expectations: []\n", encoding="utf-8")
    with pytest.raises(Exception, match="has no expectation"):
        _gate(dags, "suites/ids.yaml")


def test_suite_that_is_nowhere_says_where_it_was_looked_for(dags: Path) -> None:
    """Both places stand in the error."""
    with pytest.raises(DeclarationError, match="Paths tried") as refused:
        require_suite("no.yaml", str(dags))
    assert (str(dags / "no.yaml") in str(refused.value), str(Path.cwd() / "no.yaml") in str(refused.value)) == (
        True,
        True,
    )
    assert refused.value.reason == "unreadable_suite"


def test_the_dag_comes_before_the_folder_of_the_worker(dags: Path) -> None:
    """A file of the same name there is another team's."""
    (dags.parent / "worker" / "ids.yaml").write_text(SUITE, encoding="utf-8")
    assert find_suite("ids.yaml", str(dags)) == str(Path.cwd() / "ids.yaml")
    (dags / "ids.yaml").write_text(SUITE, encoding="utf-8")
    assert find_suite("ids.yaml", str(dags)) == str(dags / "ids.yaml")
    assert find_suite("ids.yaml#orders", str(dags)) == str(dags / "ids.yaml#orders")


@pytest.mark.parametrize("suite", ["/suites/x.yaml", "s3://bucket/x.yaml", [{"type": "x"}], {"expectations": []}])
def test_what_is_no_relative_path_stays_as_it_is(dags: Path, suite: object) -> None:
    """Whole paths, URLs and suites themselves name their place."""
    assert require_suite(suite, str(dags)) is suite


def test_a_task_without_a_dag_has_no_folder() -> None:
    """Nothing is guessed."""
    assert dag_folder(object()) is None


@pytest.mark.parametrize("logical_date", [None, LOGICAL_DATE])
def test_day_of_the_pages_works_in_runs_without_a_logical_date(
    dags: Path, run_dag: RunDag, store: object, logical_date: datetime | None
) -> None:
    """Runs that assets trigger have no `ds`: the form that the pages show takes the day of the run."""
    (dags.parent / "days.csv").write_text("day\n2026-01-01\n", encoding="utf-8")
    with DAG("days", schedule=None) as dag:
        DataQualityCheckOperator(
            task_id="days",
            path=str(dags.parent / "days.csv"),
            suite=[{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}}],
            row_condition="day >= '{{ (dag_run.logical_date or dag_run.run_after) | ds }}'",
        )
    assert run_dag(dag, logical_date=logical_date).states == {"days": "success"}


def test_list_of_paths_is_one_table(dags: Path, run_dag: RunDag, store: object) -> None:
    """Templates in a list are rendered; an empty list is refused while the file is parsed."""
    (dags.parent / "more.csv").write_text("id\n2\n", encoding="utf-8")
    suite = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}}]
    with DAG("several", schedule=None) as dag:
        paths = [str(dags.parent / "ids.csv"), str(dags.parent / "{{ 'more' }}.csv")]
        DataQualityCheckOperator(task_id="several", path=paths, suite=suite)
    assert run_dag(dag).states == {"several": "success"}
    with pytest.raises(GateDeclarationError, match="is empty"):
        DataQualityCheckOperator(task_id="none", path=[], suite=suite)
