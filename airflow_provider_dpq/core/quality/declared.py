"""One expectation as a user declares it: its type, its arguments with their values put in, and what a breach does."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.severity import Severity, parse_severity
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_thresholds
from airflow_provider_dpq.core.quality.emptiness import OnEmpty, parse_on_empty
from airflow_provider_dpq.core.quality.expectations import Expectation, registered
from airflow_provider_dpq.core.quality.expectations.base import Observed
from airflow_provider_dpq.core.quality.parameter import has_parameter, resolve
from airflow_provider_dpq.core.quality.result_format import ResultFormat, parse_result_format

_SEVERITIES: Final = {Severity.FAIL: "critical", Severity.WARN: "warning"}
_INFO: Final = "info"
OUR_KEYS: Final = frozenset({"name", "thresholds", "on_empty"})
"""Keys of an expectation that are ours."""
KEYS: Final = OUR_KEYS | {
    *("type", "expectation_type", "kwargs", "meta", "severity", "id", "notes", "description", "rendered_content"),
    *("expectation_context", "windows", "notify_on", "ge_cloud_id", "success_on_last_run"),
}
"""Keys that an expectation may have."""
_CLOSE: Final = 0.85
"""How alike a name must be to one that exists to be taken for a misspelt one."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One expectation as declared, with its arguments resolved.

    Attributes:
        name: Name of the check, unique in its suite.
        type: Expectation type in snake case.
        kwargs: Its keyword arguments.
        severity: ``critical`` fails the gate, ``warning`` warns, ``info`` only records.
        thresholds: Thresholds on the check's own metrics; where there are any, they decide instead of the severity.
        on_empty: What decides where there were no rows to check; None for the gate's own policy.
        expectation: The expectation as the scan knows it; None where only Great Expectations does.
        native: The Great Expectations object, where the user gave one.
        excludes_values: Whether its own result format excludes unexpected values.
    """

    name: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    thresholds: tuple[Threshold, ...] = ()
    on_empty: OnEmpty | None = None
    expectation: Expectation | None = None
    native: Any = field(default=None, compare=False)
    excludes_values: bool = False

    @property
    def observes(self) -> Observed | None:
        """What the check observes; None where only Great Expectations knows it."""
        model = type(self.expectation) if self.expectation is not None else registered().get(self.type)
        return None if model is None else model.observes

    @property
    def conditions(self) -> tuple[str, ...]:
        """Its arguments that choose rows."""
        return (Expectation if self.expectation is None else type(self.expectation)).conditions

    @property
    def decides_rows(self) -> bool:
        """Whether a single row may break it; one may where only Great Expectations knows it."""
        model = type(self.expectation) if self.expectation is not None else registered().get(self.type)
        return model is None or model.decides_rows

    @property
    def looks_at_rows(self) -> bool:
        """Whether it is about rows; what only Great Expectations knows may be."""
        return self.expectation is None or self.expectation.looks_at_rows

    @property
    def judges_nothing(self) -> bool:
        """Whether no data could break it, as it is declared; of what only Great Expectations knows nobody can say."""
        return self.expectation is not None and self.expectation.judges_nothing

    @property
    def has_row_condition(self) -> bool:
        """Whether it looks at some rows only."""
        owner = self.native if self.expectation is None else self.expectation
        return bool(getattr(owner, "row_condition", None))

    def shown(self, wanted: ResultFormat) -> ResultFormat:
        """Return what the result of this check shows where the gate wants all results to show so much."""
        return replace(wanted, exclude_unexpected_values=True) if self.excludes_values else wanted


def declare(item: Any, position: int, parameters: Mapping[str, Any] | None) -> Declared:
    """Read one expectation of a suite.

    Args:
        item: A mapping, or a Great Expectations object.
        position: Its place in the suite, counted from 0.
        parameters: Values of the suite's parameters; None where they are still open.

    Raises:
        DeclarationError: What is wrong with it.
    """
    native = None
    if not isinstance(item, Mapping):
        native, item = item, _configuration(item, position)
    unknown = set(item) - KEYS
    kind = item.get("type", item.get("expectation_type"))
    if not isinstance(kind, str):
        message = f"Expectation {position + 1} of the suite has no type."
        raise DeclarationError("invalid_suite", message, hint="Write {'type': 'expect_...', 'kwargs': {...}}.")
    if item.get("expectation_type", kind) != kind:
        message = f"Expectation {position + 1} of the suite is of two types, {kind!r} and {item['expectation_type']!r}."
        raise DeclarationError("invalid_suite", message, hint="Keep one of them.")
    if unknown:
        message = f"Expectation {position + 1} ({kind}) has unknown keys {sorted(map(str, unknown))}."
        raise DeclarationError("invalid_suite", message, hint="Arguments of the expectation stand under 'kwargs'.")
    kwargs = {} if item.get("kwargs") is None else item["kwargs"]
    if not isinstance(kwargs, Mapping):
        message = f"The kwargs of expectation {position + 1} ({kind}) are {type(kwargs).__name__}, not a mapping."
        raise DeclarationError("invalid_suite", message)
    kind = current_type(kind)
    model = registered().get(kind)
    # Great Expectations takes these as arguments, too: what its objects hold beside what is expected.
    item = {**{key: kwargs[key] for key in ("meta", "severity") if kwargs.get(key) is not None}, **_given(item)}
    excludes_values = _excludes_values(kwargs.get("result_format"), kind)
    known = frozenset(model.model_fields) if model is not None else frozenset(kwargs) - OF_EVERY_EXPECTATION
    kwargs = current_arguments(kind, kwargs, known)
    open_parameters = parameters is None and has_parameter(kwargs)
    arguments = dict(kwargs) if open_parameters else resolve(kwargs, parameters or {}, kind)
    ours = _options(item, kind)
    return Declared(
        name=str(ours.get("name") or _default_name(kind, arguments)),
        type=kind,
        kwargs=arguments,
        severity=_severity(item.get("severity"), kind),
        thresholds=parse_thresholds(ours.get("thresholds"), "quality"),
        on_empty=parse_on_empty(ours.get("on_empty"), kind),
        expectation=_expectation(kind, arguments, native, open_parameters=open_parameters),
        native=native,
        excludes_values=excludes_values,
    )


def _excludes_values(result_format: Any, kind: str) -> bool:
    """Whether an expectation's own result format keeps values out; how much is shown besides is the gate's to say.

    Great Expectations 1.x ignores it, and 0.x did what it says. Of values that somebody excluded, nobody wants to see
    more for that.
    """
    if result_format is None:
        return False
    try:
        return parse_result_format(result_format).exclude_unexpected_values
    except DeclarationError as error:
        raise DeclarationError(error.reason, f"{kind}: {error.message}", hint=error.hint) from error


def _given(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not None}


def _configuration(native: Any, position: int) -> Mapping[str, Any]:
    try:
        configuration = native.configuration
        return {
            "type": configuration.type,
            "kwargs": configuration.kwargs,
            "meta": configuration.meta,
            "severity": getattr(native, "severity", None),
        }
    except AttributeError as error:
        message = f"Expectation {position + 1} of the suite is {type(native).__name__}."
        hint = "Write {'type': 'expect_...', 'kwargs': {...}} or give a GX expectation object."
        raise DeclarationError("invalid_suite", message, hint=hint) from error


def _options(item: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    meta = item.get("meta") or {}
    nested = meta.get("dpq", {}) if isinstance(meta, Mapping) else {}
    if not isinstance(nested, Mapping) or set(nested) - OUR_KEYS:
        message = f"meta.dpq of {kind} is {nested!r}."
        raise DeclarationError("invalid_suite", message, hint=f"It may hold {', '.join(sorted(OUR_KEYS))}.")
    return {**nested, **{key: item[key] for key in OUR_KEYS if key in item}}


def _severity(severity: Any, kind: str) -> str:
    """Return a severity in Great Expectations' words, whichever were used."""
    given = severity or "critical"
    consequence = parse_severity(given)
    if consequence is not None:
        return _SEVERITIES[consequence]
    if str(getattr(given, "value", given)).lower() != _INFO:
        message = f"Severity {severity!r} of {kind} is unknown."
        hint = "Use critical, warning or info; fail and warn are understood too."
        raise DeclarationError("unknown_severity", message, hint=hint)
    return _INFO


