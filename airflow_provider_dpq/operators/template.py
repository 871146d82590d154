"""Which arguments can be checked when a DAG file is parsed, and which only once templates and XComs are resolved."""

from __future__ import annotations

from collections.abc import Mapping, Set
from os import PathLike
from typing import Any, Final

_MARKS: Final = ("{{", "{%", "{#")


def is_literal(value: Any) -> bool:
    """Return whether an argument is already what the task will see: no Jinja template and no XCom is in it.

    Args:
        value: The argument as the operator got it.
    """
    if isinstance(value, str):
        return not any(mark in value for mark in _MARKS)
    if isinstance(value, Mapping):
        return all(is_literal(item) for item in value.values())
    if isinstance(value, (list, tuple, Set)):
        return all(is_literal(item) for item in value)
    return isinstance(value, PathLike) or not (callable(value) or hasattr(value, "resolve"))
