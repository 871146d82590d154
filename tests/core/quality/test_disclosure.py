"""Values leave the process only as the gate allows, whoever evaluated the check and in whatever field they stand."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.quality import SuiteResult, check, run
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.expectations.base import Observed

SECRET = "0049-555-17"
FRAME = pd.DataFrame(
    {
        "id": range(1, 7),
        "phone": [SECRET, SECRET, "x", "y", None, "z"],
        "salary": [91731.5, 2.0, 2.0, 3.0, 4.0, 71737.25],
        "city": ["Bonn", "Ulm", "Bonn", "?", "?", "?"],
    }
)
EVERYTHING: dict[str, Any] = {
    "result_format": "COMPLETE",
    "include_unexpected_rows": True,
    "unexpected_index_column_names": ["id"],
}
ABOUT_HIDDEN: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "phone"}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "phone", "regex": "^x"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "salary", "max_value": 3}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "salary", "max_value": 3}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "Salary", "max_value": 3}},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["phone", "city"]}},
    {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "id", "column_B": "salary"}},
]
DELEGATED: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_json_parseable", "kwargs": {"column": "phone"}},
    {"type": "expect_column_most_common_value_to_be_in_set", "kwargs": {"column": "phone", "value_set": ["a"]}},
    {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": {"column": "salary", "value_set": [1]}},
]
BESIDE: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "city", "value_set": ["Bonn", "Ulm", "?"]}},
    {"type": "expect_column_values_to_be_json_parseable", "kwargs": {"column": "city"}},
]
HIDDEN = ["PHONE", "salary"]


def _text(found: SuiteResult) -> str:
    """Write down all that a report would have of the results."""
    return json.dumps([result.model_dump(mode="json") for result in found.results] + [repr(found.metrics)])


@pytest.mark.parametrize("suite", [ABOUT_HIDDEN, DELEGATED, BESIDE], ids=["scan", "delegated", "beside"])
def test_hidden_column_is_in_no_field_of_any_result(suite: list[dict[str, Any]]) -> None:
    """No value of a hidden column is written anywhere, also where rows of another check are shown whole."""
    open_ = check(FRAME, suite, result_format=EVERYTHING)
    hidden = check(FRAME, suite, result_format=EVERYTHING, hidden_columns=HIDDEN)
    assert any(secret in _text(open_) for secret in (SECRET, "91731.5"))
    for secret in (SECRET, "91731.5", "71737.25"):
        assert secret not in _text(hidden)
    for before, after in zip(open_.results, hidden.results, strict=True):
        assert after.verdict is before.verdict
        assert after.result.get("unexpected_count") == before.result.get("unexpected_count")


def test_rows_of_checks_about_hidden_columns_are_named_by_their_keys_alone() -> None:
    """Which rows they are is known; what they hold is not."""
    (result,) = check(FRAME, ABOUT_HIDDEN[2:3], result_format=EVERYTHING, hidden_columns=HIDDEN).results
    assert result.result["unexpected_index_list"] == [{"id": 1}, {"id": 5}, {"id": 6}]
    assert "partial_unexpected_list" not in result.result


def test_other_columns_are_still_shown_beside_hidden_ones() -> None:
    """A row that is shown whole lacks the hidden columns and no other."""
    (result,) = check(FRAME, BESIDE[:1], result_format=EVERYTHING, hidden_columns=HIDDEN).results
    rows: Any = result.result["unexpected_rows"]
    assert rows[0] == {"id": 1, "city": "Bonn"}
    assert result.result["partial_unexpected_counts"] == [
        {"value": "?", "count": 3},
        {"value": "Bonn", "count": 2},
        {"value": "Ulm", "count": 1},
    ]


def test_threshold_judges_a_hidden_figure_without_telling_it() -> None:
    """The verdict is reached; the figure that it was reached by is not in the report."""
    declared = {**ABOUT_HIDDEN[3], "thresholds": ["observed_value < 5"]}
    (result,) = check(FRAME, [declared], hidden_columns=HIDDEN).results
    assert result.verdict == "fail"
    assert result.thresholds[0].observed is None
    counting = {**ABOUT_HIDDEN[2], "thresholds": ["unexpected_count < 5"]}
    assert check(FRAME, [counting], hidden_columns=HIDDEN).results[0].thresholds[0].observed == 3


def test_figures_that_only_count_a_hidden_column_are_shown() -> None:
    """How many distinct values there are says none of them."""
    declared = {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "phone", "max_value": 1}}
    (result,) = check(FRAME, [declared], hidden_columns=HIDDEN).results
    assert result.result["observed_value"] == 4


def test_hidden_columns_of_a_database_are_hidden_as_well() -> None:
    """The same holds where GX's SQL engine is the reference."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    suite = ABOUT_HIDDEN + BESIDE[:1]
    found = check("t", suite, connection=database, result_format=EVERYTHING, hidden_columns=HIDDEN)
    for secret in (SECRET, "91731.5", "71737.25"):
        assert secret not in _text(found)
    database.dispose()


