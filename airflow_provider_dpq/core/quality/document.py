"""Files of JSON or YAML that users write: suites and contracts, on disk or in object storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_dpq.core.quality.place import Place, is_place, locate, read_text


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
        SourceError: ``storage_unreachable``.
    """
    text = path.read_text(encoding="utf-8") if isinstance(path, Path) else read_text(path)
    if str(path).endswith(".json"):
        try:
            return json.loads(text)
        except ValueError as error:
            message = f"is not valid JSON: {error}"
            raise ValueError(message) from error
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"is not valid YAML: {error}"
        raise ValueError(message) from error
