"""The Open Data Contract Standard, version 3: its schema as a contract of ours.

What has an exact counterpart here is read; the rest is named, never guessed. See https://bitol.io and the JSON Schema
of the standard. An object is a table, a property a column; what is nested in a property is named as not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract import TYPES, Contract, build_contract, listed, refuse_contract
from airflow_provider_dpq.core.quality.contract_form import in_form_of_today

_UNREAD: Final = ("time", "object", "array", "map", "vector")
"""Logical types that no kind of column stands for."""
_LOGICAL: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "number": ("number",),
    "integer": ("integer",),
    "boolean": ("boolean",),
    **dict.fromkeys(_UNREAD, ()),
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
_KEYS: Final = frozenset(
    {
        *("id", "name", "physicalName", "physicalType", "logicalType", "logicalTypeOptions", "description"),
        *("businessName", "deprecated", "synonyms", "authoritativeDefinitions", "tags", "customProperties", "context"),
        *("primaryKey", "primaryKeyPosition", "required", "unique", "semanticType", "partitioned"),
        *("partitionKeyPosition", "classification", "encryptedName", "transformSourceObjects", "transformLogic"),
        *("transformDescription", "examples", "enum", "criticalDataElement", "relationships", "quality"),
        *("properties", "items", "map", "dataGranularityDescription"),
    }
)
"""Keys of objects and properties that the standard knows."""
_FLAGS: Final = {"required": "required", "unique": "unique", "primaryKey": "primary_key"}


def to_contract(document: Mapping[str, Any], wanted: str = "") -> Contract:
    """Return what a contract of the standard promises of one table.

    Args:
        document: The contract.
        wanted: Name of the object, where the contract has several.

    Raises:
        DeclarationError: ``invalid_contract``: it is not of version 3, names another object, or contradicts itself.
    """
    document = in_form_of_today(document)
    table = find_object(document, wanted)
    name = str(table["name"])
    items = columns_of(table, name)
    if not items:
        problem = "it has no properties, so that there is nothing to hold a table to"
        raise refuse_contract(problem, name)
    columns = [_column(item, document, name) for item in items]
    not_checked = [told for item in [table, *items_of(table, "properties", name)] for told in _beside(item, document)]
    fields = {"name": name, "version": document.get("version", ""), "columns": columns, "not_checked": not_checked}
    return build_contract(fields, name)


def columns_of(table: Mapping[str, Any], of: str) -> Sequence[Mapping[str, Any]]:
    """Return the properties of an object that are columns of the table: a measure is computed from them.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    return [item for item in items_of(table, "properties", of) if item.get("semanticType") != "measure"]


def find_object(document: Mapping[str, Any], wanted: str = "") -> Mapping[str, Any]:
    """Return the object of a contract of the standard that describes the table.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    document = in_form_of_today(document)
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
    if flags.get("primary_key"):
        # False is what the standard reads where nothing is said: what a key is says more.
        flags = {ours: value for ours, value in flags.items() if value or ours == "primary_key"}
    return {"name": name, "type": _type(item, document, of), **flags}


def _type(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> tuple[str, ...]:
    """Return the types that a property may have: those of its physical type, which is the nearer one, where known.

    Raises:
        DeclarationError: ``invalid_contract``: its logical type is unknown.
    """
    promised = _promised(item, document, of)
    return physical_types(item) or promised


def _promised(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> tuple[str, ...]:
    """Return the types that a property's logical type stands for; none where it has none or says nothing of columns."""
    logical, name = item.get("logicalType"), column_name(item, of)
    if logical is None:
        return ()
    if isinstance(logical, str) and logical.lower() in _PHYSICAL and logical not in _LOGICAL:
        return _PHYSICAL[logical.lower()]
    if not isinstance(logical, str) or logical not in _LOGICAL:
        raise refuse_contract(f"{name} is of unknown logicalType {logical!r}: use {', '.join(_LOGICAL)}", of)
    if logical == "date" and re.match(r"v?3\.0", str(document["apiVersion"])):
        return ("date", "timestamp")  # the first version had no timestamps
    return _LOGICAL[logical]


def is_of_its_logical_type(item: Mapping[str, Any], document: Mapping[str, Any], of: str = "") -> bool:
    """Whether the physical type of a property can be of its logical one, so that what is said of values can be checked.

    Raises:
        DeclarationError: ``invalid_contract``: its logical type is unknown.
    """
    promised, physical = _promised(item, document, of), physical_types(item)
    return not promised or not physical or bool(_kinds(promised) & _kinds(physical))


def physical_types(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the types that the physical type of a property is; none where it has none, or of an unknown name."""
    written = re.sub(r"[(\[<].*?[)\]>]", "", str(item.get("physicalType") or "")).strip().lower()
    return _PHYSICAL.get(re.sub(r"\s+", " ", written), ())


def _kinds(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(TYPES[name] for name in types))


def _beside(item: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Name what an object or property promises beside its schema."""
    name = item.get("physicalName") or item.get("name")
    if item.get("semanticType") == "measure":
        yield f"{name}: measure"
    elif item not in items_of(document, "schema", "the document"):
        yield from _unread_type(item, document, str(name))
    if item.get("primaryKeyPosition", -1) not in (-1, None) and not item.get("primaryKey"):
        yield f"{name}: primaryKeyPosition without primaryKey"
    items_of(item, "quality", str(name))
    yield from (f"{name}: {key}, which the standard does not know" for key in item if key not in _KEYS)
    for key in ("logicalTypeOptions", "enum", "quality", "relationships"):
        if item.get(key):
            yield f"{name}: {key}"


def _unread_type(item: Mapping[str, Any], document: Mapping[str, Any], name: str) -> Iterator[str]:
    if item.get("logicalType") in _UNREAD:
        yield f"{name}: logicalType {item['logicalType']}"
    elif not is_of_its_logical_type(item, document):
        yield f"{name}: logicalType {item['logicalType']} of the physicalType {item['physicalType']}"
    for key in ("items", "properties", "map"):
        if item.get(key):
            yield f"{name}: {key}"
