"""The JSON Schema of a report, for programs that read reports without this package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from airflow_provider_dpq.core.gate.report import Report

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTES: Final = "\n\nAttributes:\n"
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report as it is written, each field described as in its class."""
    schema = Report.model_json_schema(mode="serialization")
    for model in (schema, *schema["$defs"].values()):
        _describe_fields(model)
    return {"$schema": _DIALECT, **schema}


def _describe_fields(model: dict[str, Any]) -> None:
    summary, _, attributes = model.get("description", "").partition(_ATTRIBUTES)
    if summary:
        model["description"] = _sentence(summary)
    for name, text in _described(attributes):
        model["properties"][name]["description"] = text


def _described(attributes: str) -> Iterator[tuple[str, str]]:
    for match in _ATTRIBUTE.finditer(attributes):
        yield match[1], _sentence(match[2])


def _sentence(text: str) -> str:
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))
