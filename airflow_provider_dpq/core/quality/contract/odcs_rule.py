"""Rules of the Open Data Contract Standard, version 3, as expectations: those that have an exact counterpart.

Library metrics become the expectation that counts the same rows, and the operator its thresholds; `mustBeBetween` has
no bound of its own, as the standard says. Any other rule, one in words among them, is named as not checked: what nobody
evaluates must not be dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from airflow_provider_dpq.core.quality.contract.form import in_form_of_today
from airflow_provider_dpq.core.quality.contract.model import Contract, refuse_contract
from airflow_provider_dpq.core.quality.contract.odcs import (
    column_name,
    columns_of,
    find_object,
    has_variable,
    items_of,
    near_word,
)
from airflow_provider_dpq.core.quality.contract.odcs_option import options
from airflow_provider_dpq.core.quality.contract.odcs_type import column_types
from airflow_provider_dpq.core.quality.contract.odcs_value import (
    Declaration,
    Subject,
    UnsupportedError,
    declare,
    is_missing,
)
from airflow_provider_dpq.core.quality.expectations import registered

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
_KEYS: Final = frozenset(
    {
        *("id", "name", "description", "type", "metric", "rule", "arguments", "unit", "severity", "dimension"),
        *("method", "businessImpact", "schedule", "scheduler", "tags", "customProperties", "authoritativeDefinitions"),
        *(*_OPERATORS, "mustBeBetween", "mustNotBeBetween"),
    }
)
"""Keys of a rule of the library that the standard knows."""
_KINDS: Final = ("library", "text", "sql", "custom")
_LIKE: Final = 0.75
"""How like a word of the standard a slip is, as `difflib` measures it."""
_COUNTED: Final = re.compile("(?:values?)?count$|value$", re.IGNORECASE)
"""Ends of names of metrics that are taken for ``Values``."""
_PERCENT: Final = ("percent", "%")
_SEVERITIES: Final = {"info": "info", "warning": "warning", "warn": "warning"}
_NOBODY: Final = ({("==", 0.0)}, {("<=", 0.0)}, {("<", 1.0)})


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
        except UnsupportedError as reason:
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
    table, version = find_object(document, wanted), str(document["apiVersion"])
    of = str(table["name"])
    properties = columns_of(table, of)
    names = {str(item.get("name")): column_name(item, of) for item in properties}
    found = Rules()
    for rule in items_of(table, "quality", of):
        found.add(_quality(_in_table(rule, names), Subject(of)))
    for item in properties:
        column = column_name(item, of)
        on = Subject(column, column, column_types(item, version))
        for made in options(item, on, version):
            found.add(made)
        for rule in items_of(item, "quality", column):
            found.add(_quality(rule, on))
    return found


def _require_usable(declared: Declaration) -> None:
    if has_variable(repr(declared["kwargs"])):
        message = f"{declared['kwargs'].get('column', 'the table')}: {declared['type']}: a variable, which has no value"
        raise UnsupportedError(message)
    try:
        registered()[declared["type"]](**declared["kwargs"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        owner = declared["kwargs"].get("column", "the table")
        message = f"{owner}: {declared['type']}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UnsupportedError(message) from error


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


def _quality(rule: Mapping[str, Any], on: Subject) -> Iterator[Declaration]:
    rule = _of_first_version(rule)
    kind = rule.get("type", "library")
    metric = rule.get("metric")
    name = str(rule.get("name") or metric or rule.get("description") or kind)[:80]
    _refuse_slip(str(kind), _KINDS, f"type of {name!r}", on)
    if kind != "library":
        raise UnsupportedError(f"{on.name}: quality {name!r}: it is of type {kind}")
    if metric is None:
        raise UnsupportedError(f"{on.name}: quality {name!r}: it has no metric")
    maker, arguments = _METRICS.get((str(metric), on.column is not None), (None, ()))
    if maker is None:
        _refuse_slip(str(metric), {known for known, _ in _METRICS}, f"metric of {name!r}", on)
        raise UnsupportedError(f"{on.name}: quality {name!r}: the metric {metric!r} is none here")
    for key in rule:
        _refuse_slip(str(key), _KEYS, f"key of {name!r}", on)
    for key in _arguments(rule):
        _refuse_slip(str(key), arguments, f"argument of {name!r}", on)
    odd = [str(key) for key in rule if key not in _KEYS] + [f"arguments.{key}" for key in _other(rule, arguments)]
    if odd:
        raise UnsupportedError(f"{on.name}: quality {name!r}: {', '.join(odd)} is not of the standard beside {metric}")
    declared = maker(name, rule, on)
    if rule.get("name"):
        declared["name"] = str(rule["name"])
    yield declared


def _refuse_slip(word: str, known: Collection[str], what: str, on: Subject) -> None:
    """Refuse a word of a rule that is none of the standard's, but like one: nothing would speak for what it promises.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    near = near_word(_COUNTED.sub("values", word), known, 1.0) or near_word(word, known, _LIKE)
    if word not in known and near is not None:
        raise refuse_contract(f"{word!r} is no {what}: did you mean {near!r}?", on.name)


