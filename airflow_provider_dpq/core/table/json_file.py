"""JSON lines, and files of one JSON array: every object is a row, and every value is the one that stands there.

A key is a column. Its type is what its values are in all files of a table: whole numbers, numbers, booleans, strings,
objects or arrays. Strings stay the texts that they are, whatever they look like. Where values are of several types,
the column is one of strings, and whatever is none is malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table import json_kind
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.disk import PlainFile, with_rows
from airflow_provider_dpq.core.table.duck_column import pick
from airflow_provider_dpq.core.table.evidence import Evidence, together
from airflow_provider_dpq.core.table.json_column import (
    STRING,
    MixedColumn,
    extents,
    parts_beside,
    restore_digits,
    string_columns,
    text_parts,
)
from airflow_provider_dpq.core.table.read_options import ReadOptions
from airflow_provider_dpq.core.table.reading import (
    NO_COLUMN,
    Reading,
    quote_list,
    require_own_names,
    stored_name,
    view,
)
from airflow_provider_dpq.core.table.remote import address
from airflow_provider_dpq.core.table.scan import Scan, quote_name, quote_text
from airflow_provider_dpq.core.table.sql.duckdb_dialect import literal_text
from airflow_provider_dpq.core.table.tally import Tally, read_tally
from airflow_provider_dpq.core.table.text_column import ROW, TextColumns

_TYPES: Final = {json_kind.BOOLEAN: "BOOLEAN", json_kind.STRING: STRING}
_CHUNK: Final = 256 * 1024
_DEEPEST: Final = 120
"""So many brackets may be open at a time."""
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_LONGEST_TYPE: Final = 65_536
"""Objects whose type would take more characters, as those of a dictionary do, are kept as the texts that they are."""


def attach_json(scan: Scan, relation: str, files: Sequence[PlainFile], reading: Reading) -> dict[str, Column]:
    """Give DuckDB files of JSON as a relation, and return its columns.

    Raises:
        SourceError: ``empty_file``, ``ambiguous_columns``, or ``unreadable_json``: a value is no object, has a key
            twice, or is no JSON.
    """
    files = with_rows(scan, files, alone=reading.alone)
    for file in files:
        _require_shallow(file)
    source = f"{quote_list([address(scan, file) for file in files])}, format = 'auto', hive_partitioning = false"
    structures = _structures(scan, source, files, reading)
    own: dict[str, dict[str, Any]] = {k: {json_kind.KIND: json_kind.kind_of(found)} for k, found in structures.items()}
    kinds = {key: str(found[json_kind.KIND]) for key, found in together(own, reading.beside).items() if key in own}
    table = f"{quote_name(f'{relation}_json')}.rows"
    types = {key: _type(structure, kinds[key]) for key, structure in structures.items()}
    _stage(scan, relation, source if files else None, types)
    fractions = [key for key, type_ in types.items() if type_ == "JSON" and structures[key] in ("DOUBLE", "JSON")]
    long = restore_digits(scan, table, source, fractions) if files else frozenset()
    numbers = [key for key in own if own[key][json_kind.KIND] == kinds[key] == json_kind.NUMBER]
    for key, extent in extents(scan, table, numbers, long).items():
        own[key] |= extent
    for key in _all_nested(scan, table, [key for key, structure in structures.items() if structure == "JSON"]):
        own[key][json_kind.KIND] = json_kind.NESTED
    whole = together(own, reading.beside)
    mixed = [key for key in own if json_kind.is_mixed(whole[key])]
    for key in own:
        if whole[key][json_kind.KIND] == json_kind.NUMBER and key not in mixed:
            _retype(scan, table, key, str(json_kind.number_type(whole[key])))
    _view_rows(scan, relation, table, list(own), mixed)
    beside = {key: read_tally(found) for key, found in reading.beside.items()}
    parts = {name: tally for key, found in beside.items() for name, tally in parts_beside(key, found).items()}
    texts = TextColumns(
        scan, quote_name(f"{relation}_rows"), ReadOptions(), lambda row: f"object {row + 1:,}", beside | parts
    )
    strings = string_columns(texts, [key for key in own if whole[key][json_kind.KIND] == json_kind.STRING])
    several = {key: MixedColumn(key, texts, beside.get(key, Tally())) for key in mixed}

    def evidence(names: Sequence[str]) -> Evidence:
        tallies = texts.tallies([name for name in names if name in strings])
        tallies |= {name: several[name].tally() for name in names if name in several}
        return {name: {**own[name], **(tallies[name].written() if name in tallies else {})} for name in names}

    scan.evidence[relation] = evidence
    found = pick(scan, relation, [column for column in scan.columns(relation) if column[0] in own])
    return found | strings | {key: column.column() for key, column in several.items()}


def _structures(scan: Scan, source: str, files: Sequence[PlainFile], reading: Reading) -> dict[str, Any]:
    """Return what the values of each key are in these files, those among them that only other parts have."""
    found = _structure(scan, source, files, alone=reading.alone) if files else {}
    require_own_names(files[0].name if files else "", list(found))
    known = {key.casefold() for key in found}
    found |= {key: "NULL" for key in reading.beside if key.casefold() not in known}
    return found or {NO_COLUMN: "NULL"}


def _require_shallow(file: PlainFile) -> None:
    """Refuse a file that is nested so deeply that DuckDB would give up this file, and all that it has open beside it.

    Raises:
        SourceError: ``unreadable_json``.
    """
    with file.open() as stream:
        if _depth(iter(lambda: stream.read(_CHUNK), b"")) <= _DEEPEST:
            return
    with file.open() as stream:  # brackets in texts are none, and no text goes on in another line
        if _depth(_TEXT.sub(b"", line) for line in stream) <= _DEEPEST:
            return
    message = f"{file.name!r} cannot be read as json: it is nested too deeply."
    raise SourceError("unreadable_json", message, hint="Look at the file.", quotes_data=False)


def _depth(chunks: Iterable[bytes]) -> int:
    """Return how many brackets are open at most."""
    import numpy as np

    open_, deepest = 0, 0
    for chunk in chunks:
        content = np.frombuffer(chunk, dtype=np.uint8) | 0x20  # which makes a square bracket a curly one
        steps = (content == ord("{")).astype(np.int8) - (content == ord("}")).astype(np.int8)
        if steps.any():
            depths = open_ + np.cumsum(steps, dtype=np.int64)
            open_, deepest = int(depths[-1]), max(deepest, int(depths.max()))
    return deepest


def _stage(scan: Scan, relation: str, source: str | None, types: Mapping[str, str]) -> None:
    """Bring the objects into a table on disk, whose rows are theirs in order; without files it has none."""
    staged = quote_name(f"{relation}_json")
    scan.connection.execute(f"ATTACH {quote_text(str(scan.directory / relation))} AS {staged}")
    if source is None:
        described = ", ".join(f"{quote_name(stored_name(key))} {type_}" for key, type_ in types.items())
        scan.connection.execute(f"CREATE TABLE {staged}.rows ({described})")
        return
    columns = ", ".join(f"{quote_name(key)}: {quote_text(type_)}" for key, type_ in types.items())
    named = ", ".join(f"{quote_name(key)} AS {quote_name(stored_name(key))}" for key in types)
    scan.connection.execute(
        f"CREATE TABLE {staged}.rows AS SELECT {named} FROM read_json({source}, columns = {{{columns}}})"  # noqa: S608
    )


def _retype(scan: Scan, table: str, key: str, type_: str) -> None:
    name = quote_name(stored_name(key))
    scan.connection.execute(
        f"ALTER TABLE {table} ALTER {name} TYPE {type_} USING CAST(CAST({name} AS VARCHAR) AS {type_})"
    )


def _view_rows(scan: Scan, relation: str, table: str, keys: Sequence[str], mixed: Sequence[str]) -> None:
    """Give DuckDB the rows under their keys' names, and with their numbers; of several types also as texts."""
    named = ", ".join(f"{quote_name(stored_name(key))} AS {quote_name(key)}" for key in keys)
    texts_of = {name: literal_text(part) for key in mixed for name, part in text_parts(key).items()}
    parts = ", ".join(["*", *(f"{part} AS {quote_name(name)}" for name, part in texts_of.items())])
    view(scan, relation, f"(SELECT {parts} FROM (SELECT {named} FROM {table}))")  # noqa: S608 - quoted names
    rows = f"SELECT rowid AS {quote_name(ROW)}, {named} FROM {table}"  # noqa: S608 - as above
    view(scan, f"{relation}_rows", f"(SELECT {parts} FROM ({rows}))")  # noqa: S608 - as above
    scan.count_rows(relation)


