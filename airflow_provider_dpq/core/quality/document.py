"""Files of JSON or YAML that users write: suites and contracts, on disk or in object storage.

A document is read as it stands or refused: a key that stands twice in one mapping would lose what it said first. What
it costs to read is bounded before it is built: its length, how deep it is nested, and how many values it has once its
aliases are written out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.place import Place, is_place, locate, read_text

MOST_CHARACTERS: Final = 16_000_000
MOST_VALUES: Final = 1_000_000
DEEPEST: Final = 100
_END: Final = object()
_WORDS: Final = {
    "tag:yaml.org,2002:bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:int": ("[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F_]+", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
"""What is a truth value or a number, and what it may begin with.

To YAML 1.1 ``no`` and ``on`` are truth values, and ``012`` and ``12:30`` numbers with another value. Here, as to YAML
1.2 and Great Expectations, they are none; they are the texts that stand there, as in text files.
"""
_JSON: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,\n]', re.DOTALL)


def is_document(source: object) -> bool:
    """Whether something names a file."""
    return isinstance(source, (str, Path)) or is_place(source)


def find_document(source: Any) -> Path | Place:
    """Return where the file lies that a path or URL names.

    Raises:
        DeclarationError: ``missing_filesystem``.
        SourceError: ``storage_unreachable``.
    """
    return locate(source) if is_place(source) else Path(source)


def split_name(source: Any) -> tuple[Any, str]:
    """Return the file of ``file#name`` and the name, which is empty where there is none."""
    if not isinstance(source, (str, Path)) or Path(source).is_file():
        return source, ""
    path, mark, name = str(source).rpartition("#")
    return (path, name) if mark else (source, "")


def read_document(path: Path | Place) -> Any:
    """Return what a file holds: JSON where it is named so, else YAML.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no text.
        ValueError: It is no valid JSON or YAML; the message says which and where.
        DeclarationError: ``duplicate_key``: a mapping has a key twice; or ``document_too_large``.
        SourceError: ``storage_unreachable``.
    """
    text = path.read_text(encoding="utf-8") if isinstance(path, Path) else read_text(path)
    if len(text) > MOST_CHARACTERS:
        raise _too_large(str(path), f"it has {len(text):,} characters, more than {MOST_CHARACTERS:,}")
    return parse_json(text, str(path)) if str(path).endswith(".json") else _parse_yaml(text, str(path))


def parse_json(text: str, name: str) -> Any:
    """Return what a text of JSON holds.

    Args:
        text: The text.
        name: What it is called, for messages.

    Raises:
        ValueError: It is no valid JSON.
        DeclarationError: ``duplicate_key`` or ``document_too_large``.
    """
    _scan_json(text, name)
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"is not valid JSON: {error}"
        raise ValueError(message) from error


def require_bounded(value: Any, name: str) -> None:
    """Refuse nested lists and mappings that hold more than is sane, or themselves.

    Args:
        value: What a user gave.
        name: What it is called, for messages.

    Raises:
        DeclarationError: ``document_too_large``.
    """
    sizes: dict[int, int] = {}
    path: list[tuple[int, Iterator[Any]]] = [(0, iter([value]))]
    found = [0]
    while path:
        member = next(path[-1][1], _END)
        if member is _END:
            key, _ = path.pop()
            sizes[key] = size = found.pop()
            found = [*found[:-1], found[-1] + size] if found else found
        elif not isinstance(member, (dict, list, tuple)):
            found[-1] += 1
        elif id(member) in sizes:
            found[-1] += sizes[id(member)]
        elif any(id(member) == key for key, _ in path):
            raise _too_large(name, "it holds itself")
        elif len(path) > DEEPEST:
            raise _too_large(name, f"it is nested more than {DEEPEST} levels deep")
        else:
            path.append((id(member), _members(member)))
            found.append(1)
        if found and found[-1] > MOST_VALUES:
            raise _too_large(name, f"it has more than {MOST_VALUES:,} values")


def _members(item: Any) -> Iterator[Any]:
    return iter(item.values()) if isinstance(item, dict) else iter(item)


def _too_large(name: str, problem: str) -> DeclarationError:
    message = f"{name!r} is too large to read: {problem}."
    return DeclarationError("document_too_large", message, hint="Split it, or write it without aliases.")


def _duplicate(name: str, key: object, line: int) -> DeclarationError:
    message = f"{name!r} has the key {key!r} twice in one mapping, again in line {line}."
    return DeclarationError("duplicate_key", message, hint="Keep one of them: the other would be lost.")


def _scan_json(text: str, name: str) -> None:
    """Refuse JSON with a key twice or nested too deep, without building it; what is no JSON is left to the parser."""
    line, string, held = 1, None, list[set[str] | None]()
    for token in _JSON.finditer(text):
        symbol = token[0]
        if symbol in ("{", "["):
            held.append(set() if symbol == "{" else None)
            if len(held) > DEEPEST:
                raise _too_large(name, f"it is nested more than {DEEPEST} levels deep")
        elif symbol in ("}", "]") and held:
            held.pop()
        elif symbol == ":" and string is not None and held and (keys := held[-1]) is not None:
            key = _unescaped(string)
            if key in keys:
                raise _duplicate(name, key, line)
            keys.add(key)
        elif symbol == "\n":
            line += 1
            continue
        string = symbol if symbol[0] == '"' else None


def _unescaped(string: str) -> str:
    try:
        return str(json.loads(string))
    except ValueError:
        return string


def _parse_yaml(text: str, name: str) -> Any:
    import yaml

    try:
        _scan_yaml(text, name)
        return yaml.load(text, _yaml_loader(name))  # noqa: S506 - a safe loader that refuses more
    except yaml.YAMLError as error:
        message = f"is not valid YAML: {error}"
        raise ValueError(message) from error


def _scan_yaml(text: str, name: str) -> None:
    """Refuse YAML that is nested too deep, or has too many values once its aliases are written out, before it is built.

    Raises:
        yaml.YAMLError: It is no valid YAML.
        DeclarationError: ``document_too_large``.
    """
    import yaml

    anchors: dict[str, int] = {}
    path: list[list[Any]] = [[None, 0]]  # the anchor of each collection that is open, and its values until now
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        anchor, size = getattr(event, "anchor", None), 1
        if isinstance(event, yaml.CollectionStartEvent):
            path.append([anchor, 1])
            if len(path) > DEEPEST + 1:
                raise _too_large(name, f"it is nested more than {DEEPEST} levels deep")
            continue
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == owner for owner, _ in path):
                raise _too_large(name, f"its anchor {anchor!r} holds itself")
            size = anchors.get(str(anchor), 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = path.pop()
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if anchor is not None and not isinstance(event, yaml.AliasEvent):
            anchors[anchor] = size
        path[-1][1] += size
        if path[-1][1] > MOST_VALUES:
            raise _too_large(name, f"it has more than {MOST_VALUES:,} values")


def _yaml_loader(name: str) -> Any:
    """Return a safe loader of YAML that refuses a key that a mapping has twice; a merged one may be given anew."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar = {
            first: [(tag, pattern) for tag, pattern in known if tag not in _WORDS]
            for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys: set[Any] = set()
            for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if key_node.tag == "tag:yaml.org,2002:merge":
                    continue
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, Hashable):
                    break  # refused where the mapping is built
                if key in keys:
                    raise _duplicate(name, key, key_node.start_mark.line + 1)
                keys.add(key)
            return super().construct_mapping(node, deep=deep)

    for tag, (pattern, first) in _WORDS.items():
        Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), list(first))
    return Loader
