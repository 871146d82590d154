"""Failing rows and good rows of a database table, written by the database to tables of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.quarantine import apart, tables

FRAME = pd.DataFrame(
    {
        "id": range(10),
        "n": [1, 2, 3, 4, 5, 5, 7, 8, 9, None],
        "Odd \"%'": [*"abcdefgh'", None],
        "k": list("xyxyxyxyxy"),
    }
)
SUITE: list[dict[str, Any]] = [
    {"name": "small", "type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 7}},
    {"name": 'o"d%d é', "type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
    {"name": "there", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "Odd \"%'"}},
    {
        "name": "known",
        "type": "expect_column_values_to_exist_in_other_table",
        "kwargs": {"column": "k", "other_table": "dpq_q_keys"},
    },
    {"name": "mean", "type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "max_value": 0}},
]
NAMES = ("dpq_q_data", "dpq_q_keys", "dpq_q_bad", "dpq_q_good")
OPTIONS = {"quarantine": "dpq_q_bad", "good_rows": "dpq_q_good"}


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres_url", marks=pytest.mark.service),
        pytest.param("mysql_url", marks=pytest.mark.service),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with a table and its keys, and afterwards without anything that the test made."""
    url = f"sqlite:///{tmp_path / 'a.db'}" if request.param == "sqlite" else request.getfixturevalue(request.param)
    engine = sa.create_engine(url)
    FRAME.to_sql("dpq_q_data", engine, index=False, if_exists="replace")
    pd.DataFrame({"k": ["x"]}).to_sql("dpq_q_keys", engine, index=False, if_exists="replace")
    yield engine
    ours = ("dpq_q_", "_quarantine", "_good_rows")
    left = [
        name for name in sa.inspect(engine).get_table_names() if name.startswith(ours[0]) or name.endswith(ours[1:])
    ]
    with engine.begin() as connection:
        for name in left:
            connection.execute(sa.text(f"DROP TABLE {name}"))
    engine.dispose()
    assert set(left) <= set(NAMES), "A half-written table is left."


def rows(database: sa.Engine, name: str) -> pd.DataFrame:
    """Read a table."""
    with database.connect() as connection:
        return pd.read_sql(sa.text(f"SELECT * FROM {name} ORDER BY id"), connection)


def test_every_row_is_in_one_table_with_the_checks_that_it_broke(database: sa.Engine) -> None:
    """Both tables hold the checked rows, once each; a second run replaces both."""
    for _ in range(2):
        found = check("dpq_q_data", SUITE, connection=database, row_condition="id > 1", **OPTIONS)
        assert found.error is None
        bad, good = rows(database, "dpq_q_bad"), rows(database, "dpq_q_good")
        assert dict(zip(bad["id"], map(json.loads, bad["dpq_checks"]), strict=True)) == {
            3: ["known"],
            4: ['o"d%d é'],
            5: ['o"d%d é', "known"],
            7: ["small", "known"],
            8: ["small"],
            9: ["there", "known"],
        }
        assert good["id"].tolist() == [2, 6]
        assert list(good.columns) == list(FRAME.columns)
        assert [(one.rows, one.uri) for one in found.artifacts] == [(6, "dpq_q_bad"), (2, "dpq_q_good")]
        assert found.artifacts[0].checks == ("small", 'o"d%d é', "there", "known")


def test_rows_are_written_to_files_as_well(database: sa.Engine, tmp_path: Path) -> None:
    """One query fetches the rows; both files hold them once each, in the types of the table."""
    files = {"quarantine": tmp_path / "bad.parquet", "good_rows": tmp_path / "good.parquet"}
    found = check("dpq_q_data", SUITE, connection=database, row_condition="id > 1", **files)
    assert found.error is None
    bad, good = (pd.read_parquet(path).sort_values("id") for path in files.values())
    assert [list(names) for names in bad["dpq_checks"]] == [
        ["known"],
        ['o"d%d é'],
        ['o"d%d é', "known"],
        ["small", "known"],
        ["small"],
        ["there", "known"],
    ]
    assert good["id"].tolist() == [2, 6]
    assert good.dtypes.astype(str).to_dict() == FRAME.dtypes.astype(str).to_dict()
    assert [one.rows for one in found.artifacts] == [6, 2]
    alone = check("dpq_q_data", SUITE, connection=database, quarantine=files["quarantine"])
    assert alone.artifacts[0].rows == len(pd.read_parquet(files["quarantine"])) == 7


