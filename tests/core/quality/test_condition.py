"""Row conditions in every syntax, read into one tree."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from great_expectations.expectations.row_conditions import Column

from airflow_provider_dpq.core.quality.condition import Comparison, Group, Nullity, Opaque, parse_condition

GX = "great_expectations"


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_condition_is_all_rows(nothing: Any) -> None:
    """Neither nothing nor an empty text is a condition."""
    assert parse_condition(nothing) is None


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("x == 1", Comparison("x", "==", 1)),
        ("x != -1.5", Comparison("x", "!=", -1.5)),
        (" x <= 'a b' ", Comparison("x", "<=", "a b")),
        ("x > True", Comparison("x", ">", True)),
        ("`x` >= 1", Comparison("x", ">=", 1)),
        ("x in [1, 2]", Comparison("x", "IN", [1, 2])),
        ("x in ('a',)", Comparison("x", "IN", ["a"])),
        ("x not in {1}", Comparison("x", "NOT_IN", [1])),
        ("größe < 1", Comparison("größe", "<", 1)),
        ("x == 1 and y == 2", Group((Comparison("x", "==", 1), Comparison("y", "==", 2)), every=True)),
        (
            "x == 1 or y == 2 and z == 3",
            Group(
                (
                    Comparison("x", "==", 1),
                    Group((Comparison("y", "==", 2), Comparison("z", "==", 3)), every=True),
                ),
                every=False,
            ),
        ),
    ],
)
@pytest.mark.parametrize("parser", [None, "pandas", "spark"])
def test_plain_comparisons_are_understood(text: str, parser: str | None, condition: Any) -> None:
    """Comparisons of a column with a value, joined by and, or, are read whatever the syntax is called."""
    assert parse_condition(text, parser) == condition


@pytest.mark.parametrize(
    "text",
    [
        "x == y",
        "x == None",
        "1 < x < 3",
        "1 < x",
        "not x == 1",
        "~(x == 1)",
        "(x == 1) + (y == 2)",
        "x == 1 & y == 2",
        "x.str.startswith('a')",
        "x in 5",
        "x == [1]",
        "x in {[1]}",
        "x is 1",
        "x == 1 and y.isnull(1)",
        "x.y.isnull()",
        "x IS NOT NULL",
        "x ==",
        "x == '\x00",
    ],
)
def test_more_than_comparisons_stays_text(text: str) -> None:
    """What is not plain comparisons is not guessed at: Great Expectations evaluates it."""
    assert parse_condition(text) == Opaque(text)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('col("x") == 1', Comparison("x", "==", 1)),
        ("col('x y') != 'a b'", Comparison("x y", "!=", "a b")),
        ('col("x")<-1.5', Comparison("x", "<", -1.5)),
        ('col("x") >= 1e3', Comparison("x", ">=", 1000.0)),
        ('col("x").notNull()', Nullity("x", is_null=False)),
        ('col("x") > date("2013-01-02")', Comparison("x", ">", datetime.fromisoformat("2013-01-02"))),
        (
            "col('x') <= date('2013-01-02T03:04:05')",
            Comparison("x", "<=", datetime.fromisoformat("2013-01-02T03:04:05")),
        ),
    ],
)
@pytest.mark.parametrize("parser", [GX, "great_expectations__experimental__"])
def test_syntax_of_great_expectations_is_understood(text: str, parser: str, condition: Any) -> None:
    """The syntax that works on every engine of Great Expectations is read in full."""
    assert parse_condition(text, parser) == condition


@pytest.mark.parametrize(
    "text", ["x == 1", 'col("x") = 1', 'col("x") == y', 'col("x") > date("soon")', 'col("") == 1', "1"]
)
def test_what_is_not_in_that_syntax_is_refused(text: str) -> None:
    """A condition that cannot be read is no condition, rather than one that every row meets."""
    with pytest.raises(ValueError, match=r"unable to parse|is not an ISO date"):
        parse_condition(text, GX)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Column("x") == 1, Comparison("x", "==", 1)),
        (Column("x").is_in(["a", "b"]), Comparison("x", "IN", ["a", "b"])),
        (Column("x").is_not_in([1]), Comparison("x", "NOT_IN", [1])),
        (Column("x").is_null(), Nullity("x", is_null=True)),
        (Column("x").is_not_null(), Nullity("x", is_null=False)),
        (
            (Column("x") > 1) & ((Column("y") < 2) | (Column("z") == "q")),
            Group(
                (
                    Comparison("x", ">", 1),
                    Group((Comparison("y", "<", 2), Comparison("z", "==", "q")), every=False),
                ),
                every=True,
            ),
        ),
    ],
)
def test_condition_objects_and_their_dict_form_are_understood(condition: Any, expected: Any) -> None:
    """A condition built with Great Expectations' `Column` means the same as the mapping in a stored suite."""
    assert parse_condition(condition) == expected
    assert parse_condition(condition.dict()) == expected


def test_text_passed_through_is_read_like_text() -> None:
    """The dict form of a plain text is that text."""
    assert parse_condition({"type": "pass_through", "pass_through_filter": "x == 1"}) == Comparison("x", "==", 1)


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"type": "xor", "conditions": []},
        {"type": "comparison", "column": {"name": "x"}, "operator": "~", "parameter": 1},
        {"type": "comparison", "column": {"name": "x"}, "operator": "==", "parameter": None},
        {"type": "comparison", "column": {"name": "x"}, "operator": "IN", "parameter": 5},
        {"type": "comparison", "column": {"name": "x"}, "operator": "IN", "parameter": "ab"},
        {"type": "comparison", "column": {"name": ""}, "operator": "==", "parameter": 1},
        {"type": "nullity", "is_null": True},
    ],
)
def test_mapping_that_is_no_condition_is_refused(mapping: dict[str, Any]) -> None:
    """A mapping that says nothing about rows is a mistake, not a condition that holds."""
    with pytest.raises(ValueError, match=r"unable to|names no column"):
        parse_condition(mapping)
