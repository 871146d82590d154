"""Checks that say nothing of the data: as declared nothing could break them, or they found no row."""

from __future__ import annotations

import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.expectations import Expectation, registered
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.quality.suite import load_suite
from airflow_provider_dpq.core.render import render_html, render_text

FRAME = pd.DataFrame({"n": [1.0, 2.0, 3.0], "s": pd.Series(["a", "b", "c"], dtype="str"), "m": [1.0, 2.0, 4.0]})
NOTHING = [
    *[
        (f"column_{figure}_to_be_between", {"column": "n"})
        for figure in ("min", "max", "mean", "median", "sum", "stdev")
    ],
    ("column_unique_value_count_to_be_between", {"column": "n"}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "n"}),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 1}),
    ("column_stdev_to_be_between", {"column": "n", "min_value": 0}),
    ("column_max_to_be_between", {"column": "n", "min_value": "-inf", "max_value": "inf"}),
    ("table_row_count_to_be_between", {}),
    ("table_row_count_to_be_between", {"min_value": 0}),
    ("table_column_count_to_be_between", {}),
    ("table_columns_to_match_set", {"column_set": [], "exact_match": False}),
    ("table_columns_to_match_set", {"exact_match": False}),
    ("table_columns_to_match_ordered_list", {}),
    ("column_values_to_be_in_type_list", {"column": "n"}),
    ("column_values_to_not_be_null", {"column": "n", "mostly": 0}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [], "mostly": 0}),
    ("column_values_to_not_be_in_set", {"column": "n", "value_set": []}),
    ("column_distinct_values_to_contain_set", {"column": "n", "value_set": []}),
    ("column_values_to_match_regex", {"column": "s"}),
    ("column_values_to_match_regex", {"column": "s", "regex": "^x*"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["x", ""]}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 0}),
    ("column_kl_divergence_to_be_less_than", {"column": "n"}),
    ("column_kl_divergence_to_be_less_than", {"column": "s", "threshold": 0.1, "bucketize_data": False}),
    ("column_value_z_scores_to_be_less_than", {"column": "n", "threshold": "-inf", "double_sided": True}),
    ("column_values_to_not_be_in_set", {"column": "n", "value_set": [None, float("nan"), pd.NaT]}),
    ("column_quantile_values_to_be_between", {"column": "n", "quantile_ranges": {"quantiles": [], "value_ranges": []}}),
    (
        "column_quantile_values_to_be_between",
        {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[None, None]]}},
    ),
    ("compound_columns_to_be_unique", {"column_list": ["n", "s"], "mostly": 0}),
    ("column_pair_values_to_be_equal", {"column_A": "n", "column_B": "m", "mostly": 0}),
    ("row_condition_to_hold", {"expression": "n > 5", "mostly": 0}),
    ("column_values_to_not_be_outliers", {"column": "n", "multiplier": "inf"}),
]
QUARTILES: dict[str, Any] = {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}}
SOMETHING = [
    ("column_stdev_to_be_between", {"column": "n", "min_value": 0, "strict_min": True}),
    ("column_min_to_be_between", {"column": "n", "min_value": 0}),
    ("table_row_count_to_be_between", {"min_value": 1}),
    ("table_row_count_to_be_between", {"min_value": 0, "max_value": 5}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "n", "max_value": 1, "min_value": 0.1}),
    ("column_values_to_match_regex", {"column": "s", "regex": "[abc]"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["[abc]", ""], "match_on": "all"}),
    ("column_values_to_not_be_in_set", {"column": "n", "value_set": [9]}),
    ("table_columns_to_match_set", {"column_set": ["n", "s", "m"]}),
    ("column_values_to_not_be_null", {"column": "n", "mostly": 0.0001}),
]


