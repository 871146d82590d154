"""Types of the Open Data Contract Standard: what a property's logical and physical type say of a column's kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract.model import TYPES

_UNREAD: Final = ("time", "object", "array", "map", "vector")
"""Logical types that no kind of column stands for."""
LOGICAL: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "number": ("number",),
    "integer": ("integer",),
    "boolean": ("boolean",),
    **dict.fromkeys(_UNREAD, ()),
}
"""Logical types of the standard, and the types of ours that each stands for; none where it says nothing of columns."""
_WHOLE_OR_DECIMAL: Final = ("integer", "decimal")
_TEXT_OR_OTHER: Final = ("string", "other")
_PHYSICAL: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint", "int2", "int4", "int8", "int64"), ("integer",)),
    **dict.fromkeys(("serial", "bigserial", "smallserial", "mediumint", "hugeint", "long", "short"), ("integer",)),
    **dict.fromkeys(("int16", "int32", "uint8", "uint16", "uint32", "uint64", "byteint"), ("integer",)),
    **dict.fromkeys(("float", "float4", "float8", "float32", "float64", "real"), ("float",)),
    **dict.fromkeys(("double", "double precision", "binary_float", "binary_double"), ("float",)),
    **dict.fromkeys(("decimal", "numeric", "bignumeric", "bigdecimal"), _WHOLE_OR_DECIMAL),
    **dict.fromkeys(("char", "character", "varchar", "character varying", "bpchar", "nvarchar"), ("string",)),
    **dict.fromkeys(("nchar", "text", "string", "clob", "longtext", "mediumtext", "tinytext"), ("string",)),
    **dict.fromkeys(("varchar2", "nvarchar2", "ntext", "citext", "str"), ("string",)),
    **dict.fromkeys(("bool", "boolean"), ("boolean",)),
    "number": ("number",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    **dict.fromkeys(("datetime", "datetime2", "timestamp_ntz", "timestamp without time zone"), ("timestamp_ntz",)),
    "smalldatetime": ("timestamp_ntz",),
    **dict.fromkeys(("timestamptz", "timestamp_tz", "timestamp with time zone", "timestamp_ltz"), ("timestamp_tz",)),
    **dict.fromkeys(("datetimeoffset", "timestamp with local time zone"), ("timestamp_tz",)),
    **dict.fromkeys(("time", "timetz", "time without time zone", "time with time zone", "interval"), _TEXT_OR_OTHER),
    **dict.fromkeys(("uuid", "uniqueidentifier", "json", "jsonb", "xml", "hstore", "inet", "cidr"), _TEXT_OR_OTHER),
    **dict.fromkeys(("bytes", "bytea", "binary", "varbinary", "blob", "longblob", "raw"), _TEXT_OR_OTHER),
    **dict.fromkeys(("array", "list", "struct", "record", "row", "map", "object", "variant", "super"), _TEXT_OR_OTHER),
    **dict.fromkeys(("vector", "geography", "geometry"), _TEXT_OR_OTHER),
}
"""Names of physical types, in lower case and without lengths. One without a kind of its own may be kept as text."""


def logical_types(item: Mapping[str, Any], version: str) -> tuple[str, ...] | None:
    """Return the types that a property's logical type stands for; none where it has none or says nothing of columns.

    Args:
        item: The property.
        version: Version of the standard.

    Returns:
        The types, or None where nobody knows its logical type.
    """
    logical = item.get("logicalType")
    if logical is None:
        return ()
    if logical == "date" and re.match(r"v?3\.0", version):
        return ("date", "timestamp")  # the first version had no timestamps
    name = _bare(logical)
    return LOGICAL[name] if name in LOGICAL else _PHYSICAL.get(name)


def physical_types(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the types that the physical type of a property is; none where it has none, or of an unknown name."""
    return _PHYSICAL.get(_bare(item.get("physicalType")), ())


def column_types(item: Mapping[str, Any], version: str) -> tuple[str, ...]:
    """Return the types that a property's column may have: those of its physical type, which is the nearer one.

    Where nobody here knows the physical type's name, the column is of the logical type, or of one that has no kind.
    """
    logical, physical = logical_types(item, version) or (), physical_types(item)
    return physical or ((*logical, "other") if logical and item.get("physicalType") else logical)


def is_of_its_logical_type(item: Mapping[str, Any], version: str) -> bool:
    """Whether a property's physical type is of its logical one, so that what is said of its values can be checked."""
    logical, physical = logical_types(item, version) or (), physical_types(item)
    if not logical or not physical:
        return True
    kinds = _kinds(physical)
    return "other" not in kinds and bool(_kinds(logical) & kinds)


def unread_type(item: Mapping[str, Any], version: str) -> str:
    """Say in words what of a property's types is not checked; empty where all of it is."""
    logical, physical = item.get("logicalType"), item.get("physicalType")
    if logical is not None and not logical_types(item, version):
        return f"logicalType {logical}"
    if not is_of_its_logical_type(item, version):
        return f"logicalType {logical} of the physicalType {physical}"
    return f"physicalType {physical}" if logical is None and physical and not physical_types(item) else ""


def _bare(written: Any) -> str:
    """Return the name of a type in lower case, without lengths and parts: ``varchar(2)``, ``array<int>``."""
    if not isinstance(written, str):
        return ""
    if written.rstrip().endswith("[]"):
        return "array"
    bare = re.sub(r"\(.*?\)|<.*>|\[.*?\]", "", written.lower())
    return " ".join(word for word in bare.split() if word not in ("unsigned", "zerofill"))


def _kinds(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(TYPES[name] for name in types))
