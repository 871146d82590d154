"""The Open Data Contract Standard, version 3: its schema as a contract of ours.

What has an exact counterpart here is read; the rest is named, never guessed. See https://bitol.io and the JSON Schema
of the standard. An object is a table, a property a column; what is nested in a property is named as not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract.form import flag, in_form_of_today
from airflow_provider_dpq.core.quality.contract.model import Contract, build_contract, listed, refuse_contract
from airflow_provider_dpq.core.quality.contract.odcs_type import LOGICAL, column_types, logical_types, unread_type

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
_PROMISES: Final = (
    *("physicalName", "physicalType", "logicalType", "logicalTypeOptions", "primaryKey", "required", "unique", "enum"),
    *("relationships", "quality", "properties"),
)
"""Keys of objects and properties that say something about the data."""
_LIKE: Final = 0.825
"""How like a key a slip is: less so are words of others, as ``primary``."""
_OF_VERSION_2: Final = frozenset({"isNullable", "isUnique", "isPrimary", "isPrimaryKey"})
"""Keys that are no slips, and that the third version does not know."""
_KEYS_OF_A_CONTRACT: Final = frozenset(
    {
        *("$schema", "apiVersion", "kind", "id", "uuid", "name", "version", "status", "type", "schema", "servers"),
        *("description", "domain", "dataProduct", "tenant", "team", "roles", "support", "price", "tags", "context"),
        *("authoritativeDefinitions", "customProperties", "contractCreatedTs", "slaDefaultElement", "slaProperties"),
    }
)
"""Keys of a contract that the standard knows."""
_VARIABLE: Final = re.compile(r"\$\{\w+(:-[^}]*)?\}")
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
        problem = "it has no properties that are columns, so that there is nothing to hold a table to"
        raise refuse_contract(problem, name)
    columns = [_column(item, document, name) for item in items]
    not_checked = [
        *_beside(table, str(table.get("physicalName") or name)),
        *(told for item in items_of(table, "properties", name) for told in _beside_column(item, document)),
        *_beside_schema(document),
    ]
    fields = {"name": name, "version": document.get("version", ""), "columns": columns, "not_checked": not_checked}
    return build_contract(fields, name)


def columns_of(table: Mapping[str, Any], of: str) -> Sequence[Mapping[str, Any]]:
    """Return the properties of an object that are columns of the table, and not computed from them.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    return [item for item in items_of(table, "properties", of) if not _is_computed(item)]


def _is_computed(item: Mapping[str, Any]) -> bool:
    semantics = item.get("semanticType")
    return semantics == "measure" or (semantics == "dimension" and bool(item.get("transformLogic")))


