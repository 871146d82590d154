"""Tables, queries and frames of Spark: Great Expectations' answers, and what bad input gets."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.run import interruptible
from airflow_provider_dpq.core.table.spark import SparkTable
from docs._generate import examples
from tests.core.interrupts import TimeLimit, interrupted_once
from tests.core.quality.answers import answer, found, rows
from tests.core.table.spark_cases import ANSWERS, COLUMNS, RESULT_FORMAT, ROWS, start_session, suite
from tests.data.gx_cases import compare, enc

pytestmark = pytest.mark.spark

KNOWN_DIFFERENCES: Final[Mapping[str, str]] = {
    "{'column': 'n', 'value_set': [1, 2, None]}": (
        "A missing value among the members of a set makes every value one of them for Great Expectations' Spark engine."
    ),
}
"""Cases in which the answers differ on purpose, by their arguments, with the reasons."""

REFUSED: Final = {
    "expect_column_values_to_be_dateutil_parseable",
    "expect_column_values_to_be_decreasing",
    "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_json_parseable",
    "expect_column_values_to_match_json_schema",
    "expect_column_values_to_match_strftime_format",
    "expect_query_results_to_match_comparison",
    "expect_table_to_reconcile_with_other_table",
    "unexpected_rows_expectation",
}
"""Expectations that need the rows elsewhere, or a query in the words of another database."""

UNTRUE: Final = {
    "expect_column_type_to_be",
    "expect_column_values_to_be_in_type_list",
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_match_like_pattern",
}
"""Examples that name types which Spark has not, and one that is true of no source."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session on this machine."""
    pytest.importorskip("pyspark")
    session = start_session(tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()


@pytest.fixture(scope="module")
def frame(spark: Any) -> Any:
    """A frame with every kind of column, which is a view too."""
    frame = spark.createDataFrame(ROWS, COLUMNS).cache()
    frame.createTempView("seen")
    return frame


@pytest.mark.parametrize("asked", ["rows", "no rows"])
def test_scan_finds_what_great_expectations_finds(frame: Any, asked: str) -> None:
    """On every expectation success and every field are those of Great Expectations' Spark engine."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))[asked]
    results = check(frame if asked == "rows" else frame.limit(0), suite(), result_format=RESULT_FORMAT).results
    differences, different = [], set()
    for one, result, theirs in zip(suite(), results, answers, strict=True):
        mine = (
            {"success": result.success, "exception": result.error.message}
            if result.error
            else {"success": result.success, "result": enc.jsonable(dict(result.result))}
        )
        if str(one["kwargs"]) in KNOWN_DIFFERENCES:
            different |= {str(one["kwargs"])} if compare.diff(mine, theirs) else set()
        else:
            differences += [(one, difference) for difference in compare.diff(mine, theirs)]
    assert differences == []
    assert asked == "no rows" or different == set(KNOWN_DIFFERENCES)


@pytest.mark.parametrize(
    "data",
    ["seen", "SELECT * FROM seen -- all of them", " with s as (select * from seen) select * from s ; "],
)
def test_view_and_query_are_the_same_rows(spark: Any, frame: Any, data: str) -> None:
    """A view may be named, or be what a query returns; nothing of ours is left in the session."""
    options = {"connection": spark}
    assert rows(data, **options) == frame.count()
    assert found(data, "column_values_to_be_unique", column="n", options=options)["unexpected_count"] == 2
    assert [table.name for table in spark.catalog.listTables()] == ["seen"]


def test_only_figures_and_a_bounded_sample_leave_spark(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows break a check, no more of them are fetched than a result may show."""
    fetched = []
    fetch = SparkTable.fetch
    monkeypatch.setattr(SparkTable, "fetch", lambda *query: fetched.append(fetch(*query)) or fetched[-1])
    data = spark.range(5000).withColumnRenamed("id", "n")
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["n"]}
    result = found(data, "column_values_to_be_between", column="n", max_value=-1, options={"result_format": wanted})
    assert result["unexpected_count"] == 5000
    assert max(map(len, fetched)) == len(result["unexpected_list"]) == 200


@pytest.mark.parametrize("name", ["nowhere", "default.nowhere", "no.such.place", "", "seen; DROP VIEW seen", "`seen`"])
def test_missing_table_is_an_error_and_nothing_else(spark: Any, frame: Any, name: str) -> None:
    """A name that is no table is missing, and no part of it is ever SQL."""
    with pytest.raises(SourceError) as refused:
        rows(name, connection=spark)
    assert refused.value.reason == "missing_table"
    assert spark.table("seen").count() == frame.count()


