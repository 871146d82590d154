"""Columns of JSON of which some values are strings: what checks may cast, and what is no value of a type."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.number import shortest_text
from airflow_provider_dpq.core.quality.tables.json_number import number_text
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, named
from airflow_provider_dpq.core.quality.tables.text_column import TextColumns

STRING: Final = "VARCHAR"
"""What DuckDB calls a string of JSON."""

_STRINGS: Final = "dpq:string:"
_NUMBERS: Final = "dpq:number:"


def text_parts(key: str) -> dict[str, sa.ColumnElement[Any]]:
    """Return the strings and the numbers of a column of several types, by name, as text that checks may cast."""
    strings = sa.case((_is(key, STRING), sa.func.json_extract_string(named(key), "$")))
    return {_STRINGS + key: strings, _NUMBERS + key: number_text(key)}


def _is(key: str, type_: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = sa.func.json_type(named(key)) == type_
    return found


def string_column(column: Column) -> Column:
    """Return a column of strings, which checks may cast to days and moments; no string is a number or a truth value."""

    def read_as(kind: Kind) -> Column:
        if kind.temporal and column.read_as is not None:
            return column.read_as(kind)
        return _without_values(column, kind)

    def prevailing() -> Kind | None:
        kind = None if column.prevailing is None else column.prevailing()
        return kind if kind is not None and kind.temporal else None

    return replace(column, read_as=read_as, prevailing=prevailing)


def _without_values(column: Column, kind: Kind) -> Column:
    """Return a column none of whose values is of a kind."""
    malformed = sa.not_(column.missing)
    none: sa.ColumnElement[Any] = sa.null()
    return replace(column, kind=kind, value=none, raw=column.value, malformed=malformed, read_as=None, prevailing=None)


class MixedColumn:
    """A column of values of several types: strings, among which others are told apart from any string.

    Args:
        key: Its name.
        texts: Reads what `text_parts` returns.
    """

    def __init__(self, key: str, texts: TextColumns) -> None:
        self._key = key
        self._texts = texts
        names = [_STRINGS + key, _NUMBERS + key]
        strings, self._numbers = texts.columns(names, frozenset(names)).values()
        self._strings = string_column(strings)
        self._written: sa.ColumnElement[Any] = sa.cast(named(key), sa.String())
        number = named(_NUMBERS + key)
        self._told_apart = sa.case((number.is_not(None), shortest_text(number, Kind.DECIMAL)), else_=self._written)
        self._missing = named(key).is_(None)

    def column(self) -> Column:
        """Return it as one of strings."""
        moments = self._strings.read_as_moments
        return replace(
            self._column(Kind.STRING, self._strings.value),
            native="json mixed",
            key=self._told_apart,
            text=sa.func.json_extract_string(named(self._key), "$"),
            dtype="object",
            read_as=self._read_as,
            read_as_moments=None if moments is None else lambda: self._cast(moments()),
            prevailing=self._prevailing,
        )

    def _read_as(self, kind: Kind) -> Column:
        if kind is Kind.BOOLEAN:
            return self._column(kind, sa.case((_is(self._key, "BOOLEAN"), self._written == "true")))
        part = self._numbers if kind.numeric else self._strings
        read_as: Callable[[Kind], Column] | None = part.read_as
        return self._column(kind, sa.null()) if read_as is None else self._cast(read_as(kind))

    def _cast(self, part: Column) -> Column:
        return self._column(part.kind, part.value, part.shown)

    def _column(self, kind: Kind, value: sa.ColumnElement[Any], shown: sa.ColumnElement[Any] | None = None) -> Column:
        """Return the column as one of a kind, of which whatever else stands there is no value."""
        key = sa.func.coalesce(sa.cast(value, sa.String()), self._told_apart)
        return Column(
            *(self._key, kind, f"json {kind}", value, value if shown is None else shown, key, self._missing),
            raw=self._written,
            malformed=sa.and_(sa.not_(self._missing), value.is_(None)),
            misfit=self._texts.misfit,
            decode=json.loads,
        )

    def _prevailing(self) -> Kind | None:
        """Return the kind that at least half of the values have."""
        kinds = [Kind.FLOAT, Kind.BOOLEAN]
        most = None if self._strings.prevailing is None else self._strings.prevailing()
        kinds += [] if most is None else [most]
        values = [self._read_as(kind).value for kind in kinds]
        total, *counts = self._texts.figures([sa.func.count(value) for value in (self._written, *values)])
        return next((kind for kind, count in zip(kinds, counts, strict=True) if count and 2 * count >= total), None)
