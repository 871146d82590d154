"""Numbers of JSON: their types, and the digits that DuckDB rounds away where it reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import named
from airflow_provider_dpq.core.table.form import HugeInteger
from airflow_provider_dpq.core.table.grammar import is_rounded
from airflow_provider_dpq.core.table.json_kind import NUMBERS, extent
from airflow_provider_dpq.core.table.reading import stored_name, texts_of_frame
from airflow_provider_dpq.core.table.scan import Scan, quote_name
from airflow_provider_dpq.core.table.sql.duckdb_dialect import literal_text
from airflow_provider_dpq.core.table.sql.functions import count_if

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
