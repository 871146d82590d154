"""Suites: what a user declares, read from any of the forms that Great Expectations knows, and checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.checkpoint import is_checkpoint, read_suite
from airflow_provider_dpq.core.quality.contract.read import is_contract
from airflow_provider_dpq.core.quality.contract.suite import as_suite
from airflow_provider_dpq.core.quality.declared import KEYS, Declared, declare
from airflow_provider_dpq.core.quality.document import (
    find_document,
    is_document,
    read_document,
    require_bounded,
    split_name,
)
from airflow_provider_dpq.core.quality.merge import require_partitionable
from airflow_provider_dpq.core.quality.parameter import has_parameter

_SUITE_KEYS: Final = {"name", "expectation_suite_name", "expectations", "suite_parameters", "evaluation_parameters"} | {
    "id",
    "expectation_suite_id",
    "ge_cloud_id",
    "meta",
    "notes",
    "description",
    "data_asset_type",
    "data_asset_name",
    "dataset_name",
    "not_checked",
    "$schema",
}


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
            one = declare(item, position, parameters)
        except DeclarationError as error:
            # The value of a parameter may come from anywhere, an XCom or the data themselves.
            error.quotes_data = error.quotes_data or bool(parameters and has_parameter(item))
            raise
        except Exception as error:  # a value from Python may raise whatever it likes where it is looked at
            message = f"Expectation {position + 1} of the suite cannot be read: {type(error).__name__}: {error}."
            hint = "Write numbers, texts, dates, and lists and mappings of these."
            raise DeclarationError("invalid_suite", message, hint=hint, quotes_data=True) from error
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
        return name, suite["expectations"], (*_not_checked(suite), *beside)
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


def _not_checked(suite: Mapping[str, Any]) -> list[str]:
    listed = suite.get("not_checked")
    if listed is not None and not isinstance(listed, (list, tuple)):
        message = f"not_checked of the suite is {listed!r}."
        raise DeclarationError("invalid_suite", message, hint="Write a list of texts.")
    return [str(item) for item in listed or ()]


def _beside(suite: Mapping[str, Any]) -> list[str]:
    """Name the keys of a suite that nobody reads.

    Raises:
        DeclarationError: ``invalid_suite``: one is a misspelt key, or one of its expectations'.
    """
    import difflib

    unknown = [str(key) for key in suite if key not in _SUITE_KEYS]
    for key in unknown:
        close = difflib.get_close_matches(key, _SUITE_KEYS, n=1, cutoff=0.85)
        if close or key in KEYS | {"row_condition"}:
            message = f"The suite has the key {key!r}."
            hint = f"Did you mean {close[0]!r}?" if close else "What checks declare stands in each of its expectations."
            raise DeclarationError("invalid_suite", message, hint=hint)
    return [f"the suite's key {key!r}, which is not known" for key in unknown]
