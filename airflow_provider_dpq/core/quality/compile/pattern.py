"""Plans of expectations about the patterns that values match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import each_value, text_of
from airflow_provider_dpq.core.quality.compile.distinct import each_distinct
from airflow_provider_dpq.core.quality.compile.plan import Plan, planner
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


_MAX_REPEAT: Final = 1000  # RE2 refuses more
_MAX_BOUNDED_REPEAT: Final = 100  # beyond, RE2's automaton makes a scan slower than the detour through Python
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: r"\p{Nd}",
    sre.CATEGORY_NOT_DIGIT: r"\P{Nd}",
    sre.CATEGORY_WORD: r"\p{L}\p{N}_",
    sre.CATEGORY_SPACE: (
        r"\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
    ),
}
_FLAGS: Final = re.UNICODE | re.DOTALL | re.MULTILINE


class _UntranslatableError(Exception):
    """The pattern has a part that RE2 cannot say exactly."""


def to_re2(pattern: str) -> str | None:
    """Translate a pattern of Python's ``re`` to RE2.

    Args:
        pattern: A pattern that Python compiles.

    Returns:
        The same language in RE2's syntax, or None where RE2 cannot say it exactly.

    Raises:
        re.error: Python does not compile the pattern.
    """
    parsed = _parser.parse(pattern)
    if parsed.state.flags & ~_FLAGS:
        return None
    try:
        return _sequence(parsed, parsed.state.flags, tail=True)
    except _UntranslatableError:
        return None


def is_found_at_start(pattern: str) -> bool:
    """Whether all that a pattern of Python's ``re`` finds begins where the text does and is not empty."""
    parsed = _parser.parse(pattern)
    first = parsed[0] if len(parsed) else None
    starts = first in ((sre.AT, sre.AT_BEGINNING_STRING), (sre.AT, sre.AT_BEGINNING))
    return starts and not parsed.state.flags & re.MULTILINE and parsed.getwidth()[0] > 0


def _sequence(nodes: Any, flags: int, *, tail: bool) -> str:
    """Translate nodes that follow each other; `tail` says that nothing of the pattern comes after them."""
    last = len(nodes) - 1
    return "".join(
        _node(code, argument, flags, tail=tail and index == last) for index, (code, argument) in enumerate(nodes)
    )


def _node(code: Any, argument: Any, flags: int, *, tail: bool) -> str:  # noqa: PLR0911 - one branch a kind of node
    if code is sre.LITERAL:
        return _character(argument)
    if code is sre.NOT_LITERAL:
        return f"[^{_character(argument)}]"
    if code is sre.ANY:
        return r"(?s:.)" if flags & re.DOTALL else r"[^\n]"
    if code is sre.IN:
        return _set(argument)
    if code is sre.BRANCH:
        return "(?:" + "|".join(_sequence(branch, flags, tail=tail) for branch in argument[1]) + ")"
    if code is sre.SUBPATTERN:
        _, added, removed, nodes = argument
        if added or removed:
            raise _UntranslatableError
        return f"(?:{_sequence(nodes, flags, tail=tail)})"
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _repeat(argument, flags, lazy=code is sre.MIN_REPEAT)
    if code is sre.AT:
        return _anchor(argument, flags, tail=tail)
    raise _UntranslatableError


def _repeat(argument: tuple[int, Any, Any], flags: int, *, lazy: bool) -> str:
    low, high, nodes = argument
    unbounded = high is sre.MAXREPEAT
    if low > _MAX_BOUNDED_REPEAT or (not unbounded and high > _MAX_REPEAT):
        raise _UntranslatableError
    bounds = f"{{{low},}}" if unbounded else f"{{{low},{high}}}"
    short = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}.get(bounds, bounds)
    return f"(?:{_sequence(nodes, flags, tail=False)}){short}{'?' if lazy else ''}"


def _anchor(at: Any, flags: int, *, tail: bool) -> str:
    multiline = flags & re.MULTILINE
    if at is sre.AT_END and not multiline and not tail:
        raise _UntranslatableError  # its newline would have to be matched again by what follows
    if at is sre.AT_BEGINNING_STRING or (at is sre.AT_BEGINNING and not multiline):
        return r"\A"
    if at is sre.AT_BEGINNING:
        return r"(?m:^)"
    if at is sre.AT_END_STRING:
        return r"\z"
    if at is sre.AT_END:
        return r"(?m:$)" if multiline else r"(?:\n?\z)"
    raise _UntranslatableError


def _set(items: list[tuple[Any, Any]]) -> str:
    negated = items[0][0] is sre.NEGATE
    parts = []
    for code, argument in items[1:] if negated else items:
        if code is sre.LITERAL:
            parts.append(_character(argument))
        elif code is sre.RANGE:
            parts.append(f"{_character(argument[0])}-{_character(argument[1])}")
        elif code is sre.CATEGORY and argument in _CATEGORIES:
            parts.append(_CATEGORIES[argument])
        elif code is sre.CATEGORY and len(items) == 1:
            positive = {sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD, sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE}[argument]
            return f"[^{_CATEGORIES[positive]}]"
        else:
            raise _UntranslatableError
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _character(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\x{{{code:x}}}"
