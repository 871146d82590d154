"""Rules of the Open Data Contract Standard, version 3, as expectations: those that have an exact counterpart.

Library metrics become the expectation that counts the same rows, and the operator its thresholds; `mustBeBetween` has
no bound of its own, as the standard says. Values allowed, bounds, lengths and patterns of a property become the
expectation of that name. Any other rule, one in words among them, is named as not checked: what nobody evaluates must
not be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from airflow_provider_dpq.core.quality.contract import Contract
from airflow_provider_dpq.core.quality.contract_form import in_form_of_today
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.odcs import (
    column_name,
    columns_of,
    find_object,
    is_of_its_logical_type,
    items_of,
    physical_types,
)

Declaration = dict[str, Any]
_OPERATORS: Final[Mapping[str, str]] = {
    "mustBe": "==",
    "mustNotBe": "!=",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeGreaterThanOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
    "mustBeLessThanOrEqualTo": "<=",
}
_SEVERITIES: Final = {"info": "info", "warning": "warning", "warn": "warning"}
_NOBODY: Final = ({("==", 0.0)}, {("<=", 0.0)}, {("<", 1.0)})
_BOUNDS: Final = {"minimum": "min_value", "maximum": "max_value"}
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


class _UnsupportedError(Exception):
    """No expectation answers a rule exactly."""


@dataclass(slots=True)
class Rules:
    """The rules of a table.

    Attributes:
        declarations: Those that an expectation answers, as a suite declares it.
        not_checked: The others, each with its reason.
    """

    declarations: list[Declaration] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, made: Iterable[Declaration]) -> None:
        """Add what is made of one rule, or why nothing is."""
        try:
            for declared in made:
                _require_usable(declared)
                self.declarations.append(declared)
        except _UnsupportedError as reason:
            self.not_checked.append(str(reason))


def rules(document: Mapping[str, Any], wanted: str = "") -> Rules:
    """Return the rules of a contract of the standard.

    Args:
        document: The contract.
        wanted: Name of the object, where the contract has several.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    document = in_form_of_today(document)
    table = find_object(document, wanted)
    of = str(table["name"])
    properties = columns_of(table, of)
    names = {str(item.get("name")): column_name(item, of) for item in properties}
    found = Rules()
    for rule in items_of(table, "quality", of):
        found.add(_quality(_in_table(rule, names), None, of))
    for item in properties:
        column = column_name(item, of)
        for made in _options(item, column, fitting=is_of_its_logical_type(item, document, of)):
            found.add(made)
        if item.get("enum"):
            values = [entry.get("value") for entry in items_of(item, "enum", column)]
            found.add([_declared("expect_column_values_to_be_in_set", column=column, value_set=values)])
        for rule in items_of(item, "quality", column):
            found.add(_quality(rule, column, column))
    return found


