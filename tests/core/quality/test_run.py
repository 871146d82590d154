"""One run of a suite: verdicts, errors, formats of results, limits, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.scan import Limits, Scan
from tests.core.quality.answers import answer, found

ROOT = Path(__file__).parents[3]
FRAME = pd.DataFrame({"n": [1, 2, 2, 4, None], "s": ["a", "b", "b", None, "c"]})
NOT_NULL: dict[str, Any] = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
MEAN: dict[str, Any] = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "min_value": 0}}


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [("critical", Verdict.FAIL), ("warning", Verdict.WARN), ("info", Verdict.PASS), (None, Verdict.FAIL)],
)
def test_severity_decides_what_a_breach_does(severity: str | None, verdict: Verdict) -> None:
    """A broken check fails, warns or is only recorded; whether it held is told in any case."""
    (result,) = check(FRAME, [NOT_NULL | ({"severity": severity} if severity else {})]).results
    assert result.success is False
    assert result.verdict is verdict


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_check_that_holds_passes_whatever_its_severity(severity: str) -> None:
    """Severity is about breaches alone."""
    (result,) = check(FRAME, [MEAN | {"severity": severity}]).results
    assert result.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("thresholds", "verdict"),
    [
        (["unexpected_percent < 25"], Verdict.PASS),
        (["unexpected_percent < 20"], Verdict.FAIL),
        ([{"threshold": "unexpected_percent < 20", "severity": "warn"}], Verdict.WARN),
        ([{"threshold": "unexpected_percent < 20", "severity": "warn"}, "unexpected_count < 1"], Verdict.FAIL),
        (["observed_value > 3"], Verdict.ERROR),
    ],
)
def test_thresholds_of_a_check_decide_instead_of_its_severity(thresholds: list[Any], verdict: Verdict) -> None:
    """A check with thresholds is as good as its worst threshold; one about a figure it has not is an error."""
    (result,) = check(FRAME, [NOT_NULL | {"thresholds": thresholds, "severity": "info"}]).results
    assert result.verdict is verdict
    assert result.success is False
    assert len(result.thresholds) == len(thresholds)


def test_mostly_tolerates_a_share_of_the_values() -> None:
    """Four of five values are 80 percent, and not a bit more."""
    assert answer(FRAME, "column_values_to_not_be_null", column="n", mostly=0.8).success
    assert not answer(FRAME, "column_values_to_not_be_null", column="n", mostly=0.800001).success


EMPTY = {
    "frame": (FRAME.iloc[:0].astype({"n": "float64", "s": "str"}), {}),
    "condition": (FRAME, {"row_condition": "n > 100"}),
}


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("declared", [NOT_NULL, MEAN])
@pytest.mark.parametrize(
    ("policy", "verdict"), [("pass", Verdict.PASS), ("warn", Verdict.WARN), ("fail", Verdict.FAIL)]
)
def test_policy_for_no_rows_is_the_best_verdict_where_there_are_none(
    empty: str, declared: dict[str, Any], policy: str, verdict: Verdict
) -> None:
    """What holds of no rows is worth what the policy says, and what does not hold of them fails all the same."""
    data, options = EMPTY[empty]
    (result,) = check(data, [declared | {"on_empty": policy}], **options).results
    assert result.verdict is (Verdict.FAIL if declared is MEAN else verdict)
    assert result.success is (declared is not MEAN)
    assert result.remarks == (f"there is no row to check (on_empty: {policy})",)
    assert result.error is None


@pytest.mark.parametrize("empty", EMPTY)
def test_expectation_can_be_left_to_say_what_no_rows_mean(empty: str) -> None:
    """All of no values are there, and the mean of nothing lies nowhere."""
    data, options = EMPTY[empty]
    present, mean = check(data, [NOT_NULL, MEAN], **options, on_empty="expectation").results
    assert (present.verdict, present.result["unexpected_percent"]) == (Verdict.PASS, None)
    assert (mean.verdict, mean.result["observed_value"]) == (Verdict.FAIL, None)


def test_policy_for_no_rows_is_silent_where_there_are_rows() -> None:
    """Missing values are rows."""
    (result,) = check(FRAME, [NOT_NULL | {"on_empty": "pass"}]).results
    assert result.verdict is Verdict.FAIL


def test_policy_for_no_rows_applies_to_the_rows_of_the_check() -> None:
    """A check whose own condition keeps no row looks at none, whatever the table holds."""
    declared = {**NOT_NULL, "kwargs": {"column": "n", "row_condition": "n > 100"}, "on_empty": "warn"}
    (result,) = check(FRAME, [declared]).results
    assert result.verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("gate", "own", "verdict", "told"),
    [
        (None, None, Verdict.WARN, "warn"),
        ("expectation", None, Verdict.PASS, "expectation"),
        ("pass", None, Verdict.PASS, "pass"),
        ("warn", None, Verdict.WARN, "warn"),
        ("warn", "fail", Verdict.FAIL, "fail"),
        ("warn", "expectation", Verdict.PASS, "expectation"),
        ("expectation", "warn", Verdict.WARN, "warn"),
    ],
)
def test_policy_of_the_check_comes_before_that_of_the_gate(
    gate: str | None, own: str | None, verdict: Verdict, told: str
) -> None:
    """A gate says what no rows mean, each check may say otherwise, and the result tells what is in force."""
    declared = NOT_NULL | ({"on_empty": own} if own else {})
    (result,) = check(FRAME, [declared], row_condition="n > 100", on_empty=gate).results
    assert (result.verdict, result.on_empty) == (verdict, told)


def test_unknown_policy_of_the_gate_is_refused() -> None:
    """Before anything is read."""
    with pytest.raises(DeclarationError, match="on_empty of the gate is 'skip'") as caught:
        check("nowhere.csv", [NOT_NULL], on_empty="skip")
    assert caught.value.reason == "unknown_policy"


def test_policy_for_no_rows_hides_no_error() -> None:
    """A check that could not be evaluated has not passed for want of rows."""
    declared = {"type": NOT_NULL["type"], "kwargs": {"column": "nowhere"}, "on_empty": "pass"}
    (result,) = check(FRAME.iloc[:0], [declared]).results
    assert result.verdict is Verdict.ERROR


@pytest.mark.parametrize("pattern", ["[", "(?P<x", "a{2,1}", "*", "a{99999999999999999999}", "(" * 5000])
def test_pattern_that_is_none_is_the_error_of_its_check(pattern: str) -> None:
    """A bad regular expression is told as such, and the other checks stand."""
    suite = [{"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": pattern}}, MEAN]
    bad, other = check(FRAME, suite).results
    assert bad.error is not None
    assert bad.error.reason == "invalid_regex"
    assert bad.verdict is Verdict.ERROR
    assert other.success


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("column_values_to_be_between", {"column": "s", "min_value": 1}),
        ("column_max_to_be_between", {"column": "n", "min_value": "2013-01-01"}),
        ("column_sum_to_be_between", {"column": "s", "min_value": 1}),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "s"}),
    ],
)
def test_check_of_the_wrong_type_is_an_error(kind: str, kwargs: dict[str, Any]) -> None:
    """Text compared with numbers, or moments with counts, is no answer."""
    result = answer(FRAME, kind, **kwargs)
    assert result.error is not None
    assert result.verdict is Verdict.ERROR


def test_set_of_another_type_holds_nothing() -> None:
    """A text is never a number, as in pandas."""
    assert found(FRAME, "column_values_to_be_in_set", column="n", value_set=["1", "2", "4"])["unexpected_count"] == 4
    assert found(FRAME, "column_values_to_not_be_in_set", column="s", value_set=[1])["unexpected_count"] == 0


def test_missing_member_of_a_set_makes_nothing_pass() -> None:
    """SQL would find every value in a set with a NULL; here a missing member is none."""
    assert found(FRAME, "column_values_to_be_in_set", column="n", value_set=[1, None])["unexpected_count"] == 3
    assert found(FRAME, "column_values_to_not_be_in_set", column="n", value_set=[1, None])["unexpected_count"] == 1


def test_result_says_what_was_declared_and_observed() -> None:
    """Name, type, severity and arguments are in the result, as plain JSON."""
    declared = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "n", "value_set": {1, 2}, "row_condition": "n < 10"},
        "name": "known numbers",
        "severity": "warning",
    }
    (result,) = check(FRAME, [declared], parameters={}).results
    assert (result.name, result.type, result.severity) == ("known numbers", declared["type"], "warning")
    assert result.declaration == {"column": "n", "value_set": [1, 2], "row_condition": "n < 10"}
    assert result.evaluated_by == "scan"


def test_suite_result_knows_when_what_and_how_many() -> None:
    """The result of a run carries the suite's name, the subject, the rows and the time it took."""
    before = datetime.now(UTC)
    found_all = check(FRAME, {"name": "numbers", "expectations": [NOT_NULL, MEAN]}, row_condition="n != 4")
    assert (found_all.suite_name, found_all.subject, found_all.row_count) == ("numbers", "pandas frame", 4)
    assert before <= found_all.started_at <= datetime.now(UTC)
    assert timedelta(0) < timedelta(seconds=found_all.duration_seconds) <= datetime.now(UTC) - before
    assert found_all.success is False
    assert check(FRAME, [MEAN]).success