def test_engines_words_are_kept_out_where_columns_are_hidden(tmp_path: Path) -> None:
    """An engine may quote the value that it stumbled over."""
    declared = {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "salary"}}
    mixed = FRAME.assign(salary=["1", 2, "3", 4, 5, 6])
    (quoted,) = check(mixed, [declared]).results
    (silent,) = check(mixed, [declared], hidden_columns=HIDDEN).results
    assert quoted.error is not None
    assert silent.error is not None
    assert silent.error.reason == quoted.error.reason == "gx_exception"
    assert silent.error.message != quoted.error.message
    assert "kept out" in silent.error.message
    broken = tmp_path / "a.jsonl"
    broken.write_text(f'{{"phone": "{SECRET}"}}\n{{"phone": {SECRET}\n')
    with pytest.raises(MeasurementError) as refused:
        check(broken, ABOUT_HIDDEN[:1], hidden_columns=HIDDEN)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("suite", [BESIDE[:1], BESIDE[1:]], ids=["scan", "delegated"])
@pytest.mark.parametrize("keys", [{}, {"unexpected_index_column_names": ["id"]}], ids=["positions", "keys"])
@pytest.mark.parametrize("excluded", [False, True])
@pytest.mark.parametrize("rows", [0, 2])
def test_no_more_rows_are_shown_than_the_gate_allows(
    suite: list[dict[str, Any]], keys: dict[str, Any], excluded: bool, rows: int
) -> None:
    """Whatever the result format asks for, every list of rows is cut, and nothing names the others."""
    wanted = {"result_format": "COMPLETE", "include_unexpected_rows": True, **keys}
    (result,) = check(FRAME, suite, result_format=wanted, sample_rows=rows, exclude_unexpected_values=excluded).results
    assert result.result["unexpected_count"] == 6
    for name, shown in result.result.items():
        if not isinstance(shown, list) or name == "unexpected_index_column_names":
            continue
        per_row = [item for item in shown if not (isinstance(item, dict) and isinstance(item.get("id"), list))]
        assert len(per_row) <= rows, name
        assert all(len(item["id"]) <= rows for item in shown if item not in per_row), name
    assert "unexpected_index_query" not in result.result
    assert excluded == ("unexpected_list" not in result.result)


def test_excluding_values_excludes_whole_rows_too() -> None:
    """Great Expectations shows whole rows all the same; here the stricter of two wishes holds."""
    for suite in (BESIDE[:1], BESIDE[1:]):
        (result,) = check(FRAME, suite, result_format={**EVERYTHING, "exclude_unexpected_values": True}).results
        assert "unexpected_rows" not in result.result
        (result,) = check(FRAME, suite, result_format=EVERYTHING, exclude_unexpected_values=True).results
        assert "Ulm" not in json.dumps(dict(result.result))


def test_sample_rows_combine_with_the_result_format_by_the_smaller() -> None:
    """The gate's limit bounds the result format's; it never widens it."""
    wanted = {"result_format": "SUMMARY", "partial_unexpected_count": 1}
    (result,) = check(FRAME, BESIDE[:1], result_format=wanted, sample_rows=4).results
    assert result.result["partial_unexpected_list"] == ["Bonn"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sample_rows": -1}, "invalid_sample_rows"),
        ({"sample_rows": True}, "invalid_sample_rows"),
        ({"sample_rows": "3"}, "invalid_sample_rows"),
        ({"hidden_columns": "phone"}, "invalid_hidden_columns"),
        ({"hidden_columns": [1]}, "invalid_hidden_columns"),
        ({"hidden_columns": ["ID"], "result_format": EVERYTHING}, "hidden_index_column"),
    ],
)
def test_limits_that_are_none_are_refused_before_data_are_read(options: dict[str, Any], reason: str) -> None:
    """A wrong limit would let out what it was to keep."""
    with pytest.raises(DeclarationError) as refused:
        check("nowhere.parquet", BESIDE, **options)
    assert refused.value.reason == reason


