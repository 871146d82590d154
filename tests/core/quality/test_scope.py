"""What a report says of the data and the suite."""

from __future__ import annotations

import html
import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import Provenance, Report, parse_report
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.render import render_html, render_junit, render_text
from airflow_provider_dpq.core.render.checked import facts

SUITE = {
    "name": "people",
    "meta": {"version": "1.4"},
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}],
}


def _report(data: Any, suite: Any = SUITE, **options: Any) -> Report:
    found = check(data, suite, **options)
    return judge_suite(found, gate="people", provenance=Provenance(run_id="by hand"))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three rows in a file."""
    path = tmp_path / "people.csv"
    path.write_text("id,city\n1,Bonn\n2,Rome\n3,Rome\n", encoding="utf-8")
    return path


def test_report_says_what_of_which_files_was_checked(people: Path) -> None:
    """Rows, files, bytes, types, the condition, the partition and the texts that mean missing."""
    report = _report(str(people), row_condition="id > 1", partition={"city": "Rome"}, null_values=["NA"])
    checked = report.checked
    assert checked is not None
    assert (checked.source, checked.engine, checked.row_count) == ("files", "duckdb", 2)
    assert (checked.file_count, checked.size_bytes) == (1, people.stat().st_size)
    assert list(checked.columns) == ["id", "city"]
    assert (checked.partition, checked.row_condition, checked.null_values) == ({"city": "Rome"}, "id > 1", ("NA",))
    assert parse_report(report.to_json()) == report


def test_condition_on_a_day_is_said_as_its_text() -> None:
    """The dict form of a condition may hold what JSON has none of."""
    days = pl.DataFrame({"d": [date(2024, 1, 1), date(2024, 1, 2)], "id": [1, 2]})
    wanted = {"type": "comparison", "column": {"name": "d"}, "operator": "==", "parameter": date(2024, 1, 2)}
    checked = _report(days, row_condition=wanted).checked
    assert checked is not None
    assert checked.row_count == 1
    assert json.loads(checked.row_condition or "") == {**wanted, "parameter": "2024-01-02"}


def test_report_says_how_text_was_read(tmp_path: Path) -> None:
    """What was found in the file and what was declared; nothing of what is as ever."""
    path = tmp_path / "people.csv"
    path.write_bytes("id;born\n1;01.02.2024\n".encode("utf-16"))
    checked = _report(str(path), read_options={"date_format": "%d.%m.%Y"}).checked
    assert checked is not None
    assert dict(checked.reading) == {"encoding": "utf-16", "delimiter": ";", "date_format": "%d.%m.%Y"}


def test_every_form_of_a_report_says_it(people: Path) -> None:
    """Text, page and JUnit have the same facts."""
    report = _report(str(people), row_condition="id > 1", references={"cities": "cities.csv"})
    told = [fact.text for fact in facts(report)]
    rows = f"2 rows in 1 file of {people.stat().st_size} B"
    assert told[:3] == [rows, "id > 1", "encoding = utf-8, delimiter = ','"]
    assert told[-1] == "cities = cities.csv"
    for rendered in (render_text(report), render_html(report), render_junit(report)):
        shown = html.unescape(rendered)
        assert [text for text in told if text not in shown] == []


def test_suite_is_known_by_its_name_its_version_and_its_content(people: Path) -> None:
    """The digest is that of what is expected, parameters included."""

    def suite(report: Report) -> Any:
        assert report.checked is not None
        return report.checked.suite

    first = suite(_report(str(people)))
    assert (first.name, first.version) == ("people", "1.4")
    assert suite(_report(str(people), SUITE["expectations"])).digest == first.digest
    limited = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "id", "max_value": {"$PARAMETER": "n"}}}
    ]
    digests = {suite(_report(str(people), limited, parameters={"n": n})).digest for n in (3, 4)}
    assert len({first.digest, *digests}) == 3


def test_query_is_known_by_a_digest_and_never_spelled_out() -> None:
    """A query may hold values."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table people (id integer)")
        connection.exec_driver_sql("insert into people values (1), (2)")
        query = _report("select id from people where id <> 4711", connection=connection)
        table = _report("people", connection=connection)
    assert query.checked is not None
    assert table.checked is not None
    assert (query.checked.source, query.checked.engine) == ("query", "sqlite")
    assert len(str(query.checked.query_digest)) == 12
    assert "4711" not in query.to_json()
    assert (table.checked.source, table.checked.query_digest, table.checked.columns) == (
        "table",
        None,
        {"id": "INTEGER"},
    )


def test_frame_and_its_references_are_named_by_their_kind() -> None:
    """A frame has no place, and none of its values is shown."""
    frame = pd.DataFrame({"id": [1, 2]})
    checked = _report(frame, references={"other": frame, "far": "https://user:secret@host/x.csv"}).checked
    assert checked is not None
    assert (checked.source, checked.columns, checked.file_count) == ("frame", {"id": "int64"}, None)
    assert dict(checked.references) == {"other": "a frame of pandas", "far": "https://host/x.csv"}


def test_growing_table_names_what_it_grows_by(tmp_path: Path) -> None:
    """Of the partitions only those that are new are opened: their files are not the table's."""
    for day in ("01", "02"):
        folder = tmp_path / f"day=2024-01-{day}"
        folder.mkdir()
        (folder / "a.csv").write_text("id\n1\n2\n", encoding="utf-8")
    checked = _report(str(tmp_path / "*" / "*.csv"), partition_by="day").checked
    assert checked is not None
    assert (checked.partition_by, checked.row_count, checked.file_count) == (("day",), 4, None)