def find_object(document: Mapping[str, Any], wanted: str = "") -> Mapping[str, Any]:
    """Return the object of a contract of the standard that describes the table.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    document = in_form_of_today(document)
    _require_known(document)
    objects = [_with_name(item) for item in items_of(document, "schema", "the document")]
    if not objects:
        raise refuse_contract("it has no objects: nothing is under schema, nor under dataset (version 2) or models")
    names = [item["name"] for item in objects]
    chosen = [item for item in objects if wanted in ("", item["name"], item.get("physicalName"))]
    if len(chosen) != 1:
        asked = f"no object {wanted!r}" if not chosen else f"{len(chosen)} objects, and none is chosen"
        raise refuse_contract(f"it has {asked}; its objects are {listed(names)}, to be named as path#{names[0]}")
    return chosen[0]


def _require_known(document: Mapping[str, Any]) -> None:
    kind, version = document.get("kind"), document.get("apiVersion")
    if kind != "DataContract":
        raise refuse_contract(f"its kind is {kind!r}, not 'DataContract'")
    if version is None:
        raise refuse_contract("it has no apiVersion, which says the version of the standard, such as v3.1.0")
    if not re.fullmatch(r"v?3\.[0-9]+(\.[0-9]+.*)?", str(version)):
        raise refuse_contract(f"its apiVersion is {str(version)!r}; versions 2 and 3 of the standard are read")


def _with_name(item: Mapping[str, Any]) -> Mapping[str, Any]:
    name = item.get("name") or item.get("physicalName")
    if not isinstance(name, str):
        raise refuse_contract(f"an object of its schema has no name: {dict(item)!r}"[:200])
    return {**item, "name": name}


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
    if has_variable(name):
        raise refuse_contract(f"the name {name!r} of a property has a variable; put its value in", of)
    return name


def near_word(word: str, known: Iterable[str], like: float) -> str | None:
    """Return the known word that a word, whatever its case and signs, is most like; None where it is like none.

    Args:
        word: The word.
        known: The known words.
        like: How like it must be, as `difflib` measures it.
    """
    spelt = {_letters(one): one for one in known}
    near = get_close_matches(_letters(word), spelt, n=1, cutoff=like)
    return spelt[near[0]] if near else None


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold()


def has_variable(text: str) -> bool:
    """Whether a text has a variable of the standard, ``${NAME}`` or ``${NAME:-default}``: nobody here puts one in."""
    return _VARIABLE.search(text) is not None


def _column(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> dict[str, Any]:
    name = column_name(item, of)
    flags = {ours: flag(item[theirs]) for theirs, ours in _FLAGS.items() if item.get(theirs) is not None}
    odd = [theirs for theirs, ours in _FLAGS.items() if ours in flags and not isinstance(flags[ours], bool)]
    if odd:
        raise refuse_contract(f"{', '.join(odd)} of {name} is neither true nor false", of)
    if flags.get("primary_key"):
        # False is what the standard reads where nothing is said: what a key is says more.
        flags = {ours: value for ours, value in flags.items() if value or ours == "primary_key"}
    return {"name": name, "type": _types(item, document, of), **flags}


def _types(item: Mapping[str, Any], document: Mapping[str, Any], of: str) -> tuple[str, ...]:
    """Return the types that a property may have.

    Raises:
        DeclarationError: ``invalid_contract``: its logical type is unknown.
    """
    version = str(document["apiVersion"])
    if logical_types(item, version) is None:
        problem = f"{column_name(item, of)} is of unknown logicalType {item['logicalType']!r}: use {', '.join(LOGICAL)}"
        raise refuse_contract(problem, of)
    return column_types(item, version)


def _beside_column(item: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Name what a property promises beside its schema."""
    name = str(item.get("physicalName") or item.get("name"))
    if _is_computed(item):
        yield f"{name}: {item['semanticType']}"
    elif told := unread_type(item, str(document["apiVersion"])):
        yield f"{name}: {told}"
    if item.get("primaryKeyPosition", -1) not in (-1, None) and not flag(item.get("primaryKey")):
        yield f"{name}: primaryKeyPosition without primaryKey"
    yield from (f"{name}: {key}" for key in ("items", "properties", "map") if item.get(key))
    yield from _beside(item, name)


def _beside(item: Mapping[str, Any], name: str) -> Iterator[str]:
    """Name what an object or property promises beside columns, keys and types.

    Raises:
        DeclarationError: ``invalid_contract``: a key is like one that promises something: nothing would speak for it.
    """
    items_of(item, "quality", name)
    for key in (str(key) for key in item if key not in _KEYS):
        near = None if key in _OF_VERSION_2 else near_word(key, _PROMISES, _LIKE)
        if near is not None:
            raise refuse_contract(f"{key!r} is no key of {name!r}: did you mean {near!r}?", name)
        yield f"{name}: {key}, which the standard does not know"
    for key in ("logicalTypeOptions", "enum", "quality", "relationships"):
        if item.get(key):
            yield f"{name}: {key}"


def _beside_schema(document: Mapping[str, Any]) -> Iterator[str]:
    """Name what a contract promises beside its schema."""
    levels = [str(level.get("property")) for level in items_of(document, "slaProperties", "the document")]
    if levels:
        yield f"service levels: {', '.join(levels)}"
    if document.get("quality"):
        yield "quality of the document, which is about no object"
    known = _KEYS_OF_A_CONTRACT | {"quality"}
    yield from (f"{key}, which the standard does not know" for key in document if key not in known)
