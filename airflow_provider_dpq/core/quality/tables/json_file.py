"""JSON lines, and files of one JSON array: every object is a row, and every value is the one that stands there.

A key is a column. Its type is what its values are in all files of a table: whole numbers, numbers, booleans, strings,
objects or arrays. Strings stay the texts that they are, whatever they look like. Where values are of several types,
the column is one of strings, and whatever is none is malformed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality.read_options import ReadOptions
from airflow_provider_dpq.core.quality.tables.disk import PlainFile, with_rows
from airflow_provider_dpq.core.quality.tables.duck import Scan, pick, quote_name, quote_text
from airflow_provider_dpq.core.quality.tables.reading import Reading, quote_list, refuse_twins, view
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, named
from airflow_provider_dpq.core.quality.tables.text_column import TextColumns

_NUMBERS: Final = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")
_STRINGS: Final = "VARCHAR"
_EXACT: Final = 2**53
"""Whole numbers up to this one are floating numbers too, each its own."""
_DIGITS: Final = 38
_MOMENTS: Final = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)
_LONGEST_TYPE: Final = 65_536
"""Objects whose type would take more characters, as those of a dictionary do, are kept as the texts that they are."""


def attach_json(scan: Scan, relation: str, files: Sequence[PlainFile], reading: Reading) -> dict[str, Column]:
    """Give DuckDB files of JSON as a relation, and return its columns.

    Raises:
        SourceError: ``empty_file``, ``ambiguous_columns``, or ``unreadable_json``: a value is no object, has a key
            twice, or is no JSON.
    """
    files = with_rows(scan, files)
    source = f"{quote_list([file.address(scan) for file in files])}, format = 'auto', hive_partitioning = false"
    kinds = _structure(scan, source, files)
    refuse_twins(files[0].name, list(kinds))
    staged = quote_name(f"{relation}_json")
    table = f"{staged}.rows"
    scan.connection.execute(f"ATTACH {quote_text(str(scan.directory / relation))} AS {staged}")
    columns = ", ".join(f"{quote_name(key)}: {quote_text(_type(kind))}" for key, kind in kinds.items())
    scan.connection.execute(f"CREATE TABLE {table} AS SELECT * FROM read_json({source}, columns = {{{columns}}})")  # noqa: S608
    types = _number_types(scan, table, [key for key, kind in kinds.items() if kind in _NUMBERS])
    for key, type_ in types.items():
        name = quote_name(key)
        scan.connection.execute(
            f"ALTER TABLE {table} ALTER {name} TYPE {type_} USING CAST(CAST({name} AS VARCHAR) AS {type_})"
        )
    mixed = _mixed(scan, table, [key for key, kind in kinds.items() if _type(kind) == "JSON" and key not in types])
    view(scan, relation, table)
    scan.count_rows(relation)
    strings = [key for key, kind in kinds.items() if kind == _STRINGS]
    declared = ReadOptions(column_types=dict.fromkeys(strings, "text"))
    texts = TextColumns(scan, table, declared, lambda row: f"object {row + 1:,}").columns(strings)
    found = pick(scan.columns(relation)) | {key: _string_column(column) for key, column in texts.items()}
    return found | {key: _mixed_column(key) for key in mixed}


def _structure(scan: Scan, source: str, files: Sequence[PlainFile]) -> dict[str, Any]:
    """Return what the values of each key are, in the order in which keys are first met.

    Raises:
        SourceError: ``unreadable_json`` or ``empty_file``.
    """
    described = "count(*), count(*) FILTER (json_type(json) <> 'OBJECT'), json_group_structure(json)"
    query = f"SELECT {described} FROM read_json_objects({source})"  # noqa: S608
    ((rows, others, structure),) = scan.connection.execute(query).fetchall()
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    if others:
        numbered = f"SELECT row_number() OVER () AS number, json FROM read_json_objects({source})"  # noqa: S608
        first = f"SELECT min(number) FROM ({numbered}) WHERE json_type(json) <> 'OBJECT'"  # noqa: S608
        ((number,),) = scan.connection.execute(first).fetchall()
        message = f"{name!r} holds {others} values that are no objects, the first is value {number}."
        raise SourceError("unreadable_json", message, hint="Write each row as one object.", quotes_data=False)
    kinds = json.loads(structure) if rows else None
    if not isinstance(kinds, dict):
        message = (
            f"{name!r} holds no value: it is empty." if not rows else f"{name!r} holds {rows} objects without keys."
        )
        raise SourceError("empty_file", message, hint="Is it written already?", quotes_data=False)
    if "" in kinds:
        message = f"{name!r} has a key without a name."
        raise SourceError("unreadable_json", message, hint="Name it.", quotes_data=False)
    return kinds


def _type(kind: Any) -> str:
    """Return the type by which DuckDB reads a column: numbers and what is mixed are first kept as they are written."""
    if kind in ("BOOLEAN", _STRINGS):
        return str(kind)
    if isinstance(kind, str):
        return "JSON"
    type_ = _nested(kind)
    return "JSON" if len(type_) > _LONGEST_TYPE else type_


def _nested(kind: Any) -> str:
    if isinstance(kind, list):
        return f"{_nested(kind[0])}[]"
    if isinstance(kind, dict):
        folded = {key.casefold() for key in kind}
        if "" in folded or len(folded) < len(kind):
            return "JSON"
        return f"STRUCT({', '.join(f'{quote_name(key)} {_nested(inner)}' for key, inner in kind.items())})"
    return "JSON" if kind == "NULL" else str(kind)


def _number_types(scan: Scan, table: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the types of columns of numbers; left out are those that no type holds exactly."""
    if not keys:
        return {}
    figures = []
    for name in map(quote_name, keys):
        text = f"CAST({name} AS VARCHAR)"
        whole = f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN {text} END"
        point = f"CASE WHEN regexp_full_match({text}, '-?[0-9]+([.][0-9]+)?') THEN ltrim({text}, '-') END"
        figures += [
            f"count({name}) - count({whole})",
            f"count({name}) - count({point})",
            f"max(strlen(split_part({point}, '.', 1)))",
            f"max(strlen(split_part({point}, '.', 2)))",
            f"min(try_cast({whole} AS HUGEINT))",
            f"max(try_cast({whole} AS HUGEINT))",
        ]
    (row,) = scan.connection.execute(f"SELECT {', '.join(figures)} FROM {table}").fetchall()  # noqa: S608
    size = len(figures) // len(keys)
    types = {key: _number_type(row[size * number : size * (number + 1)]) for number, key in enumerate(keys)}
    return {key: type_ for key, type_ in types.items() if type_ is not None}