def test_file_is_no_table(spark: Any, tmp_path: Path) -> None:
    """Neither a name nor, with an allowed root, a query reads a file, which Spark itself would."""
    (tmp_path / "a.csv").write_text("1\n2\n", encoding="utf-8")
    for name in (f"csv.{tmp_path / 'a.csv'}", "text./etc/hostname"):
        with pytest.raises(SourceError) as refused:
            rows(name, connection=spark)
        assert refused.value.reason == "missing_table"
    query = f"SELECT * FROM csv.`{tmp_path / 'a.csv'}`"
    with pytest.raises(SourceError) as refused:
        rows(query, connection=spark, root=tmp_path)
    assert refused.value.reason == "invalid_query"
    assert rows(query, connection=spark) == 2


SLOW: Final = "SELECT id AS n FROM range(0, 100000000000, 1, 1) WHERE hash(id, uuid()) % 1000003 = 7 AND id < 0"


def test_statement_over_its_time_is_stopped(spark: Any) -> None:
    """It is an error in time, and Spark runs it no more; the session answers what comes after."""
    begun = time.monotonic()
    with pytest.raises(MeasurementError) as stopped:
        rows(SLOW, connection=spark, query_timeout=1)
    assert stopped.value.reason == "query_timeout"
    assert time.monotonic() - begun < 10
    _until_idle(spark)
    assert rows("SELECT 1 AS n", connection=spark) == 1


def test_cancelled_attempt_stops_the_statement(spark: Any) -> None:
    """As a kill of the task does: the job that runs is cancelled, and nothing of it goes on."""
    attempt = Attempt()
    tracker = spark.sparkContext.statusTracker()

    def cancel() -> None:
        _wait(lambda: bool(tracker.getActiveJobsIds()))
        attempt.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    begun = time.monotonic()
    ended = attempt.run(lambda: rows(SLOW, connection=spark))
    thread.join()
    assert isinstance(ended.error, EndedError)
    assert ended.error.reason == "cancelled"
    assert time.monotonic() - begun < 15
    _until_idle(spark)
    assert rows("SELECT 1 AS n", connection=spark) == 1


def test_time_limit_ends_a_check_and_its_statement(spark: Any) -> None:
    """In the thread that signals come to, which Spark's gateway would else leave waiting for an answer for ever."""
    tracker = spark.sparkContext.statusTracker()
    begun = time.monotonic()
    with pytest.raises(TimeLimit), interrupted_once(lambda: bool(tracker.getActiveJobsIds())):
        rows(SLOW, connection=spark)
    assert time.monotonic() - begun < 15
    _until_idle(spark)
    assert rows("SELECT 1 AS n", connection=spark) == 1


def test_check_runs_with_the_properties_of_its_thread(spark: Any) -> None:
    """Such as the pool in which the jobs of a task are to run."""
    spark.sparkContext.setLocalProperty("dpq.pool", "gates")

    def pool(data: str, *, connection: Any) -> Any:
        return connection.sparkContext.getLocalProperty(data)

    try:
        assert interruptible(partial(pool, "dpq.pool", connection=spark), "dpq.pool", spark) == "gates"
    finally:
        spark.sparkContext.setLocalProperty("dpq.pool", None)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def _until_idle(spark: Any) -> None:
    """Wait until Spark runs no job."""
    tracker = spark.sparkContext.statusTracker()
    _wait(lambda: not tracker.getActiveJobsIds())


def test_query_can_be_no_command(spark: Any, frame: Any) -> None:
    """What looks like a query and would write is refused before it does."""
    spark.sql("CREATE TABLE target USING parquet AS SELECT 1 AS n")
    for query in ("WITH s AS (SELECT 2 AS n) INSERT INTO target SELECT * FROM s", "SELECT 1); DROP TABLE target; --"):
        with pytest.raises(SourceError) as refused:
            rows(query, connection=spark)
        assert refused.value.reason == "invalid_query"
    assert rows("target", connection=spark) == rows("default.target", connection=spark) == 1


def test_odd_names_and_values_are_only_that(spark: Any) -> None:
    """Quotes, colons, backslashes and dots in names and values are never SQL."""
    name = "a.`b`: :x\n--"
    data = spark.createDataFrame([("it's \\ :y",), ('"',)], ["c"]).toDF(name)
    between = found(data, "column_values_to_be_in_set", column=name, value_set=["it's \\ :y", "--"])
    assert between["partial_unexpected_list"] == ['"']
    condition = {"type": "comparison", "column": {"name": name}, "operator": "==", "parameter": '"'}
    assert found(data, "table_row_count_to_equal", value=1, row_condition=condition)["observed_value"] == 1


