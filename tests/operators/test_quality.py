"""The data-quality gate in tasks that Airflow really runs, on files and on databases."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, CronDataIntervalTimetable, task

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.report import Provenance, make_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError, GateMeasurementError
from airflow_provider_dpq.operators.connection import sql_engine
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import LOGICAL_DATE, DagOutcome, RunDag

START = datetime(2026, 1, 1, tzinfo=UTC)
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}}
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A CSV file of four orders, one without a name."""
    path = tmp_path / "orders-2026-01-01.csv"
    path.write_text("id,name,day\n1,a,2026-01-01\n2,b,2026-01-01\n3,NA,2026-01-02\n4,d,2026-01-02\n")
    return path


def run_gate(run_dag: RunDag, **arguments: Any) -> DagOutcome:
    """Run one data-quality gate, which is not retried unless it says so."""
    with DAG("checking", schedule=None) as dag:
        DataQualityCheckOperator(task_id="orders", **({"retries": 0} | arguments))
    return run_dag(dag)


def summary_of(outcome: DagOutcome) -> dict[str, Any]:
    """Return the summary in XCom."""
    return dict(outcome.xcoms["orders", XCOM_KEY])


def test_words_of_the_database_stay_out_of_the_exception(tmp_path: Path) -> None:
    """Airflow logs the exception with its chain; a database's error may quote a value, and its statement does."""
    gate = DataQualityCheckOperator(task_id="orders", path=tmp_path / "a.csv", suite=[NOT_NULL])
    source = Provenance(run_id="r")
    report = make_report(gate="g", kind="quality", subject="s", provenance=source, started_at=START, duration_seconds=0)
    error = MeasurementError("query_failed", "The database refused 'secret'.")
    error.__cause__ = ValueError("[parameters: 'secret']")
    with pytest.raises(GateMeasurementError) as raised:
        gate.act(report, error, "")
    assert "secret" not in "".join(traceback.format_exception(raised.value))
    assert "query_failed" in str(raised.value)


def test_file_is_checked_with_its_null_values(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A file is checked, and the report has what the suite found."""
    outcome = run_gate(run_dag, path=orders, suite=[NOT_NULL, UNIQUE], null_values=["NA"])
    assert outcome.states["orders"] == "failed"
    report = store.report(summary_of(outcome)["report_id"])
    assert [(check.type, check.verdict) for check in report.checks] == [
        (NOT_NULL["type"], Verdict.FAIL),
        (UNIQUE["type"], Verdict.PASS),
    ]
    assert report.checks[0].result["unexpected_count"] == 1
    assert report.subject == str(orders)


def test_failing_values_are_in_the_report_and_not_in_log_or_xcom(
    run_dag: RunDag, store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Values of the data stay in the store: task logs and XCom are read by more people."""
    path = tmp_path / "people.csv"
    path.write_text("email,born\nsecret-person@example.com,1987-06-05\n")
    suite = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "email", "regex": "^$"}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "born", "max_value": "1980-01-01"}},
    ]
    outcome = run_gate(run_dag, path=path, suite=suite)
    stored = store.report(summary_of(outcome)["report_id"]).to_json()
    told = "".join(capfd.readouterr()) + caplog.text + json.dumps(summary_of(outcome))
    assert "quality gate checking > orders: FAIL" in told
    for value in ("secret-person", "1987-06-05"):
        assert value in stored
        assert value not in told


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ({}, ["an@example.com", "bo@example.com"]),
        ({"sample_rows": 1}, ["an@example.com"]),
        ({"sample_rows": 0}, []),
        ({"hidden_columns": ["EMAIL"]}, []),
        ({"exclude_unexpected_values": True}, []),
    ],
)
def test_gate_says_which_values_its_report_may_have(
    limits: dict[str, Any], shown: list[str], run_dag: RunDag, store: Store, tmp_path: Path
) -> None:
    """The limits of the gate hold for what is stored."""
    path = tmp_path / "people.csv"
    path.write_text("email\nan@example.com\nbo@example.com\n")
    suite = [{"type": "expect_column_values_to_match_regex", "kwargs": {"column": "email", "regex": "^$"}}]
    outcome = run_gate(run_dag, path=path, suite=suite, **limits)
    stored = store.report(summary_of(outcome)["report_id"]).to_json()
    assert [value for value in ("an@example.com", "bo@example.com") if value in stored] == shown


