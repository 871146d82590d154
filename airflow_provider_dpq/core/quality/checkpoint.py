"""Checkpoint files of Great Expectations: which suites they name, and where these lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.document import read_document
from airflow_provider_dpq.core.quality.result_format import parse_result_format

_MARKS: Final = ("validations", "validation_definitions", "validation_operator_name", "expectation_suite_name")
_PARAMETERS: Final = ("evaluation_parameters", "suite_parameters")
_SUITES: Final = "expectations"
_DEFINITIONS: Final = "validation_definitions"
_FORMAT: Final = "result_format"


def is_checkpoint(document: Any) -> bool:
    """Whether a document is a checkpoint, or a validation definition, and not a suite."""
    if not isinstance(document, Mapping) or _SUITES in document:
        return False
    return any(mark in document for mark in _MARKS) or isinstance(document.get("suite"), Mapping)


def read_suite(document: Mapping[str, Any], path: Any, wanted: str = "") -> dict[str, Any]:
    """Return the suite that a checkpoint names, with the checkpoint's parameters as defaults.

    Where the checkpoint's result format excludes unexpected values, each expectation's does. How much is shown besides
    is the gate's to say.

    Args:
        document: The checkpoint.
        path: Its file.
        wanted: Which of its suites, where it names several.

    Raises:
        DeclarationError: ``invalid_checkpoint``: it names no suite, or several of which none is chosen; or
            ``missing_suite``: there is no file of that name in the project; or ``invalid_result_format``.
    """
    if not isinstance(path, Path):
        raise _refused(path, "only a checkpoint on disk says where its suites are")
    named = dict.fromkeys(_names(document, path))
    chosen = [name for name in named if wanted in ("", name)]
    if len(chosen) != 1:
        listed = ", ".join(map(repr, named)) or "none"
        asked = f"has no suite {wanted!r}" if wanted else f"names {len(named)} suites"
        raise _refused(path, f"it {asked}; its suites are {listed}", next(iter(named), ""))
    suite = read_document(_file(path, _SUITES, chosen[0]))
    defaults: dict[str, Any] = {}
    for owner in (suite, document, *_validations(document)):
        for key in _PARAMETERS:
            found = owner.get(key) if isinstance(owner, Mapping) else None
            defaults |= found if isinstance(found, Mapping) else {}
    kept = {key: value for key, value in suite.items() if key not in _PARAMETERS} if isinstance(suite, Mapping) else {}
    excluding = next(filter(_excludes_values, _formats(document)), None)
    if excluding is not None and isinstance(kept.get(_SUITES), list):
        kept[_SUITES] = [_with_format(item, excluding) for item in kept[_SUITES]]
    return {**kept, "suite_parameters": defaults}


def _formats(document: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the result formats of a checkpoint and of its validations."""
    for owner in (document, *_validations(document)):
        runtime = owner.get("runtime_configuration")
        for holder in (owner, runtime if isinstance(runtime, Mapping) else {}):
            if holder.get(_FORMAT) is not None:
                yield holder[_FORMAT]


def _excludes_values(result_format: Any) -> bool:
    return parse_result_format(result_format).exclude_unexpected_values


def _with_format(item: Any, result_format: Any) -> Any:
    """Return an expectation with a checkpoint's result format as its own."""
    kwargs = item.get("kwargs") if isinstance(item, Mapping) else None
    return {**item, "kwargs": {**kwargs, _FORMAT: result_format}} if isinstance(kwargs, Mapping) else item


def _validations(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("validations", "batches"):
        items = document.get(key)
        yield from (item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else ()


def _names(document: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Yield the names of the suites: of a validation's own, else of the checkpoint; of 1.x by its definitions."""
    common = _listed(document.get("expectation_suite_name"))
    validations = list(_validations(document))
    for item in validations:
        own = [*_listed(item.get("expectation_suite_name")), *_listed(item.get("expectation_suite_names"))]
        yield from own or common
    if not validations:
        yield from common
    suite = document.get("suite")
    if isinstance(suite, Mapping):
        yield from _listed(suite.get("name"))
    definitions = document.get(_DEFINITIONS)
    for item in definitions if isinstance(definitions, list) else ():
        name = item.get("name") if isinstance(item, Mapping) else item
        if not isinstance(name, str):
            raise _refused(path, "one of its validation definitions has no name")
        definition = read_document(_file(path, _DEFINITIONS, name))
        if not isinstance(definition, Mapping) or _DEFINITIONS in definition:
            raise _refused(path, f"its validation definition {name!r} names no suite of its own")
        yield from _names(definition, path)


def _listed(value: Any) -> list[str]:
    return [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str) and name]


def _file(path: Path, folder: str, name: str) -> Path:
    """Return the file of a name in a folder of the project that a checkpoint belongs to: ``a.b`` may lie in ``a/``."""
    roots = [root / folder for root in path.resolve().parents if (root / folder).is_dir()]
    forms = list(dict.fromkeys((f"{name}.json", f"{name.replace('.', '/')}.json")))
    if not roots or any(part in ("", "..") for form in forms for part in form.split("/")) or "\0" in name:
        raise _missing(path, name, f"there is no folder {folder!r} above it" if not roots else "it is no name")
    found = [roots[0] / form for form in forms if (roots[0] / form).is_file()]
    if not found:
        raise _missing(path, name, f"{str(roots[0])!r} has no {' and no '.join(forms)}")
    return found[0]


def _missing(path: Path, name: str, problem: str) -> DeclarationError:
    message = f"The checkpoint {str(path)!r} names {name!r}, which is not there: {problem}."
    return DeclarationError("missing_suite", message, hint="Give the file of the suite itself.")


def _refused(path: Any, problem: str, example: str = "") -> DeclarationError:
    message = f"The checkpoint {str(path)!r} cannot be a suite: {problem}."
    hint = f"Name one of them: {path}#{example}." if example else "Give the file of the suite itself."
    return DeclarationError("invalid_checkpoint", message, hint=hint)
