"""Options and allowed values of a property of the Open Data Contract Standard, as expectations.

Bounds, lengths, patterns, multiples, formats and enumerations become the expectation of that name; an option that none
says is named as not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from airflow_provider_dpq.core.quality.contract.odcs import items_of
from airflow_provider_dpq.core.quality.contract.odcs_type import is_of_its_logical_type, physical_types
from airflow_provider_dpq.core.quality.contract.odcs_value import (
    Declaration,
    Subject,
    UnsupportedError,
    declare,
    fit_bound,
)

_LABEL: Final = "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(\.{_LABEL})*$",
        "uuid": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
        "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:[^ \t\r\n<>]+$",
        "hostname": rf"^{_LABEL}(\.{_LABEL})*$",
        "ipv4": rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$",
    }
)
"""Formats of texts that a pattern says, in what all engines read alike."""
_BITS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1)) for bits in (8, 16, 32, 64)},
        **{f"u{bits}": (0, 2**bits) for bits in (8, 16, 32, 64)},
    }
)
"""Formats of whole numbers, with the least that each holds, and the least that is too great for it."""


def options(item: Mapping[str, Any], on: Subject, version: str) -> Iterator[Iterable[Declaration]]:
    """Yield what is made of each of a property's options, and of its enumeration.

    Args:
        item: The property.
        on: Its column.
        version: Version of the standard.
    """
    yield from _options(item, on, fitting=is_of_its_logical_type(item, version))
    if item.get("enum"):
        yield _enumeration([entry.get("value") for entry in items_of(item, "enum", on.name)], on)


def _options(item: Mapping[str, Any], on: Subject, *, fitting: bool) -> Iterator[Iterable[Declaration]]:
    """Yield what is made of each option; `fitting` says that the column is of the property's logical type."""
    found = item.get("logicalTypeOptions")
    options = dict(found) if isinstance(found, Mapping) else {}
    if not fitting:
        yield from (_unread(name, on) for name in options)
        return
    yield _bounded(options, on)
    lengths = {"min_value": options.pop("minLength", None), "max_value": options.pop("maxLength", None)}
    if any(bound is not None for bound in lengths.values()):
        yield [declare("expect_column_value_lengths_to_be_between", column=on.column, **lengths)]
    if "pattern" in options:
        yield [declare("expect_column_values_to_match_regex", column=on.column, regex=options.pop("pattern"))]
    if "multipleOf" in options:
        multiple = options.pop("multipleOf")
        yield [declare("expect_column_values_to_be_multiples", column=on.column, multiple_of=multiple)]
    if "format" in options:
        yield _format(item, options.pop("format"), on)
    yield from (_unread(name, on) for name in options)


def _unread(name: str, on: Subject) -> Iterator[Declaration]:
    """Yield nothing of an option that no expectation says, but its name."""
    yield from _none(on.refuse(f"logicalTypeOptions.{name}", "no expectation says it"))


def _none(reason: UnsupportedError) -> list[Declaration]:
    raise reason


def _format(item: Mapping[str, Any], declared: Any, on: Subject) -> Iterator[Declaration]:
    """Yield what a format says of the values, where it says which are allowed and not how they are written."""
    logical = item.get("logicalType")
    if logical in ("string", None) and declared in _FORMATS and _is_text(item):
        yield declare("expect_column_values_to_match_regex", column=on.column, regex=_FORMATS[declared])
    elif logical == "integer" and declared in _BITS:
        low, high = _BITS[declared]
        bounds = {"min_value": low, "max_value": high, "strict_max": True}
        yield declare("expect_column_values_to_be_between", column=on.column, **bounds)
    else:
        raise on.refuse(f"logicalTypeOptions.format {declared}", "no expectation says it")


def _is_text(item: Mapping[str, Any]) -> bool:
    return item.get("physicalType") is None or physical_types(item) == ("string",)


def _bounded(options: dict[str, Any], on: Subject) -> Iterator[Declaration]:
    """Take the bounds out of a property's options; a bound and an exclusive one on its side are two expectations."""
    bounds: dict[str, Any] = {}
    for side, theirs in (("min", "Minimum"), ("max", "Maximum")):
        bound, exclusive = options.pop(theirs.lower(), None), options.pop(f"exclusive{theirs}", None)
        # In version 3.0 it says whether the bound itself is outside, since then it is a bound.
        if exclusive is True and bound is None:
            raise on.refuse(f"logicalTypeOptions.exclusive{theirs}", "it is true, and there is no bound beside it")
        if exclusive is None or isinstance(exclusive, bool):
            bounds |= _bound(side, bound, on, strict=bool(exclusive))
        else:
            bounds |= _bound(side, exclusive, on, strict=True)
            if bound is not None:
                yield declare("expect_column_values_to_be_between", column=on.column, **_bound(side, bound, on))
    if bounds:
        yield declare("expect_column_values_to_be_between", column=on.column, **bounds)


def _bound(side: str, bound: Any, on: Subject, *, strict: bool = False) -> dict[str, Any]:
    if bound is None:
        return {}
    return {f"{side}_value": fit_bound(bound, on.types)} | ({f"strict_{side}": True} if strict else {})


def _enumeration(values: list[Any], on: Subject) -> Iterator[Declaration]:
    yield declare("expect_column_values_to_be_in_set", column=on.column, value_set=on.fit("enum", values))