def test_metrics_are_of_the_table_and_of_each_check() -> None:
    """What thresholds judge: counts of checks and rows, and every figure of a check tagged with it."""
    metrics = check(FRAME, [NOT_NULL, MEAN]).metrics
    own = {metric.name: metric.value for metric in metrics if not metric.tags}
    assert own == {"row_count": 5, "check_count": 2, "failed_check_count": 1, "success_percent": 50}
    tagged = {(metric.tags["check"], metric.name): metric for metric in metrics if metric.tags}
    percent = tagged["expect_column_values_to_not_be_null(n)", "unexpected_percent"]
    assert (percent.value, percent.unit, percent.tags["column"]) == (20, "%", "n")
    assert tagged["expect_column_mean_to_be_between(n)", "observed_value"].value == 2.25


@pytest.mark.parametrize(
    "wanted",
    [
        "ALL",
        {"result_format": "ALL"},
        {"partial_unexpected_count": -1},
        {"partial_unexpected_count": "3"},
        {"result_format": None},
    ],
)
def test_result_format_that_is_none_is_refused(wanted: Any) -> None:
    """A misspelt level would silently show too much or too little."""
    with pytest.raises(DeclarationError, match="BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE") as refused:
        check(FRAME, [NOT_NULL], result_format=wanted)
    assert refused.value.reason == "invalid_result_format"


