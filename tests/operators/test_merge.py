"""One verdict on the parts that mapped tasks checked, in tasks that Airflow really runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_text
from airflow_provider_dpq.core.render.outcome import conclusion
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.operators.merge import MergeReportsOperator
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import DagOutcome, RunDag

SUITE = [{"name": "named", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three parts of a table, of which the last has a row without a name."""
    for name, rows in (("a", "1,x\n"), ("b", "2,y\n3,z\n"), ("c", "4,\n")):
        (tmp_path / f"{name}.csv").write_text("id,name\n" + rows)
    return tmp_path


def run_parts(run_dag: RunDag, paths: list[str], **arguments: Any) -> DagOutcome:
    """Check each path in a mapped task, and merge."""
    with DAG("merging", schedule=None) as dag:
        parts = DataQualityCheckOperator.partial(task_id="part", suite=SUITE, retries=0).expand(path=paths)
        whole = MergeReportsOperator(task_id="whole", parts=parts, retries=0, **arguments)

        @task
        def publish() -> None:
            """Come after a good table."""

        whole >> publish()
    return run_dag(dag)


def merged(outcome: DagOutcome, store: Store) -> Report:
    """Return the report on the whole."""
    return store.report(dict(outcome.xcoms["whole", XCOM_KEY])["report_id"])


def test_good_parts_make_a_good_whole(run_dag: RunDag, store: Store, folder: Path) -> None:
    """Rows are added up, thresholds see the sum, and what comes next runs."""
    paths = [str(folder / "a.csv"), str(folder / "b.csv")]
    outcome = run_parts(run_dag, paths, thresholds=["row_count == 3"])
    assert outcome.states["publish"] == "success"
    report = merged(outcome, store)
    assert report.verdict is Verdict.PASS
    assert report.checks[0].result["element_count"] == 3
    assert [item.observed for item in report.thresholds] == [3]


def test_failed_part_fails_the_whole_and_the_others_count(run_dag: RunDag, store: Store, folder: Path) -> None:
    """The merge runs although a part failed, and names the report of that part."""
    outcome = run_parts(run_dag, [str(folder / f"{name}.csv") for name in "abc"])
    assert [outcome.states["part", index] for index in range(3)] == ["success", "success", "failed"]
    assert outcome.states["whole"] == "failed"
    assert outcome.states["publish"] == "upstream_failed"
    (check,) = merged(outcome, store).checks
    assert (check.verdict, check.result["element_count"], check.result["unexpected_count"]) == (Verdict.FAIL, 4, 1)
    (of_part,) = store.of_task("merging", "part", outcome.run_id, 2)
    assert check.result["reports_with_unexpected"] == [of_part.report_id]
    assert check.result["parts_with_unexpected"] == ["c.csv"]
    report = merged(outcome, store)
    assert [(part.name, part.verdict) for part in report.merged][1:] == [("b.csv", "pass"), ("c.csv", "fail")]
    assert report.subject == "3 parts, a.csv to c.csv"
    assert "1 of 3 parts failed: c.csv" in conclusion(report)
    assert "  in        c.csv" in render_text(report)
    (run,) = [run for run in store.latest() if run.gate.name == "part"]
    assert run.tally == "1 of 3 failed: c.csv"


def test_part_that_was_not_measured_is_an_error(run_dag: RunDag, store: Store, folder: Path) -> None:
    """A part whose file is missing left a report of that, and the whole is an error and no pass."""
    outcome = run_parts(run_dag, [str(folder / "a.csv"), str(folder / "none.csv")])
    assert outcome.states["whole"] == "failed"
    report = merged(outcome, store)
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert (report.error.reason, "part none.csv" in report.error.message) == ("missing_file", True)


def test_part_without_a_report_is_an_error(
    run_dag: RunDag, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that died before it could store anything is missed by its number."""
    measure = DataQualityCheckOperator.execute

    def dying(self: DataQualityCheckOperator, context: Any) -> None:
        if str(self.path).endswith("b.csv"):
            raise MemoryError
        measure(self, context)

    monkeypatch.setattr(DataQualityCheckOperator, "execute", dying)
    outcome = run_parts(run_dag, [str(folder / "a.csv"), str(folder / "b.csv")])
    report = merged(outcome, store)
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert "1 of 2 parts left no report, the first of them part [1]" in report.error.message


def test_one_gate_that_is_not_mapped_is_one_part(run_dag: RunDag, store: Store, folder: Path) -> None:
    """A gate need not be mapped to be merged."""
    with DAG("merging", schedule=None) as dag:
        part = DataQualityCheckOperator(task_id="part", path=folder / "b.csv", suite=SUITE)
        MergeReportsOperator(task_id="whole", parts=part)
    assert merged(run_dag(dag), store).checks[0].result["element_count"] == 2