def _declared(name: str, kwargs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": f"expect_{name}", "kwargs": kwargs, **more}


def _subclasses(model: type[Expectation]) -> set[type[Expectation]]:
    found = {child for direct in model.__subclasses__() for child in {direct, *_subclasses(direct)}}
    return {child for child in found if "type" in vars(child)}


def test_every_expectation_says_whether_it_looks_at_rows_when_it_judges_nothing_and_how_it_merges() -> None:
    """These are facts of the model, which no other place can know; how parts merge is inherited by none."""
    models = set(registered().values())  # which imports them all
    assert models == _subclasses(Expectation)
    for model in models:
        assert isinstance(model.looks_at_rows, bool), model
        assert isinstance(vars(model)["merges"], Merging), f"{model} says itself how parts make the whole"
        owner = next(parent for parent in model.__mro__ if "judges_nothing" in vars(parent))
        assert owner is not Expectation, model
        assert not inspect.isabstract(model), model


@pytest.mark.parametrize(("name", "kwargs"), NOTHING, ids=str)
def test_check_that_nothing_could_break_warns(name: str, kwargs: dict[str, Any]) -> None:
    """It holds, as it does for Great Expectations, and says that it says nothing."""
    (result,) = check(FRAME, [_declared(name, kwargs)]).results
    assert (result.success, result.verdict) == (True, Verdict.WARN)
    assert result.remarks == ("judges nothing: as declared, no data could break it",)


@pytest.mark.parametrize(("name", "kwargs"), SOMETHING, ids=str)
def test_check_that_something_could_break_passes(name: str, kwargs: dict[str, Any]) -> None:
    """It was held to something."""
    (result,) = check(FRAME, [_declared(name, kwargs)]).results
    assert (result.success, result.verdict, result.remarks) == (True, Verdict.PASS, ())


def test_check_that_judges_nothing_may_be_for_information_or_for_its_thresholds() -> None:
    """Severity "info" asks for figures alone, and thresholds judge them."""
    suite = [
        _declared("column_mean_to_be_between", {"column": "n"}, severity="info"),
        _declared("column_mean_to_be_between", {"column": "n"}, thresholds=["observed_value < 5"]),
        _declared("column_mean_to_be_between", {"column": "n"}, severity="warning"),
    ]
    verdicts = [result.verdict for result in check(FRAME, suite).results]
    assert verdicts == [Verdict.PASS, Verdict.PASS, Verdict.WARN]


def test_threshold_does_not_hide_that_a_set_has_no_value_of_the_columns_type() -> None:
    """What it limits is nothing, whatever the column holds."""
    kwargs = {"column": "n", "value_set": ["1"]}
    suite = [_declared("column_values_to_not_be_in_set", kwargs, thresholds=["unexpected_percent < 5"])]
    (result,) = check(FRAME, suite).results
    assert (result.verdict, len(result.remarks)) == (Verdict.WARN, 1)


def test_set_of_no_columns_is_broken_by_any() -> None:
    """Where none is given, as Great Expectations reads it, the table must have none."""
    (result,) = check(FRAME, [_declared("table_columns_to_match_set", {})]).results
    assert (result.success, result.verdict) == (False, Verdict.FAIL)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("column_mean_to_be_between", {"column": "n", "max_value": float("nan")}),
        ("column_stdev_to_be_between", {"column": "n", "min_value": "nan"}),
        ("column_values_to_be_between", {"column": "n", "min_value": float("nan"), "max_value": 1}),
        ("column_value_z_scores_to_be_less_than", {"column": "n", "threshold": float("nan"), "double_sided": True}),
        ("multicolumn_sum_to_equal", {"column_list": ["n", "m"], "sum_total": float("nan")}),
        (
            "column_quantile_values_to_be_between",
            {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[float("nan"), 1]]}},
        ),
        (
            "column_quantile_values_to_be_between",
            {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]], "value_range": []}},
        ),
        ("column_max_to_be_between", {"column": "n", "max_value": pd.NaT}),
        ("column_max_to_be_between", {"column": "n", "max_value": Decimal("sNaN")}),
        ("column_max_to_be_between", {"column": "n", "max_value": 10**400}),
        ("compound_columns_to_be_unique", {"column_list": ["n", ""]}),
        ("table_to_match_contract", {"contract": None}),
        ("table_to_match_contract", {"contract": ""}),
        *(
            ("column_quantile_values_to_be_between", {**QUARTILES, "allow_relative_error": word})
            for word in (2.5, [], Decimal("sNaN"))
        ),
    ],
)
def test_limit_that_is_none_is_refused(name: str, kwargs: dict[str, Any]) -> None:
    """NaN compares with nothing, and a misspelt key limits nothing."""
    with pytest.raises(DeclarationError) as refused:
        load_suite([_declared(name, kwargs)])
    assert refused.value.reason == "invalid_argument"