def test_every_expectation_says_what_it_observes() -> None:
    """Nobody can add one and forget that what it observes may be a value."""
    assert {type_: model.observes for type_, model in registered().items() if isinstance(model.observes, Observed)}
    silent = [
        type_ for type_, model in registered().items() if not isinstance(getattr(model, "observes", None), Observed)
    ]
    assert silent == []


OBSERVING: list[dict[str, Any]] = [
    {"type": "expect_column_most_common_value_to_be_in_set", "kwargs": {"column": "phone", "value_set": ["a"]}},
    {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": {"column": "phone", "value_set": ["a"]}},
    {"type": "expect_column_distinct_values_to_contain_set", "kwargs": {"column": "phone", "value_set": ["a"]}},
    {"type": "expect_column_distinct_values_to_equal_set", "kwargs": {"column": "phone", "value_set": ["a"]}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "salary", "max_value": 3}},
    {"type": "expect_column_min_to_be_between", "kwargs": {"column": "salary", "min_value": 3}},
    {"type": "expect_column_median_to_be_between", "kwargs": {"column": "salary", "min_value": 30}},
    {
        "type": "expect_column_quantile_values_to_be_between",
        "kwargs": {"column": "salary", "quantile_ranges": {"quantiles": [0, 0.5, 1], "value_ranges": [[5, 6]] * 3}},
    },
    {
        "type": "expect_column_kl_divergence_to_be_less_than",
        "kwargs": {
            "column": "phone",
            "partition_object": {"values": ["x", "q"], "weights": [0.5, 0.5]},
            "threshold": 0.1,
        },
    },
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "phone", "regex": "^x"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "city", "value_set": ["?"]}},
    {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT phone AS p FROM {batch}"}},
    {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "salary"}},
]
SHOWN = [SECRET, "91731.5", "71737.25", "Bonn", "Ulm"]


@pytest.mark.parametrize("database", [False, True])
@pytest.mark.parametrize("limits", [{"sample_rows": 0}, {"exclude_unexpected_values": True}])
@pytest.mark.parametrize("level", ["BASIC", "SUMMARY", "COMPLETE"])
def test_whatever_shows_a_value_obeys_the_same_rule(limits: dict[str, Any], level: str, database: bool) -> None:
    """A gate that shows no failing value shows no greatest, most common or middle one either; the verdicts stand."""
    options: dict[str, Any] = {}
    data: Any = FRAME
    if database:
        options["connection"] = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        FRAME.to_sql("t", options["connection"], index=False)
        data = "t"
    declared = [{**one, "thresholds": ["observed_value < 5"]} if "max" in one["type"] else one for one in OBSERVING]
    open_ = check(data, declared, result_format=level, **options)
    closed = check(data, declared, result_format=level, **limits, **options)
    assert any(value in _text(open_) for value in SHOWN)
    written = json.dumps(
        [result.model_dump(mode="json", exclude={"declaration"}) for result in closed.results] + [repr(closed.metrics)]
    )
    assert [value for value in SHOWN if value in written] == []
    assert [result.verdict for result in closed.results] == [result.verdict for result in open_.results]


def test_figures_of_many_values_stay_where_failing_values_stay_out() -> None:
    """A mean is no value of a row; nor is a number of values."""
    suite = [
        {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "id", "max_value": 3}},
        {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "id", "max_value": 3}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 6}},
    ]
    found = check(FRAME, suite, sample_rows=0, exclude_unexpected_values=True).results
    assert [result.result["observed_value"] for result in found] == [3.5, 6, 6]


def test_result_format_alone_shows_what_great_expectations_shows() -> None:
    """Its exclude_unexpected_values is about failing rows; the gate's own arguments are about all values."""
    form = {"result_format": "COMPLETE", "exclude_unexpected_values": True}
    (result,) = check(FRAME, OBSERVING[4:5], result_format=form).results
    assert result.result["observed_value"] == 91731.5


RENAMING = [
    "SELECT phone AS p, 1 AS a FROM {batch}",
    "SELECT * FROM (SELECT * FROM {batch}) AS x(a, p, c, d)",
    "SELECT upper(city) || max(phone) AS p FROM {batch} GROUP BY city",
]


