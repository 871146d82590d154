"""Suites: what a user declares, read from any of the forms that Great Expectations knows, and checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.severity import Severity, parse_severity
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_thresholds
from airflow_provider_dpq.core.quality.checkpoint import is_checkpoint, read_suite
from airflow_provider_dpq.core.quality.contract import is_contract
from airflow_provider_dpq.core.quality.contract_suite import as_suite
from airflow_provider_dpq.core.quality.document import (
    find_document,
    is_document,
    read_document,
    require_bounded,
    split_name,
)
from airflow_provider_dpq.core.quality.emptiness import OnEmpty, parse_on_empty
from airflow_provider_dpq.core.quality.expectations import Expectation, registered
from airflow_provider_dpq.core.quality.expectations.base import Observed
from airflow_provider_dpq.core.quality.legacy import OF_EVERY_EXPECTATION, current_arguments, current_type
from airflow_provider_dpq.core.quality.merge import require_partitionable
from airflow_provider_dpq.core.quality.parameter import has_parameter, resolve

_SEVERITIES: Final = {Severity.FAIL: "critical", Severity.WARN: "warning"}
_INFO: Final = "info"
_GX_KEYS: Final = {"type", "expectation_type", "kwargs", "meta", "severity", "id", "notes", "description"} | {
    "rendered_content",
    "expectation_context",
    "windows",
    "notify_on",
    "ge_cloud_id",
    "success_on_last_run",
}
_OUR_KEYS: Final = {"name", "thresholds", "on_empty"}
_SUITE_KEYS: Final = {"name", "expectation_suite_name", "expectations", "suite_parameters", "evaluation_parameters"} | {
    "id",
    "expectation_suite_id",
    "ge_cloud_id",
    "meta",
    "notes",
    "description",
    "data_asset_type",
    "data_asset_name",
    "not_checked",
    "$schema",
}


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
    """

    name: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    thresholds: tuple[Threshold, ...] = ()
    on_empty: OnEmpty | None = None
    expectation: Expectation | None = None
    native: Any = field(default=None, compare=False)

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


@dataclass(frozen=True, slots=True)
class Suite:
    """A named, ordered set of expectations.

    Attributes:
        name: Its name; empty for a plain list.
        expectations: The expectations, in order.
        not_checked: What the document promises beside, which nobody here evaluates.
        version: Its version as it says itself; None where it says none.
    """

    name: str
    expectations: tuple[Declared, ...]
    not_checked: tuple[str, ...] = ()
    version: str | None = None


def validate_suite(suite: Any, *, partitioned: bool = False) -> None:
    """Refuse a suite that could never run, without reading any data.

    Suite parameters may still be open; arguments that contain one are not checked yet.

    Args:
        suite: A suite in any form that `load_suite` reads.
        partitioned: Whether the table is checked by partition, which not every expectation can be.

    Raises:
        DeclarationError: What is wrong with it, and with which expectation.
    """
    built = _build(_document(suite), parameters=None)
    if partitioned:
        require_partitionable(declared.type for declared in built.expectations)


def load_suite(suite: Any, parameters: Mapping[str, Any] | None = None) -> Suite:
    """Read a suite and put its parameters in.

    Args:
        suite: A path of a JSON or YAML file, also in object storage, a mapping, a plain list of expectations, a GX
            ``ExpectationSuite``, a contract, the path of a GX checkpoint that names a suite, or a suite that was loaded
            before, which is returned as it is. An expectation is a mapping of ``type``, ``kwargs`` and, as wanted,
            ``severity``, ``name``, ``thresholds`` and ``on_empty`` (these three may also stand under ``meta.dpq``), or
            a GX expectation object.
        parameters: Values of the suite's parameters: ``{"$PARAMETER": "limit"}`` becomes ``parameters["limit"]``.

    Raises:
        DeclarationError: The suite is not one, or an expectation in it is wrong.
        SourceError: The suite in object storage does not exist or cannot be reached.
    """
    if isinstance(suite, Suite):
        return suite
    return _build(_document(suite), parameters=parameters or {})


def _document(suite: Any) -> Any:
    """Return what a path leads to; after a ``#`` may stand which object of a contract, or suite of a checkpoint."""
    if not is_document(suite):
        require_bounded(suite, "the suite")
        return suite
    source, wanted = split_name(suite)
    path = find_document(source)
    found = _read(path)
    if is_checkpoint(found):
        return read_suite(found, path, wanted)
    return as_suite(found, wanted) if wanted else found


def _read(path: Any) -> Any:
    try:
        return read_document(path)
    except FileNotFoundError as error:
        looked = f": it was looked for as {str(path.absolute())!r}" if isinstance(path, Path) else ""
        message = f"The suite {str(path)!r} does not exist{looked}."
        raise DeclarationError("unreadable_suite", message, hint="Give the path of a JSON or YAML file.") from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"The suite {str(path)!r} cannot be read: {error}."
        raise DeclarationError("unreadable_suite", message, hint="Give the path of a JSON or YAML file.") from error
    except ValueError as error:
        message = f"The suite {str(path)!r} {error}."
        raise DeclarationError("invalid_suite", message) from error


def _build(suite: Any, *, parameters: Mapping[str, Any] | None) -> Suite:
    name, items, beside = _parts(suite)
    if parameters is not None:
        parameters = {**_defaults(suite), **parameters}
    if not items:
        message = "The suite has no expectation: a gate that checks nothing would always pass."
        raise DeclarationError("empty_suite", message, hint="Declare at least one expectation.")
    declared: dict[str, Declared] = {}
    for position, item in enumerate(items):
        try:
            one = _declared(item, position, parameters)
        except DeclarationError as error:
            # The value of a parameter may come from anywhere, an XCom or the data themselves.
            error.quotes_data = error.quotes_data or bool(parameters and has_parameter(item))
            raise
        numbered = (f"{one.name}#{number}" for number in count(2))
        free = one.name if one.name not in declared else next(text for text in numbered if text not in declared)
        declared[free] = replace(one, name=free)
    return Suite(name, tuple(declared.values()), beside, _version(suite))


