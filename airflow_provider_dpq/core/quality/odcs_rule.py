"""Rules of the Open Data Contract Standard, version 3, as expectations: those that have an exact counterpart.

Library metrics become the expectation that counts the same rows, and the operator its thresholds; `mustBeBetween` has
no bound of its own, as the standard says. Values allowed, bounds, lengths and patterns of a property become the
expectation of that name. A rule in words is for people. Any other rule is refused by name: what nobody evaluates must
not read as a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.contract import Contract
from airflow_provider_dpq.core.quality.odcs import column_name, find_object, items_of

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


def rules(document: Mapping[str, Any], wanted: str = "") -> Iterator[Declaration]:
    """Yield the rules of a contract of the standard as declarations of a suite.

    Args:
        document: The contract.
        wanted: Name of the object, where the contract has several.

    Raises:
        DeclarationError: ``unsupported_rule``: one has no exact counterpart; or ``invalid_contract``.
    """
    table = find_object(document, wanted)
    of = str(table["name"])
    properties = items_of(table, "properties", of)
    names = {str(item.get("name")): column_name(item, of) for item in properties}
    for rule in items_of(table, "quality", of):
        yield from _quality(_in_table(rule, names), None)
    for item in properties:
        column = column_name(item, of)
        yield from _options(item, column)
        if item.get("enum"):
            values = [entry.get("value") for entry in items_of(item, "enum", column)]
            yield _declared("expect_column_values_to_be_in_set", column=column, value_set=values)
        for rule in items_of(item, "quality", column):
            yield from _quality(rule, column)


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


def _refused(rule: str, problem: str, owner: str | None) -> DeclarationError:
    message = f"The rule {rule} of {owner or 'the table'} has no exact counterpart: {problem}."
    return DeclarationError("unsupported_rule", message, hint="Leave it to another tool, or declare an expectation.")


def _options(item: Mapping[str, Any], column: str) -> Iterator[Declaration]:
    found = item.get("logicalTypeOptions")
    options = dict(found) if isinstance(found, Mapping) else {}
    for name in ("format", "timezone", "defaultTimezone"):
        options.pop(name, None)  # how values are written, not which are allowed
    if bounds := _bounds(options, column):
        yield _declared("expect_column_values_to_be_between", column=column, **bounds)
    lengths = {"min_value": options.pop("minLength", None), "max_value": options.pop("maxLength", None)}
    if any(bound is not None for bound in lengths.values()):
        yield _declared("expect_column_value_lengths_to_be_between", column=column, **lengths)
    if "pattern" in options:
        yield _declared("expect_column_values_to_match_regex", column=column, regex=options.pop("pattern"))
    if isinstance(options.get("multipleOf"), int) and options["multipleOf"] > 0:
        quoted = '"' + column.replace('"', '""') + '"'
        expression = f"{quoted} % {options.pop('multipleOf')} = 0"
        yield _declared("expect_row_condition_to_hold", expression=expression)
    if options:
        raise _refused(
            f"logicalTypeOptions.{next(iter(options))}", "it says something of values that are nested", column
        )


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


def _quality(rule: Mapping[str, Any], column: str | None) -> Iterator[Declaration]:
    kind = rule.get("type", "library")
    if kind == "text":
        return
    metric = rule.get("metric") or rule.get("rule")
    name = str(rule.get("name") or metric or kind)
    maker = _METRICS.get((str(metric), column is not None))
    if kind != "library" or maker is None:
        raise _refused(
            name, f"it is of type {kind}" if kind != "library" else f"the metric {metric!r} is none here", column
        )
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
