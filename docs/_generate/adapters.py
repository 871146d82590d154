"""Classes for DAGs, and functions: what they are, and what their arguments mean."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from docs._generate.markdown import code, read_docstring, table

_PACKAGE = "airflow_provider_dpq"


def describe_class(name: str) -> str:
    """Return what a class is, its arguments and what it raises.

    Args:
        name: Dotted name.

    Raises:
        ValueError: An argument has no meaning in any docstring.
    """
    module, _, attribute = name.rpartition(".")
    described = getattr(importlib.import_module(module), attribute)
    docstring = read_docstring(described)
    arguments = [_row(described, *argument) for argument in arguments_of(described)]
    templated = [code(field) for field in getattr(described, "template_fields", ())]
    parts = [
        f"`from {module} import {attribute}`",
        docstring.text,
        table(["Argument", "Type", "Default", "Meaning"], arguments) if arguments else "",
        f"Templated: {', '.join(templated)}." if templated else "",
        "\n".join(f"- raises `{error}`: {when}" for error, when in _raised(described)),
    ]
    return "\n\n".join(part for part in parts if part)


def describe_function(name: str) -> str:
    """Return what a function does, its arguments, what it returns and what it raises.

    Args:
        name: Dotted name.

    Raises:
        ValueError: An argument has no meaning in the docstring.
    """
    module, _, attribute = name.rpartition(".")
    described = getattr(importlib.import_module(module), attribute)
    docstring = read_docstring(described)
    parameters = inspect.signature(described).parameters.values()
    parts = [
        f"`from {module} import {attribute}`",
        docstring.text,
        table(["Argument", "Type", "Default", "Meaning"], [_row(described, described, one) for one in parameters]),
        f"Returns: {docstring.sections.get('Returns', {}).get('', 'nothing.')}",
        "\n".join(f"- raises `{error}`: {when}" for error, when in docstring.sections.get("Raises", {}).items()),
    ]
    return "\n\n".join(part for part in parts if part)


def arguments_of(described: type) -> Iterator[tuple[type, inspect.Parameter]]:
    """Yield the arguments of a class and of those it inherits from, as far as they are this project's."""
    seen = set()
    for base in described.__mro__:
        if base.__module__.startswith(_PACKAGE) and "__init__" in vars(base):
            for parameter in list(inspect.signature(base).parameters.values()):
                if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in seen:
                    seen.add(parameter.name)
                    yield base, parameter


def _row(described: Any, base: object, parameter: inspect.Parameter) -> list[str]:
    name = f"**{parameter.name}" if parameter.kind is parameter.VAR_KEYWORD else parameter.name
    sections = read_docstring(base).sections
    meaning = {**sections.get("Attributes", {}), **sections.get("Args", {})}.get(name)
    if not meaning:
        message = f"{described.__name__} does not say what its argument {name!r} means."
        raise ValueError(message)
    needed = parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    return [
        code(name),
        code(parameter.annotation),
        "needed" if needed else "" if parameter.default is parameter.empty else code(repr(parameter.default)),
        meaning,
    ]


def _raised(described: type) -> Iterator[tuple[str, str]]:
    methods = (getattr(described, name, None) for name in ("execute", "poke", "get_store"))
    ours = [method for method in methods if str(getattr(method, "__module__", "")).startswith(_PACKAGE)]
    for owner in (described, *ours):
        yield from read_docstring(owner).sections.get("Raises", {}).items()
