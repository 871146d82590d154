"""Expectations about the patterns that values of a column match: regular expressions and SQL's LIKE."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import as_list
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues

Patterns: TypeAlias = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]
Escape: TypeAlias = Annotated[str, Field(min_length=1, max_length=1)] | None


class ExpectColumnValuesToMatchRegex(ColumnValues):
    """A regular expression is found in every value."""

    type: ClassVar[str] = "expect_column_values_to_match_regex"
    regex: str = "(?s).*"


class ExpectColumnValuesToNotMatchRegex(ColumnValues):
    """A regular expression is found in no value."""

    type: ClassVar[str] = "expect_column_values_to_not_match_regex"
    regex: str


class ExpectColumnValuesToMatchRegexList(ColumnValues):
    """Any, or all, of some regular expressions are found in every value."""

    type: ClassVar[str] = "expect_column_values_to_match_regex_list"
    regex_list: Patterns
    match_on: Literal["any", "all"] = "any"


class ExpectColumnValuesToNotMatchRegexList(ColumnValues):
    """None of some regular expressions is found in any value."""

    type: ClassVar[str] = "expect_column_values_to_not_match_regex_list"
    regex_list: Patterns


class LikeValues(ColumnValues):
    """A statement about values and SQL's LIKE.

    Attributes:
        escape: The character that takes the special meaning from a wildcard after it.
    """

    escape: Escape = None


class ExpectColumnValuesToMatchLikePattern(LikeValues):
    """Every value is LIKE a pattern, by the rules of the engine that evaluates it."""

    type: ClassVar[str] = "expect_column_values_to_match_like_pattern"
    like_pattern: str


class ExpectColumnValuesToNotMatchLikePattern(LikeValues):
    """No value is LIKE a pattern."""

    type: ClassVar[str] = "expect_column_values_to_not_match_like_pattern"
    like_pattern: str


class ExpectColumnValuesToMatchLikePatternList(LikeValues):
    """Every value is LIKE any, or all, of some patterns."""

    type: ClassVar[str] = "expect_column_values_to_match_like_pattern_list"
    like_pattern_list: Patterns
    match_on: Literal["any", "all"] = "any"


class ExpectColumnValuesToNotMatchLikePatternList(LikeValues):
    """No value is LIKE any of some patterns."""

    type: ClassVar[str] = "expect_column_values_to_not_match_like_pattern_list"
    like_pattern_list: Patterns
