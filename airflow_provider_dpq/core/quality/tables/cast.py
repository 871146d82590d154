"""Columns of text files as checks need them: cast to the kind of what they are compared with, or as the texts again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from airflow_provider_dpq.core.quality.instant import read_moment
from airflow_provider_dpq.core.quality.tables.table import Column, Kind


def kind_of_values(values: Iterable[Any]) -> Kind | None:
    """Return the kind that values of Python have in common, a number being floating; None for texts and a mixture."""
    kinds = {_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> Kind | None:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, (int, float, Decimal)):
        return Kind.FLOAT
    if isinstance(value, datetime):
        return Kind.TIMESTAMP if value.tzinfo is None else Kind.TIMESTAMP_TZ
    return Kind.DATE if isinstance(value, date) else None


def are_texts(values: Iterable[Any]) -> bool:
    """Whether values of Python, missing ones aside, are texts."""
    return all(isinstance(value, str) for value in values if value is not None)


def cast_for(column: Column, *values: Any) -> Column:
    """Return a column of text cast to the kind of values that it is compared with; any other as it is.

    Beside days or moments it holds days and moments of any kind, which are compared whatever the kinds of both; but
    where days are expected and most values are days, a moment among them is none.
    """
    if column.read_as is None:
        return column.as_stored() if _has_plain_text(column, values) else column
    kind = kind_of_values(values)
    present = [value for value in values if value is not None]
    if column.read_as_moments is not None and present and all(isinstance(value, date) for value in present):
        days = kind is Kind.DATE and column.prevailing is not None and column.prevailing() is Kind.DATE
        return column.read_as(Kind.DATE) if days else column.read_as_moments()
    return column if kind is None else column.read_as(kind)


def by_kind(column: Column, values: Sequence[Any]) -> list[tuple[Column, list[Any]]]:
    """Return a column of text once for each kind of values that it is held against, with the values of that kind."""
    if column.read_as is None:
        return [(cast_for(column, *values), list(values))]
    groups: dict[Kind | None, list[Any]] = {}
    for value in values:
        kind = _kind(value)
        groups.setdefault(Kind.TIMESTAMP if kind is not None and kind.temporal else kind, []).append(value)
    return [(cast_for(column, *group), group) for group in groups.values()]


def _has_plain_text(column: Column, values: Iterable[Any]) -> bool:
    """Whether a text is among values, but for those that name days or moments, which such a column holds."""
    texts = [value for value in values if isinstance(value, str)]
    return any(read_moment(text) is None for text in texts) if column.kind.temporal else bool(texts)


def cast_to_number(column: Column) -> Column:
    """Return a column of text cast to numbers; any other as it is."""
    return column if column.read_as is None else column.read_as(Kind.FLOAT)


def cast_as_most_are(column: Column, *among: Kind) -> Column:
    """Return a column of text cast to the kind that most of its values have; any other, and text, as it is.

    Args:
        column: The column.
        among: Kinds that a check can use; any if there are none.
    """
    if column.prevailing is None or column.read_as is None:
        return column
    kind = column.prevailing()
    return column if kind is None or (among and kind not in among) else column.read_as(kind)


def cast_row(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return columns of one row as they can be compared: as texts where one of text is among others of text files."""
    mixed = len({column.kind for column in columns}) > 1 and any(column.kind is Kind.STRING for column in columns)
    return tuple(column.as_text() for column in columns) if mixed else tuple(columns)


def cast_pair(a: Column, b: Column) -> tuple[Column, Column]:
    """Return two columns of one row, to be ordered: one that is text is cast to the other's kind, or both alike."""
    if Kind.STRING in (a.kind, b.kind) and a.kind is not b.kind:
        text, other = (a, b) if a.kind is Kind.STRING else (b, a)
        if text.read_as is not None and other.kind is not Kind.OTHER:
            text = text.read_as(Kind.FLOAT if other.kind.numeric else other.kind)
        return (text, other) if a.kind is Kind.STRING else (other, text)
    most, other_most = cast_as_most_are(a), cast_as_most_are(b)
    same = most.kind is other_most.kind or (most.kind.numeric and other_most.kind.numeric)
    return (most, other_most) if same else (a, b)


def cast_to_figures(here: Column, there: Column) -> tuple[Column, Column]:
    """Return columns of two tables whose sums and bounds are compared: text is cast as most, or the others, are."""
    here, there = cast_as_most_are(here), cast_as_most_are(there)
    if here.kind is not there.kind and here.kind is Kind.STRING and here.read_as is not None:
        here = here.read_as(Kind.FLOAT if there.kind.numeric else there.kind)
    elif here.kind is not there.kind and there.kind is Kind.STRING and there.read_as is not None:
        there = there.read_as(Kind.FLOAT if here.kind.numeric else here.kind)
    return here, there