def _number_type(figures: Sequence[int | None]) -> str | None:
    """Return the type of a column of numbers: whole, floating, or decimal where floating ones would change a whole one.

    Args:
        figures: How many numbers are not written as whole ones, and how many with an exponent, as infinite or as not a
            number; the most digits before a point, and after one; the least and the greatest of the whole numbers
            that have up to 38 digits.
    """
    fractions, exponents, before, after, least, most = (figure or 0 for figure in figures)
    if fractions:
        if max(-least, most) <= _EXACT and before <= _DIGITS:
            return "DOUBLE"
        return f"DECIMAL({_DIGITS}, {after})" if not exponents and before + after <= _DIGITS else None
    if before > _DIGITS:
        return None
    if least >= -(2**63) and most < 2**63:
        return "BIGINT"
    return "UBIGINT" if least >= 0 and most < 2**64 else "HUGEINT"


def _mixed(scan: Scan, table: str, keys: Sequence[str]) -> list[str]:
    """Return the columns whose values are of several types; objects and arrays alone, or nothing, are one."""
    if not keys:
        return []
    plain = (f"count(*) FILTER (json_type({quote_name(key)}) NOT IN ('OBJECT', 'ARRAY'))" for key in keys)
    (row,) = scan.connection.execute(f"SELECT {', '.join(plain)} FROM {table}").fetchall()  # noqa: S608
    return [key for key, count in zip(keys, row, strict=True) if count]


def _string_column(column: Column) -> Column:
    """Return a column of strings, which checks may cast to days and moments; no string is a number or a truth value."""

    def read_as(kind: Kind) -> Column:
        if kind in _MOMENTS and column.read_as is not None:
            return column.read_as(kind)
        return _without_values(column, kind)

    def prevailing() -> Kind | None:
        kind = None if column.prevailing is None else column.prevailing()
        return kind if kind in _MOMENTS else None

    return replace(column, read_as=read_as, prevailing=prevailing)


def _without_values(column: Column, kind: Kind) -> Column:
    """Return a column none of whose values is of a kind."""
    malformed = sa.not_(column.missing)
    none: sa.ColumnElement[Any] = sa.null()
    return replace(column, kind=kind, value=none, raw=column.value, malformed=malformed, read_as=None, prevailing=None)


def _mixed_column(name: str) -> Column:
    """Return a column of strings among which there are other values, which are told apart from any string."""
    column = named(name)
    written: sa.ColumnElement[Any] = sa.cast(column, sa.String())
    text = sa.func.json_extract_string(column, "$")
    is_string = sa.func.json_type(column) == _STRINGS
    value: sa.ColumnElement[Any] = sa.case((is_string, text))
    missing = column.is_(None)
    malformed = sa.and_(sa.not_(missing), sa.not_(is_string))
    return Column(
        name,
        Kind.STRING,
        "json mixed",
        value,
        written,
        written,
        missing,
        raw=text,
        malformed=malformed,
        text=text,
        dtype="object",
        decode=json.loads,
    )
