"""Contracts in other forms than the third version of the Open Data Contract Standard, rewritten in that form.

Two are read: the second version of the standard, with its datasets and columns, and the Data Contract Specification of
datacontract.com, with its models and fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_VERSION: Final = "v3.1.0"
_SPECIFICATION: Final = "dataContractSpecification"
_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "text", "varchar"), "string"),
    **dict.fromkeys(("number", "decimal", "numeric", "float", "double"), "number"),
    **dict.fromkeys(("integer", "int", "long", "bigint"), "integer"),
    **dict.fromkeys(("timestamp", "timestamp_tz", "timestamp_ntz"), "timestamp"),
    **dict.fromkeys(("object", "record", "struct", "variant", "json"), "object"),
    **{name: name for name in ("boolean", "date", "time", "array", "map")},
}
_OPTIONS: Final = (
    *("minLength", "maxLength", "pattern", "format", "minimum", "maximum"),
    *("exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
)


_WORDS: Final[Mapping[str, bool]] = {
    **{form(word): True for word in ("yes", "on", "true") for form in (str.lower, str.capitalize, str.upper)},
    **{form(word): False for word in ("no", "off", "false") for form in (str.lower, str.capitalize, str.upper)},
}


def flag(value: Any) -> Any:
    """Return the truth value that a word is to readers of YAML 1.1, as most of the standard's are; else the value."""
    return _WORDS.get(value, value) if isinstance(value, str) else value


def is_specification(document: Mapping[str, Any]) -> bool:
    """Whether a document is a contract in the form of datacontract.com."""
    return _SPECIFICATION in document


def in_form_of_today(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a contract in the third version's form; one that is in none of the forms known stays as it is."""
    if is_specification(document):
        return _from_specification(document)
    version = str(document.get("apiVersion", "")).removeprefix("v")
    if document.get("kind") == "DataContract" and version.startswith("2."):
        return _from_version_2(document)
    return document


def _from_specification(document: Mapping[str, Any]) -> dict[str, Any]:
    information = _mapping(document.get("info"))
    definitions = _mapping(document.get("definitions"))
    models = _mapping(document.get("models"))
    schema = [_model(str(name), _mapping(model), definitions) for name, model in models.items()]
    levels = [{"property": name} for name in _mapping(document.get("servicelevels"))]
    written = {"kind": "DataContract", "apiVersion": _VERSION, "version": information.get("version", "")}
    rules = {"quality": document["quality"]} if document.get("quality") else {}
    return {**written, "schema": schema, "slaProperties": levels, **rules}


def _model(name: str, model: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    keys = [key for key in _list(model.get("primaryKey")) if isinstance(key, str)]
    fields = _mapping(model.get("fields"))
    properties = [_field(str(key), _mapping(field), definitions, keys) for key, field in fields.items()]
    return {"name": name, "properties": properties, "quality": model.get("quality") or []}


def _field(name: str, field: Mapping[str, Any], definitions: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    reference = field.get("$ref")
    if isinstance(reference, str):
        field = {**_mapping(definitions.get(reference.removeprefix("#/definitions/"))), **field}
    declared = str(field.get("type") or "").lower().partition("(")[0].strip()
    found = {"name": name, **_type(declared)}
    flags = {"required": field.get("required"), "unique": field.get("unique")}
    flags["primaryKey"] = field.get("primaryKey", field.get("primary", True if name in keys else None))
    options = {option: field[option] for option in _OPTIONS if field.get(option) is not None}
    beside = {
        "logicalTypeOptions": options,
        "enum": [{"value": value} for value in _list(field.get("enum"))],
        "quality": field.get("quality"),
        "relationships": [{"to": field["references"]}] if field.get("references") else None,
    }
    return {**found, **{key: value for key, value in {**flags, **beside}.items() if value not in (None, [], {})}}


def _type(declared: str) -> dict[str, str]:
    """Return the types of a property by the one declared: where the standard has none of that name, it is physical."""
    if declared in _TYPES:
        zoned = {"physicalType": declared} if declared == "timestamp_ntz" else {}
        return {"logicalType": _TYPES[declared], **zoned}
    return {"physicalType": declared} if declared else {}


def _from_version_2(document: Mapping[str, Any]) -> dict[str, Any]:
    schema = [_table(_mapping(item)) for item in _list(document.get("dataset"))]
    written = {"kind": "DataContract", "apiVersion": "v3.0.0", "version": document.get("version", "")}
    levels = [level for level in _list(document.get("slaProperties")) if isinstance(level, Mapping)]
    rules = {"quality": document["quality"]} if document.get("quality") else {}
    return {**written, "schema": schema, "slaProperties": levels, **rules}


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    properties = [dict(_column(_mapping(column))) for column in _list(table.get("columns"))]
    rules = [{"type": "custom", **rule} for rule in _list(table.get("quality")) if isinstance(rule, Mapping)]
    return {"name": table.get("table"), "physicalName": table.get("physicalName"), "properties": properties} | {
        "quality": rules
    }


def _column(column: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "name", column.get("column")
    logical = str(column.get("logicalType") or "").lower()
    yield from _type(logical).items()
    if column.get("physicalType"):
        yield "physicalType", column["physicalType"]
    key = column.get("isPrimaryKey", column.get("isPrimary"))
    nullable, unique = flag(column.get("isNullable")), column.get("isUnique")
    if nullable is not None:
        yield "required", not nullable if isinstance(nullable, bool) else nullable
    if unique is not None:
        yield "unique", unique
    if key is not None:
        yield "primaryKey", key
    if column.get("quality"):
        yield "quality", [{"type": "custom", **rule} for rule in _list(column["quality"]) if isinstance(rule, Mapping)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
