"""Plans of expectations about the patterns that values match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import each_value, text_of
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.plan import Plan, planner
from airflow_provider_dpq.core.quality.compile.regex import is_found_at_start, to_re2
from airflow_provider_dpq.core.quality.expectations import pattern as declared
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.predicate import Found
from airflow_provider_dpq.core.table.sql.functions import extracts, matches
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_match_regex(expectation: declared.ExpectColumnValuesToMatchRegex, table: Table) -> Plan:
    """A regular expression is found in every value."""
    return _plan_regex(expectation, [expectation.regex], table)


@planner.register
def plan_not_match_regex(expectation: declared.ExpectColumnValuesToNotMatchRegex, table: Table) -> Plan:
    """A regular expression is found in no value."""
    return _plan_regex(expectation, [expectation.regex], table, wanted=False)


@planner.register
def plan_match_regex_list(expectation: declared.ExpectColumnValuesToMatchRegexList, table: Table) -> Plan:
    """Any, or all, of some regular expressions are found in every value."""
    return _plan_regex(expectation, expectation.regex_list, table, every=expectation.match_on == "all")


@planner.register
def plan_not_match_regex_list(expectation: declared.ExpectColumnValuesToNotMatchRegexList, table: Table) -> Plan:
    """None of some regular expressions is found in any value."""
    return _plan_regex(expectation, expectation.regex_list, table, wanted=False)


def _plan_regex(
    expectation: ColumnValues, patterns: Sequence[str], table: Table, *, every: bool = False, wanted: bool = True
) -> Plan:
    """Plan that any, or all, of some patterns are found; with `wanted` False, that it is not so.

    Databases have a syntax of their own. Elsewhere the patterns are Python's: translated for DuckDB, or else searched
    for by Python in the distinct values.
    """
    if table.dialect not in ("duckdb", "sqlite"):
        translated: Sequence[str | None] = patterns
    else:
        translated = [_translated(pattern) for pattern in patterns]
    column = table.column(expectation.column)
    understood = [pattern for pattern in translated if pattern is not None] if table.pandas_like else patterns
    if len(understood) < len(patterns):
        return each_distinct(expectation, table, column, Found(tuple(patterns), every, wanted))
    text = text_of(column, table)
    quick = [table.pandas_like and is_found_at_start(pattern) for pattern in patterns]
    found = [(extracts if once else matches)(text, pattern) for once, pattern in zip(quick, understood, strict=True)]
    good = _combined(found, every=every)
    return each_value(expectation, table, column, good if wanted else sa.not_(good))


def _translated(pattern: str) -> str | None:
    """Return a pattern in RE2's words; None where RE2 has none.

    Raises:
        MeasurementError: ``invalid_regex``.
    """
    try:
        return to_re2(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"The regular expression {pattern!r} is not valid: {error}."
        raise MeasurementError("invalid_regex", message, hint="Mend the pattern.") from error


def _combined(conditions: Iterable[sa.ColumnElement[bool]], *, every: bool) -> sa.ColumnElement[bool]:
    return sa.and_(*conditions) if every else sa.or_(*conditions)


@planner.register
def plan_match_like(expectation: declared.ExpectColumnValuesToMatchLikePattern, table: Table) -> Plan:
    """Every value is LIKE a pattern."""
    return _plan_like(expectation, [expectation.like_pattern], table)


@planner.register
def plan_not_match_like(expectation: declared.ExpectColumnValuesToNotMatchLikePattern, table: Table) -> Plan:
    """No value is LIKE a pattern."""
    return _plan_like(expectation, [expectation.like_pattern], table, wanted=False)


@planner.register
def plan_match_like_list(expectation: declared.ExpectColumnValuesToMatchLikePatternList, table: Table) -> Plan:
    """Every value is LIKE any, or all, of some patterns."""
    return _plan_like(expectation, expectation.like_pattern_list, table, every=expectation.match_on == "all")


@planner.register
def plan_not_match_like_list(expectation: declared.ExpectColumnValuesToNotMatchLikePatternList, table: Table) -> Plan:
    """No value is LIKE any of some patterns."""
    return _plan_like(expectation, expectation.like_pattern_list, table, wanted=False)


def _plan_like(
    expectation: declared.LikeValues,
    patterns: Sequence[str],
    table: Table,
    *,
    every: bool = False,
    wanted: bool = True,
) -> Plan:
    column = table.column(expectation.column)
    if table.pandas_like:
        _require_like(expectation, patterns, column)
    text: sa.ColumnElement[Any] = sa.type_coerce(text_of(column, table), sa.String())
    like = (text.like(sa.literal(pattern), escape=expectation.escape) for pattern in patterns)
    good = _combined(like, every=every)
    return each_value(expectation, table, column, good if wanted else sa.not_(good))


def _require_like(expectation: declared.LikeValues, patterns: Sequence[str], column: Column) -> None:
    """Refuse what DuckDB's LIKE cannot do; Great Expectations has none for files and frames.

    Raises:
        MeasurementError: ``incomparable`` or ``invalid_like_pattern``.
    """
    if column.text is None:
        message = f"{expectation.type} compares text, and column {column.name!r} holds {column.native}."
        raise MeasurementError("incomparable", message, hint="Check a column of text.", quotes_data=False)
    escape = re.escape(expectation.escape or "")
    for pattern in patterns:
        if escape and re.fullmatch(f"(?s)(?:{escape}.|(?!{escape}).)*{escape}", pattern):
            message = f"The pattern {pattern!r} ends in the escape character, with nothing to escape."
            raise MeasurementError("invalid_like_pattern", message, hint="Double it to mean the character itself.")
