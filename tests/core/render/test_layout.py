"""Tables and paragraphs for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.render.layout import Column, cell_width, table, wrap

TEXT = st.text(max_size=80).map(printable)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("bell\x07", "bell\\x07"),
        ("right\u202eleft", "right\\u202eleft"),
        ("Zürich 東京", "Zürich 東京"),
    ],
)
def test_printable_disarms_what_steers_a_terminal(text: str, expected: str) -> None:
    """Escape sequences, line ends and direction marks from data are shown, not obeyed."""
    assert printable(text) == expected


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("", 0)])
def test_cell_width_counts_columns_of_a_terminal(text: str, width: int) -> None:
    """Wide characters take two columns and combining ones none."""
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("short", 5, ["short"]),
        ("two words", 5, ["two", "words"]),
        ("expect_column_values", 10, ["expect_", "column_", "values"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("東京東京", 5, ["東京", "東京"]),
        ("a, b", 3, ["a,", "b"]),
    ],
)
def test_wrap_breaks_where_a_reader_would(text: str, width: int, lines: list[str]) -> None:
    """Lines end after a word or a mark where there is one, and anywhere else if there is not."""
    assert wrap(text, width) == lines


@given(text=TEXT, width=st.integers(2, 40))
def test_wrap_fits_and_loses_nothing(text: str, width: int) -> None:
    """No line is too wide, and all that is not a space is still there."""
    lines = wrap(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_table_aligns_its_columns() -> None:
    """Headings stand above their columns, figures at the right."""
    columns = [Column("name", ["a", "long one"]), Column("count", ["5", "1,000"], right=True)]
    assert table(columns, 40) == ["name      count", "a             5", "long one  1,000"]


def test_table_leaves_out_a_column_without_content() -> None:
    """A column that no row fills takes no room."""
    assert table([Column("name", ["a"]), Column("count", [""])], 40) == ["name", "a"]


def test_table_narrows_the_flexible_column_first() -> None:
    """Where a table is too wide, the column that may be narrowed is wrapped and the others stay whole."""
    columns = [Column("check", ["expect_column_values"], narrowest=8), Column("verdict", ["inconclusive"])]
    assert table(columns, 24) == ["check       verdict", "expect_     inconclusive", "column_", "values"]


def test_table_paints_cells_and_not_their_padding() -> None:
    """Colour is put around the text of a cell, so that it does not disturb the alignment."""
    columns = [Column("v", ["ok", "good"], paint=lambda text: f"<{text}>"), Column("w", ["1", "2"])]
    assert table(columns, 40) == ["v     w", "<ok>    1", "<good>  2"]


@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5),
    width=st.integers(30, 120),
    right=st.booleans(),
)
def test_table_fits_the_terminal(rows: list[tuple[str, str, str]], width: int, right: bool) -> None:
    """Whatever the cells hold, no line is wider than the terminal and no character is lost."""
    first, second, third = (list(cells) for cells in zip(*rows, strict=True))
    lines = table([Column("a", first, narrowest=8), Column("b", second, right=right), Column("c", third)], width)
    assert all(cell_width(line) <= width for line in lines)
    assert sorted("".join("".join(lines[1:]).split())) == sorted("".join("".join(map("".join, rows)).split()))
