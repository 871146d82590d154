"""Suites of Great Expectations 0.x, with all that they carry, against Great Expectations itself where it reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
from great_expectations.expectations.registry import get_expectation_impl

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.suite import load_suite, validate_suite

FRAME = pd.DataFrame({"a": [1, 2, None], "b": [1, 3, 3], "s": pd.Series(["x", "y", "z"], dtype="str")})
OLD = {
    "data_asset_type": "Dataset",
    "dataset_name": None,
    "expectation_suite_name": "old.warning",
    "evaluation_parameters": {"least": 1},
    "ge_cloud_id": None,
    "meta": {"great_expectations_version": "0.13.46", "citations": [{"batch_kwargs": {"path": "x.csv"}}]},
    "expectations": [
        {
            "expectation_type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "a", "mostly": "0.5", "result_format": "COMPLETE", "catch_exceptions": True},
            "meta": {"notes": {"format": "markdown", "content": "As **agreed**."}},
            "ge_cloud_id": None,
            "expectation_context": {"description": None},
        },
        {
            "expectation_type": "expect_column_values_to_be_between",
            "kwargs": {
                "column": "b",
                "min_value": {"$PARAMETER": "least"},
                "max_value": 3,
                "auto": True,
                "profiler_config": {"name": "p", "config_version": 1.0},
                "parse_strings_as_datetimes": None,
                "output_strftime_format": "%Y",
                "allow_cross_type_comparisons": True,
                "include_config": True,
                "result_format": {"result_format": "BASIC"},
                "meta": {"dpq": {"name": "b is small"}},
                "batch_id": "c4ca4238a0b923820dcc509a6f75849b",
            },
            "success_on_last_run": True,
        },
        {
            "expectation_type": "expect_column_pair_values_A_to_be_greater_than_B",
            "kwargs": {"column_A": "b", "column_B": "a", "or_equal": True, "ignore_row_if": "never", "mostly": 0.6},
        },
        {
            "expectation_type": "expect_multicolumn_values_to_be_unique",
            "kwargs": {"column_list": ["a", "s"], "ignore_row_if": "never"},
        },
    ],
}


def test_suite_of_an_old_release_is_read_and_evaluated(tmp_path: Path) -> None:
    """What says how it was made or shown has no effect, and what has another name today is what it was."""
    path = tmp_path / "old.json"
    path.write_text(json.dumps(OLD))
    validate_suite(path)
    found = check(FRAME, path)
    assert found.suite_name == "old.warning"
    assert [(result.error, result.success) for result in found.results] == [(None, True)] * 4
    assert [result.name for result in found.results][1] == "b is small"
    assert found.results[3].type == "expect_select_column_values_to_be_unique_within_record"


@pytest.mark.parametrize(
    "kwargs",
    [
        {"result_format": "BOOLEAN_ONLY"},
        {"result_format": {"result_format": "COMPLETE", "partial_unexpected_count": 1}},
        {"catch_exceptions": True},
        {"meta": {"owner": "me"}},
        {"batch_id": "x"},
        {"mostly": "0.5"},
        {"mostly": True},
    ],
    ids=str,
)
def test_arguments_of_every_expectation_change_nothing(kwargs: dict[str, Any]) -> None:
    """As in Great Expectations, where the format of the run decides."""
    kind = "expect_column_values_to_not_be_null"
    declared = {"column": "a", **kwargs}
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": FRAME})
    theirs = batch.validate(get_expectation_impl(kind)(**declared), result_format="SUMMARY")
    (ours,) = check(FRAME, [{"type": kind, "kwargs": declared}]).results
    assert ours.success == theirs.success
    shown = {name for name in theirs.result if name.startswith("partial")}
    assert {name for name in ours.result if name.startswith("partial")} == shown
    assert not {"result_format", "catch_exceptions", "meta", "batch_id"} & ours.declaration.keys()


def test_severity_among_the_arguments_is_that_of_the_check() -> None:
    """One beside them comes before."""
    declared = {"type": "expect_column_to_exist", "kwargs": {"column": "a", "severity": "warning"}}
    assert load_suite([declared]).expectations[0].severity == "warning"
    assert load_suite([declared | {"severity": "info"}]).expectations[0].severity == "info"


@pytest.mark.parametrize(
    ("kind", "kwargs", "reason"),
    [
        ("expect_file_to_exist", {"filepath": "x"}, "removed_expectation"),
        ("expect_column_chisquare_test_p_value_to_be_greater_than", {"column": "a"}, "removed_expectation"),
        (
            "expect_column_values_to_not_be_in_set",
            {"column": "a", "value_set": ["2024-01-01"], "parse_strings_as_datetimes": True},
            "unknown_argument",
        ),
        ("expect_column_values_to_match_regex", {"column": "s", "regex_pattern": "x"}, "unknown_argument"),
        ("expect_column_values_to_not_be_null", {"column": "a", "mostly": ""}, "invalid_argument"),
        ("expect_column_values_to_not_be_null", {"column": "a", "mostly": None}, "invalid_argument"),
        ("expect_column_values_to_not_be_null", {"column": ""}, "invalid_argument"),
    ],
)
def test_what_would_change_what_is_expected_is_refused(kind: str, kwargs: dict[str, Any], reason: str) -> None:
    """By name, before any data are read."""
    with pytest.raises(DeclarationError) as refused:
        validate_suite([{"expectation_type": kind, "kwargs": kwargs}])
    assert refused.value.reason == reason


@pytest.mark.parametrize("key", ["thresholds", "on_empty", "severity", "expectation", "row_condition", "kwargs"])
def test_key_of_a_check_and_one_that_is_misspelt_are_refused(key: str) -> None:
    """They would be taken for a policy of all checks, and be none."""
    with pytest.raises(DeclarationError, match=f"The suite has the key '{key}'"):
        validate_suite({"name": "x", key: "fail", "expectations": OLD["expectations"]})


def test_key_of_a_suite_that_nobody_reads_is_named() -> None:
    """People write down more than Great Expectations knows."""
    suite = load_suite({"name": "x", "tags": ["daily"], "expectations": OLD["expectations"]}, {"least": 1})
    assert suite.not_checked == ("the suite's key 'tags', which is not known",)
