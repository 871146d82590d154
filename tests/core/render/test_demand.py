"""What a check demands, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from airflow_provider_dpq.core import quality
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Report
from airflow_provider_dpq.core.gate.threshold import judge, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_html, render_text
from airflow_provider_dpq.core.render.demand import demand
from airflow_provider_dpq.core.render.outcome import finding, samples, standing, values

MakeCheck = Callable[..., CheckResult]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"column": "x", "min_value": 0, "max_value": 120}, "from 0 to 120"),
        ({"column": "x", "min_value": 0}, "at least 0"),
        ({"column": "x", "max_value": "2026-12-31"}, "at most 2026-12-31"),
        ({"column": "x", "min_value": 0, "max_value": 9, "strict_min": True}, "more than 0 and at most 9"),
        ({"column": "x", "max_value": 9, "strict_max": True}, "less than 9"),
        (
            {"column": "x", "value_set": ["a", "b"], "mostly": 0.95},
            'value_set ["a", "b"], for at least 95.00% of the values',
        ),
        ({"column": "x", "regex": "^a$", "mostly": 1}, "regex ^a$"),
        ({"column_list": ["a", "b"]}, ""),
        ({"value": 6}, "value 6"),
        ({"column": "x", "value_set": ["v" * 500]}, 'value_set ["' + "v" * 117 + "…"),
    ],
)
def test_demand_says_the_limits_in_words(make_check: MakeCheck, declared: Mapping[str, Any], words: str) -> None:
    """Bounds, sets and patterns as declared; what a check is about is no limit, and long ones are cut."""
    assert demand(make_check("x", declaration=declared)) == words


def test_demand_names_the_limits_whose_breaches_thresholds_count(make_check: MakeCheck) -> None:
    """Else nobody knows why a value is among the unexpected ones."""
    judged = judge(parse_thresholds(["unexpected_count < 5"], "quality"), [Metric(name="unexpected_count", value=9)])
    check = make_check("x", declaration={"column": "x", "min_value": 0, "max_value": 9}, thresholds=judged)
    assert demand(check) == "from 0 to 9; unexpected_count < 5"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"lower_limit": 900.0, "upper_limit": None}, "row_count at least 900, by the last 12 reports"),
        ({"lower_limit": 900.0, "upper_limit": 1100.0}, "row_count from 900 to 1,100, by the last 12 reports"),
    ],
)
def test_demand_of_a_history_is_the_limit_that_it_sets(
    make_check: MakeCheck, limits: Mapping[str, Any], words: str
) -> None:
    """With the metric, which the name of the check does not tell."""
    check = make_check(
        "x", declaration={"metric": "row_count", "direction": "drop"}, result={"report_count": 12} | limits
    )
    assert demand(check) == words


@pytest.mark.parametrize(("value", "shown"), [("", "''"), (" a", "' a'"), ("a\u00a0", "'a\u00a0'"), ("a b", "a b")])
def test_values_that_nobody_sees_are_quoted(make_check: MakeCheck, value: str, shown: str) -> None:
    """An empty text, and blanks around one, in text and in HTML."""
    result = {"unexpected_count": 1, "element_count": 2, "partial_unexpected_list": [value]}
    check = make_check("x", verdict=Verdict.FAIL, success=False, result=result)
    assert values(check, limit=5).texts == [shown]
    assert samples(check).texts == [shown]


def test_demand_is_the_thresholds_where_they_decide(make_check: MakeCheck) -> None:
    """A check with thresholds is not held to its severity or `mostly`."""
    declared = parse_thresholds(["unexpected_percent < 5%", "unexpected_count < 9"], "quality")
    judged = judge(declared, [Metric(name="unexpected_percent", value=1, unit="%")])
    check = make_check("x", declaration={"mostly": 0.9}, thresholds=judged)
    assert demand(check) == "unexpected_percent < 5%, unexpected_count < 9"


def _failed(make_check: MakeCheck, **fields: Any) -> CheckResult:
    result = {"element_count": 6, "unexpected_count": 2, "missing_count": 1, "unexpected_percent": 40.0}
    return make_check(
        "ages",
        verdict=Verdict.FAIL,
        success=False,
        declaration={"column": "age", "max_value": 120},
        result={**result, **fields},
    )


def test_text_shows_five_failing_values_and_the_limit(report: Report, make_check: MakeCheck) -> None:
    """Who reads the log of a job sees what was demanded and some of what broke it."""
    check = _failed(make_check, partial_unexpected_list=[1300, 1300, 131, None, 132.5, "x", 134, 135, 136])
    lines = render_text(report.model_copy(update={"checks": (check,)})).splitlines()
    at = lines.index("ages")
    assert lines[at + 1 : at + 3] == [
        "  expected  at most 120",
        "  such as   1300, 131, 132.5, x, 134, and 2 more in the report",
    ]


def test_text_shows_the_limit_alone_where_values_stay_out(report: Report, make_check: MakeCheck) -> None:
    """A result without values, as hidden columns and sample_rows=0 have it, has none to show."""
    shown = render_text(report.model_copy(update={"checks": (_failed(make_check),)}))
    assert "expected  at most 120" in shown
    assert "such as" not in shown


@pytest.mark.parametrize(
    ("frame", "declared", "shown"),
    [
        (
            pd.DataFrame({"a": [1, 1], "b": ["x", "y"]}),
            {
                "type": "expect_table_to_match_contract",
                "kwargs": {
                    "contract": {
                        "columns": [
                            {"name": "a", "unique": True},
                            {"name": "b", "type": "integer"},
                            {"name": "c"},
                        ],
                        "additional_columns": False,
                    }
                },
            },
            "b type: str, not integer; c column: absent, not there; a unique: 2 rows that share theirs, "
            "not no value twice",
        ),
        (
            pd.DataFrame({"a": [1], "b": [2]}),
            {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["b", "a", "c"]}},
            "column 0: a, not b; column 1: b, not a; column 2: nothing, not c",
        ),
        (
            pd.DataFrame({"a": [1], "b": [2]}),
            {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": ["a", "c"]}},
            "unexpected b; missing c",
        ),
    ],
)
def test_text_shows_what_was_found_of_columns(
    report: Report, frame: pd.DataFrame, declared: Mapping[str, Any], shown: str
) -> None:
    """Who reads the log of a job sees which column breaks a contract, and not the contract."""
    results = quality.check(frame, [declared]).results
    told = " ".join(render_text(report.model_copy(update={"checks": results})).split())
    assert f" found {shown} " in told
    assert " expected " not in told


def test_a_check_that_held_shows_no_limit(report: Report, make_check: MakeCheck) -> None:
    """What is as it should be takes no room."""
    check = make_check("ages", declaration={"column": "age", "max_value": 120})
    assert "\n  expected  " not in render_text(report.model_copy(update={"checks": (check,)}))


def test_counts_and_share_of_a_check_agree(make_check: MakeCheck) -> None:
    """The share is that of the values: 2 of 5 are 40%, and of 6 elements one had no value."""
    assert finding(_failed(make_check)) == "2 of 5 unexpected (40.00%), 1 missing"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"severity": "info"}, "pass (info)"),
        ({"severity": "critical", "on_empty": "pass", "result": {"element_count": 0}}, "pass (no rows)"),
        ({"severity": "critical", "success": True}, "pass"),
        ({"severity": "critical", "verdict": Verdict.FAIL}, "fail"),
    ],
)
def test_standing_says_why_a_broken_check_passes(make_check: MakeCheck, fields: Mapping[str, Any], words: str) -> None:
    """A pass that did not hold names what lets it pass."""
    assert standing(make_check("x", **{"verdict": Verdict.PASS, "success": False, **fields})) == words


def test_standing_names_the_threshold_that_lets_a_critical_check_pass(make_check: MakeCheck) -> None:
    """It is not "pass (critical)": the severity decides nothing there."""
    judged = judge(
        parse_thresholds("unexpected_percent < 50", "quality"), [Metric(name="unexpected_percent", value=9, unit="%")]
    )
    check = make_check("x", verdict=Verdict.PASS, success=False, severity="critical", thresholds=judged)
    assert standing(check) == "pass (by threshold)"


def test_page_says_what_a_breach_does_and_shows_values_first(report: Report, make_check: MakeCheck) -> None:
    """The opened check begins with the failing values, and says "if broken fails", not "severity critical"."""
    check = _failed(make_check, partial_unexpected_list=[130])
    page = render_html(report.model_copy(update={"checks": (check.model_copy(update={"severity": "critical"}),)}))
    opened = page[page.index('<div class="inside">') :]
    assert opened.index("Unexpected values") < opened.index("<h3>Found</h3>") < opened.index("<h3>Expected</h3>")
    assert "<dt>if broken</dt><dd>fails</dd>" in opened
    assert "40.00% of the values" in opened
    assert "<dt>severity</dt>" not in page


def test_page_folds_the_environment(report: Report) -> None:
    """Versions of packages are there for who asks."""
    page = render_html(report)
    section = page[page.index('<section id="environment">') :]
    assert section.index("<details") < section.index("<dl")
