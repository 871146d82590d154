"""What a gate looked at, as people read it."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from airflow_provider_dpq.core.gate.checked import Checked, CheckedSuite
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import checked


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ({"encoding": "utf-8", "delimiter": None}, "encoding = utf-8, delimiter = none"),
        ({"delimiter": ";", "decimal": ",", "thousands": "."}, "delimiter = ';', decimal = ',', thousands = '.'"),
        ({"delimiter": "\t", "header": True, "skip_rows": 2}, "delimiter = '\\t', header = true, skip_rows = 2"),
    ],
)
def test_how_a_file_was_read_is_told_apart_from_commas(
    report: Report, reading: dict[str, JsonValue], told: str
) -> None:
    """Marks stand in quotes, and a file of one column has no delimiter."""
    looked_at = Checked(
        source="files", engine="duckdb", row_count=1, reading=reading, suite=CheckedSuite(name="", digest="0")
    )
    facts = checked.facts(report.model_copy(update={"checked": looked_at}))
    assert {fact.name: fact.text for fact in facts}["read as"] == told
