"""Tables and paragraphs that fit a terminal: narrowed and wrapped, nothing cut off, nothing that moves its cursor."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest
from typing import Final

from airflow_provider_dpq.core.line import printable

_GAP: Final = "  "
_NARROWEST: Final = 4
_BREAKS: Final = " _-.,/:"


def cell_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines of at most `width` terminal columns, after a space or a mark where there is one.

    Args:
        text: Text without control characters.
        width: Columns, at least two.
    """
    lines = []
    rest = text
    while cell_width(rest) > width:
        fitting = _fitting(rest, width)
        cut = max((fitting.rfind(mark) + 1 for mark in _BREAKS), default=0)
        if rest[len(fitting)] == " " or cut <= len(fitting) // 3:
            cut = len(fitting)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, rest] if rest or not lines else lines


def _fitting(text: str, width: int) -> str:
    ends = accumulate(map(_char_width, text))
    return text[: sum(1 for end in ends if end <= width)]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        cells: Its cells, from top to bottom.
        right: Whether it is aligned to the right.
        narrowest: Columns of the terminal that it needs; a wider one is narrowed to it where the table does not fit.
            None: it is narrowed last.
        paint: Colours a line of a cell.
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    narrowest: int | None = None
    paint: Callable[[str], str] | None = None


def table(columns: Sequence[Column], width: int) -> list[str]:
    """Set a table into lines of at most `width` terminal columns, control characters escaped.

    A column without any content is left out.

    Args:
        columns: Columns of equally many cells.
        width: Columns of the terminal.
    """
    shown = [
        replace(column, cells=[printable(cell) for cell in column.cells]) for column in columns if any(column.cells)
    ]
    widths = _widths(shown, width)
    lines = _row([column.title for column in shown], shown, widths, painted=False)
    for cells in zip(*(column.cells for column in shown), strict=True):
        lines += _row(cells, shown, widths, painted=True)
    return lines


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    natural = [max(map(cell_width, (column.title, *column.cells))) for column in columns]
    room = width - len(_GAP) * (len(columns) - 1)
    flexible = [natural[i] if column.narrowest is None else column.narrowest for i, column in enumerate(columns)]
    return _narrowed(_narrowed(natural, flexible, room), [_NARROWEST] * len(columns), room)


def _narrowed(widths: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    narrowed = list(widths)
    while sum(narrowed) > room:
        index = max(range(len(narrowed)), key=lambda i: (narrowed[i] > floors[i], narrowed[i]))
        if narrowed[index] <= floors[index]:
            break
        narrowed[index] -= 1
    return narrowed


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], *, painted: bool) -> list[str]:
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return [
        _GAP.join(
            _padded(part, column, width, painted=painted)
            for part, column, width in zip(parts, columns, widths, strict=True)
        ).rstrip()
        for parts in zip_longest(*wrapped, fillvalue="")
    ]


def _padded(text: str, column: Column, width: int, *, painted: bool) -> str:
    space = " " * (width - cell_width(text))
    shown = column.paint(text) if painted and column.paint else text
    return space + shown if column.right else shown + space
