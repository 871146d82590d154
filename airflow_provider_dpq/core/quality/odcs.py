"""The Open Data Contract Standard, version 3: its schema as a contract of ours, its rules as expectations.

What has an exact counterpart here is read; the rest is named, never guessed. See https://bitol.io and the JSON Schema
of the standard. An object is a table, a property a column; what is nested in a property is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract import TYPES, Contract, build_contract, listed, refuse_contract

_LOGICAL: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "number": ("number",),
    "integer": ("integer",),
    "boolean": ("boolean",),
    **dict.fromkeys(("time", "object", "array", "map"), ()),
}
_WHOLE_OR_DECIMAL: Final = ("integer", "decimal")
_PHYSICAL: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint", "int2", "int4", "int8", "int64"), ("integer",)),
    **dict.fromkeys(("serial", "bigserial", "smallserial", "mediumint", "hugeint", "long", "short"), ("integer",)),
    **dict.fromkeys(("float", "float4", "float8", "float64", "real", "double", "double precision"), ("float",)),
    **dict.fromkeys(("decimal", "numeric", "bignumeric"), _WHOLE_OR_DECIMAL),
    **dict.fromkeys(("char", "character", "varchar", "character varying", "bpchar", "nvarchar"), ("string",)),
    **dict.fromkeys(("nchar", "text", "string", "clob", "longtext", "mediumtext", "varchar2"), ("string",)),
    **dict.fromkeys(("bool", "boolean"), ("boolean",)),
    "number": ("number",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    **dict.fromkeys(("datetime", "datetime2", "timestamp_ntz", "timestamp without time zone"), ("timestamp_ntz",)),
    **dict.fromkeys(("timestamptz", "timestamp_tz", "timestamp with time zone", "timestamp_ltz"), ("timestamp_tz",)),
}
_FLAGS: Final = {"required": "required", "unique": "unique", "primaryKey": "primary_key"}


def to_contract(document: Mapping[str, Any], wanted: str = "") -> Contract:
    """Return what a contract of the standard promises of one table.

    Args:
        document: The contract.
        wanted: Name of the object, where the contract has several.

    Raises:
        DeclarationError: ``invalid_contract``: it is not of version 3, names another object, or contradicts itself.
    """
    table = find_object(document, wanted)
    name = str(table["name"])
    columns = [_column(item, document, name) for item in items_of(table, "properties", name)]
    not_checked = [told for item in [table, *items_of(table, "properties", name)] for told in _beside(item)]
    fields = {"name": name, "version": document.get("version", ""), "columns": columns, "not_checked": not_checked}
    return build_contract(fields, name)


def find_object(document: Mapping[str, Any], wanted: str = "") -> Mapping[str, Any]:
    """Return the object of a contract of the standard that describes the table.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    version = str(document.get("apiVersion", ""))
    if document.get("kind") != "DataContract" or not re.fullmatch(r"v?3\.\d+(\.\d+.*)?", version):
        problem = f"kind is {document.get('kind')!r} and apiVersion {version!r}, not 'DataContract' and 'v3...'"
        raise refuse_contract(problem)
    objects = items_of(document, "schema", "the document")
    names = [str(item.get("name", "")) for item in objects]
    chosen = [item for item in objects if wanted in ("", item.get("name"), item.get("physicalName"))]
    if len(chosen) != 1 or not chosen[0].get("name"):
        asked = f"no object {wanted!r}" if wanted else f"{len(objects)} objects, and none is chosen"
        problem = (
            f"it has {asked}; its objects are {listed(names)}, to be named as path#{names[0] if names else 'name'}"
        )
        raise refuse_contract(problem)
    return chosen[0]


def items_of(owner: Mapping[str, Any], key: str, name: str) -> Sequence[Mapping[str, Any]]:
    """Return what an element of the document lists under a key.

    Raises:
        DeclarationError: ``invalid_contract``: it is no list of mappings.
    """
    items = owner.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise refuse_contract(f"{key} of {name} is not a list of mappings")
    return items


def column_name(item: Mapping[str, Any], of: str = "") -> str:
    """Return the name that a property has in the table.

    Raises:
        DeclarationError: ``invalid_contract``: it has none.
    """
    name = item.get("physicalName") or item.get("name")
    if not isinstance(name, str):
        raise refuse_contract(f"a property has no name: {dict(item)!r}"[:200], of)
    return name


def _column(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> dict[str, Any]:
    name = column_name(item, of)
    flags = {ours: item[theirs] for theirs, ours in _FLAGS.items() if item.get(theirs) is not None}
    odd = [theirs for theirs, ours in _FLAGS.items() if ours in flags and not isinstance(flags[ours], bool)]
    if odd:
        raise refuse_contract(f"{', '.join(odd)} of {name} is neither true nor false", of)
    position = item.get("primaryKeyPosition", -1)
    if isinstance(position, int) and position > 0 and not item.get("primaryKey"):
        raise refuse_contract(f"{name} has a primaryKeyPosition and is not of the primary key", of)
    return {"name": name, "type": _type(item, document, of), **flags}


def _type(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> tuple[str, ...]:
    """Return the types that a property may have: those of its physical type, which is the nearer one, where known.

    Raises:
        DeclarationError: ``invalid_contract``: its logical type is unknown, or has nothing in common with the physical.
    """
    logical, name = item.get("logicalType"), column_name(item, of)
    if logical is not None and (not isinstance(logical, str) or logical not in _LOGICAL):
        raise refuse_contract(f"{name} is of unknown logicalType {logical!r}: use {', '.join(_LOGICAL)}", of)
    promised = _LOGICAL[logical] if logical is not None else ()
    if logical == "date" and re.match(r"v?3\.0", str(document["apiVersion"])):
        promised = ("date", "timestamp")  # the first version had no timestamps
    physical = _physical(item)
    if not promised or not physical:
        return physical if logical is None else promised
    both = _kinds(promised) & _kinds(physical)
    if not both:
        raise refuse_contract(
            f"{name} is of logicalType {logical}, and its physicalType {item['physicalType']} is not", of
        )
    return physical


def _physical(item: Mapping[str, Any]) -> tuple[str, ...]:
    written = re.sub(r"[(\[<].*?[)\]>]", "", str(item.get("physicalType") or "")).strip().lower()
    return _PHYSICAL.get(re.sub(r"\s+", " ", written), ())


def _kinds(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(TYPES[name] for name in types))


def _beside(item: Mapping[str, Any]) -> Iterator[str]:
    """Name what an object or property promises beside its schema."""
    name = item.get("physicalName") or item.get("name")
    unread = item.get("logicalType") in ("time", "object", "array", "map")
    if unread and not _physical(item):
        yield f"{name}: logicalType {item['logicalType']}"
    rules = [rule for rule in items_of(item, "quality", str(name)) if rule.get("type") != "text"]
    for key in ("logicalTypeOptions", "enum", "quality", "relationships"):
        if rules if key == "quality" else item.get(key):
            yield f"{name}: {key}"
