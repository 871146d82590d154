"""Expectations about the patterns that values of a column match: regular expressions and SQL's LIKE."""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import Merging, as_list
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.backtracking import may_backtrack

Patterns: TypeAlias = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]
Escape: TypeAlias = Annotated[str, Field(min_length=1, max_length=1)] | None
_BEGIN: Final = ((sre.AT, sre.AT_BEGINNING), (sre.AT, sre.AT_BEGINNING_STRING))
_END: Final = ((sre.AT, sre.AT_END), (sre.AT, sre.AT_END_STRING))


def _is_found_anywhere(pattern: str) -> bool:
    """Whether a pattern of Python's ``re`` is found in every text: nothing of it has to be there."""
    try:
        nodes = list(_parser.parse(pattern))
    except (re.error, OverflowError, RecursionError):
        return False  # of a database's own syntax, or none at all
    if nodes and nodes[0] in _BEGIN:
        return _may_be_empty(nodes[1:])
    return _may_be_empty(nodes[:-1] if nodes and nodes[-1] in _END else nodes)


def _may_be_empty(nodes: Any) -> bool:
    return all(_may_be_left_out(code, argument) for code, argument in nodes)


def _may_be_left_out(code: Any, argument: Any) -> bool:
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return argument[0] == 0 or _may_be_empty(argument[2])
    if code is sre.BRANCH:
        return any(_may_be_empty(branch) for branch in argument[1])
    return code is sre.SUBPATTERN and _may_be_empty(argument[3])


class ExpectColumnValuesToMatchRegex(ColumnValues):
    """A regular expression is found in every value."""

    type: ClassVar[str] = "expect_column_values_to_match_regex"
    merges: ClassVar[Merging] = Merging.COUNTS
    regex: str = "(?s).*"

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or the pattern is found in every text."""
        return self.mostly == 0 or _is_found_anywhere(self.regex)

    @property
    def may_hang(self) -> bool:
        """Whether the pattern may backtrack for ever."""
        return may_backtrack(self.regex)


class ExpectColumnValuesToNotMatchRegex(ColumnValues):
    """A regular expression is found in no value."""

    type: ClassVar[str] = "expect_column_values_to_not_match_regex"
    merges: ClassVar[Merging] = Merging.COUNTS
    regex: str

    @property
    def may_hang(self) -> bool:
        """Whether the pattern may backtrack for ever."""
        return may_backtrack(self.regex)


class ExpectColumnValuesToMatchRegexList(ColumnValues):
    """Any, or all, of some regular expressions are found in every value."""

    type: ClassVar[str] = "expect_column_values_to_match_regex_list"
    merges: ClassVar[Merging] = Merging.COUNTS
    regex_list: Patterns
    match_on: Literal["any", "all"] = "any"

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or enough of the patterns are found in every text."""
        enough = all if self.match_on == "all" else any
        return self.mostly == 0 or enough(map(_is_found_anywhere, self.regex_list))

    @property
    def may_hang(self) -> bool:
        """Whether a pattern may backtrack for ever."""
        return any(map(may_backtrack, self.regex_list))


class ExpectColumnValuesToNotMatchRegexList(ColumnValues):
    """None of some regular expressions is found in any value."""

    type: ClassVar[str] = "expect_column_values_to_not_match_regex_list"
    merges: ClassVar[Merging] = Merging.COUNTS
    regex_list: Patterns

    @property
    def may_hang(self) -> bool:
        """Whether a pattern may backtrack for ever."""
        return any(map(may_backtrack, self.regex_list))


class LikeValues(ColumnValues):
    """A statement about values and SQL's LIKE.

    Attributes:
        escape: The character that takes the special meaning from a wildcard after it.
    """

    escape: Escape = None

    def matches_all(self, pattern: str) -> bool:
        """Whether every text is LIKE a pattern."""
        return set(pattern) == {"%"} != {self.escape}


class ExpectColumnValuesToMatchLikePattern(LikeValues):
    """Every value is LIKE a pattern, by the rules of the engine that evaluates it."""

    type: ClassVar[str] = "expect_column_values_to_match_like_pattern"
    merges: ClassVar[Merging] = Merging.COUNTS
    like_pattern: str

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or every text is like the pattern."""
        return self.mostly == 0 or self.matches_all(self.like_pattern)


class ExpectColumnValuesToNotMatchLikePattern(LikeValues):
    """No value is LIKE a pattern."""

    type: ClassVar[str] = "expect_column_values_to_not_match_like_pattern"
    merges: ClassVar[Merging] = Merging.COUNTS
    like_pattern: str


class ExpectColumnValuesToMatchLikePatternList(LikeValues):
    """Every value is LIKE any, or all, of some patterns."""

    type: ClassVar[str] = "expect_column_values_to_match_like_pattern_list"
    merges: ClassVar[Merging] = Merging.COUNTS
    like_pattern_list: Patterns
    match_on: Literal["any", "all"] = "any"

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or every text is like enough of the patterns."""
        enough = all if self.match_on == "all" else any
        return self.mostly == 0 or enough(map(self.matches_all, self.like_pattern_list))


class ExpectColumnValuesToNotMatchLikePatternList(LikeValues):
    """No value is LIKE any of some patterns."""

    type: ClassVar[str] = "expect_column_values_to_not_match_like_pattern_list"
    merges: ClassVar[Merging] = Merging.COUNTS
    like_pattern_list: Patterns