def _version(suite: Any) -> str | None:
    """Return the version that a suite or a contract gives itself, under ``version`` or ``meta.version``."""
    given = suite if isinstance(suite, Mapping) else {"meta": getattr(suite, "meta", None)}
    meta = given.get("meta")
    version = given.get("version") or (meta.get("version") if isinstance(meta, Mapping) else None)
    return None if version is None else str(version)


def _defaults(suite: Any) -> dict[str, Any]:
    """Return the values that a suite itself gives its parameters."""
    keys = ("evaluation_parameters", "suite_parameters")
    found = [suite.get(key) if isinstance(suite, Mapping) else getattr(suite, key, None) for key in keys]
    return {name: value for values in found if isinstance(values, Mapping) for name, value in values.items()}


def _parts(suite: Any) -> tuple[str, Sequence[Any], tuple[str, ...]]:
    if is_contract(suite):
        suite = as_suite(suite)
    if isinstance(suite, Mapping) and isinstance(suite.get("expectations"), list):
        beside = _beside(suite)
        name = str(suite.get("name") or suite.get("expectation_suite_name") or "")
        return name, suite["expectations"], (*map(str, suite.get("not_checked") or ()), *beside)
    if isinstance(suite, Iterable) and not isinstance(suite, (str, bytes, Mapping)):
        return "", list(suite), ()
    expectations = getattr(suite, "expectations", None)
    if isinstance(expectations, Sequence):
        return str(getattr(suite, "name", "") or ""), expectations, ()
    if is_checkpoint(suite):
        message = "A checkpoint names its suites and does not hold them."
        raise DeclarationError("invalid_suite", message, hint="Give the path of its file, or the suite itself.")
    message = f"{type(suite).__name__} is not a suite."
    hint = "Give a list of expectations, a mapping with 'expectations', a GX ExpectationSuite, or the path of one."
    raise DeclarationError("invalid_suite", message, hint=hint)


def _beside(suite: Mapping[str, Any]) -> list[str]:
    """Name the keys of a suite that nobody reads.

    Raises:
        DeclarationError: ``invalid_suite``: one is a misspelt key, or one of its expectations'.
    """
    import difflib

    unknown = [str(key) for key in suite if key not in _SUITE_KEYS]
    for key in unknown:
        close = difflib.get_close_matches(key, _SUITE_KEYS, n=1, cutoff=0.85)
        if close or key in _GX_KEYS | _OUR_KEYS | {"row_condition"}:
            message = f"The suite has the key {key!r}."
            hint = f"Did you mean {close[0]!r}?" if close else "What checks declare stands in each of its expectations."
            raise DeclarationError("invalid_suite", message, hint=hint)
    return [f"the suite's key {key!r}, which is not known" for key in unknown]


def _declared(item: Any, position: int, parameters: Mapping[str, Any] | None) -> Declared:
    native = None
    if not isinstance(item, Mapping):
        native, item = item, _configuration(item, position)
    unknown = set(item) - _GX_KEYS - _OUR_KEYS
    kind = item.get("type", item.get("expectation_type"))
    if not isinstance(kind, str):
        message = f"Expectation {position + 1} of the suite has no type."
        raise DeclarationError("invalid_suite", message, hint="Write {'type': 'expect_...', 'kwargs': {...}}.")
    if unknown:
        message = f"Expectation {position + 1} ({kind}) has unknown keys {sorted(map(str, unknown))}."
        raise DeclarationError("invalid_suite", message, hint="Arguments of the expectation stand under 'kwargs'.")
    kwargs = item.get("kwargs") or {}
    if not isinstance(kwargs, Mapping):
        message = f"The kwargs of expectation {position + 1} ({kind}) are {type(kwargs).__name__}, not a mapping."
        raise DeclarationError("invalid_suite", message)
    kind = current_type(kind)
    model = registered().get(kind)
    # Great Expectations takes these as arguments, too: what its objects hold beside what is expected.
    item = {**{key: kwargs[key] for key in ("meta", "severity") if kwargs.get(key) is not None}, **_given(item)}
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
    )


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
    if not isinstance(nested, Mapping) or set(nested) - _OUR_KEYS:
        message = f"meta.dpq of {kind} is {nested!r}."
        raise DeclarationError("invalid_suite", message, hint=f"It may hold {', '.join(sorted(_OUR_KEYS))}.")
    return {**nested, **{key: item[key] for key in _OUR_KEYS if key in item}}


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
        import difflib

        close = difflib.get_close_matches(kind, registered(), n=1)
        message = f"Unknown expectation {kind!r}."
        hint = f"Did you mean {close[0]!r}?" if close else "See the reference of expectations."
        raise DeclarationError("unknown_expectation", message, hint=hint)
    unknown = set(kwargs) - set(model.model_fields)
    if unknown:
        message = f"{kind} has no argument {', '.join(map(repr, sorted(unknown)))}."
        raise DeclarationError("unknown_argument", message, hint=f"It takes {', '.join(sorted(model.model_fields))}.")
    if open_parameters:
        return None
    try:
        return model(**kwargs)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = f"{kind}: {place + ': ' if place else ''}{first['msg']}."
        raise DeclarationError("invalid_argument", message) from error
