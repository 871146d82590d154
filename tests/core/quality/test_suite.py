"""Suites in every form that users have them in, and what is refused before any data are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import great_expectations as gx
import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.emptiness import OnEmpty
from airflow_provider_dpq.core.quality.suite import load_suite, validate_suite

NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
PRESENT: dict[str, Any] = {"type": NOT_NULL, "kwargs": {"column": "x"}}
LIMITED: dict[str, Any] = {"type": BETWEEN, "kwargs": {"column": "x", "max_value": {"$PARAMETER": "limit"}}}


def _as_json(suite: Any, directory: Path) -> Any:
    path = directory / "suite.json"
    path.write_text(json.dumps(suite), encoding="utf-8")
    return path


def _as_yaml(suite: Any, directory: Path) -> Any:
    path = directory / "suite.yaml"
    path.write_text(
        "name: flights\nexpectations:\n"
        f"- {{type: {NOT_NULL}, kwargs: {{column: x, mostly: 0.9}}, severity: warning}}\n"
        f"- {{type: {BETWEEN}, kwargs: {{column: x, min_value: 1, max_value: 5}}}}\n",
        encoding="utf-8",
    )
    return str(path)


def _as_gx_suite(suite: Any, directory: Path) -> Any:
    return gx.ExpectationSuite(name="flights", expectations=_as_gx_objects(suite, directory))


def _as_gx_objects(suite: Any, directory: Path) -> Any:
    return [
        gx.expectations.ExpectColumnValuesToNotBeNull(column="x", mostly=0.9, severity="warning"),
        gx.expectations.ExpectColumnValuesToBeBetween(column="x", min_value=1, max_value=5),
    ]


def _as_stored_by_gx(suite: Any, directory: Path) -> Any:
    return json.loads(json.dumps(_as_gx_suite(suite, directory).to_json_dict()))


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda suite, _: suite, "flights"),
        (lambda suite, _: suite["expectations"], ""),
        (lambda suite, _: tuple(suite["expectations"]), ""),
        (lambda suite, _: iter(suite["expectations"]), ""),
        (_as_json, "flights"),
        (_as_yaml, "flights"),
        (_as_gx_suite, "flights"),
        (_as_gx_objects, ""),
        (_as_stored_by_gx, "flights"),
    ],
    ids=["mapping", "list", "tuple", "iterator", "json", "yaml", "gx suite", "gx objects", "stored by gx"],
)
def test_suite_says_the_same_in_every_form(form: Callable[[Any, Path], Any], name: str, tmp_path: Path) -> None:
    """A file, a mapping, a list and Great Expectations' own objects declare the same checks."""
    suite = {
        "name": "flights",
        "expectations": [
            {"type": NOT_NULL, "kwargs": {"column": "x", "mostly": 0.9}, "severity": "warning"},
            {"type": BETWEEN, "kwargs": {"column": "x", "min_value": 1, "max_value": 5}},
        ],
    }
    loaded = load_suite(form(suite, tmp_path))
    assert loaded.name == name
    first, second = loaded.expectations
    assert (first.type, first.kwargs["mostly"], first.severity) == (NOT_NULL, 0.9, "warning")
    assert (second.type, second.severity) == (BETWEEN, "critical")
    assert (second.kwargs["min_value"], second.kwargs["max_value"]) == (1, 5)
    assert second.expectation == load_suite([suite["expectations"][1]]).expectations[0].expectation


@pytest.mark.parametrize(
    ("word", "severity"),
    [("warn", "warning"), ("fail", "critical"), ("Warning", "warning"), ("FAIL", "critical"), ("info", "info")],
)
def test_severity_is_said_in_either_vocabulary(word: str, severity: str) -> None:
    """Great Expectations says warning and critical, thresholds say warn and fail; the report has the former."""
    (declared,) = load_suite([{**PRESENT, "severity": word}]).expectations
    assert declared.severity == severity


def test_lone_threshold_needs_no_list() -> None:
    """One threshold of a check may stand as a plain text."""
    (declared,) = load_suite([{**PRESENT, "thresholds": "unexpected_percent < 1"}]).expectations
    assert list(map(str, declared.thresholds)) == ["unexpected_percent < 1"]


def test_suite_that_was_loaded_is_returned_as_it_is() -> None:
    """Loading twice is loading once: parameters are not asked for again."""
    loaded = load_suite([LIMITED], {"limit": 3})
    assert load_suite(loaded) is loaded


def test_options_stand_beside_kwargs_or_under_meta() -> None:
    """What Great Expectations does not know lives in `meta.dpq` where its own files are used, or in plain keys."""
    plain = {**PRESENT, "name": "x is there", "thresholds": ["unexpected_percent < 1"], "on_empty": "warn"}
    options = {"name": "x is there", "thresholds": ["unexpected_percent < 1"], "on_empty": "warn"}
    assert load_suite([plain]) == load_suite([{**PRESENT, "meta": {"dpq": options}}])
    (declared,) = load_suite([plain]).expectations
    assert (declared.name, declared.on_empty) == ("x is there", OnEmpty.WARN)
    assert [str(threshold) for threshold in declared.thresholds] == ["unexpected_percent < 1"]


