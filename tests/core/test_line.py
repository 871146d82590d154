"""One line of text stays one line, and steers nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.line import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("orders > check", "orders > check"),
        ("größe 名前", "größe 名前"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb\x08c", "a\\rb\\x08c"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("bad \udcff byte", "bad \\udcff byte"),
    ],
)
def test_control_characters_are_made_visible(text: str, line: str) -> None:
    """Escape sequences, line ends, changes of direction and halves of surrogate pairs are seen as what they are."""
    assert printable(text) == line


@given(st.text(st.characters()))
def test_any_text_is_one_line_that_can_be_written(text: str) -> None:
    """Whatever a name is, it is one line of UTF-8."""
    line = printable(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    line.encode()
    assert printable_lines(text).count("\n") == text.count("\n")
