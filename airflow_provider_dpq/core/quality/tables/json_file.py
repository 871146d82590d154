"""JSON lines, and files of one JSON array: every object is a row, and every value is the one that stands there.

A key is a column. Its type is what its values are in all files of a table: whole numbers, numbers, booleans, strings,
objects or arrays. Strings stay the texts that they are, whatever they look like. Where values are of several types,
the column is one of strings, and whatever is none is malformed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality.compile.duckdb_dialect import literal_text
from airflow_provider_dpq.core.quality.read_options import ReadOptions
from airflow_provider_dpq.core.quality.tables.disk import PlainFile, with_rows
from airflow_provider_dpq.core.quality.tables.duck import pick
from airflow_provider_dpq.core.quality.tables.json_column import STRING, MixedColumn, string_column, text_parts
from airflow_provider_dpq.core.quality.tables.json_number import NUMBERS, number_types, restore_digits
from airflow_provider_dpq.core.quality.tables.reading import Reading, quote_list, refuse_twins, stored_name, view
from airflow_provider_dpq.core.quality.tables.scan import Scan, quote_name, quote_text
from airflow_provider_dpq.core.quality.tables.table import Column
from airflow_provider_dpq.core.quality.tables.text_column import ROW, TextColumns

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
    table = f"{quote_name(f'{relation}_json')}.rows"
    _stage(scan, relation, source, kinds)
    json_kinds = {key: kind for key, kind in kinds.items() if _type(kind) == "JSON"}
    long = restore_digits(scan, table, source, [key for key, kind in json_kinds.items() if kind in ("DOUBLE", "JSON")])
    types = number_types(scan, table, [key for key, kind in json_kinds.items() if kind in NUMBERS], long)
    for key, type_ in types.items():
        name = quote_name(stored_name(key))
        scan.connection.execute(
            f"ALTER TABLE {table} ALTER {name} TYPE {type_} USING CAST(CAST({name} AS VARCHAR) AS {type_})"
        )
    mixed = _mixed(scan, table, [key for key in json_kinds if key not in types])
    named = ", ".join(f"{quote_name(stored_name(key))} AS {quote_name(key)}" for key in kinds)
    texts_of = {name: literal_text(part) for key in mixed for name, part in text_parts(key).items()}
    parts = ", ".join(["*", *(f"{part} AS {quote_name(name)}" for name, part in texts_of.items())])
    view(scan, relation, f"(SELECT {parts} FROM (SELECT {named} FROM {table}))")  # noqa: S608 - quoted names
    numbered = quote_name(f"{relation}_rows")
    rows = f"SELECT rowid AS {quote_name(ROW)}, {named} FROM {table}"  # noqa: S608 - as above
    view(scan, f"{relation}_rows", f"(SELECT {parts} FROM ({rows}))")  # noqa: S608 - as above
    scan.count_rows(relation)
    texts = TextColumns(scan, numbered, ReadOptions(), lambda row: f"object {row + 1:,}")
    strings = [key for key, kind in kinds.items() if kind == STRING]
    found = pick(scan, relation, [column for column in scan.columns(relation) if column[0] in kinds])
    found |= {key: string_column(column) for key, column in texts.columns(strings, frozenset(strings)).items()}
    return found | {key: MixedColumn(key, texts).column() for key in mixed}


def _stage(scan: Scan, relation: str, source: str, kinds: Mapping[str, Any]) -> None:
    """Bring the objects into a table on disk, whose rows are theirs in order."""
    staged = quote_name(f"{relation}_json")
    scan.connection.execute(f"ATTACH {quote_text(str(scan.directory / relation))} AS {staged}")
    columns = ", ".join(f"{quote_name(key)}: {quote_text(_type(kind))}" for key, kind in kinds.items())
    named = ", ".join(f"{quote_name(key)} AS {quote_name(stored_name(key))}" for key in kinds)
    scan.connection.execute(
        f"CREATE TABLE {staged}.rows AS SELECT {named} FROM read_json({source}, columns = {{{columns}}})"  # noqa: S608
    )


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
    if kind in ("BOOLEAN", STRING):
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


def _mixed(scan: Scan, table: str, keys: Sequence[str]) -> list[str]:
    """Return the columns whose values are of several types; objects and arrays alone, or nothing, are one."""
    if not keys:
        return []
    plain = (f"count(*) FILTER (json_type({quote_name(stored_name(key))}) NOT IN ('OBJECT', 'ARRAY'))" for key in keys)
    (row,) = scan.connection.execute(f"SELECT {', '.join(plain)} FROM {table}").fetchall()  # noqa: S608
    return [key for key, count in zip(keys, row, strict=True) if count]