@pytest.mark.parametrize("rows", ["email,n\na,1\n", "n\n1,2\n"], ids=["measured", "refused"])
def test_folder_does_not_tell_what_is_hidden(rows: str, run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """A folder may be named by the value of a hidden column, and the report does not have it."""
    folder = tmp_path / "email=an@example.com"
    folder.mkdir()
    (folder / "a.csv").write_text(rows)
    run_gate(run_dag, path=f"{folder}/*.csv", suite=[NOT_NULL], hidden_columns=["Email"], retries=0)
    (run,) = store.latest()
    report = store.report(run.worst.report_id)
    assert report.subject.endswith("email=(hidden)/*.csv")
    assert "an@example.com" not in report.to_json()


def test_gate_sets_failing_rows_apart(run_dag: RunDag, store: Store, orders: Path) -> None:
    """Where rows go is templated, and the report and the summary say where they are."""
    outcome = run_gate(
        run_dag,
        path=orders,
        suite=[NOT_NULL],
        null_values=["NA"],
        quarantine=f"{orders.parent}/bad-{{{{ ds }}}}.parquet",
        good_rows=orders.parent / "good.parquet",
    )
    assert outcome.states["orders"] == "failed"
    bad, good = orders.parent / "bad-2026-01-01.parquet", orders.parent / "good.parquet"
    assert (len(pd.read_parquet(bad)), len(pd.read_parquet(good))) == (1, 3)
    assert summary_of(outcome)["artifacts"] == [
        {"name": "quarantine", "uri": str(bad), "rows": 1},
        {"name": "good_rows", "uri": str(good), "rows": 3},
    ]
    assert [one.uri for one in store.report(summary_of(outcome)["report_id"]).artifacts] == [str(bad), str(good)]


def test_rows_that_cannot_be_set_apart_are_an_error_that_is_retried(
    run_dag: RunDag, store: Store, orders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The checks are stored all the same, and the task says what it could not do."""
    target = orders / "bad.parquet"  # below a file
    outcome = run_gate(
        run_dag, path=orders, suite=[UNIQUE], quarantine=str(target), retries=1, retry_delay=timedelta(0)
    )
    assert (outcome.states["orders"], outcome.tries["orders"]) == ("failed", 2)
    report = store.report(summary_of(outcome)["report_id"])
    assert (report.verdict, report.checks[0].verdict) == (Verdict.ERROR, Verdict.PASS)
    assert report.error is not None
    assert report.error.reason == summary_of(outcome)["error"]["reason"] == "quarantine_failed"
    assert "1 of 1 check passed, then quarantine_failed" in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "a.csv", "quarantine": "bad.csv"},
        {"path": "a.csv", "good_rows": "a_table"},
        {"table": "t", "conn_id": "c", "quarantine": "t2", "good_rows": "good.parquet"},
    ],
)
def test_target_that_is_none_is_refused_while_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    """Rows go to Parquet files, or those of a table to tables."""
    with pytest.raises(GateDeclarationError) as refused:
        DataQualityCheckOperator(task_id="orders", suite=[UNIQUE], **arguments)
    assert refused.value.reason == "invalid_quarantine"


def test_thresholds_judge_beside_the_suite(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A gate's own thresholds decide as well."""
    outcome = run_gate(run_dag, path=orders, suite=[UNIQUE], thresholds=["row_count >= 5"])
    assert outcome.states["orders"] == "failed"
    assert summary_of(outcome)["thresholds"][0]["observed"] == 4


def test_templates_reach_path_partition_suite_and_parameters(run_dag: RunDag, store: Store, orders: Path) -> None:
    """What users template is rendered: the file of the day, its partition, a limit in the suite and its parameters."""
    suite = [
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "rows"}}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "day", "value_set": ["{{ ds }}"]}},
    ]
    outcome = run_gate(
        run_dag,
        path=str(orders).replace("2026-01-01", "{{ ds }}"),
        suite=suite,
        suite_parameters={"rows": "{{ 2 }}"},
        partition={"day": "{{ ds }}"},
        render_template_as_native_obj=True,
    )
    assert outcome.states["orders"] == "success", summary_of(outcome)