def test_plain_option_wins_over_meta() -> None:
    """An option given twice is taken from where it is seen first."""
    (declared,) = load_suite([{**PRESENT, "on_empty": "fail", "meta": {"dpq": {"on_empty": "pass"}}}]).expectations
    assert declared.on_empty is OnEmpty.FAIL


def test_names_are_unique_even_where_they_look_numbered_already() -> None:
    """Two checks never share a name, since their results are told apart by it."""
    declared = [PRESENT, PRESENT, {**PRESENT, "name": f"{NOT_NULL}(x)#2"}, PRESENT]
    names = [one.name for one in load_suite(declared).expectations]
    assert names[:2] == [f"{NOT_NULL}(x)", f"{NOT_NULL}(x)#2"]
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("kwargs", "name"),
    [
        ({"column": "x"}, f"{NOT_NULL}(x)"),
        ({"column_A": "a", "column_B": "b"}, "expect_column_pair_values_a_to_be_greater_than_b(a+b)"),
        ({"column_list": ["a", "b", "c"]}, "expect_compound_columns_to_be_unique(a+b+c)"),
        ({"value": 3}, "expect_table_row_count_to_equal()"),
    ],
)
def test_default_name_says_type_and_columns(kwargs: dict[str, Any], name: str) -> None:
    """A check that is not named is called what it does to which columns."""
    (declared,) = load_suite([{"type": name.partition("(")[0], "kwargs": kwargs}]).expectations
    assert declared.name == name


def test_parameters_are_put_in_wherever_they_stand() -> None:
    """A suite parameter may be an argument, a member of a list or a part of a condition."""
    suite = [
        LIMITED,
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {
                "column": "x",
                "value_set": [1, {"$PARAMETER": "limit"}],
                "row_condition": {
                    "type": "comparison",
                    "column": {"name": "day"},
                    "operator": "==",
                    "parameter": {"$PARAMETER": "day"},
                },
            },
        },
    ]
    limited, listed = load_suite(suite, {"limit": 3, "day": "2013-01-01"}).expectations
    assert limited.kwargs == {"column": "x", "max_value": 3}
    assert listed.kwargs["value_set"] == [1, 3]
    assert listed.kwargs["row_condition"]["parameter"] == "2013-01-01"


def test_suite_is_valid_while_its_parameters_are_open() -> None:
    """Parse time does not know what a run will pass, and asks for nothing but what it can judge."""
    validate_suite([LIMITED])
    with pytest.raises(DeclarationError, match="'limit' of expect_column_values_to_be_between has no value") as refused:
        load_suite([LIMITED], {"other": 1})
    assert refused.value.reason == "missing_parameter"
    assert refused.value.message.endswith("has no value; given are: other.")


def test_unknown_argument_is_refused_beside_an_open_parameter() -> None:
    """An argument that the expectation does not take is wrong whatever the parameters will be."""
    declared = {"type": BETWEEN, "kwargs": {**LIMITED["kwargs"], "maximum": 3}}
    with pytest.raises(DeclarationError, match="has no argument 'maximum'"):
        validate_suite([declared])


def _expectation(**kwargs: Any) -> list[dict[str, Any]]:
    return [{"type": NOT_NULL, "kwargs": {"column": "x", **kwargs}}]