def test_samples_name_rows_by_the_columns_that_are_asked_for() -> None:
    """A row is named by its keys where they are given, and its values stay out where they must."""
    wanted: dict[str, Any] = {"result_format": "COMPLETE", "unexpected_index_column_names": ["s"]}
    suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 3}}]
    (shown,) = check(FRAME, suite, result_format=wanted).results
    assert shown.result["unexpected_index_list"] == [{"n": 4, "s": None}]
    (hidden,) = check(FRAME, suite, result_format=wanted | {"exclude_unexpected_values": True}).results
    assert hidden.result["unexpected_index_list"] == [{"s": [None]}]
    assert "unexpected_list" not in hidden.result


def test_column_that_names_rows_and_is_missing_is_an_error_of_the_check() -> None:
    """The sample cannot be named as asked: the check says so instead of leaving the names out."""
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["nowhere"]}
    (result,) = check(FRAME, [NOT_NULL], result_format=wanted).results
    assert result.error is not None
    assert result.error.reason == "missing_column"


def test_sample_is_bounded_and_in_order() -> None:
    """As many rows as are asked for are fetched, the first ones first."""
    frame = pd.DataFrame({"n": range(1000)})
    (result,) = check(
        frame,
        [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 100}}],
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": 3},
    ).results
    assert result.result["unexpected_count"] == 899
    assert result.result["partial_unexpected_list"] == [101, 102, 103]
    assert result.result["partial_unexpected_index_list"] == [101, 102, 103]


def test_one_check_that_the_engine_refuses_leaves_the_others_in_the_scan() -> None:
    """A pattern too large for RE2 makes DuckDB refuse the whole scan; each check is then asked on its own."""
    pattern = r"[a-c]{1,1000}\w{1,1000}"
    suite = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": pattern}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 4}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
    ]
    matched, largest, unique = check(FRAME, suite).results
    assert (matched.evaluated_by, matched.result["unexpected_count"]) == ("gx", 4)
    assert (largest.evaluated_by, largest.success) == ("scan", True)
    assert (unique.evaluated_by, unique.result["unexpected_count"]) == ("scan", 2)


def test_progress_is_told_in_a_few_words_at_each_stage(tmp_path: Path) -> None:
    """Someone who waits sees what is being done: opening, scanning, each check, and the detour."""
    said: list[str] = []
    opaque = {"column": "n", "row_condition": "n % 2 == 0"}
    suite = [NOT_NULL, MEAN, {"type": "expect_column_values_to_be_increasing", "kwargs": opaque}]
    first, second, _ = [result.name for result in check(FRAME, suite, progress=said.append).results]
    assert said == [
        "opening the data",
        f"scanning pandas frame for 2 checks: {first}, {second}",
        f"check 1 of 2: {first}",
        f"check 2 of 2: {second}",
        "evaluating with Great Expectations 1 check: expect_column_values_to_be_increasing(n)",
    ]


@pytest.mark.parametrize(
    "limits",
    [
        {"memory_limit": "lots"},
        {"threads": 0},
        {"threads": -1},
        {"threads": 10**9},
        {"temp_directory": "/no such directory"},
    ],
)
def test_limit_that_cannot_be_kept_is_refused(limits: dict[str, Any]) -> None:
    """A limit that DuckDB does not understand is no limit."""
    with pytest.raises(DeclarationError) as refused:
        check(FRAME, [NOT_NULL], **limits)
    assert refused.value.reason == "invalid_limit"


