"""Markdown from tables and from docstrings in Google's style."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_ITEM = re.compile(r" {4}(\*{0,2}\w+): (.+)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars inside of cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """Return a text as code; an empty one as nothing."""
    return f"`{text}`" if str(text) else ""


@dataclass(frozen=True)
class Docstring:
    """What a docstring says.

    Attributes:
        text: The paragraphs before the first section.
        sections: The items of each section, by its title; a section without items has one under an empty name.
    """

    text: str
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_docstring(item: object) -> Docstring:
    """Read the docstring of a class or function of its own; one without any says nothing."""
    lines = inspect.cleandoc(vars(item).get("__doc__") or getattr(item, "__doc__", None) or "").splitlines()
    text: list[str] = []
    sections: dict[str, dict[str, str]] = {}
    title = name = ""
    for line in lines:
        if match := _SECTION.fullmatch(line):
            title, name = match[1], ""
            sections[title] = {}
        elif not title:
            text.append(line)
        elif (match := _ITEM.fullmatch(line)) and title != "Returns":
            name = match[1]
            sections[title][name] = match[2]
        elif line.strip():
            sections[title][name] = f"{sections[title].get(name, '')} {line.strip()}".strip()
    return Docstring(_plain("\n".join(text).strip()), {key: _all_plain(items) for key, items in sections.items()})


def _all_plain(items: Mapping[str, str]) -> dict[str, str]:
    return {name: _plain(text) for name, text in items.items()}


def _plain(text: str) -> str:
    return text.replace("``", "`")