def test_row_condition_is_templated(run_dag: RunDag, store: Store, orders: Path) -> None:
    """The condition that selects rows may be a template."""
    outcome = run_gate(
        run_dag,
        path=orders,
        suite=[{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}],
        row_condition="id == {{ 2 + 1 }}",
    )
    assert outcome.states["orders"] == "success", summary_of(outcome)


def test_age_is_measured_against_the_data_interval_of_the_run(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A check that measures against the end of the data interval gets the run's."""
    suite = [
        {
            "type": "expect_column_max_to_be_recent",
            "kwargs": {"column": "day", "max_age": "1s", "relative_to": "data_interval_end"},
        }
    ]
    outcome = run_gate(run_dag, path=orders, suite=suite)
    (result,) = store.report(summary_of(outcome)["report_id"]).checks
    assert result.error is None
    assert result.result["reference_time"] == LOGICAL_DATE.isoformat()


def test_policy_for_no_rows_holds_for_the_whole_gate(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A gate on a table that must not be empty says so once."""
    arguments = {"path": orders, "suite": [UNIQUE], "row_condition": "id > 100"}
    assert run_gate(run_dag, **arguments).states["orders"] == "success"
    assert run_gate(run_dag, **arguments, on_empty="fail").states["orders"] == "failed"


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_suite_in_a_file_is_read_by_its_path(suffix: str, run_dag: RunDag, store: Store, orders: Path) -> None:
    """The path of a suite stays a path: Airflow does not put the file's text in its place."""
    path = orders.parent / f"suite.{suffix}"
    path.write_text(json.dumps({"name": "orders", "expectations": [UNIQUE]}))
    assert run_gate(run_dag, path=orders, suite=str(path)).states["orders"] == "success"
    assert run_gate(run_dag, path=orders, suite=path).states["orders"] == "success"


def test_suite_may_be_an_object_of_great_expectations(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A suite built with Great Expectations' own classes is taken as it is."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations import ExpectColumnValuesToBeUnique

    suite = ExpectationSuite(name="orders", expectations=[ExpectColumnValuesToBeUnique(column="id")])
    assert run_gate(run_dag, path=orders, suite=suite).states["orders"] == "success"


def test_suite_may_come_from_another_task(run_dag: RunDag, store: Store, orders: Path) -> None:
    """A suite that another task made is only known when the gate runs, and is checked then."""

    @task
    def suite() -> list[dict[str, Any]]:
        return [UNIQUE]

    with DAG("checking", schedule=None) as dag:
        DataQualityCheckOperator(task_id="orders", path=orders, suite=suite())
    assert run_dag(dag).states == {"suite": "success", "orders": "success"}


def test_files_are_mapped_into_gates_of_their_own(run_dag: RunDag, store: Store, orders: Path) -> None:
    """One gate for each file, with a report each."""
    bad = orders.parent / "bad.csv"
    bad.write_text("id\n1\n1\n")
    with DAG("checking", schedule=None) as dag:
        gate = DataQualityCheckOperator.partial(task_id="orders", suite=[UNIQUE])
        gate.expand(path=[str(orders), str(bad)])
    outcome = run_dag(dag)
    assert [outcome.states["orders", index] for index in (0, 1)] == ["success", "failed"]
    subjects = [store.of_task("checking", "orders", outcome.run_id, index)[0].subject for index in (0, 1)]
    assert subjects == [str(orders), str(bad)]


def test_missing_file_is_retried_with_a_report(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """A file that is not there is an error that names it, and is looked for again."""
    missing = tmp_path / "missing.csv"
    outcome = run_gate(run_dag, path=missing, suite=[UNIQUE], retries=1, retry_delay=timedelta(0))
    assert outcome.tries["orders"] == 2
    error = summary_of(outcome)["error"]
    assert error["reason"] == "missing_file"
    assert str(missing) in error["message"]


def test_path_outside_of_the_allowed_root_is_refused_without_a_retry(
    run_dag: RunDag, store: Store, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a root is set, a path that leaves it is not read, however it is written."""
    root = orders.parent / "allowed"
    root.mkdir()
    monkeypatch.setenv("AIRFLOW__DPQ__ALLOWED_ROOT", str(root))
    outcome = run_gate(run_dag, path=f"{root}/../{orders.name}", suite=[UNIQUE], retries=2)
    assert outcome.tries["orders"] == 1
    assert summary_of(outcome)["error"]["reason"] == "outside_root"


def test_memory_limit_comes_from_the_configuration_unless_given(
    run_dag: RunDag, store: Store, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that the engine refuses shows which of the two reached it."""
    monkeypatch.setenv("AIRFLOW__DPQ__MEMORY_LIMIT", "nonsense")
    assert run_gate(run_dag, path=orders, suite=[UNIQUE]).states["orders"] == "failed"
    assert run_gate(run_dag, path=orders, suite=[UNIQUE], memory_limit="200MB").states["orders"] == "success"


def test_metric_is_held_to_the_reports_of_the_gate_in_the_store(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """Runs of earlier days are the history; a re-run of the same day is not judged by itself."""
    path = tmp_path / "orders.csv"
    suite = [{"type": "expect_metric_to_follow_its_history", "kwargs": {"metric": "row_count", "min_reports": 3}}]

    def run_day(day: int, rows: int) -> tuple[str | None, dict[str, Any]]:
        path.write_text("id\n" + "1\n" * rows)
        with DAG("checking", schedule=CronDataIntervalTimetable("@daily", "UTC"), start_date=START) as dag:
            DataQualityCheckOperator(task_id="orders", path=path, suite=suite, retries=0)
        outcome = run_dag(dag, logical_date=START + timedelta(days=day))
        found = store.report(summary_of(outcome)["report_id"])
        return outcome.states["orders"], dict(found.checks[0].result)

    young = [run_day(day, 100) for day in range(3)]
    assert [(state, result["report_count"]) for state, result in young] == [("success", n) for n in range(3)]
    assert run_day(2, 100)[1]["report_count"] == 2
    state, result = run_day(3, 50)
    assert (state, result["report_count"], result["lower_limit"]) == ("failed", 3, 90)
    assert run_day(3, 95)[0] == "success"


# Databases.


class Database:
    """A database that a test fills, and the Airflow connection to it."""

    conn_id = "warehouse"

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)

    def fill(self) -> None:
        """Make a table of orders with a name that must be quoted."""
        with self.engine.begin() as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote('order lines')}")
            connection.exec_driver_sql(f"CREATE TABLE {quote('order lines')} (id INTEGER, name VARCHAR(20), day DATE)")
            for row in ("1, 'a', '2026-01-01'", "2, NULL, '2026-01-01'", "3, 'c', '2026-01-02'"):
                connection.exec_driver_sql(f"INSERT INTO {quote('order lines')} VALUES ({row})")

    def drop(self) -> None:
        """Remove the table."""
        with self.engine.begin() as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote('order lines')}")
        self.engine.dispose()

    def quoted(self, name: str) -> str:
        """Return a name as a query of this database writes it."""
        return self.engine.dialect.identifier_preparer.quote_identifier(name)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.service),
        pytest.param("mysql", marks=pytest.mark.service),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of each kind, with its Airflow connection."""
    kind = request.param
    if kind == "sqlite":
        pytest.importorskip("airflow.providers.sqlite", reason="the SQLite provider of Airflow is not installed")
        url, uri = f"sqlite:///{tmp_path / 'orders.db'}", f"sqlite:///{tmp_path / 'orders.db'}"
    else:
        if kind == "mysql":
            pytest.importorskip("MySQLdb", reason="the MySQL client is not installed: make install-services")
        url = request.getfixturevalue(f"{kind}_url")
        parts = sa.make_url(url)
        uri = f"{kind}://{parts.username}@{parts.host}:{parts.port}/{parts.database}"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
    filled = Database(url)
    filled.fill()
    yield filled
    filled.drop()


def test_table_is_checked_in_its_database(run_dag: RunDag, store: Store, database: Database) -> None:
    """A table, whatever its name, is checked through the Airflow connection."""
    outcome = run_gate(run_dag, table="order lines", conn_id="warehouse", suite=[NOT_NULL, UNIQUE])
    assert outcome.states["orders"] == "failed"
    report = store.report(summary_of(outcome)["report_id"])
    assert report.subject == "order lines on warehouse"
    assert [check.verdict for check in report.checks] == [Verdict.FAIL, Verdict.PASS]
    assert {check.evaluated_by for check in report.checks} == {"scan"}
    assert report.checks[0].result["unexpected_count"] == 1


def test_other_tables_may_be_on_another_connection_or_in_a_file(
    run_dag: RunDag, store: Store, database: Database, orders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file is held against a table of an Airflow connection, and a table of that connection against a file."""
    kind = "expect_column_values_to_exist_in_other_table"
    across = {"column": "id", "other_table": "order lines", "other_connection": "warehouse"}
    outcome = run_gate(run_dag, path=orders, suite=[{"type": kind, "kwargs": across}])
    assert outcome.states["orders"] == "failed"
    (found,) = store.report(summary_of(outcome)["report_id"]).checks
    assert (found.result["unexpected_count"], found.result["partial_unexpected_list"]) == (1, [4])
    outcome = run_gate(
        run_dag,
        table="order lines",
        conn_id="warehouse",
        suite=[{"type": kind, "kwargs": {"column": "name", "other_table": "known"}}],
        references={"known": str(orders)},
    )
    (found,) = store.report(summary_of(outcome)["report_id"]).checks
    assert (found.result["unexpected_count"], found.result["missing_count"]) == (1, 1)
    unknown = across | {"other_connection": "nowhere"}
    outcome = run_gate(run_dag, path=orders, suite=[{"type": kind, "kwargs": unknown}])
    assert summary_of(outcome)["verdict"] == "error"
    assert "nowhere" in summary_of(outcome)["failed_checks"][0]["error"]


def test_file_is_reconciled_with_a_table_of_a_connection(
    run_dag: RunDag, store: Store, database: Database, orders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows of a file are held against those of an Airflow connection; the log and XCom name no key."""
    kwargs = {"other_table": "order lines", "other_connection": "warehouse", "key_columns": ["id"]}
    suite = [{"type": "expect_table_to_reconcile_with_other_table", "kwargs": kwargs | {"columns": ["name"]}}]
    outcome = run_gate(run_dag, path=orders, suite=suite, thresholds=["missing_row_count == 0"])
    report = store.report(summary_of(outcome)["report_id"])
    (found,) = report.checks
    assert outcome.states["orders"] == "failed"
    assert found.result["changed_columns"] == {"name": 2}
    assert found.result["partial_extra_list"] == [{"key": {"id": 4}}]
    assert report.thresholds[0].observed == 0
    assert "'key'" not in caplog.text + json.dumps(summary_of(outcome))


def test_query_is_checked_in_its_database(run_dag: RunDag, store: Store, database: Database) -> None:
    """A query, templated and with a comment before it, is checked like a table."""
    query = f"-- orders of the day\nSELECT id, name FROM {database.quoted('order lines')} WHERE day > '{{{{ ds }}}}'"
    outcome = run_gate(run_dag, sql=query, conn_id="warehouse", suite=[NOT_NULL], thresholds=["row_count == 1"])
    assert outcome.states["orders"] == "success", summary_of(outcome)
    assert summary_of(outcome)["subject"] == "a query on warehouse"  # as where it could not be measured


def test_query_may_be_a_file_beside_the_dag(run_dag: RunDag, store: Store, database: Database, tmp_path: Path) -> None:
    """A query in a .sql file is found on the DAG's template path."""
    (tmp_path / "orders.sql").write_text(f"SELECT * FROM {database.quoted('order lines')};\n")
    with DAG("checking", schedule=None, template_searchpath=[str(tmp_path)]) as dag:
        DataQualityCheckOperator(task_id="orders", sql="orders.sql", conn_id="warehouse", suite=[UNIQUE], retries=0)
    assert run_dag(dag).states["orders"] == "success"


@pytest.mark.parametrize("name", ['orders"; DROP TABLE "order lines"; --', "order lines; DELETE FROM x", "nowhere"])
def test_table_name_cannot_inject(name: str, run_dag: RunDag, store: Store, database: Database) -> None:
    """A name is a name: one that is no table is said to be missing, and nothing in it is run."""
    outcome = run_gate(run_dag, table=name, conn_id="warehouse", suite=[UNIQUE])
    assert summary_of(outcome)["error"]["reason"] == "missing_table"
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT count(*) FROM {database.quoted('order lines')}").scalar()
    assert rows == 3


def test_connection_of_no_sql_database_is_refused_without_a_retry(
    run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection whose hook is not one of a SQL database is a wrong declaration."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "dpq://db.example.com/x")
    outcome = run_gate(run_dag, table="orders", conn_id="warehouse", suite=[UNIQUE], retries=2)
    assert outcome.tries["orders"] == 1
    error = summary_of(outcome)["error"]
    assert (error["reason"], "'dpq'" in error["message"]) == ("not_sql_connection", True)


def test_connection_of_unknown_type_is_refused_without_a_retry(
    run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection type whose provider is not installed is a wrong declaration."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "teradata9://db.example.com/x")
    outcome = run_gate(run_dag, table="orders", conn_id="warehouse", suite=[UNIQUE], retries=2)
    assert outcome.tries["orders"] == 1
    assert summary_of(outcome)["error"]["reason"] == "not_sql_connection"


def test_connections_to_the_database_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check opened does not stay open in the worker."""
    pytest.importorskip("airflow.providers.sqlite", reason="the SQLite provider of Airflow is not installed")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f"sqlite:///{tmp_path / 'orders.db'}")
    with sql_engine("warehouse") as engine:
        engine.connect().close()
        pool = engine.pool
        assert pool.checkedin() == 1  # type: ignore[attr-defined]
    assert pool.checkedin() == 0  # type: ignore[attr-defined]


def test_unknown_connection_is_retried(run_dag: RunDag, store: Store) -> None:
    """Airflow says the same of a secrets backend that is out of reach, so that it is worth another try."""
    outcome = run_gate(
        run_dag, table="orders", conn_id="warehouse", suite=[UNIQUE], retries=1, retry_delay=timedelta(0)
    )
    assert outcome.tries["orders"] == 2
    assert summary_of(outcome)["error"]["reason"] == "unknown_connection"


def test_file_is_read_as_it_is_declared(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """The options of reading reach the check, and may hold templates."""
    path = tmp_path / "excel.csv"
    path.write_bytes("größe;id\n1,5;1\n2,5;2\n".encode("cp1252"))
    total = {
        "type": "expect_column_sum_to_be_between",
        "kwargs": {"column": "größe", "min_value": 4, "max_value": 4},
    }
    options = {"decimal": ",", "encoding": "{{ 'cp1252' }}"}
    outcome = run_gate(run_dag, path=path, suite=[total], read_options=options)
    assert outcome.states["orders"] == "success"


# What is refused while a DAG file is parsed.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "No data to check. Give exactly one of table, path and sql."),
        ({"path": "x.csv", "table": "x", "conn_id": "w"}, "Ambiguous data to check: table and path."),
        ({"table": "orders"}, "A check of table needs a connection. Give conn_id."),
        ({"sql": "SELECT 1"}, "A check of sql needs a connection."),
        ({"path": "x.csv", "conn_id": "warehouse"}, "conn_id is 'warehouse'"),
        ({"table": "select * from orders", "conn_id": "w"}, "Pass a query as sql."),
        ({"sql": "orders", "conn_id": "w"}, "Start it with SELECT or WITH."),
        ({"sql": "DROP TABLE orders", "conn_id": "w"}, "Start it with SELECT or WITH."),
        ({"path": "x.csv", "result_format": "EVERYTHING"}, "'EVERYTHING'"),
        ({"path": "x.csv", "on_empty": "skip"}, "on_empty of the gate is 'skip'"),
        ({"path": "x.csv", "null_values": "NA"}, "['NA']"),
        ({"path": "x.csv", "read_options": {"delimeter": ";"}}, "'delimeter' is no option of reading"),
        ({"path": "x.csv", "read_options": {"encoding": "klingon"}}, "'klingon'"),
        ({"path": "x.csv", "thresholds": ["unexpected_percent"]}, "Malformed threshold"),
        ({"path": "x.csv", "suite": [{"type": "expect_column_value_to_be_unique"}]}, "Did you mean"),
        ({"path": "x.csv", "suite": []}, "no expectation"),
        ({"path": "x.csv", "suite": {"no": "suite"}}, "not a suite"),
        ({"path": "x.csv", "suite": [{"type": UNIQUE["type"], "kwargs": {"colum": "id"}}]}, "'colum'"),
        ({"path": "x.csv", "on_fail": "explode"}, "'explode'"),
    ],
)
def test_wrong_declaration_is_refused_while_the_dag_is_parsed(arguments: dict[str, Any], told: str) -> None:
    """What is wrong is an import error of the DAG file that names the gate and the fix."""
    with pytest.raises(Exception, match=r"^Gate 'orders': ") as caught, DAG("refused"):
        DataQualityCheckOperator(task_id="orders", **({"suite": [UNIQUE]} | arguments))
    assert told in str(caught.value)


def test_templates_are_not_judged_while_the_dag_is_parsed() -> None:
    """A template may become anything: it is not refused for what it looks like."""
    with DAG("accepted"):
        DataQualityCheckOperator(task_id="a", table="{{ params.table }}", conn_id="w", suite="{{ params.suite }}")
        DataQualityCheckOperator(task_id="b", sql="{{ params.query }}", conn_id="w", suite=[UNIQUE])
        DataQualityCheckOperator(task_id="c", path="x", suite=[UNIQUE], thresholds=["row_count > {{ params.rows }}"])


def test_suite_in_a_file_is_refused_while_the_dag_is_parsed(tmp_path: Path) -> None:
    """A mistake in a suite that is there shows as an import error of the DAG, and not as a red task at night."""
    suite = tmp_path / "suite.yaml"
    suite.write_text("[{type: expect_nothing_of_this_kind}]")
    with pytest.raises(GateDeclarationError, match="expect_nothing_of_this_kind"):
        DataQualityCheckOperator(task_id="orders", path="orders.csv", suite=suite)
    DataQualityCheckOperator(task_id="orders", path="orders.csv", suite=tmp_path / "only_on_the_worker.yaml")


def test_growing_table_is_scanned_by_what_is_new(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """The second run scans the new folder alone, and its report is about all of them."""
    arguments = {"path": str(tmp_path / "*" / "*.csv"), "suite": [UNIQUE, NOT_NULL], "partition_by": "day"}
    scanned = []
    for day in (1, 2):
        (tmp_path / f"day={day}").mkdir()
        (tmp_path / f"day={day}" / "orders.csv").write_text(f"id,name\n{day}1,a\n{day}2,b\n")
        outcome = run_gate(run_dag, **arguments)
        report = store.report(summary_of(outcome)["report_id"])
        metrics = {metric.name: metric.value for metric in report.metrics if not metric.tags}
        scanned.append((metrics["scanned_partition_count"], metrics["row_count"], report.verdict))
    assert scanned == [(1, 2, Verdict.PASS), (1, 4, Verdict.PASS)]


def test_expectation_that_no_partition_answers_is_refused_at_parse_time() -> None:
    """What cannot be checked by partition is told when the DAG is parsed."""
    suite = [{"type": "expect_table_row_count_to_equal_other_table", "kwargs": {"other_table_name": "x"}}]
    with pytest.raises(GateDeclarationError, match="by partition"):
        DataQualityCheckOperator(task_id="orders", path="*.csv", suite=suite, partition_by="day")