def test_limits_are_duckdbs_settings(tmp_path: Path) -> None:
    """Memory, threads and directory reach DuckDB, and nothing is installed or loaded from elsewhere."""
    scan = Scan(Limits("300MB", 1, tmp_path))

    def setting(name: str) -> Any:
        return scan.connection.execute("SELECT current_setting($1)", [name]).fetchall()[0][0]

    assert setting("memory_limit") == "286.1 MiB"
    assert setting("threads") == 1
    assert setting("temp_directory") == str(scan.directory)
    assert scan.directory.parent == tmp_path
    assert setting("autoinstall_known_extensions") is False
    assert setting("autoload_known_extensions") is False
    with pytest.raises(duckdb.Error, match=r"httpfs|No such file|not found"):
        scan.connection.execute("SELECT * FROM read_csv('s3://bucket/a.csv')")
    scan.close()
    assert list(tmp_path.iterdir()) == []


def test_default_threads_are_few() -> None:
    """A worker runs many tasks: a scan takes four processors at most."""
    scan = Scan(Limits())
    ((threads,),) = scan.connection.execute("SELECT current_setting('threads')").fetchall()
    scan.close()
    assert threads == min(4, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    ("data", "suite", "error"),
    [
        ("data.csv", [NOT_NULL], None),
        ("data.csv", [{"type": NOT_NULL["type"], "kwargs": {"column": "nowhere"}}], None),
        ("data.csv", [{"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "n"}}], None),
        ("broken.parquet", [NOT_NULL], SourceError),
        ("none.csv", [NOT_NULL], SourceError),
        ("data.csv.xlsx", [NOT_NULL], DeclarationError),
    ],
)
def test_nothing_is_left_behind(
    data: str, suite: list[Any], error: type[Exception] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The temporary directory is removed and DuckDB closed however a run ends, and nothing is written elsewhere."""
    opened: list[Scan] = []
    original = Scan.__init__
    monkeypatch.setattr(
        Scan, "__init__", lambda self, *limits, **options: (opened.append(self), original(self, *limits, **options))[1]
    )
    (tmp_path / "work").mkdir()
    (tmp_path / "data").mkdir()
    FRAME.to_csv(tmp_path / "data" / "data.csv", index=False)
    (tmp_path / "data" / "broken.parquet").write_bytes(b"PAR1 is not enough PAR1")
    (tmp_path / "data" / "data.csv.xlsx").write_bytes(b"")
    monkeypatch.chdir(tmp_path / "work")
    before = sorted((tmp_path / "data").iterdir())
    with pytest.raises(error) if error else nullcontext():
        check(tmp_path / "data" / data, suite, temp_directory=tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
    assert sorted((tmp_path / "data").iterdir()) == before
    for scan in opened:
        with pytest.raises(duckdb.ConnectionException):
            scan.connection.execute("SELECT 1")
    assert len(opened) == 1


def test_memory_limit_is_kept_and_told(tmp_path: Path) -> None:
    """A table whose grouping needs more than it may have spills or is an error; it never takes more."""
    frame = pd.DataFrame({"n": range(200_000), "s": [f"{number:064}" for number in range(200_000)]})
    frame.to_parquet(tmp_path / "data.parquet")
    suite = [{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["n", "s"]}}]
    assert check(tmp_path / "data.parquet", suite, memory_limit="200MB", threads=1).success
    with pytest.raises(MeasurementError) as refused:
        check(tmp_path / "data.parquet", suite, memory_limit="2MB", threads=1)
    assert refused.value.reason in ("out_of_memory", "read_failed")
    assert "memory" in str(refused.value).lower()


@pytest.mark.parametrize("data", [Path("t"), FRAME, None])
def test_with_a_connection_data_are_a_name(data: Any) -> None:
    """A frame beside a connection is a mistake, and neither of them is quietly left out."""
    database = sa.create_engine("sqlite://")
    with pytest.raises(DeclarationError, match="With a connection, the data are a table's name or a query") as refused:
        check(data, [NOT_NULL], connection=database)
    assert refused.value.reason == "unknown_data"


VALIDATE = """
import json, sys
from airflow_provider_dpq.core.quality.suite import validate_suite

validate_suite([
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": 1, "row_condition": "y > 1"}},
    {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "x"}, "on_empty": "warn"},
    {"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "x", "other_table": "y"}},
])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_validating_a_suite_imports_nothing_heavy() -> None:
    """A DAG file validates its suites each time it is parsed."""
    done = subprocess.run([sys.executable, "-c", VALIDATE], check=True, capture_output=True, text=True, cwd=ROOT)
    heavy = {"airflow", "duckdb", "great_expectations", "numpy", "pandas", "polars", "pyarrow", "sqlalchemy", "yaml"}
    assert [name for name in heavy if f'"{name}"' in done.stdout] == []