@pytest.mark.parametrize("query", RENAMING)
def test_query_that_renames_a_hidden_column_shows_no_row(query: str) -> None:
    """Columns of a query may have any name: what is not known to be free of hidden values is not shown."""
    suite = [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}]
    (result,) = check(FRAME, suite, result_format="COMPLETE", hidden_columns=["phone"]).results
    assert (SECRET in json.dumps(result.model_dump(mode="json")), result.verdict) == (False, "fail")
    assert result.result["observed_value"] > 0


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT id, phone AS p, city FROM t", False),
        ("SELECT id, phone, phone AS p, city FROM t", False),
        ("SELECT id, coalesce(PHONE, city) AS p, city FROM t", False),
        ("SELECT id, phone, city, city AS p FROM t", True),
        ("SELECT *, city AS p FROM t", True),
    ],
)
@pytest.mark.parametrize("partition_by", [None, "id"])
def test_query_that_is_checked_may_rename_a_hidden_column(query: str, shown: bool, partition_by: str | None) -> None:
    """Where a hidden column may be there under another name, all checks show counts alone."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    suite = [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "p", "value_set": ["a"]}}]
    found = check(query, suite, connection=database, hidden_columns=["phone"], partition_by=partition_by)
    assert SECRET not in _text(found)
    assert ("Bonn" in _text(found)) is shown
    assert found.results[0].result["unexpected_count"] > 0


QUOTING: list[dict[str, Any]] = [
    {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE CAST(name AS INTEGER) > 0"},
    },
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "name", "min_value": 1}},
    {"type": "expect_column_values_to_match_json_schema", "kwargs": {"column": "name", "json_schema": {"type": "x"}}},
]


@pytest.mark.parametrize("declared", QUOTING)
@pytest.mark.parametrize("limits", [{"hidden_columns": ["name"]}, {"sample_rows": 0}])
@pytest.mark.parametrize("as_file", [False, True])
def test_error_of_an_engine_quotes_no_value_that_is_not_shown(
    declared: dict[str, Any], limits: dict[str, Any], as_file: bool, tmp_path: Path
) -> None:
    """A cast that fails, a parser and Great Expectations name the value that they stumbled over."""
    data: Any = pd.DataFrame({"name": ["Smith", "Jones"]})
    if as_file:
        data.to_csv(tmp_path / "names.csv", index=False)
        data = tmp_path / "names.csv"
    (open_,) = check(data, [declared]).results
    (closed,) = check(data, [declared], **limits).results
    assert open_.error is not None
    assert closed.error is not None
    # That a file has misfits is said in our own words, with their number.
    own_words = as_file and declared is QUOTING[1]
    assert (open_.error.quotes_data, "kept out" in closed.error.message) == (not own_words, not own_words)
    assert closed.error.reason == open_.error.reason
    text = closed.model_dump_json(exclude={"declaration"})
    assert ("Smith" in text, "Jones" in text) == (False, False)
    assert own_words or open_.error.without_values == f"See the report for the reason ({open_.error.reason})."


def test_error_that_nobody_foresaw_leaves_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a driver raises may quote a value; where nothing is hidden it leaves as it is."""

    def broken(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(run, "open_table", broken)
    with pytest.raises(ValueError, match=SECRET):
        check(FRAME, BESIDE[:1])
    with pytest.raises(MeasurementError) as kept:
        check(FRAME, BESIDE[:1], hidden_columns=HIDDEN)
    assert kept.value.reason == "unexpected_error"
    assert SECRET not in "".join(traceback.format_exception(kept.value))


@pytest.mark.parametrize("condition", [f"phone != '{SECRET[:4]}'", {"column": "phone", "value": SECRET[:4]}])
def test_report_names_no_value_that_chose_the_rows_by_a_hidden_column(condition: Any) -> None:
    """The columns of the partition are said; their values, and conditions about them, are not."""
    if isinstance(condition, dict):
        condition = {"type": "comparison", "column": {"name": "phone"}, "operator": "!=", "parameter": SECRET[:4]}
    chosen: dict[str, Any] = {"partition": {"phone": SECRET, "city": "Bonn"}, "row_condition": condition}
    checked = check(FRAME, BESIDE[:1], hidden_columns=HIDDEN, **chosen).checked
    assert checked is not None
    assert SECRET[:4] not in checked.model_dump_json()
    assert dict(checked.partition) == {"phone": "(hidden)", "city": "Bonn"}
    assert checked.row_condition == "(hidden)"
    other = check(FRAME, BESIDE[:1], hidden_columns=HIDDEN, row_condition="id < 4").checked
    assert other is not None
    assert other.row_condition == "id < 4"


CHOOSING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"partition": {"phone": SECRET}}, {}),
    ({"row_condition": f"phone == '{SECRET}'"}, {}),
    ({}, {"row_condition": f"phone == '{SECRET}'"}),
    ({}, {"row_condition": f'col("phone") == "{SECRET}"', "condition_parser": "great_expectations"}),
]


