"""Columns of text files as checks need them: cast to the kind of what they are compared with, or as the texts again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.instant import read_moment


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


def cast_beside_texts(column: Column, values: Sequence[Any]) -> Column | None:
    """Return a column of text cast to days and moments where most values are some, and all of the given texts are.

    Returns:
        The column; None where it is not to be cast so.
    """
    if column.read_as_moments is None or not values or not all(isinstance(value, str) for value in values):
        return None
    named = all(read_moment(value) is not None for value in values)
    most = _most(column) if named else None
    return column.read_as_moments() if most is not None and most.temporal else None


def by_kind(column: Column, values: Sequence[Any]) -> list[tuple[Column, list[Any]]]:
    """Return a column of a text file once for each kind of values that it is held against, with those of that kind."""
    written = column.read_as is not None or (column.raw is not None and column.kind.temporal)
    groups: dict[str | None, list[Any]] = {}
    for value in values:
        kind = _kind(value) if written else None
        groups.setdefault(None if kind is None else kind.family, []).append(value)
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
    return column if kind is None or (among and kind not in among) else column.cast_to(kind)


def cast_row(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return columns of one row as they can be compared.

    Those of text are cast where most values of all columns are of one kind; else all are texts, of text files.
    """
    if not any(column.kind is Kind.STRING for column in columns):
        return tuple(columns)
    kinds = [column.kind if column.kind is not Kind.STRING else _most(column) for column in columns]
    if None not in kinds and len({kind.family for kind in kinds if kind is not None}) == 1:
        return tuple(column.cast_to(kind) for column, kind in zip(columns, kinds, strict=True) if kind is not None)
    mixed = len({column.kind for column in columns}) > 1
    return tuple(column.as_text() for column in columns) if mixed else tuple(columns)


def _most(column: Column) -> Kind | None:
    return None if column.prevailing is None else column.prevailing()


def cast_pair(a: Column, b: Column) -> tuple[Column, Column]:
    """Return two columns of one row, to be ordered: one that is text is cast to the other's kind, or both alike."""
    if Kind.STRING in (a.kind, b.kind) and a.kind is not b.kind:
        text, other = (a, b) if a.kind is Kind.STRING else (b, a)
        if other.kind is not Kind.OTHER:
            text = text.cast_to(other.kind)
        return (text, other) if a.kind is Kind.STRING else (other, text)
    most, other_most = cast_as_most_are(a), cast_as_most_are(b)
    same = most.kind.family == other_most.kind.family
    return (most, other_most) if same else (a, b)


def cast_to_figures(here: Column, there: Column) -> tuple[Column, Column]:
    """Return columns of two tables whose sums and bounds are compared: text is cast as most, or the others, are."""
    here, there = cast_as_most_are(here), cast_as_most_are(there)
    if here.kind is not there.kind and here.kind is Kind.STRING:
        here = here.cast_to(there.kind)
    elif here.kind is not there.kind and there.kind is Kind.STRING:
        there = there.cast_to(here.kind)
    return here, there
