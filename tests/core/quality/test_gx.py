"""What the scan leaves to Great Expectations, and what that must not do to the process around it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
import sqlalchemy as sa
from great_expectations.data_context.data_context.context_factory import project_manager

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer

FRAME = pd.DataFrame({"n": [1, 2, 3, 2], "s": ["{}", "[", None, "{}"], "d": pd.to_timedelta([1, 2, 3, 4], unit="h")})
OPAQUE = "n > 0 and n == n.astype('int64')"
INCREASING = {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "n", "row_condition": OPAQUE}}
"""Left to Great Expectations for its row condition, which is more than comparisons."""


class ExpectSmallNumbers(gx.expectations.ExpectColumnValuesToBeBetween):
    """A user's own expectation, made as Great Expectations' documentation says."""

    column: str = "n"
    min_value: float = 1
    max_value: float = 2
    description: str = "The numbers are small."


def test_expectation_of_the_users_own_is_evaluated() -> None:
    """A subclass that only Great Expectations knows is delegated, with its severity and its name in the result."""
    suite = gx.ExpectationSuite(name="own", expectations=[ExpectSmallNumbers(severity="warning")])
    (result,) = check(FRAME, suite).results
    assert (result.type, result.evaluated_by, result.severity) == ("expect_small_numbers", "gx", "warning")
    assert (result.success, result.verdict, result.result["partial_unexpected_list"]) == (False, "warn", [3])


def test_checks_keep_their_order_around_delegated_ones() -> None:
    """Results stand in the order of the suite, whoever evaluated them."""
    present = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
    parseable = {
        "type": "expect_column_values_to_be_json_parseable",
        "kwargs": {"column": "s", "row_condition": OPAQUE},
    }
    found = check(FRAME, [INCREASING, present, parseable, present])
    assert [result.evaluated_by for result in found.results] == ["gx", "scan", "gx", "scan"]
    assert [result.success for result in found.results] == [False, True, False, True]
    assert found.results[2].result["partial_unexpected_list"] == ["["]


def test_argument_that_great_expectations_refuses_is_refused_before_data_are_read() -> None:
    """A declaration that only Great Expectations can judge is judged before the data are opened."""
    declared = {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "n", "mostly": 5}}
    with pytest.raises(DeclarationError, match=r"(?s)expect_column_values_to_be_increasing: .*mostly") as refused:
        check("no such file.csv", [declared])
    assert refused.value.reason == "invalid_argument"


def test_exception_that_great_expectations_hides_in_a_result_is_an_error() -> None:
    """A check that raised inside Great Expectations looks like a failed one there, and is none here."""
    result = answer(FRAME, "column_mean_to_be_between", column="s", min_value=0)
    assert result.evaluated_by == "gx"
    assert result.error is not None
    assert result.error.reason == "gx_exception"
    assert result.verdict == "error"
    assert result.success is False


def test_value_that_great_expectations_cannot_write_is_written_as_text() -> None:
    """A span of time is no JSON: the check counts all the same."""
    result = answer(FRAME, "column_values_to_be_null", column="d", mostly=0)
    assert result.error is None
    assert result.success
    assert result.result["unexpected_count"] == 4
    assert result.result["partial_unexpected_list"] == [
        "0 days 01:00:00",
        "0 days 02:00:00",
        "0 days 03:00:00",
        "0 days 04:00:00",
    ]


@pytest.mark.parametrize("result_format", ["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"])
@pytest.mark.parametrize(
    "declared", [INCREASING, {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}]
)
def test_thresholds_judge_in_every_result_format(declared: dict[str, Any], result_format: str) -> None:
    """What is shown of a result does not change the verdict, whoever evaluated it."""
    judged = {
        **declared,
        "thresholds": [{"threshold": "unexpected_count < 1", "severity": "warn"}, "unexpected_percent < 90"],
    }
    (result,) = check(FRAME, [judged], result_format=result_format).results
    assert [str(one.verdict) for one in result.thresholds] == ["warn", "pass"]
    assert result.verdict == "warn"
    assert bool(result.result) == (result_format != "BOOLEAN_ONLY")


def test_unexpected_values_stay_out_where_they_are_excluded() -> None:
    """The options of a result format hold for delegated checks too."""
    wanted = {"result_format": "COMPLETE", "exclude_unexpected_values": True, "unexpected_index_column_names": ["n"]}
    declared = {
        "type": "expect_column_values_to_be_json_parseable",
        "kwargs": {"column": "s", "row_condition": OPAQUE},
    }
    (result,) = check(FRAME, [declared], result_format=wanted).results
    assert result.result["unexpected_count"] == 1
    assert "unexpected_list" not in result.result
    assert '"["' not in json.dumps(result.model_dump(mode="json")["result"])


def test_database_has_no_detour() -> None:
    """What SQL cannot answer on a table is an error that says so: a table is not fetched behind the user's back."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME[["n"]].to_sql("t", database, index=False)
    present = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
    increasing, other = check("t", [INCREASING, present], connection=database).results
    assert increasing.error is not None
    assert increasing.error.reason == "unsupported_expectation"
    assert increasing.evaluated_by is None
    assert increasing.verdict == "error"
    assert other.success


def test_context_of_the_caller_stays_the_current_one() -> None:
    """A task that works with Great Expectations itself finds its own context current after a check."""
    context = gx.get_context(mode="ephemeral")
    check(FRAME, [INCREASING])
    assert project_manager.get_current_project() is context


def test_great_expectations_is_quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """No progress bar, no warning and no log line of its own, which may quote data, comes out of a check."""
    declared = {
        "type": "expect_column_values_to_be_increasing",
        "kwargs": {"column": "n", "row_condition": "n > 0", "condition_parser": "pandas"},
    }
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG, logger="great_expectations"):
        warnings.simplefilter("always")
        check(
            FRAME, [declared, {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "s", "min_value": 1}}]
        )
    assert [str(warning.message) for warning in warned] == []
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("great_expectations")] == []


CHECK_WITHOUT_DETOUR = """
import sys
import pandas as pd
from airflow_provider_dpq.core.quality import check
found = check(pd.DataFrame({"n": [1, 2]}), [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}])
assert found.success
print("great_expectations" in sys.modules)
"""


def test_great_expectations_is_not_imported_where_the_scan_answers() -> None:
    """Its import takes seconds: a suite that the scan evaluates does without."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK_WITHOUT_DETOUR],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "False"