def test_check_that_spark_refuses_is_named_and_the_others_stand(spark: Any, frame: Any) -> None:
    """A column that is not there, a pattern that is none and a condition that is none are errors of their checks."""
    declared: list[tuple[str, dict[str, Any], str | None]] = [
        ("column_values_to_not_be_null", {"column": "n"}, None),
        ("column_values_to_not_be_null", {"column": "gone"}, "missing_column"),
        ("column_values_to_match_regex", {"column": "s", "regex": "["}, "query_failed"),
        (
            "column_values_to_not_be_null",
            {"column": "n", "row_condition": "gone = 1", "condition_parser": "spark"},
            "query_failed",
        ),
        ("column_mean_to_be_between", {"column": "s", "min_value": 1}, "incomparable"),
        ("column_values_to_be_increasing", {"column": "n"}, "unsupported_expectation"),
        ("column_values_to_match_strftime_format", {"column": "s", "strftime_format": "%Y"}, "unsupported_expectation"),
    ]
    suite = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs, _ in declared]
    results = check("seen", suite, connection=spark).results
    assert [result.error and result.error.reason for result in results] == [reason for *_, reason in declared]
    assert results[0].result["unexpected_count"] == 2


def test_table_that_changes_meanwhile_is_an_error(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that is dropped between plan and scan, or a table, is told; neither reads as an answer."""
    spark.sql("CREATE TABLE changing USING parquet AS SELECT 1 AS n, 2 AS m")
    fetch = SparkTable.fetch
    for statement, told in (
        ("ALTER TABLE changing ADD COLUMN k INT", "'k' is new"),
        ("DROP TABLE changing", "gone"),
    ):

        def change(table: SparkTable, query: Any, statement: str = statement) -> list[tuple[Any, ...]]:
            monkeypatch.setattr(SparkTable, "fetch", fetch)
            spark.sql(statement)
            return fetch(table, query)

        monkeypatch.setattr(SparkTable, "fetch", change)
        with pytest.raises(MeasurementError, match=told) as changed:
            rows("changing", connection=spark)
        assert changed.value.reason == "schema_changed"


def test_frame_whose_columns_cannot_be_told_apart_is_refused(spark: Any) -> None:
    """Names that are equal for Spark, or rows that never end, cannot be checked."""
    for data in (spark.createDataFrame([(1, 2)], "a INT, A INT"), spark.readStream.format("rate").load()):
        with pytest.raises(DeclarationError) as refused:
            rows(data)
        assert refused.value.reason == "invalid_frame"


def test_moments_are_in_the_time_zone_of_the_session(spark: Any) -> None:
    """A moment without a zone, in bounds and in results, is in the session's, whatever the machine's is."""
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        data = spark.sql("SELECT TIMESTAMP '2020-01-01 08:30:00' AS t, TIMESTAMP_NTZ '2020-01-01 08:30:00' AS z")
        for column in ("t", "z"):
            assert answer(data, "column_values_to_be_between", column=column, min_value="2020-01-01T08:30:00").success
            assert not answer(
                data, "column_values_to_be_between", column=column, min_value="2020-01-01T08:31:00"
            ).success
            newest = found(data, "column_max_to_be_between", column=column, max_value="2020-02-01T00:00:00")
            assert newest["observed_value"] == "2020-01-01T08:30:00"
        options = {"now": datetime(2020, 1, 1, 1, tzinfo=UTC)}
        recent = found(data, "column_max_to_be_recent", column="t", max_age="2h", options=options)
        assert recent["age_seconds"] == 90 * 60
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")


def test_figures_are_exact_beyond_spark_s_own_types(spark: Any) -> None:
    """A sum beyond BIGINT is the sum, and a bound beyond it is compared."""
    data = spark.createDataFrame([(2**62,), (2**62,), (2**62 + 1,)], "n BIGINT")
    assert found(data, "column_sum_to_be_between", column="n", min_value=0)["observed_value"] == 3 * 2**62 + 1
    assert answer(data, "column_values_to_be_between", column="n", max_value=2**63).success
    assert found(data, "column_values_to_be_in_set", column="n", value_set=[2**62, 2**70])["unexpected_count"] == 1


def test_nan_is_a_missing_value(spark: Any) -> None:
    """NaN, which Spark takes for the greatest number, is missing here as in every other source."""
    data = spark.createDataFrame([(1.0,), (math.nan,), (math.nan,)], "f DOUBLE")
    assert found(data, "column_values_to_not_be_null", column="f")["unexpected_count"] == 2
    assert found(data, "column_max_to_be_between", column="f", max_value=1)["observed_value"] == 1.0
    assert found(data, "column_values_to_be_unique", column="f")["unexpected_count"] == 0


def test_every_expectation_is_answered_or_refused_by_name(spark: Any) -> None:
    """The documentation's example of each expectation holds in Spark, or is refused, and never a failed query."""
    types = {"int64": "BIGINT", "str": "STRING", "float64": "DOUBLE", "datetime64[us]": "TIMESTAMP"}
    orders = [tuple(row[:8]) + tuple(map(datetime.fromisoformat, row[8:])) for row in examples.ROWS]
    data = spark.createDataFrame(orders, ", ".join(f"{name} {types[kind]}" for name, kind in examples.TYPES.items()))
    spark.createDataFrame([(code,) for code in examples.COUNTRIES], "code STRING").createOrReplaceTempView("countries")
    suite = [
        {"type": kind, "kwargs": dict(kwargs)}
        for kind, kwargs in examples.EXAMPLES.items()
        if kind != "expect_metric_to_follow_its_history"
    ]
    results = {result.type: result for result in check(data, suite, now=examples.NOW).results}
    assert {kind: result.error for kind, result in results.items() if result.error and kind not in REFUSED} == {}
    assert {kind for kind, result in results.items() if result.error} == REFUSED
    assert {results[kind].error.reason for kind in REFUSED} == {"unsupported_expectation"}
    assert {kind for kind, result in results.items() if not result.error and not result.success} == UNTRUE


def test_other_table_is_one_of_the_session(spark: Any, frame: Any) -> None:
    """References are looked up in tables and views of the same session."""
    spark.createDataFrame([(1,), (2,)], "k INT").createOrReplaceTempView("keys")
    kwargs = {"column": "n", "other_table": "keys", "other_column": "k"}
    found_keys = found(frame, "column_values_to_exist_in_other_table", **kwargs)
    assert sorted(found_keys["partial_unexpected_list"]) == [3, 4]
    spark.catalog.dropTempView("keys")
    assert answer(frame, "column_values_to_exist_in_other_table", **kwargs).error.reason == "missing_table"


def test_row_conditions_are_computed_in_spark(spark: Any) -> None:
    """Expressions of a row give the answers that they give elsewhere."""
    data = spark.sql(
        "SELECT 7 AS n, 9223372036854775807 AS m, CAST(1.5 AS DECIMAL(9, 2)) AS d, 'aé' AS s,"
        " TIMESTAMP '2020-01-01 00:00:00' AS t, TIMESTAMP '2020-01-01 00:01:30' AS u"
    )
    for expression in (
        "m + n > m",
        "n % 4 = 3 and d * 2 = 3.0",
        "length(s) = 2 and s like 'a%' and upper(s) = 'AÉ'",
        "seconds_between(t, u) = 90",
        "n / 2 = 3.5",
    ):
        result = answer(data, "row_condition_to_hold", expression=expression)
        assert result.error is None, (expression, result.error)
        assert (result.success, result.result["unexpected_count"]) == (True, 0), expression


def test_filters_choose_the_rows(spark: Any, frame: Any) -> None:
    """A gate's own row condition and partition apply."""
    assert rows(frame, row_condition="n > 1") == 4
    assert rows(frame, partition={"y": "2020-01-02"}) == 1
    assert rows(frame, partition={"d": [Decimal("1.10")]}) == 2


def test_pyspark_is_imported_for_spark_alone(tmp_path: Path) -> None:
    """A check of anything else imports nothing of pyspark."""
    (tmp_path / "t.csv").write_text("n\n1\n", encoding="utf-8")
    program = (
        "import sys; from airflow_provider_dpq.core.quality import check\n"
        "check('t.csv', [{'type': 'expect_column_max_to_be_between', 'kwargs': {'column': 'n', 'max_value': 1}}])\n"
        "sys.exit(any(name.partition('.')[0] in ('pyspark', 'py4j') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_stopped_session_is_a_lost_connection(spark: Any, frame: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that ends before or while checks run is an error that may be retried. The last test: it stops it."""
    fetch = SparkTable.fetch

    def stop(table: SparkTable, query: Any) -> list[tuple[Any, ...]]:
        spark.stop()
        return fetch(table, query)

    monkeypatch.setattr(SparkTable, "fetch", stop)
    for _ in range(2):
        with pytest.raises(MeasurementError) as lost:
            rows("seen", connection=spark)
        assert lost.value.reason == "connection_lost"
