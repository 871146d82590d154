"""Suite parameters: values, defaults and arithmetic, against Great Expectations' own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from great_expectations.core.suite_parameters import parse_suite_parameter

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.parameter import resolve
from airflow_provider_dpq.core.quality.suite import load_suite

GIVEN = {"rows": 100, "share": 0.5, "text": "7", "day": "2024-03-01", "listed": [1, 2]}


@pytest.mark.parametrize(
    "text",
    [
        *["rows", "listed", "rows * 2", "rows*0.9", "rows / 3", "rows - 1 - 2", "2^3^2", "-rows + 5", "(rows + 1) * 2"],
        *["trunc(rows * 0.955)", "round(rows / 7)", "abs(-rows)", "sgn(-3)", "rows * share", "text + 1", "pi * 2"],
        *["day - timedelta(days=1)", "day + timedelta(weeks=1, hours=2)", "datetime(2024, 1, 2)", "1e3 + rows"],
    ],
)
def test_arithmetic_is_that_of_great_expectations(text: str) -> None:
    """Operators, functions and dates; the parameters stand in it by name."""
    assert resolve({"$PARAMETER": text}, GIVEN, "x") == parse_suite_parameter(text, GIVEN)


def test_now_is_a_moment() -> None:
    """Written as text, as Great Expectations writes it."""
    before = datetime.now()  # noqa: DTZ005 - Great Expectations' now() has no zone
    assert before <= datetime.fromisoformat(resolve({"$PARAMETER": "now()"}, {}, "x"))


@pytest.mark.parametrize("text", ["other", "other * 2", "rows other", "urn:great_expectations:validations:x", "", " "])
def test_name_without_a_value_is_refused(text: str) -> None:
    """Whether it stands alone or in arithmetic."""
    with pytest.raises(DeclarationError) as refused:
        resolve({"$PARAMETER": text}, GIVEN, "x")
    assert refused.value.reason == "missing_parameter"


@pytest.mark.parametrize(
    "text", ["9^9^9^9", "rows / 0", "__import__('os')", "rows.real", "listed + 1", "rows if rows else 1", "exp(1000)"]
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    """And what would compute for ever."""
    with pytest.raises(DeclarationError) as refused:
        resolve({"$PARAMETER": text}, GIVEN, "x")
    assert refused.value.reason == "invalid_parameter"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_value_that_would_be_no_limit_is_refused(value: Any) -> None:
    """A template that rendered to None is a mistake, not a wish to check nothing."""
    suite = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": {"$PARAMETER": "least"}}}]
    with pytest.raises(DeclarationError, match="there would be no limit") as refused:
        load_suite(suite, {"least": value})
    assert refused.value.reason == "missing_parameter"


def test_default_beside_the_reference_and_in_the_suite() -> None:
    """What the run gives comes first, then the reference's own value, then the suite's."""
    reference = {"$PARAMETER": "least", "$PARAMETER.least": 5}
    assert resolve(reference, {}, "x") == 5
    assert resolve(reference, {"least": 6}, "x") == 6
    kwargs = {"min_value": {"$PARAMETER": "least"}}
    for key in ("suite_parameters", "evaluation_parameters"):
        suite = {
            "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": kwargs}],
            key: {"least": 7},
        }
        assert load_suite(suite).expectations[0].kwargs == {"min_value": 7}
        assert load_suite(suite, {"least": 8}).expectations[0].kwargs == {"min_value": 8}


def test_reference_with_other_keys_is_refused() -> None:
    """It would be taken for a plain mapping."""
    with pytest.raises(DeclarationError) as refused:
        resolve({"$PARAMETER": "rows", "or": 5}, GIVEN, "x")
    assert refused.value.reason == "invalid_parameter"
