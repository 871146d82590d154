"""What suites of Great Expectations 0.x say otherwise than those of today: names of expectations and of arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError

_RENAMED: Final = {
    "expect_multicolumn_values_to_be_unique": "expect_select_column_values_to_be_unique_within_record",
    "expect_column_pair_values_A_to_be_greater_than_B": "expect_column_pair_values_a_to_be_greater_than_b",
}
_REMOVED: Final = frozenset(
    {
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
        "expect_column_chisquare_test_p_value_to_be_greater_than",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
        "expect_file_hash_to_equal",
        "expect_file_line_regex_match_count_to_be_between",
        "expect_file_line_regex_match_count_to_equal",
        "expect_file_size_to_be_between",
        "expect_file_to_be_valid_json",
        "expect_file_to_exist",
    }
)
OF_EVERY_EXPECTATION: Final = frozenset(
    {
        *("id", "meta", "notes", "description", "severity", "rendered_content", "windows", "notify_on"),
        *("library_metadata", "result_format", "catch_exceptions", "include_config", "batch_id"),
    }
)
"""Arguments that Great Expectations takes, or took, for every expectation beside those that say what is expected."""
_WITHOUT_EFFECT: Final = frozenset(
    {
        *("allow_cross_type_comparisons", "auto", "profiler_config", "output_strftime_format"),
        *("include_nested", "include_rendered_content", "bucketize_data_asset"),
    }
)
"""Arguments of 0.x that say how a suite was made, how a result is written, or what is done here in any case."""


def current_type(kind: str) -> str:
    """Return what an expectation is called today.

    Raises:
        DeclarationError: ``removed_expectation``: Great Expectations has none of that name any more.
    """
    if kind in _REMOVED:
        message = f"{kind} is an expectation of Great Expectations 0.x that no later release has."
        raise DeclarationError("removed_expectation", message, hint="Take it out, or say what it said in another way.")
    return _RENAMED.get(kind, kind)


def current_arguments(kind: str, kwargs: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """Return an expectation's arguments as today's release takes them.

    Args:
        kind: Its type.
        kwargs: Its arguments as declared.
        taken: Names of the arguments that it takes today.

    Raises:
        DeclarationError: ``unknown_argument``: one of 0.x changes what is expected, and nothing does so today.
    """
    kept = {}
    for name, value in kwargs.items():
        if name in taken:
            kept[name] = value
        elif name == "parse_strings_as_datetimes":
            if value and "min_value" not in taken:
                message = f"{kind} has no argument 'parse_strings_as_datetimes' any more."
                raise DeclarationError("unknown_argument", message, hint="Read the column as dates, and expect dates.")
        elif name == "table":
            if value is not None:
                message = f"{kind} names the table {value!r}, and a gate checks the one that it is given."
                raise DeclarationError("unknown_argument", message, hint="Take it out, and check that table.")
        elif name not in OF_EVERY_EXPECTATION and name not in _WITHOUT_EFFECT:
            kept[name] = value
    if kept.get("ignore_row_if") == "never" and "column_A" in taken:
        kept["ignore_row_if"] = "neither"  # what 0.13 to 0.18 took it for
    return kept