OF_ROWS = [
    ("column_values_to_not_be_null", {"column": "n"}),
    ("column_values_to_be_unique", {"column": "n"}),
    ("column_values_to_match_regex", {"column": "s", "regex": "(?<=x)y"}),
    ("column_values_to_be_increasing", {"column": "n"}),
    ("column_distinct_values_to_be_in_set", {"column": "n", "value_set": [1]}),
    ("column_unique_value_count_to_be_between", {"column": "n", "max_value": 5}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "n", "max_value": 0.5}),
    ("column_sum_to_be_between", {"column": "n", "max_value": 5}),
    ("compound_columns_to_be_unique", {"column_list": ["n", "s"]}),
    ("column_pair_values_to_be_equal", {"column_A": "n", "column_B": "m"}),
    ("row_condition_to_hold", {"expression": "n > 5"}),
]
OF_THE_TABLE = [
    ("table_row_count_to_be_between", {"max_value": 5}),
    ("table_column_count_to_equal", {"value": 3}),
    ("column_to_exist", {"column": "n"}),
    ("table_columns_to_match_set", {"column_set": ["n", "s", "m"]}),
    ("table_to_match_contract", {"contract": {"columns": [{"name": "n"}]}}),
]


@pytest.mark.parametrize("source", ["frame", "parquet", "sqlite"])
def test_checks_of_rows_warn_where_there_is_none_and_those_of_the_table_do_not(source: str, tmp_path: Path) -> None:
    """On every source: what holds of no rows has not been seen to hold of any."""
    empty, options = FRAME.iloc[:0], {}
    data: Any = empty
    if source == "parquet":
        data = tmp_path / "empty.parquet"
        empty.to_parquet(data, index=False)
    elif source == "sqlite":
        options["connection"] = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
        empty.to_sql("t", options["connection"], index=False)
        data = "t"
    usable = [one for one in OF_ROWS if source != "sqlite" or "increasing" not in one[0]]
    found = check(data, [_declared(*one) for one in usable + OF_THE_TABLE], **options)
    for result in found.results[: len(usable)]:
        held = Verdict.WARN if result.success else Verdict.FAIL
        assert (result.verdict, result.remarks) == (held, ("there is no row to check (on_empty: warn)",)), result
        assert result.error is None
    assert {result.verdict for result in found.results[len(usable) :]} == {Verdict.PASS}
    assert {result.on_empty for result in found.results[len(usable) :]} == {"expectation"}


@pytest.mark.parametrize("condition", ["n > 100", "n * 2 > 100"])
def test_condition_that_matches_no_row_says_so(condition: str) -> None:
    """Also where the check counts no rows of its own, and where Great Expectations evaluates the condition."""
    suite = [
        _declared(name, kwargs | {"row_condition": condition, "condition_parser": "pandas"})
        for name, kwargs in OF_ROWS
        if name != "column_values_to_match_regex"
    ]
    for result in check(
        FRAME, [one for one in suite if "*" not in condition or one["type"] != "expect_row_condition_to_hold"]
    ).results:
        assert result.error is None, result
        assert result.remarks == ("its row condition matches no row (on_empty: warn)",), result
        assert result.verdict is (Verdict.WARN if result.success else Verdict.FAIL), result
    (left,) = check(FRAME, suite[:1], on_empty="expectation").results
    assert (left.verdict, left.remarks) == (Verdict.PASS, ("its row condition matches no row (on_empty: expectation)",))


@pytest.mark.parametrize("condition", ["n > 2", "n * 2 > 5"])
def test_condition_that_matches_a_row_says_nothing(condition: str) -> None:
    """One row is enough."""
    suite = [
        _declared("column_sum_to_be_between", {"column": "n", "max_value": 5, "row_condition": condition}),
        _declared("column_values_to_not_be_null", {"column": "n", "row_condition": condition}),
    ]
    for result in check(FRAME, suite).results:
        assert (result.verdict, result.remarks) == (Verdict.PASS, ())


