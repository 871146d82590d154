"""Predicates on single texts: what may hang is judged in a process that can be ended."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check, gx
from airflow_provider_dpq.core.table import predicate
from airflow_provider_dpq.core.table.backtracking import may_backtrack, may_take_for_ever

EVIL = pd.DataFrame({"s": pd.Series(["a" * 40 + "!", "aaa"], dtype="str")})
BOMB: dict[str, Any] = {
    "$defs": {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i - 1}"}] * 2} if i else {} for i in range(40)},
    "$ref": "#/$defs/a39",
}


def _suite(name: str, **kwargs: Any) -> list[dict[str, Any]]:
    present = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "s"}}
    return [{"type": f"expect_column_values_to_{name}", "kwargs": {"column": "s", **kwargs}}, present]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three seconds are for ever."""
    monkeypatch.setattr(predicate, "LONGEST_SECONDS", 3.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("values", "suite"),
    [
        (EVIL, _suite("match_regex", regex="^(?=x|a)(a+)+$")),
        (EVIL, _suite("not_match_regex", regex=r"(?:(a|aa)+)\1b$")),
        (EVIL, _suite("match_regex_list", regex_list=["(?<=x)y", "(?i)^(a|a?)+$"])),
        (EVIL.map(json.dumps), _suite("match_json_schema", json_schema={"type": "string", "pattern": "^(a+)+$"})),
        (EVIL.map(json.dumps), _suite("match_json_schema", json_schema=BOMB)),
    ],
)
def test_value_that_hangs_is_the_error_of_its_check(values: pd.DataFrame, suite: list[dict[str, Any]]) -> None:
    """In any thread, within its time, and the other checks stand."""
    with ThreadPoolExecutor(1) as other:
        started = time.monotonic()
        hung, present = other.submit(check, values, suite).result().results
    assert time.monotonic() - started < 40
    assert hung.error is not None
    assert (hung.verdict, hung.error.reason) == (Verdict.ERROR, "value_too_slow")
    assert "aaa" not in hung.error.message
    assert present.verdict is Verdict.PASS


def test_great_expectations_is_ended_where_a_value_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the scan leaves to it is evaluated in a process of its own where it may hang."""
    condition = {"row_condition": "s.str.len() > 1", "condition_parser": "pandas"}
    objects = EVIL.astype(object)  # whose texts pandas searches with Python's re
    fine, _ = check(objects, _suite("match_regex", regex="(a+)+", **condition)).results
    assert (fine.verdict, fine.evaluated_by, fine.result["element_count"]) == (Verdict.PASS, "gx", 2)
    monkeypatch.setattr(gx, "_APART_SECONDS", 12.0)
    hung, present = check(objects, _suite("match_regex", regex="(?=a)(a+)+$", **condition)).results
    assert hung.error is not None
    assert (hung.error.reason, present.verdict) == ("value_too_slow", Verdict.PASS)


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "http://127.0.0.1:1/schema.json"}])
def test_reference_of_a_schema_leads_nowhere_else_and_ends(schema: dict[str, Any]) -> None:
    """Into itself for ever, or over the network: neither."""
    result, _ = check(EVIL.map(json.dumps), _suite("match_json_schema", json_schema=schema)).results
    assert result.error is not None
    assert (result.verdict, result.error.reason) == (Verdict.ERROR, "unjudged_value")


@pytest.mark.parametrize(
    ("name", "kwargs", "text"),
    [
        ("be_json_parseable", {}, "[" * 1_000_000),
        ("match_strftime_format", {"strftime_format": "%Y-%m-%d"}, "2024-01-01" + " " * 1_000_000),
        ("be_dateutil_parseable", {}, "x" * 100_000),
        ("match_regex", {"regex": r"(?<=x)y+z"}, "y" * 50_000),
    ],
)
def test_long_text_is_judged(name: str, kwargs: dict[str, Any], text: str) -> None:
    """Or is too slow: it ends."""
    result, _ = check(pd.DataFrame({"s": [text, "2024-01-01"]}), _suite(name, **kwargs)).results
    assert result.verdict in (Verdict.FAIL, Verdict.ERROR)
    assert result.error is None or result.error.reason == "value_too_slow"


@pytest.mark.parametrize(
    "pattern",
    [
        *["(a+)+$", "(a|aa)+$", "(a|a)*b", "(a*)*b", "(.*a){12}", "x*x*y", "(?=(a+)+$)", r"(a+)\1", "(a?){50}a{50}"],
        *["a?" * 20 + "a" * 20, "([a-z]+)*[0-9]", "(?:(?:a{1,9}){1,9}){1,9}b"],
        *["(?>(a+)+b)", "(?:(a+)+b)*+c", "((?>a+)+)+b", "(?:a+b?)++c", "(?:(?>(a+)+b))?c"],
    ],
)
def test_pattern_that_may_backtrack_is_known(pattern: str) -> None:
    """A repetition in another, several in a row, and what refers back."""
    assert may_backtrack(pattern)
    assert may_take_for_ever({"properties": {"a": {"anyOf": [{"pattern": pattern}]}}})


@pytest.mark.parametrize(
    "pattern", ["^abc$", "(?<=x)y", "[a-z]+", "(?i)^(no|se)$", r"^\d{4}-\d{2}$", "a{2,5}(?!x)", "[", "(?>ab)c", "a++b"]
)
def test_plain_pattern_needs_no_process(pattern: str) -> None:
    """It is searched for where the check runs."""
    assert not may_backtrack(pattern)
    assert not may_take_for_ever({"patternProperties": {pattern: {"type": "string"}}, "required": ["$ref"]})


@given(st.lists(st.text("ab1 ", max_size=6), min_size=1, max_size=200), st.booleans())
def test_process_judges_as_this_one(texts: list[str], wanted: bool) -> None:
    """In order, however many pages it sends back."""
    found = predicate.Found(("(a+)+b", "^1"), every=False, wanted=wanted)
    (pages) = list(predicate.judge_texts(found, "s", texts))
    expected = [bool(re.search("(a+)+b", text) or re.search("^1", text)) is wanted for text in texts]
    assert [held for page in pages for held in page] == expected