def _require_usable(declared: Declaration) -> None:
    try:
        registered()[declared["type"]](**declared["kwargs"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        owner = declared["kwargs"].get("column", "the table")
        message = f"{owner}: {declared['type']}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise _UnsupportedError(message) from error


def _in_table(rule: Mapping[str, Any], names: Mapping[Any, str]) -> Mapping[str, Any]:
    """Return a rule that names columns as the table does, where it names properties."""
    listed = _arguments(rule).get("properties")
    if not isinstance(listed, list):
        return rule
    return {**rule, "arguments": {"properties": [names.get(str(name), name) for name in listed]}}


def _arguments(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    found = rule.get("arguments")
    return found if isinstance(found, Mapping) else {}


def without_rules(contract: Contract) -> Contract:
    """Return a contract that does not name as unchecked what `rules` checks."""
    kept = [told for told in contract.not_checked if not told.endswith((": logicalTypeOptions", ": enum", ": quality"))]
    return contract.model_copy(update={"not_checked": tuple(kept)})


def _declared(type_: str, **kwargs: Any) -> Declaration:
    return {"type": type_, "kwargs": {name: value for name, value in kwargs.items() if value is not None}}


def _refused(rule: str, problem: str, owner: str | None) -> _UnsupportedError:
    return _UnsupportedError(f"{owner or 'the table'}: {rule}: {problem}")


def _options(item: Mapping[str, Any], column: str, *, fitting: bool) -> Iterator[Iterable[Declaration]]:
    """Yield what is made of each of a property's options; `fitting` says that its column is of its logical type."""
    found = item.get("logicalTypeOptions")
    options = dict(found) if isinstance(found, Mapping) else {}
    if not fitting:
        yield from (_unread(name, column) for name in options)
        return
    yield _bounded(options, column)
    lengths = {"min_value": options.pop("minLength", None), "max_value": options.pop("maxLength", None)}
    if any(bound is not None for bound in lengths.values()):
        yield [_declared("expect_column_value_lengths_to_be_between", column=column, **lengths)]
    if "pattern" in options:
        yield [_declared("expect_column_values_to_match_regex", column=column, regex=options.pop("pattern"))]
    if "multipleOf" in options:
        multiple = options.pop("multipleOf")
        yield [_declared("expect_column_values_to_be_multiples", column=column, multiple_of=multiple)]
    if "format" in options:
        yield _format(item, options.pop("format"), column)
    yield from (_unread(name, column) for name in options)


def _unread(name: str, column: str) -> Iterator[Declaration]:
    """Yield nothing of an option that no expectation says, but its name."""
    yield from _none(_refused(f"logicalTypeOptions.{name}", "no expectation says it", column))


def _none(reason: _UnsupportedError) -> list[Declaration]:
    raise reason


def _format(item: Mapping[str, Any], declared: Any, column: str) -> Iterator[Declaration]:
    """Yield what a format says of the values, where it says which are allowed and not how they are written."""
    logical = item.get("logicalType")
    if logical in ("string", None) and declared in _FORMATS and _is_text(item):
        yield _declared("expect_column_values_to_match_regex", column=column, regex=_FORMATS[declared])
    elif logical == "integer" and declared in _BITS:
        low, high = _BITS[declared]
        bounds = {"min_value": low, "max_value": high, "strict_max": True}
        yield _declared("expect_column_values_to_be_between", column=column, **bounds)
    else:
        raise _refused(f"logicalTypeOptions.format {declared}", "no expectation says it", column)


def _is_text(item: Mapping[str, Any]) -> bool:
    return item.get("physicalType") is None or physical_types(item) == ("string",)


def _bounded(options: dict[str, Any], column: str) -> Iterator[Declaration]:
    taken = {name: options.pop(name) for name in (*_BOUNDS, "exclusiveMinimum", "exclusiveMaximum") if name in options}
    if bounds := _bounds(taken, column):
        yield _declared("expect_column_values_to_be_between", column=column, **bounds)


def _bounds(options: dict[str, Any], column: str) -> Declaration:
    """Take the bounds out of a property's options."""
    bounds = {ours: options.pop(theirs) for theirs, ours in _BOUNDS.items() if theirs in options}
    for theirs, ours in (("exclusiveMinimum", "min"), ("exclusiveMaximum", "max")):
        limit, value = options.pop(theirs, False), f"{ours}_value"
        if limit is False:
            continue
        # In version 3.0 it says whether the bound itself is outside, since then it is a bound.
        if (limit is True) is not (value in bounds):
            raise _refused(f"logicalTypeOptions.{theirs}", "it must be the only bound, or true beside one", column)
        bounds |= {f"strict_{ours}": True} if limit is True else {value: limit, f"strict_{ours}": True}
    return bounds


def _quality(rule: Mapping[str, Any], column: str | None, of: str) -> Iterator[Declaration]:
    kind = rule.get("type", "library")
    metric = rule.get("metric") or rule.get("rule")
    name = str(rule.get("name") or metric or rule.get("description") or kind)[:80]
    if kind != "library":
        raise _UnsupportedError(f"{of}: quality {name!r}: it is of type {kind}")
    maker = _METRICS.get((str(metric), column is not None))
    if maker is None:
        raise _UnsupportedError(f"{of}: quality {name!r}: the metric {metric!r} is none here")
    declared = maker(name, rule, column)
    if rule.get("name"):
        declared["name"] = str(rule["name"])
    yield declared


def _limits(name: str, rule: Mapping[str, Any], column: str | None) -> list[tuple[str, float]]:
    found = [(symbol, rule[operator]) for operator, symbol in _OPERATORS.items() if operator in rule]
    between = rule.get("mustBeBetween")
    if between is not None:
        if not isinstance(between, list) or len(between) != 2:
            raise _refused(name, "mustBeBetween is no pair of numbers", column)
        found += list(zip((">", "<"), between, strict=True))
    if "mustNotBeBetween" in rule:
        raise _refused(name, "no threshold says mustNotBeBetween", column)
    if not found or not all(isinstance(limit, (int, float)) and not isinstance(limit, bool) for _, limit in found):
        raise _refused(name, "it compares with no number", column)
    return [(symbol, float(limit)) for symbol, limit in found]


def _counting(name: str, rule: Mapping[str, Any], column: str | None, declared: Declaration) -> Declaration:
    """Judge the number or share of unexpected rows of an expectation by the operators of a rule."""
    limits = _limits(name, rule, column)
    severity = _SEVERITIES.get(str(rule.get("severity", "")).lower(), "critical")
    declared["severity"] = severity
    if set(limits) in _NOBODY[:2] or (set(limits) == _NOBODY[2] and rule.get("unit") != "percent"):
        return declared
    if severity == "info":
        raise _refused(name, "a limit other than 0 warns or fails, and its severity is info", column)
    unit = rule.get("unit", "rows")
    if unit not in ("rows", "percent"):
        raise _refused(name, f"its unit is {unit!r}", column)
    metric = "unexpected_percent" if unit == "percent" else "unexpected_count"
    word = "warn" if severity == "warning" else "fail"
    declared["thresholds"] = [
        {"threshold": f"{metric} {symbol} {limit!r}", "severity": word} for symbol, limit in limits
    ]
    return declared


def _nulls(name: str, rule: Mapping[str, Any], column: str | None) -> Declaration:
    return _counting(name, rule, column, _declared("expect_column_values_to_not_be_null", column=column))


def _missing(name: str, rule: Mapping[str, Any], column: str | None) -> Declaration:
    values = _arguments(rule).get("missingValues")
    if not isinstance(values, list) or not values:
        raise _refused(name, "it lists no missingValues", column)
    quoted = '"' + str(column).replace('"', '""') + '"'
    listed = ", ".join(_literal(name, value, column) for value in values if value is not None)
    parts = [f"{quoted} IS NOT NULL"] if None in values else []
    parts += [f"{quoted} NOT IN ({listed})"] if listed else []
    declared = _declared("expect_row_condition_to_hold", expression=" AND ".join(parts))
    return _counting(name, rule, column, declared)


def _literal(name: str, value: Any, column: str | None) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise _refused(name, f"{value!r} is no value of a column", column)


def _invalid(name: str, rule: Mapping[str, Any], column: str | None) -> Declaration:
    arguments = _arguments(rule)
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if (values is None) is (pattern is None):
        raise _refused(name, "it has not exactly one of validValues and pattern", column)
    if values is not None:
        declared = _declared("expect_column_values_to_be_in_set", column=column, value_set=values)
    else:
        declared = _declared("expect_column_values_to_match_regex", column=column, regex=pattern)
    return _counting(name, rule, column, declared)


def _duplicates(name: str, rule: Mapping[str, Any], column: str | None) -> Declaration:
    if set(_limits(name, rule, column)) not in _NOBODY[: 2 if rule.get("unit") == "percent" else 3]:
        raise _refused(name, "the standard does not say which copies count, unless there must be none", column)
    if column is not None:
        return _counting(name, rule, column, _declared("expect_column_values_to_be_unique", column=column))
    columns = _arguments(rule).get("properties")
    if not isinstance(columns, list) or not columns:
        raise _refused(name, "it lists no properties", column)
    if len(columns) == 1:
        return _counting(name, rule, column, _declared("expect_column_values_to_be_unique", column=columns[0]))
    return _counting(name, rule, column, _compound(columns))


def _compound(columns: list[str]) -> Declaration:
    kwargs = {"column_list": columns, "ignore_row_if": "any_value_is_missing"}
    return _declared("expect_compound_columns_to_be_unique", **kwargs)


def _row_count(name: str, rule: Mapping[str, Any], column: str | None) -> Declaration:
    limits = _limits(name, rule, column)
    if rule.get("unit", "rows") != "rows" or not all(limit.is_integer() for _, limit in limits):
        raise _refused(name, "rows are counted in whole numbers", column)
    severity = _SEVERITIES.get(str(rule.get("severity", "")).lower(), "critical")
    kwargs: dict[str, Any] = {}
    for symbol, limit in limits:
        if symbol == "!=":
            raise _refused(name, "no expectation says mustNotBe of a number of rows", column)
        bounds = {"min_value": int(limit), "strict_min": symbol == ">"} if symbol in ("==", ">", ">=") else {}
        bounds |= {"max_value": int(limit), "strict_max": symbol == "<"} if symbol in ("==", "<", "<=") else {}
        if bounds.keys() & kwargs.keys():
            raise _refused(name, "it bounds one side twice", column)
        kwargs |= bounds
    return _declared("expect_table_row_count_to_be_between", **kwargs) | {"severity": severity}


_METRICS: Final[Mapping[tuple[str, bool], Callable[..., Declaration]]] = {
    ("nullValues", True): _nulls,
    ("missingValues", True): _missing,
    ("invalidValues", True): _invalid,
    ("duplicateValues", True): _duplicates,
    ("duplicateValues", False): _duplicates,
    ("rowCount", False): _row_count,
}
"""How each metric of the library is declared, by its name and whether it is one of a property."""