def _default_name(kind: str, kwargs: Mapping[str, Any]) -> str:
    columns = [kwargs.get(key) for key in ("column", "column_A", "column_B")]
    columns += [kwargs.get("expression")]
    columns += list(kwargs["column_list"]) if isinstance(kwargs.get("column_list"), (list, tuple)) else []
    return f"{kind}({'+'.join(str(column) for column in columns if column is not None)})"


def _expectation(kind: str, kwargs: Mapping[str, Any], native: Any, *, open_parameters: bool) -> Expectation | None:
    model = registered().get(kind)
    if model is None and native is not None:
        return None
    if model is None:
        message = f"Unknown expectation {kind!r}."
        known = _meant(kind, registered()) or "See the reference of expectations. "
        hint = f"{known}An expectation of your own is given as a Great Expectations object."
        raise DeclarationError("unknown_expectation", message, hint=hint)
    unknown = sorted(set(kwargs) - set(model.model_fields))
    if unknown:
        message = f"{kind} has no argument {', '.join(map(repr, unknown))}."
        hint = f"It takes {', '.join(sorted(model.model_fields))}."
        raise DeclarationError("unknown_argument", message, hint=_meant(unknown[0], model.model_fields) + hint)
    if open_parameters:
        return None
    try:
        return model(**kwargs)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        problem = str(first["msg"]).removeprefix("Value error, ")
        message = f"{kind}: {place + ': ' if place else ''}{problem}."
        raise DeclarationError("invalid_argument", message) from error


