"""The published JSON Schema of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render.schema import report_schema

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """A validator of the schema that is published."""
    schema = json.loads((REFERENCE / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def test_published_schema_is_the_one_of_the_code() -> None:
    """docs/reference/report.schema.json is what `dpq report schema` writes."""
    published = (REFERENCE / "report.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(report_schema(), indent=2) + "\n", (
        "run: dpq report schema > docs/reference/report.schema.json"
    )


def test_schema_describes_every_field_of_a_report(report: Report) -> None:
    """A reader of the schema learns what each field of a report and of its checks means."""
    schema = report_schema()
    documented = [
        schema,
        *(schema["$defs"][name] for name in ("CheckResult", "Metric", "ThresholdResult", "Provenance")),
    ]
    fields = [(name, field) for model in documented for name, field in model["properties"].items()]
    assert [name for name, field in fields if not field.get("description", "").endswith(".")] == []
    assert "Attributes" not in json.dumps(schema)


@given(data=st.data())
def test_every_report_validates(
    validator: jsonschema.Draft202012Validator, reports: st.SearchStrategy[Report], data: st.DataObject
) -> None:
    """Whatever is reported, its JSON keeps the published contract."""
    validator.validate(json.loads(data.draw(reports).to_json()))


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ({"verdict": "green"}, "verdict"),
        ({"schema_version": 2}, "schema_version"),
        ({"checks": {}}, "checks"),
        ({"duration_seconds": "1 s"}, "duration_seconds"),
        ({"metrics": [{"name": "x", "unit": "", "tags": {}, "interval": [1], "value": 1}]}, "metrics"),
    ],
)
def test_schema_refuses_another_contract(
    validator: jsonschema.Draft202012Validator, report: Report, edit: dict[str, Any], place: str
) -> None:
    """A document that is no report is refused at the field that is wrong."""
    errors = list(validator.iter_errors({**json.loads(report.to_json()), **edit}))
    assert [error.absolute_path[0] for error in errors] == [place]


def test_schema_refuses_fields_it_does_not_know(validator: jsonschema.Draft202012Validator, report: Report) -> None:
    """A field of another version does not pass unseen."""
    assert not validator.is_valid({**json.loads(report.to_json()), "score": 1})


def test_reference_explains_every_field_of_a_report() -> None:
    """docs/reference/report.md names each field of the report and of all that it consists of."""
    text = (REFERENCE / "report.md").read_text(encoding="utf-8")
    schema = report_schema()
    models = [schema, *schema["$defs"].values()]
    fields = {name for model in models for name in model.get("properties", {})}
    assert sorted(name for name in fields if f"`{name}`" not in text) == []