@pytest.mark.parametrize(
    ("suite", "reason", "words"),
    [
        (None, "invalid_suite", "NoneType is not a suite"),
        ({"a": 1}, "invalid_suite", "dict is not a suite"),
        (b"abc", "invalid_suite", "bytes is not a suite"),
        ([], "empty_suite", "checks nothing would always pass"),
        ({"expectations": []}, "empty_suite", "no expectation"),
        ([5], "invalid_suite", "Expectation 1 of the suite is int"),
        ([PRESENT, {}], "invalid_suite", "Expectation 2 of the suite has no type"),
        ([{"type": NOT_NULL, "kwargs": ["x"]}], "invalid_suite", "are list, not a mapping"),
        ([{**PRESENT, "mostly": 1}], "invalid_suite", "unknown keys ['mostly']"),
        (
            [{"type": "expect_column_values_to_be_nul"}],
            "unknown_expectation",
            "Did you mean 'expect_column_values_to_be_null'",
        ),
        ([{"type": "x"}], "unknown_expectation", "See the reference"),
        (_expectation(mostley=1), "unknown_argument", "It takes column, condition_parser, mostly, row_condition"),
        (_expectation(mostly=1.1), "invalid_argument", "mostly: Input should be less than or equal to 1"),
        (_expectation(mostly=float("nan")), "invalid_argument", "mostly"),
        (_expectation(column=""), "invalid_argument", "column: String should have at least 1 character"),
        (_expectation(row_condition="x == 1", condition_parser="sql"), "invalid_argument", "condition_parser"),
        (_expectation(row_condition={"type": "between"}), "invalid_argument", "unable to determine the type"),
        (
            _expectation(
                row_condition={"type": "comparison", "column": {"name": "x"}, "operator": "IN", "parameter": 5}
            ),
            "invalid_argument",
            "unable to parse condition",
        ),
        ([{"type": BETWEEN, "kwargs": {"column": "x"}}], "invalid_argument", "cannot both be None"),
        (
            [{"type": BETWEEN, "kwargs": {"column": "x", "min_value": 2, "max_value": 1}}],
            "invalid_argument",
            "min_value 2 is greater than max_value 1",
        ),
        (
            [{"type": BETWEEN, "kwargs": {"column": "x", "min_value": "2013-01-01", "max_value": 1}}],
            "invalid_argument",
            "cannot be compared",
        ),
        (
            [{"type": BETWEEN, "kwargs": {"column": "x", "min_value": "yesterday"}}],
            "invalid_argument",
            "neither a number nor an ISO date",
        ),
        (
            [{"type": BETWEEN, "kwargs": {"column": "x", "min_value": [1]}}],
            "invalid_argument",
            "neither a number nor a date",
        ),
        (
            [{"type": "expect_column_stdev_to_be_between", "kwargs": {"column": "x", "min_value": "2013-01-01"}}],
            "invalid_argument",
            "is not a number",
        ),
        (
            [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": "many"}}],
            "invalid_argument",
            "is not a whole number",
        ),
        (
            [{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["x"]}}],
            "invalid_argument",
            "at least 2 items",
        ),
        ([{**PRESENT, "severity": "fatal"}], "unknown_severity", "Use critical, warning or info; fail and warn"),
        ([{**PRESENT, "on_empty": "skip"}], "unknown_policy", "Use one of pass, warn, fail, expectation"),
        ([{**PRESENT, "on_empty": []}], "unknown_policy", "on_empty"),
        ([{**PRESENT, "thresholds": 5}], "malformed_threshold", "5 is not a threshold"),
        ([{**PRESENT, "thresholds": ["p(95) < 1"]}], "unknown_metric", "which a quality gate does not measure"),
        ([{**PRESENT, "meta": {"dpq": {"owner": "me"}}}], "invalid_suite", "It may hold name, on_empty, thresholds"),
        ([{**PRESENT, "meta": {"dpq": "warn"}}], "invalid_suite", "meta.dpq"),
    ],
)
def test_wrong_declaration_is_refused_with_the_fix(suite: Any, reason: str, words: str) -> None:
    """What cannot run is refused before any data are read, with a code for programs and words for people."""
    with pytest.raises(DeclarationError) as refused:
        validate_suite(suite)
    assert refused.value.reason == reason
    assert words in str(refused.value)


@pytest.mark.parametrize("name", [5, ["limit"], None])
def test_parameter_whose_name_is_no_text_is_refused(name: Any) -> None:
    """Nothing but a name in place of a name is looked up."""
    declared = {"type": BETWEEN, "kwargs": {"column": "x", "max_value": {"$PARAMETER": name}}}
    with pytest.raises(DeclarationError) as refused:
        load_suite([declared], {"limit": 3})
    assert refused.value.reason == "missing_parameter"


@pytest.mark.parametrize(
    ("file", "content", "reason", "words"),
    [
        ("suite.json", None, "unreadable_suite", "does not exist"),
        ("suite.json", b"[{]", "invalid_suite", "is not valid JSON"),
        ("suite.yaml", b"a: [", "invalid_suite", "is not valid YAML"),
        ("suite.yaml", b"\xff\xfe", "unreadable_suite", "cannot be read"),
        ("suite.yaml", b"", "invalid_suite", "NoneType is not a suite"),
        ("suite.json", b'"abc"', "invalid_suite", "str is not a suite"),
    ],
)
def test_file_that_holds_no_suite_is_refused(
    file: str, content: bytes | None, reason: str, words: str, tmp_path: Path
) -> None:
    """A path that leads to no suite is a wrong declaration, told by what is wrong with the file."""
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeclarationError) as refused:
        load_suite(path)
    assert refused.value.reason == reason
    assert words in str(refused.value)


def test_error_of_a_parameters_value_quotes_data() -> None:
    """The value may come from an XCom; what stands in the suite is read by whoever reads the DAG."""
    kind = "expect_column_max_to_be_between"
    given = [{"type": kind, "kwargs": {"column": "a", "max_value": {"$PARAMETER": "most"}}}]
    with pytest.raises(DeclarationError, match="Smith") as refused:
        load_suite(given, {"most": "Smith"})
    assert refused.value.quotes_data is True
    with pytest.raises(DeclarationError, match="Smith") as refused:
        load_suite([{"type": kind, "kwargs": {"column": "a", "max_value": "Smith"}}], {"most": 1})
    assert refused.value.quotes_data is False