def test_rows_of_a_condition_are_added_over_partitions(tmp_path: Path) -> None:
    """Where no partition has one, the check has looked at nothing."""
    data = tmp_path / "t.parquet"
    pd.DataFrame({"day": [1, 1, 2], "n": [1, 2, 3]}).to_parquet(data)
    for condition, verdict in (("n > 100", Verdict.WARN), ("n > 2", Verdict.PASS)):
        suite = [_declared("column_unique_value_count_to_be_between", {"column": "n", "max_value": 9})]
        suite[0]["kwargs"]["row_condition"] = condition
        found = check(data, suite, partition_by="day")
        assert [result.verdict for result in found.results] == [verdict], condition


def test_policy_of_the_check_itself_holds_for_what_is_exempt() -> None:
    """The gate's does not: a check that declares one knows what it is about."""
    declared = _declared("column_to_exist", {"column": "n"})
    for own, verdict in ({}, Verdict.PASS), ({"on_empty": "fail"}, Verdict.FAIL):
        (result,) = check(FRAME.iloc[:0], [declared | own], on_empty="warn").results
        assert (result.success, result.verdict) == (True, verdict)


@pytest.mark.parametrize("option", ["partial_unexpected_cout", "exclude_unexpected_value", "sample_rows"])
def test_unknown_option_of_the_result_format_is_refused(option: str) -> None:
    """A misspelt one would show what it was to keep out."""
    with pytest.raises(DeclarationError, match="has unknown options") as refused:
        check(
            FRAME, [_declared("column_to_exist", {"column": "n"})], result_format={"result_format": "BASIC", option: 1}
        )
    assert refused.value.reason == "invalid_result_format"


def test_report_and_page_say_why_a_check_warns() -> None:
    """In the finding of the text, and on the page."""
    suite = [_declared("column_values_to_not_be_null", {"column": "n", "row_condition": "n > 100"})]
    report = judge_suite(check(FRAME, suite), gate="g", provenance=Provenance(run_id="r"))
    assert report.verdict is Verdict.WARN
    for text in (render_text(report), render_html(report)):
        assert "its row condition matches no row (on_empty: warn)" in text


@pytest.mark.parametrize(
    ("values", "forbidden", "verdict"),
    [
        (["no", "yes"], [False], Verdict.WARN),
        (["no", "5"], [5, 5.5], Verdict.WARN),
        (["no", "5"], [5, "no"], Verdict.FAIL),
        (["no", "5"], [5, "x"], Verdict.PASS),
        ([5, 6], ["5", "6"], Verdict.WARN),
        ([5, 6], ["5", 5], Verdict.FAIL),
        ([1, 0], [True], Verdict.FAIL),
        ([True, False], ["true", 7], Verdict.WARN),
        ([True, False], [0], Verdict.FAIL),
        (pd.to_datetime(["2024-01-01"]), [20240101], Verdict.WARN),
        (pd.Categorical(["a", "b"]), [1], Verdict.WARN),
        (pd.Categorical(["a", "b"]), [1, "a"], Verdict.FAIL),
        (pd.Categorical([5, 6]), ["5"], Verdict.WARN),
        (pd.Categorical([5, 6]), [5], Verdict.FAIL),
        (pd.Series([5, True, 2.5], dtype=object), ["5", "True"], Verdict.WARN),
        (pd.Series([5, "5"], dtype=object), ["5"], Verdict.FAIL),
        (pd.to_datetime(["2024-01-01"]), ["2024-01-01"], Verdict.FAIL),
    ],
)
def test_set_of_another_kind_than_the_column_judges_nothing(
    values: Any, forbidden: list[Any], verdict: Verdict
) -> None:
    """No value can be in a set that has none of the column's kind, which is said, and is still GX's success."""
    kwargs = {"column": "v", "value_set": forbidden}
    expectation = {"type": "expect_column_values_to_not_be_in_set", "kwargs": kwargs}
    (result,) = check(pd.DataFrame({"v": values}), [expectation]).results
    assert result.verdict is verdict
    assert result.success is (verdict is not Verdict.FAIL)
    assert any("judges nothing: the column holds" in told for told in result.remarks) is (verdict is Verdict.WARN)


