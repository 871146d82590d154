"""Columns of JSON of which some values are strings: what checks may cast, and what is no value of a type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.form import HugeInteger
from airflow_provider_dpq.core.table.grammar import is_rounded
from airflow_provider_dpq.core.table.json_kind import NUMBERS, extent
from airflow_provider_dpq.core.table.reading import stored_name, texts_of_frame
from airflow_provider_dpq.core.table.scan import Scan, quote_name
from airflow_provider_dpq.core.table.sql.duckdb_dialect import literal_text
from airflow_provider_dpq.core.table.sql.functions import count_if
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


_SURE: Final = 16
"""A fraction of so many characters is one floating number's alone."""
_CHUNK: Final = 20_000
_FRAME: Final = "dpq_numbers"


class _Written(str):
    """A number with a fraction or an exponent as it is written."""

    __slots__ = ()


def restore_digits(scan: Scan, table: str, source: str, keys: Sequence[str]) -> frozenset[str]:
    """Write the digits that floating numbers lack into a table of JSON, and return the columns that have such numbers.

    Args:
        scan: Where the table is.
        table: Its name.
        source: The files that its rows are read from, in their order.
        keys: Columns with fractions among their values.
    """
    if not keys:
        return frozenset()
    objects = f"SELECT row_number() OVER () - 1 AS row, CAST(json AS VARCHAR) AS text FROM read_json_objects({source})"  # noqa: S608
    tokens = "regexp_extract_all(text, '[0-9]+[.][0-9]+(?:[eE][-+]?[0-9]+)?')"
    # Each condition is for the objects that those before it leave.
    conditions = [
        "regexp_matches(text, '[0-9.]{17}')",
        f"len(list_filter({tokens}, lambda t: strlen(t) > 16 AND CAST(CAST(t AS DOUBLE) AS VARCHAR) <> t)) > 0",
        f"len(list_filter({tokens}, lambda t: {literal_text(is_rounded(named('t')))})) > 0",
    ]
    reader = scan.connection.cursor()
    found: set[str] = set()
    try:
        reader.execute(f"SELECT row, text FROM ({objects}) WHERE {' AND '.join(conditions)}")  # noqa: S608
        with texts_of_frame(scan, _FRAME):
            while rows := reader.fetchmany(_CHUNK):
                found.update(_write(scan, table, keys, rows))
    finally:
        reader.close()
    return frozenset(found)


def _write(scan: Scan, table: str, keys: Sequence[str], rows: Sequence[tuple[int, str]]) -> Iterator[str]:
    import pandas as pd

    values = [json.loads(text, parse_float=_Written, parse_int=str) for _, text in rows]
    for key in keys:
        digits = {row: _digits(value.get(key)) for (row, _), value in zip(rows, values, strict=True)}
        frame = pd.DataFrame({"row": list(digits), "digits": pd.Series(list(digits.values()), dtype=object)}).dropna()
        if not len(frame):
            continue
        scan.connection.register(_FRAME, frame)
        scan.connection.execute(
            f"UPDATE {table} AS t SET {quote_name(stored_name(key))} = CAST(f.digits AS JSON) "  # noqa: S608
            f"FROM {_FRAME} AS f WHERE t.rowid = f.row"
        )
        yield key


def _digits(value: Any) -> str | None:
    """Return a fraction's own digits, where there are so many that a floating number may lack some."""
    long = isinstance(value, _Written) and len(value) > _SURE and "e" not in value.lower()
    return str(value) if long else None


def extents(scan: Scan, table: str, keys: Sequence[str], long: frozenset[str]) -> dict[str, dict[str, int]]:
    """Return how far the numbers among values of JSON go, by column and as `EXTENT` names it, without what is 0.

    Args:
        scan: Where the table is.
        table: Its name.
        keys: Columns with numbers.
        long: Those with numbers of which floating ones lack digits.
    """
    if not keys:
        return {}
    figures = [figure for key in keys for figure in _figures(number_text(stored_name(key)))]
    ((*row,),) = scan.connection.execute(literal_text(sa.select(*figures).select_from(sa.text(table)))).fetchall()
    size = len(row) // len(keys)
    return {key: extent(row[size * n : size * (n + 1)], rounded=key in long) for n, key in enumerate(keys)}


def number_text(key: str) -> sa.ColumnElement[Any]:
    """Return the number in a column of JSON as it is written; NULL of any other value."""
    value = named(key)
    return sa.case((sa.func.json_type(value).in_(NUMBERS), sa.cast(value, sa.String())))


def _figures(text: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    whole = sa.case((sa.func.regexp_full_match(text, "-?[0-9]+"), text))
    point = sa.case((sa.func.regexp_full_match(text, "-?[0-9]+([.][0-9]+)?"), sa.func.ltrim(text, "-")))
    return [
        sa.func.count(text) - sa.func.count(whole),
        sa.func.count(text) - sa.func.count(point),
        count_if(sa.func.isinf(sa.try_cast(text, sa.Double()))),
        sa.func.max(sa.func.strlen(sa.func.split_part(point, ".", 1))),
        sa.func.max(sa.func.strlen(sa.func.split_part(point, ".", 2))),
        sa.func.min(sa.try_cast(whole, HugeInteger())),
        sa.func.max(sa.try_cast(whole, HugeInteger())),
    ]
