"""The grammar of conditions on rows: what it reads, and where it says that something is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.expression import (
    Absence,
    Arithmetic,
    Comparison,
    Junction,
    Literal,
    Name,
    Not,
    parse_expression,
)
from airflow_provider_dpq.core.quality.suite import validate_suite

A, B, C, D = map(Name, "abcd")
ONE = Literal(1)


def _is(name: Name) -> Comparison:
    return Comparison("=", name, ONE)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1 or b=1 and c=1", Junction((_is(A), Junction((_is(B), _is(C)), every=True)), every=False)),
        ("(a=1 or b=1) and c=1", Junction((Junction((_is(A), _is(B)), every=False), _is(C)), every=True)),
        ("a=1 AND b=1 And c=1", Junction((_is(A), _is(B), _is(C)), every=True)),
        ("not a = 1 and b = 1", Junction((Not(_is(A)), _is(B)), every=True)),
        ("not not a", Not(Not(A))),
        ("a - b - 1 < c", Comparison("<", Arithmetic("-", Arithmetic("-", A, B), ONE), C)),
        ("a + b * c <> 1", Comparison("!=", Arithmetic("+", A, Arithmetic("*", B, C)), ONE)),
        ("(a + b) * c == 1", Comparison("=", Arithmetic("*", Arithmetic("+", A, B), C), ONE)),
        ("-a > - 1", Comparison(">", Arithmetic("-", Literal(0), A), Literal(-1))),
        ("a - -1 = 1", Comparison("=", Arithmetic("-", A, Literal(-1)), ONE)),
        ("a is not null", Not(Absence(A))),
        ("a + b is null", Absence(Arithmetic("+", A, B))),
        ('"not" = 1', _is(Name("not"))),
        ('"a ""b""" = 1', _is(Name('a "b"'))),
        ("`a b` = 1", _is(Name("a b"))),
        ("größe = 'O''Hara'", Comparison("=", Name("größe"), Literal("O'Hara"))),
        ("length = 1", _is(Name("length"))),
        ("a = true", Comparison("=", A, Literal(value=True))),
    ],
)
def test_condition_is_read_with_the_precedence_of_sql(text: str, tree: object) -> None:
    """OR binds least, then AND, NOT, comparisons, sums and products; names and texts are quoted as in SQL."""
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at position 1: expected a column or a value, found the end"),
        ("a >", "at position 4: expected a column or a value, found the end"),
        ("a > > 1", "at position 5: expected a column or a value, found '>'"),
        ("a = 1 b", "at position 7: expected an operator or the end, found 'b'"),
        ("a = 2h", "at position 6: expected an operator or the end, found 'h'"),
        ("(a = 1", "at position 7: expected ')', found the end"),
        ("a = 1)", "at position 6: expected an operator or the end, found ')'"),
        ("a < 1 < 2", "at position 7: expected an operator or the end, found '<'"),
        ("a in ()", "at position 7: expected a number, a text, TRUE or FALSE, found ')'"),
        ("a in (b)", "at position 7: expected a number, a text, TRUE or FALSE, found 'b'"),
        ("a in (1, null)", "(a missing value is tested by IS NULL), found 'null'"),
        ("a = NULL", "(a missing value is tested by IS NULL), found 'NULL'"),
        ("a between 1 or 2", "at position 13: expected AND, found 'or'"),
        ("a is 1", "at position 6: expected NULL, found '1'"),
        ("a not 1", "at position 7: expected IN, BETWEEN or LIKE, found '1'"),
        ("a like b", "at position 8: expected a text as the pattern, found 'b'"),
        ("a like 'x' escape 'xy'", "at position 19: expected a text of one character, found \"'xy'\""),
        ("a like '50!' escape '!'", "the pattern '50!' ends in its escape character"),
        ("a = 'x", 'at position 5: expected the closing quote, and something within, found "\'x"'),
        ('a = ""', "at position 5: expected the closing quote, and something within"),
        ("a = 1; drop table b", "at position 6: expected a name, a value or an operator, found '; drop table b'"),
        ("a + 1", "at position 1: expected a comparison or another condition, found 'a'"),
        ("a = 1 and b + 1", "at position 11: expected a comparison or another condition, found 'b'"),
        ("a + 'x' = 1", "at position 5: expected a number, found \"'x'\""),
        ("(a = 1) + 1 = 2", "at position 1: expected a number, found '('"),
        ("exec(a) = 1", "at position 1: expected one of the functions length, lower"),
        ("length(a, b) = 1", "at position 1: expected 1 arguments of length"),
        ("coalesce(a) = 1", "at position 1: expected 2 or more arguments of coalesce"),
        ("1 = 1", "the condition names no column"),
        ("(" * 61 + "a = 1", "at position 62: expected at most 60 levels of nesting"),
        ("a = 1" + " and a = 1" * 201, "expected at most 200 of AND in a row"),
        ("a " + "+ 1" * 201 + "= 1", "expected at most 200 of + - in a row"),
        ("not " * 61 + "a", "expected at most 60 levels of nesting"),
    ],
)
def test_malformed_condition_is_refused_at_its_position(text: str, told: str) -> None:
    """A suite is refused while the DAG is parsed, with the place and what was expected there."""
    suite = [{"type": "expect_row_condition_to_hold", "kwargs": {"expression": text}}]
    with pytest.raises(DeclarationError) as caught:
        validate_suite(suite)
    assert caught.value.reason == "invalid_argument"
    assert told in str(caught.value)


@given(text=st.text(alphabet="ab1 .'\"`()<>=!+-*/%,nNotTandorIiNn", max_size=30))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    """Whatever is written, the answer is a tree or a ValueError."""
    with suppress(ValueError):
        parse_expression(text)
