"""What a quality gate looked at, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.checked import Checked
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import figure


class Fact(NamedTuple):
    """One thing that a report says of the data or the suite.

    Attributes:
        name: A short name, for a terminal.
        title: Its name where there is room.
        text: What is said.
    """

    name: str
    title: str
    text: str


def facts(report: Report) -> list[Fact]:
    """Return what the report says of the data and the suite; without what nothing is said of.

    Args:
        report: The report; other kinds than quality gates look at no data.
    """
    checked = report.checked
    if checked is None:
        return []
    facts = [
        Fact("rows", "Rows", _rows(checked)),
        Fact("partition", "Partition", _pairs(checked.partition)),
        Fact("each", "Partitioned by", ", ".join(checked.partition_by)),
        Fact("where", "Row condition", checked.row_condition or ""),
        Fact("nulls", "Null values", ", ".join(map(repr, checked.null_values))),
        Fact("read as", "Read as", _options(checked.reading)),
        Fact("source", "Source", _source(checked)),
        Fact("suite", "Suite", _suite(checked)),
        Fact("tables", "References", _pairs(checked.references)),
    ]
    return [fact for fact in facts if fact.text]


def columns(report: Report) -> str:
    """Return the columns with their types on one line; empty where none are known."""
    found = report.checked.columns if report.checked else {}
    return ", ".join(f"{name} {kind}" for name, kind in found.items())


def _rows(checked: Checked) -> str:
    rows = figure.counted(checked.row_count, "row")
    if checked.file_count is None:
        return rows
    files = f" in {figure.counted(checked.file_count, 'file')}"
    size = checked.size_bytes
    return rows + files + ("" if size is None else f" of {figure.number(size, 'B')}")


def _pairs(pairs: Mapping[str, JsonValue] | Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {figure.value(value)}" for name, value in pairs.items())


def _options(reading: Mapping[str, JsonValue]) -> str:
    """Write how a file was read; a mark stands in quotes, so that it is told from the commas between."""
    return ", ".join(f"{name} = {_option(value)}" for name, value in reading.items())


def _option(value: JsonValue) -> str:
    if value is None:
        return "none"
    is_mark = isinstance(value, str) and not any(map(str.isalnum, value))
    return repr(value) if is_mark else figure.value(value)


def _source(checked: Checked) -> str:
    if checked.source in ("files", "frame") and checked.connection is None:
        return ""
    query = f"query {checked.query_digest}" if checked.query_digest else checked.source
    return f"{query}, connection {checked.connection or checked.engine}"


def _suite(checked: Checked) -> str:
    suite = checked.suite
    version = f"version {suite.version}" if suite.version else ""
    return ", ".join(filter(None, (suite.name, version, suite.digest)))