def _structure(scan: Scan, source: str, files: Sequence[PlainFile], *, alone: bool) -> dict[str, Any]:
    """Return what the values of each key are, in the order in which keys are first met.

    Args:
        scan: What reads the files.
        source: The files, as DuckDB names them.
        files: The files.
        alone: Whether they are all files of the table: then there must be a key.

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
    if not isinstance(kinds, dict) and not alone:
        return {}
    if not isinstance(kinds, dict):
        message = (
            f"{name!r} holds no value: it is empty." if not rows else f"{name!r} holds {rows} objects without keys."
        )
        raise SourceError("empty_file", message, hint="Is it written already?", quotes_data=False)
    if "" in kinds:
        message = f"{name!r} has a key without a name."
        raise SourceError("unreadable_json", message, hint="Name it.", quotes_data=False)
    return kinds


def _type(structure: Any, kind: str) -> str:
    """Return the type by which DuckDB reads a key: numbers and what is mixed are first kept as they are written.

    Args:
        structure: What its values are in these files.
        kind: What they are in all parts of the table.
    """
    if kind in _TYPES:
        return _TYPES[kind]
    if kind != json_kind.NESTED or isinstance(structure, str):
        return "JSON"
    type_ = _nested(structure)
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


def _all_nested(scan: Scan, table: str, keys: Sequence[str]) -> list[str]:
    """Return the keys, among some of several structures, whose values are objects and arrays alone: one kind."""
    if not keys:
        return []
    plain = (f"count(*) FILTER (json_type({quote_name(stored_name(key))}) NOT IN ('OBJECT', 'ARRAY'))" for key in keys)
    (row,) = scan.connection.execute(f"SELECT {', '.join(plain)} FROM {table}").fetchall()  # noqa: S608
    return [key for key, count in zip(keys, row, strict=True) if not count]