@pytest.mark.parametrize(("options", "condition"), CHOOSING)
@pytest.mark.parametrize("column", ["id", "phone"])
@pytest.mark.parametrize("kind", ["in_set", "json_parseable"])
def test_no_field_names_the_hidden_value_that_chose_the_rows(
    options: dict[str, Any], condition: dict[str, Any], column: str, kind: str
) -> None:
    """Neither the condition, of the gate or of a check, nor the query that finds the rows; what is expected stays."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    values = {"value_set": ["a", "b"]} if kind == "in_set" else {}
    declared = {"type": f"expect_column_values_to_be_{kind}", "kwargs": {"column": column, **values, **condition}}
    limits: dict[str, Any] = {"hidden_columns": ["phone"], "result_format": "COMPLETE"}
    for source in ({"data": "t", "connection": database}, {"data": FRAME}):
        if kind != "in_set" and "connection" in source:
            continue  # Great Expectations has it for frames alone
        found = check(suite=[declared], **source, **limits, **options)
        assert found.checked is not None
        assert SECRET not in _text(found) + found.checked.model_dump_json()
        (result,) = found.results
        assert result.error is None
        assert result.declaration.get("value_set") == values.get("value_set")
    (open_,) = check("t", [declared], connection=database, result_format="COMPLETE", **options).results
    assert (SECRET in json.dumps(open_.model_dump(mode="json"))) or kind != "in_set"


def _in_folders(path: Path, text: str) -> str:
    """Write files in folders by a hidden value, the last one with this text."""
    for number, last in enumerate(("id,n\n1,2\n", text)):
        folder = path / f"phone={SECRET}{number}"
        folder.mkdir()
        (folder / "a.csv").write_text("id,n\n1,2\n")
        (folder / "b.csv").write_text(last)
    return str(path / "*" / "*.csv")


UNIQUE = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]


@pytest.mark.parametrize("partition_by", [None, "phone"])
def test_folders_do_not_tell_what_is_hidden(partition_by: str | None, tmp_path: Path) -> None:
    """Their names are values of the column: in the log, and in what the report says of files."""
    said: list[str] = []
    asked: dict[str, Any] = {"hidden_columns": ["Phone"], "partition_by": partition_by, "progress": said.append}
    found = check(_in_folders(tmp_path, ""), UNIQUE, **asked)
    assert found.checked is not None
    said.append(_text(found) + found.checked.model_dump_json())
    assert SECRET not in "".join(said)
    assert "phone=(hidden)/b.csv': empty" in "".join(said)
    one = check(str(tmp_path / f"phone={SECRET}0" / "b.csv"), UNIQUE, hidden_columns=["phone"])
    assert one.subject.endswith("/phone=(hidden)/b.csv")


def test_error_does_not_tell_what_a_folder_is_hidden_by(tmp_path: Path) -> None:
    """It names the file, whose words are our own, and not the value in its path."""
    with pytest.raises(MeasurementError, match=r"/phone=\(hidden\)/b.csv', line 2") as refused:
        check(_in_folders(tmp_path, "id,n\n1,2,3\n"), UNIQUE, hidden_columns=["phone"])
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("hides", [False, True])
def test_value_that_fits_no_column_of_the_partition_quotes_data(hides: bool) -> None:
    """It may come from the data, as where an instance of a mapped task is made of it."""
    with pytest.raises(DeclarationError) as refused:
        check(FRAME, BESIDE[:1], partition={"id": SECRET}, hidden_columns=HIDDEN if hides else [])
    assert (refused.value.reason, refused.value.quotes_data) == ("invalid_partition", not hides)
    assert (SECRET in str(refused.value)) is not hides
