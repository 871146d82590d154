"""Which reason codes the code raises, found in its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core import errors
from docs._generate.region import ROOT

PACKAGE: Final = ROOT / "airflow_provider_dpq"
_DOCUMENTED: Final = (
    errors.DeclarationError,
    errors.SourceError,
    errors.QueryError,
    errors.EndedError,
    errors.MeasurementError,
    errors.StoreError,
)
"""The errors whose codes the reference lists under a heading of their own, subclasses before their base."""

_PROBLEM: Final = "Problem"
_FINDING: Final = "finding"
"""The function that makes a load's checks; its third argument is the code, empty where there is nothing to say."""

_CODE: Final = re.compile(r"[a-z]+(_[a-z{}]+)+")


@dataclass(frozen=True, order=True)
class Raised:
    """A reason code where it comes from.

    Attributes:
        reason: The code; ``{name}`` in it stands for several words.
        kind: The error that carries it, or ``Problem`` where it is written into a report.
        module: The file, below the package.
    """

    reason: str
    kind: str
    module: str


def _kinds() -> dict[str, str]:
    """Return for each error of the project the one that its codes are listed under."""
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DpqError)]
    listed = {kind: next((base for base in _DOCUMENTED if issubclass(kind, base)), None) for kind in classes}
    return {kind.__name__: base.__name__ for kind, base in listed.items() if base is not None}


_ERRORS: Final = _kinds()


def find_raised(package: Path = PACKAGE) -> set[Raised]:
    """Return every reason code that a package raises or writes into a report.

    Raises:
        ValueError: A code cannot be read from the syntax tree.
    """
    return {
        found for path in sorted(package.rglob("*.py")) for found in _of_module(path, str(path.relative_to(package)))
    }


def _of_module(path: Path, name: str) -> Iterator[Raised]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    known = _definitions(module)
    for function in [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]:
        named = {**known, **_definitions(function)}
        for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
            kinds, reason = _reason_of(call, named)
            if reason is None:
                continue
            codes = set(_codes(reason, named)) - {""}
            if not codes and not _is_passed_on(reason, function):
                message = f"{name}:{call.lineno}: the reason code is not to be seen."
                raise ValueError(message)
            yield from (Raised(code, kind, name) for code in codes for kind in kinds)


def _definitions(scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.AST]:
    """Return what the names of a module or function stand for."""
    found: dict[str, ast.AST] = {}
    for node in scope.body if isinstance(scope, ast.Module) else ast.walk(scope):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node is not scope:
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
    return found


def _reason_of(call: ast.Call, known: Mapping[str, ast.AST]) -> tuple[set[str], ast.expr | None]:
    """Return the headings under which the code of a call belongs, and where the code stands; None for other calls."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == _FINDING and len(call.args) > 2:  # not the sentence on a check, which has one
        return {_PROBLEM}, call.args[2]
    if name == _PROBLEM:
        return {_PROBLEM}, given.get("reason")
    kinds = {_ERRORS[name]} if name in _ERRORS else _chosen(known.get(name))
    return kinds, (call.args[0] if call.args else given.get("reason")) if kinds else None


def _chosen(definition: ast.AST | None) -> set[str]:
    """Return the headings of the errors that a name may stand for: ``kind = StoreBusyError if ... else StoreError``."""
    if not isinstance(definition, ast.IfExp):
        return set()
    branches = (definition.body, definition.orelse)
    return {_ERRORS[one.id] for one in branches if isinstance(one, ast.Name) and one.id in _ERRORS}


def _is_passed_on(reason: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the code is found elsewhere: that of another error, of the caller of `finding`, or none at all."""
    if function.name == _FINDING or (isinstance(reason, ast.Constant) and not reason.value):
        return True
    return any(isinstance(node, ast.Attribute) and node.attr == "reason" for node in ast.walk(reason))


def _codes(reason: ast.AST, known: Mapping[str, ast.AST], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the codes that an expression may have: spelt in it, or in what its names stand for."""
    if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
        yield reason.value
    elif isinstance(reason, ast.JoinedStr):
        yield ast.unparse(reason)[2:-1]
    elif isinstance(reason, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for node in ast.walk(reason):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from (
                    code
                    for code in _codes(node.value, {**known, **_definitions(reason)}, seen)
                    if _CODE.fullmatch(code)
                )
    elif isinstance(reason, ast.Name):
        if reason.id in known and reason.id not in seen:
            yield from _codes(known[reason.id], known, seen | {reason.id})
    elif not _is_read_from_elsewhere(reason):
        for child in _children(reason):
            yield from (code for code in _codes(child, known, seen) if _CODE.fullmatch(code))


def _is_read_from_elsewhere(node: ast.AST) -> bool:
    """Whether an expression reads an attribute: what it is called is no code."""
    by_name = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"
    return by_name or isinstance(node, ast.Attribute)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of an expression that its value may come from: of a mapping the values, of a test no part."""
    if isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from (node.func.value, *node.args)
    else:
        yield from ast.iter_child_nodes(node)