def test_rows_of_a_query_are_set_apart_too(database: sa.Engine) -> None:
    """A query's rows are written to tables of the database that it is asked of."""
    query = "SELECT id, n AS m FROM dpq_q_data WHERE id < 9"
    suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "m", "max_value": 7}}]
    found = check(query, suite, connection=database, **OPTIONS)
    assert [one.rows for one in found.artifacts] == [2, 7]
    assert rows(database, "dpq_q_bad")["id"].tolist() == [7, 8]


def test_rows_that_nothing_breaks_are_all_good(database: sa.Engine) -> None:
    """The quarantine is there, and empty."""
    suite = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}]
    check("dpq_q_data", suite, connection=database, **OPTIONS)
    assert len(rows(database, "dpq_q_good")) == 10
    assert rows(database, "dpq_q_bad").empty


def test_database_that_refuses_leaves_the_verdicts(database: sa.Engine) -> None:
    """Where the tables cannot be made the checks stand, and the gate has an error that is retried."""
    found = check("dpq_q_data", SUITE, connection=database, quarantine="no_such_schema.bad")
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"
    assert found.results[0].result["unexpected_count"] == 2


@pytest.mark.parametrize("name", ["{}.dpq_q_data", "DPQ_Q_DATA", "{}.dpq_q_keys", "dpq_q_good"])
def test_table_that_was_read_is_not_replaced_under_another_name(database: sa.Engine, name: str) -> None:
    """A name in another case, or with its schema, is the same table: neither it nor the other part is replaced."""
    target = name.format(sa.inspect(database).default_schema_name)
    found = check("dpq_q_data", SUITE, connection=database, quarantine=target, good_rows="dpq_q_Good")
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"
    assert len(rows(database, "dpq_q_data")) == len(FRAME)
    assert not {"dpq_q_good", "dpq_q_Good"} & set(sa.inspect(database).get_table_names())


def test_words_of_the_database_about_rows_stay_out_of_the_error(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may quote a value, and the error is read in logs."""

    def refuse(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("Incorrect value: 'secret'"))

    monkeypatch.setattr(tables, "_fill", refuse)
    found = check("dpq_q_data", SUITE, connection=database, **OPTIONS)
    assert "OperationalError" in str(found.error)
    assert "secret" not in str(found.error)


def test_table_that_changes_meanwhile_is_not_split(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is what was counted, or nothing: the tables of the run before stay."""
    check("dpq_q_data", SUITE, connection=database, **OPTIONS)
    written = tables.write_tables

    def write_later(*arguments: Any) -> Any:
        arguments[0].release()
        with database.begin() as connection:
            connection.execute(sa.text("UPDATE dpq_q_data SET n = 100 WHERE id = 0"))
        return written(*arguments)

    monkeypatch.setattr(apart, "write_tables", write_later)
    found = check("dpq_q_data", SUITE, connection=database, **OPTIONS)
    assert found.error is not None
    assert "counted" in str(found.error)
    assert len(rows(database, "dpq_q_bad")) == 7


def test_rows_of_a_duckdb_database_are_written_to_files(tmp_path: Path) -> None:
    """They are fetched as those of any database; to tables of it they are not written, which the gate says."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT i AS id, CAST(i AS DECIMAL(9, 2)) AS n FROM range(10) r(i)")
    suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 7}}]
    address = f"duckdb:///{tmp_path / 'a.duckdb'}"
    found = check("t", suite, connection=address, quarantine=tmp_path / "bad.parquet", good_rows=tmp_path / "g.parquet")
    assert [one.rows for one in found.artifacts] == [2, 8]
    bad = duckdb.connect().execute(f"SELECT id, n, typeof(n) FROM '{tmp_path / 'bad.parquet'}' ORDER BY id").fetchall()
    assert bad == [(8, 8, "DECIMAL(9,2)"), (9, 9, "DECIMAL(9,2)")]
    refused = check("t", suite, connection=address, quarantine="bad")
    assert refused.error is not None
    assert refused.results[0].result["unexpected_count"] == 2
