"""Columns of JSON of which some values are strings: what checks may cast, and what is no value of a type."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.json_number import number_text
from airflow_provider_dpq.core.table.sql.number import shortest_text
from airflow_provider_dpq.core.table.tally import MOMENTS, Tally, prevailing
from airflow_provider_dpq.core.table.text_column import JSON_NUMBERS, TextColumns

STRING: Final = "VARCHAR"
"""What DuckDB calls a string of JSON."""

_STRINGS: Final = "dpq:string:"


def parts_beside(key: str, tally: Tally) -> dict[str, Tally]:
    """Return what the parts that `text_parts` makes hold in the other parts of a table."""
    return {_STRINGS + key: tally, JSON_NUMBERS + key: tally}


def text_parts(key: str) -> dict[str, sa.ColumnElement[Any]]:
    """Return the strings and the numbers of a column of several types, by name, as text that checks may cast."""
    strings = sa.case((_is(key, STRING), sa.func.json_extract_string(named(key), "$")))
    return {_STRINGS + key: strings, JSON_NUMBERS + key: number_text(key)}


def _is(key: str, type_: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = sa.func.json_type(named(key)) == type_
    return found


def string_columns(texts: TextColumns, names: Sequence[str]) -> dict[str, Column]:
    """Return columns of strings, which checks may cast to days and moments; no string is a number or a truth value."""
    return {name: _of_strings(column) for name, column in texts.texts(names, only=MOMENTS).items()}


def _of_strings(column: Column) -> Column:
    def read_as(kind: Kind) -> Column:
        if kind.temporal and column.read_as is not None:
            return column.read_as(kind)
        return _without_values(column, kind)

    return replace(column, read_as=read_as)


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
        beside: What the values are in the other parts of the table.
    """

    def __init__(self, key: str, texts: TextColumns, beside: Tally) -> None:
        self._key = key
        self._texts = texts
        self._beside = beside
        self._numbers = texts.texts([JSON_NUMBERS + key])[JSON_NUMBERS + key]
        self._strings = string_columns(texts, [_STRINGS + key])[_STRINGS + key]
        self._written: sa.ColumnElement[Any] = sa.cast(named(key), sa.String())
        number = named(JSON_NUMBERS + key)
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
            prevailing=lambda: prevailing(self.tally() + self._beside),
        )

    def tally(self) -> Tally:
        """Return what the values here are: how many are numbers, of which forms, truth values, days and moments."""
        strings, numbers = self._texts.tallies([_STRINGS + self._key, JSON_NUMBERS + self._key]).values()
        truth = sa.case((_is(self._key, "BOOLEAN"), self._written))
        values, truths = self._texts.figures([sa.func.count(self._written), sa.func.count(truth)])
        return Tally(values, {**numbers.forms, **strings.forms, "boolean": truths}, numbers.digits)

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