@pytest.mark.parametrize(
    ("type_", "value", "forbidden", "verdict"),
    [
        ("BOOLEAN", 1, ["true"], Verdict.WARN),
        ("BOOLEAN", 1, ["1"], Verdict.FAIL),
        ("BOOLEAN", 1, [True], Verdict.FAIL),
        ("BOOLEAN", "true", ["true"], Verdict.FAIL),
        ("BOOLEAN", "true", ["false"], Verdict.PASS),
        ("INTEGER", 5, ["five"], Verdict.WARN),
        ("INTEGER", 5, ["5"], Verdict.FAIL),
        ("DATE", "2024-01-01", [20240101], Verdict.WARN),
        ("DATE", "2024-01-01", ["2024-01-01"], Verdict.FAIL),
        ("TEXT", "5", [5], Verdict.FAIL),
    ],
)
def test_set_of_another_kind_than_the_column_of_sqlite(
    type_: str, value: Any, forbidden: list[Any], verdict: Verdict
) -> None:
    """SQLite keeps any value in any column, so that only rows without a stray one let the set judge nothing."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE t (v {type_})")
        connection.exec_driver_sql("INSERT INTO t VALUES (?)", (value,))
    kwargs = {"column": "v", "value_set": forbidden}
    expectation = {"type": "expect_column_values_to_not_be_in_set", "kwargs": kwargs}
    (result,) = check("t", [expectation], connection=engine).results
    assert result.error is None
    assert result.verdict is verdict


@pytest.mark.service
@pytest.mark.parametrize(
    ("type_", "value", "forbidden", "verdict"),
    [
        ("int", 0, ["zero"], Verdict.WARN),
        ("int", 0, ["0"], Verdict.FAIL),
        ("boolean", 0, ["false"], Verdict.WARN),
        ("date", "2024-01-01", [20240101], Verdict.FAIL),
        ("date", "2024-01-01", ["soon"], Verdict.WARN),
        ("date", "2024-01-01", ["2024-01-01"], Verdict.FAIL),
        ("varchar(9)", "5", [5], Verdict.FAIL),
        ("varchar(9)", "7.0", [7], Verdict.WARN),
    ],
)
def test_set_of_another_kind_than_the_column_of_mariadb(
    mysql_url: str, type_: str, value: Any, forbidden: list[Any], verdict: Verdict
) -> None:
    """It would cast a text to the number that it begins with, or to 0."""
    engine = sa.create_engine(mysql_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS forbidden")
        connection.exec_driver_sql(f"CREATE TABLE forbidden (v {type_})")
        connection.exec_driver_sql("INSERT INTO forbidden VALUES (%s)", (value,))
    for kind, wanted in (("not_be", verdict), ("be", Verdict.PASS if verdict is Verdict.FAIL else Verdict.FAIL)):
        kwargs = {"column": "v", "value_set": forbidden}
        (result,) = check(
            "forbidden", [{"type": f"expect_column_values_to_{kind}_in_set", "kwargs": kwargs}], connection=engine
        ).results
        assert result.error is None
        assert result.verdict is wanted


@pytest.mark.parametrize(
    ("name", "text", "forbidden"),
    [("a.csv", "v\ntrue\nfalse\n", ["true"]), ("a.csv", "v\n5\n", ["5"]), ("a.jsonl", '{"v": "no"}\n', [False, 5])],
)
@pytest.mark.parametrize("partitioned", [False, True])
def test_set_of_another_kind_than_the_column_of_a_file(
    tmp_path: Path, name: str, text: str, forbidden: list[Any], partitioned: bool
) -> None:
    """The type that a column is read as is the kind that counts, in the whole as by partition."""
    for part in ("p=1", "p=2"):
        (tmp_path / part).mkdir()
        (tmp_path / part / name).write_text(text)
    kwargs = {"column": "v", "value_set": forbidden}
    expectation = {"type": "expect_column_values_to_not_be_in_set", "kwargs": kwargs}
    beside = {"partition_by": ["p"]} if partitioned else {}
    path = tmp_path / ("p=*" if partitioned else "p=1") / name
    (result,) = check(path, [expectation], **beside).results
    assert (result.verdict, result.success) == (Verdict.WARN, True)