def _other(rule: Mapping[str, Any], arguments: Iterable[str]) -> list[str]:
    return [str(key) for key in _arguments(rule) if key not in arguments]


def _of_first_version(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a rule in the words of version 3.1: 3.0 has rules where the later ones have metrics."""
    if rule.get("metric") is not None or rule.get("rule") is None:
        return rule
    metric = {"duplicateCount": "duplicateValues"}.get(str(rule["rule"]), rule["rule"])
    if metric != "validValues":
        return {**rule, "metric": metric}
    rest = {key: value for key, value in rule.items() if key != "validValues"}
    return {**rest, "metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": rule.get("validValues")}}


def _limits(name: str, rule: Mapping[str, Any], on: Subject) -> list[tuple[str, float]]:
    found = [(symbol, rule[operator]) for operator, symbol in _OPERATORS.items() if operator in rule]
    between = rule.get("mustBeBetween")
    if between is not None:
        if not isinstance(between, list) or len(between) != 2:
            raise on.refuse(name, "mustBeBetween is no pair of numbers")
        found += list(zip((">", "<"), between, strict=True))
    if "mustNotBeBetween" in rule:
        raise on.refuse(name, "no threshold says mustNotBeBetween")
    if not found or not all(isinstance(limit, (int, float)) and not isinstance(limit, bool) for _, limit in found):
        raise on.refuse(name, "it compares with no number")
    return [(symbol, float(limit)) for symbol, limit in found]


def _counting(name: str, rule: Mapping[str, Any], on: Subject, declared: Declaration) -> Declaration:
    """Judge the number or share of unexpected rows of an expectation by the operators of a rule."""
    limits, percent = _limits(name, rule, on), rule.get("unit") in _PERCENT
    severity = _SEVERITIES.get(str(rule.get("severity", "")).lower(), "critical")
    declared["severity"] = severity
    if set(limits) in _NOBODY[:2] or (set(limits) == _NOBODY[2] and not percent):
        return declared
    if severity == "info":
        raise on.refuse(name, "a limit other than 0 warns or fails, and its severity is info")
    if rule.get("unit", "rows") not in ("rows", *_PERCENT):
        raise on.refuse(name, f"its unit is {rule['unit']!r}")
    metric = "unexpected_percent" if percent else "unexpected_count"
    word = "warn" if severity == "warning" else "fail"
    declared["thresholds"] = [
        {"threshold": f"{metric} {symbol} {limit!r}", "severity": word} for symbol, limit in limits
    ]
    return declared


def _nulls(name: str, rule: Mapping[str, Any], on: Subject) -> Declaration:
    return _counting(name, rule, on, declare("expect_column_values_to_not_be_null", column=on.column))


def _missing(name: str, rule: Mapping[str, Any], on: Subject) -> Declaration:
    values = _arguments(rule).get("missingValues")
    if not isinstance(values, list) or not values:
        raise on.refuse(name, "it lists no missingValues")
    quoted = '"' + str(on.column).replace('"', '""') + '"'
    also_null = any(is_missing(value) for value in values)
    listed = ", ".join(_literal(value) for value in on.fit(name, values))
    if not also_null and not listed:
        raise on.refuse(name, f"a column of type {' or '.join(on.types)} can have none of its missingValues")
    parts = [f"{quoted} IS NOT NULL"] if also_null else []
    parts += [f"{quoted} NOT IN ({listed})"] if listed else []
    declared = declare("expect_row_condition_to_hold", expression=" AND ".join(parts))
    return _counting(name, rule, on, declared)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return repr(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''") + "'"


def _invalid(name: str, rule: Mapping[str, Any], on: Subject) -> Declaration:
    arguments = _arguments(rule)
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if (values is None) is (pattern is None):
        raise on.refuse(name, "it has not exactly one of validValues and pattern")
    if values is not None:
        value_set = on.fit(name, values)
        declared = declare("expect_column_values_to_be_in_set", column=on.column, value_set=value_set)
    else:
        declared = declare("expect_column_values_to_match_regex", column=on.column, regex=pattern)
    return _counting(name, rule, on, declared)


def _duplicates(name: str, rule: Mapping[str, Any], on: Subject) -> Declaration:
    if set(_limits(name, rule, on)) not in _NOBODY[: 2 if rule.get("unit") in _PERCENT else 3]:
        raise on.refuse(name, "the standard does not say which copies count, unless there must be none")
    columns = [on.column] if on.column is not None else _arguments(rule).get("properties")
    if not isinstance(columns, list) or not columns:
        raise on.refuse(name, "it lists no properties")
    if len(columns) > 1:
        kwargs = {"column_list": columns, "ignore_row_if": "any_value_is_missing"}
        return _counting(name, rule, on, declare("expect_compound_columns_to_be_unique", **kwargs))
    return _counting(name, rule, on, declare("expect_column_values_to_be_unique", column=columns[0]))


def _row_count(name: str, rule: Mapping[str, Any], on: Subject) -> Declaration:
    limits = _limits(name, rule, on)
    if rule.get("unit", "rows") != "rows" or not all(limit.is_integer() for _, limit in limits):
        raise on.refuse(name, "rows are counted in whole numbers")
    severity = _SEVERITIES.get(str(rule.get("severity", "")).lower(), "critical")
    kwargs: dict[str, Any] = {}
    for symbol, limit in limits:
        if symbol == "!=":
            raise on.refuse(name, "no expectation says mustNotBe of a number of rows")
        bounds = {"min_value": int(limit), "strict_min": symbol == ">"} if symbol in ("==", ">", ">=") else {}
        bounds |= {"max_value": int(limit), "strict_max": symbol == "<"} if symbol in ("==", "<", "<=") else {}
        if bounds.keys() & kwargs.keys():
            raise on.refuse(name, "it bounds one side twice")
        kwargs |= bounds
    return declare("expect_table_row_count_to_be_between", **kwargs) | {"severity": severity}


_METRICS: Final[Mapping[tuple[str, bool], tuple[Callable[..., Declaration], tuple[str, ...]]]] = {
    ("nullValues", True): (_nulls, ()),
    ("missingValues", True): (_missing, ("missingValues",)),
    ("invalidValues", True): (_invalid, ("validValues", "pattern")),
    ("duplicateValues", True): (_duplicates, ()),
    ("duplicateValues", False): (_duplicates, ("properties",)),
    ("rowCount", False): (_row_count, ()),
}
"""How each metric of the library is declared, by its name and whether it is one of a property, and its arguments."""
