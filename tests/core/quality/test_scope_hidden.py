"""A hidden column that nothing has is a slip of the pen, and refused: what it means would be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.quality import SuiteResult, check
from airflow_provider_dpq.core.quality.gate import judge_suite

FRAME = pd.DataFrame({"id": [1, 2], "ssn": ["078-05", "219-09"], "day": ["2024-01-01", "2024-01-02"]})
SUITE = [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "id", "value_set": [9]}}]


@pytest.fixture
def folders(tmp_path: Path) -> str:
    """Files in folders by day, of which only the first has the column ``ssn``."""
    for number, frame in enumerate((FRAME[["id", "ssn"]], FRAME[["id"]]), start=1):
        folder = tmp_path / f"day=2024-01-0{number}"
        folder.mkdir()
        frame.to_csv(folder / "a.csv", index=False)
    return str(tmp_path / "*" / "*.csv")


def source(kind: str, tmp_path: Path) -> dict[str, Any]:
    """Return the frame as a table of some kind."""
    if kind == "frame":
        return {"data": FRAME}
    if kind == "file":
        FRAME.to_csv(tmp_path / "people.csv", index=False)
        return {"data": tmp_path / "people.csv"}
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("people", database, index=False)
    return {"data": "people" if kind == "table" else "SELECT id, ssn FROM people", "connection": database}


@pytest.mark.parametrize("kind", ["frame", "file", "table", "query"])
@pytest.mark.parametrize("partition_by", [None, "id"])
def test_hidden_column_that_the_table_lacks_is_refused(kind: str, partition_by: str | None, tmp_path: Path) -> None:
    """The message names the nearest column; a name in another case is the column's."""
    asked = source(kind, tmp_path) | {"partition_by": partition_by}
    data = asked.pop("data")
    with pytest.raises(MeasurementError, match=r"The column 'ssn_' is to be hidden.* Did you mean 'ssn'[?]") as refused:
        check(data, SUITE, hidden_columns=["ssn_"], **asked)
    assert (refused.value.reason, refused.value.quotes_data) == ("missing_column", False)
    assert check(data, SUITE, hidden_columns=["SSN"], **asked).results[0].verdict == "fail"


def test_several_are_named() -> None:
    """Each of them, and what they may mean."""
    with pytest.raises(MeasurementError, match=r"columns 'iban', 'ssnr' are to be hidden.*mean 'ssn'[?] Its columns"):
        check(FRAME, SUITE, hidden_columns=["iban", "ssnr", "day"])


@pytest.mark.parametrize(
    "declared",
    [
        {
            "type": "expect_column_values_to_exist_in_other_table",
            "kwargs": {"column": "id", "other_table": "other", "other_column": "iban"},
        },
        {
            "type": "expect_table_to_reconcile_with_other_table",
            "kwargs": {"other_table": "other", "columns": ["id"], "column_map": {"id": "iban"}},
        },
        {
            "type": "unexpected_rows_expectation",
            "kwargs": {"unexpected_rows_query": "SELECT ssn AS iban FROM {batch}"},
        },
    ],
)
def test_names_of_other_tables_and_of_queries_are_known(declared: dict[str, Any]) -> None:
    """A column of another table, and one that a query makes, may be hidden; not one of this table's checks."""
    other = pd.DataFrame({"iban": [1, 2]})
    assert check(FRAME, [declared], references={"other": other}, hidden_columns=["iban"]).results
    about = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "iban"}}
    with pytest.raises(MeasurementError, match="'iban'"):
        check(FRAME, [about], hidden_columns=["iban"])


def test_query_that_is_checked_may_rename_what_is_hidden() -> None:
    """Its own text names the column."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("people", database, index=False)
    assert check("SELECT id, ssn AS p FROM people", SUITE, connection=database, hidden_columns=["ssn"]).results


def test_partitions_are_looked_at_together(folders: str) -> None:
    """One of them has the column, the folders name another."""
    asked: dict[str, Any] = {"partition_by": "day"}
    assert check(folders, SUITE, hidden_columns=["ssn", "day"], **asked).partition_count == 2
    with pytest.raises(MeasurementError, match="Did you mean 'ssn'"):
        check(folders, SUITE, hidden_columns=["ssn_"], **asked)


def test_name_is_looked_up_although_no_partition_is_new(folders: str) -> None:
    """The report would tell again what an earlier one told of the true column."""
    reports: list[Report] = []
    suite = [{"type": "expect_column_max_to_be_between", "kwargs": {"column": "id", "max_value": 9}}]

    def run(**options: Any) -> SuiteResult:
        found = check(folders, suite, partition_by="day", history=lambda limit: reports[:limit], **options)
        reports.insert(0, judge_suite(found, gate="people", provenance=Provenance(run_id=str(len(reports)))))
        return found

    assert run().scanned_partition_count == 2
    assert run(hidden_columns=["day"]).scanned_partition_count == 0
    with pytest.raises(MeasurementError, match=r"'idd' is to be hidden.* Did you mean 'id'"):
        run(hidden_columns=["idd"])