def _meant(name: str, known: Iterable[str]) -> str:
    """Say which name was probably meant; empty where none is like it."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=_CLOSE)
    return f"Did you mean {close[0]!r}? " if close else ""


_RENAMED: Final = {
    "expect_multicolumn_values_to_be_unique": "expect_select_column_values_to_be_unique_within_record",
    "expect_column_pair_values_A_to_be_greater_than_B": "expect_column_pair_values_a_to_be_greater_than_b",
}
_REMOVED: Final = frozenset(
    {
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
        "expect_column_chisquare_test_p_value_to_be_greater_than",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
        "expect_file_hash_to_equal",
        "expect_file_line_regex_match_count_to_be_between",
        "expect_file_line_regex_match_count_to_equal",
        "expect_file_size_to_be_between",
        "expect_file_to_be_valid_json",
        "expect_file_to_exist",
    }
)
OF_EVERY_EXPECTATION: Final = frozenset(
    {
        *("id", "meta", "notes", "description", "severity", "rendered_content", "windows", "notify_on"),
        *("library_metadata", "result_format", "catch_exceptions", "include_config", "batch_id"),
    }
)
"""Arguments that Great Expectations takes, or took, for every expectation beside those that say what is expected."""
_WITHOUT_EFFECT: Final = frozenset(
    {
        *("allow_cross_type_comparisons", "auto", "profiler_config", "output_strftime_format"),
        *("include_nested", "include_rendered_content", "bucketize_data_asset"),
    }
)
"""Arguments of 0.x that say how a suite was made, how a result is written, or what is done here in any case."""


def current_type(kind: str) -> str:
    """Return what an expectation is called today.

    Raises:
        DeclarationError: ``removed_expectation``: Great Expectations has none of that name any more.
    """
    if kind in _REMOVED:
        message = f"{kind} is an expectation of Great Expectations 0.x that no later release has."
        raise DeclarationError("removed_expectation", message, hint="Take it out, or say what it said in another way.")
    return _RENAMED.get(kind, kind)


def current_arguments(kind: str, kwargs: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """Return an expectation's arguments as today's release takes them.

    Args:
        kind: Its type.
        kwargs: Its arguments as declared.
        taken: Names of the arguments that it takes today.

    Raises:
        DeclarationError: ``unknown_argument``: one of 0.x changes what is expected, and nothing does so today.
    """
    kept = {}
    for name, value in kwargs.items():
        if name in taken:
            kept[name] = value
        elif name == "parse_strings_as_datetimes":
            if value and "min_value" not in taken:
                message = f"{kind} has no argument 'parse_strings_as_datetimes' any more."
                raise DeclarationError("unknown_argument", message, hint="Read the column as dates, and expect dates.")
        elif name == "table":
            if value is not None:
                message = f"{kind} names the table {value!r}, and a gate checks the one that it is given."
                raise DeclarationError("unknown_argument", message, hint="Take it out, and check that table.")
        elif name not in OF_EVERY_EXPECTATION and name not in _WITHOUT_EFFECT:
            kept[name] = value
    if kept.get("ignore_row_if") == "never" and "column_A" in taken:
        kept["ignore_row_if"] = "neither"  # what 0.13 to 0.18 took it for
    return kept
