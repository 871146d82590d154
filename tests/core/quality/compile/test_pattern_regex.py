"""Patterns of Python's `re` in RE2's words: the same answers, or no translation."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_dpq.core.quality.compile.pattern import is_found_at_start, to_re2

Found = Callable[[str, list[str]], list[bool]]

LETTERS = "abAZ019_-^$.[]\\ \n\t\r\x0b\x1c\x85\xa0é²٣\u017f\u212a\u2028中😀"
TEXTS = [
    "",
    "a",
    "a\n",
    "a\nb",
    "\n",
    "ab",
    "aab",
    "A",
    "1",
    "٣",
    "²",
    "é",
    "_",
    " ",
    "\t",
    "\x1c",
    "\x85",
    "中",
    "😀a",
]


@pytest.fixture(scope="module")
def found() -> Iterator[Found]:
    """A function that says in which texts RE2 finds a pattern."""
    connection = duckdb.connect()

    def search(pattern: str, texts: list[str]) -> list[bool]:
        rows = connection.execute("SELECT regexp_matches(unnest($1), $2)", [texts, pattern]).fetchall()
        return [answer for (answer,) in rows]

    yield search
    connection.close()


def _patterns() -> st.SearchStrategy[str]:
    literal = st.sampled_from(LETTERS).map(re.escape)
    plain = st.sampled_from([".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\n", r"\x41", r"\u00e9", "é", "a", "\n"])
    members = st.lists(
        st.one_of(literal, st.sampled_from(["a-z", "0-9", r"\d", r"\w", r"\s", r"\W", "^", "-", "é-中"])),
        min_size=1,
        max_size=4,
    ).map("".join)
    sets = st.builds("[{}{}]".format, st.sampled_from(["", "^"]), members)
    anchors = st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", "(?!a)", "(?<=a)"])
    atoms = st.one_of(literal, plain, sets, anchors)

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        repeat = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{1,}", "{1,2}?", "*+"])
        return st.one_of(
            st.lists(inner, min_size=1, max_size=3).map("".join),
            st.builds("(?:{}|{})".format, inner, inner),
            st.builds("({}|)".format, inner),
            st.builds("(?:{}){}".format, inner, repeat),
        )

    flags = st.sampled_from(["", "", "", "(?s)", "(?m)", "(?ms)", "(?i)", "(?x)"])
    return st.builds("{}{}".format, flags, st.recursive(atoms, larger, max_leaves=6))


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@given(pattern=_patterns(), texts=st.lists(st.text(LETTERS, max_size=5), max_size=8))
@example(pattern="a$", texts=["a\n", "a\n\n"])
@example(pattern="(?m)^$", texts=["a\n", "\n\n"])
@example(pattern=r"[^\d\s]", texts=["٣", "\u2028", "x"])
def test_translation_finds_what_python_finds(found: Found, pattern: str, texts: list[str]) -> None:
    """A translated pattern is found in exactly the texts in which Python finds the original."""
    try:
        expected = [re.search(pattern, text) is not None for text in TEXTS + texts]
    except re.error:
        with pytest.raises(re.error):
            to_re2(pattern)
        return
    translated = to_re2(pattern)
    if translated is not None:
        assert found(translated, TEXTS + texts) == expected


@pytest.mark.parametrize("category", [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", r"[\d\s]", r"[^\w]"])
def test_categories_hold_the_same_characters(found: Found, category: str) -> None:
    """Every character that Python's Unicode tables know is in the same category after translation."""
    translated = to_re2(category)
    assert translated is not None
    characters = [
        chr(code) for code in range(1, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
    ]
    answers = zip(characters, found(translated, characters), strict=True)
    assert [hex(ord(one)) for one, answer in answers if answer != bool(re.search(category, one))] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)a",
        "(?a)\\d",
        "(?x) a",
        "(?i:a)b",
        r"\bword\b",
        "a(?=b)",
        "a(?!b)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "(a)?(?(1)b|c)",
        "a*+b",
        "(?>a|ab)c",
        "a$b",
        "(a$)*b",
        r"[\W_]",
        "a{101}",
        "a{0,1001}",
    ],
)
def test_what_re2_cannot_say_is_not_translated(pattern: str) -> None:
    """Patterns without an exact counterpart stay with Python."""
    assert to_re2(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["^[A-Z]{2}[0-9]+$", r"^\d{4}-\d{2}-\d{2}$", r"[^@\s]+@[^@\s]+\.[a-z]+", "a|b$", "(?s)a.b", ""]
)
def test_everyday_patterns_are_translated(pattern: str) -> None:
    """Patterns without anything special need no detour through Python."""
    assert to_re2(pattern) is not None


def test_invalid_pattern_is_told() -> None:
    """What Python does not compile is an error, not a pattern that matches nothing."""
    with pytest.raises(re.error, match="unterminated character set"):
        to_re2("[")


@pytest.mark.parametrize("pattern", [r"^a", r"\Aa", r"^(a|bb)*c", r"^[^\n]", r"^a$", r"^(?:ab){2}"])
def test_pattern_found_at_the_start_is_told(pattern: str) -> None:
    """What begins at the text's start and takes up some of it may be extracted instead of searched for."""
    assert is_found_at_start(pattern)


@pytest.mark.parametrize("pattern", [r"a", r"^", r"^a*", r"^$", r"^(a|)", r"(?m)^a", r"^a|b", r"(^a)", r""])
def test_other_pattern_is_searched_for(pattern: str) -> None:
    """What may be found elsewhere, or be empty, is searched for."""
    assert not is_found_at_start(pattern)
