"""Contracts held against types that only a database has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import found
from tests.core.table.servers import own_schema

pytestmark = pytest.mark.service

NATIVE = {
    "id": "uuid",
    "document": "jsonb",
    "picture": "bytea",
    "opens": "time",
    "lasts": "interval",
    "numbers": "integer[]",
    "price": "money",
    "address": "inet",
    "span": "int4range",
    "label": "label",
}


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A table with a column of each of these types, one of them a domain over text."""
    with own_schema(request.getfixturevalue("postgres_url")) as engine:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE DOMAIN label AS varchar(20) CHECK (VALUE <> 'none')"))
            columns = ", ".join(f"{name} {type_}" for name, type_ in NATIVE.items())
            connection.execute(sa.text(f"CREATE TABLE native ({columns})"))
            connection.execute(sa.text(f"CREATE TABLE other ({', '.join(f'{name} date' for name in NATIVE)})"))
            connection.execute(sa.text("INSERT INTO native (label) VALUES ('a1'), ('b2'), ('c'), (NULL)"))
        yield engine


def _document(**types: str) -> dict[str, Any]:
    logical = {"price": "number"}
    properties = [
        {"name": name, "logicalType": logical.get(name, "string"), "physicalType": type_}
        for name, type_ in types.items()
    ]
    schema = [{"name": "native", "properties": properties}]
    return {"kind": "DataContract", "apiVersion": "v3.1.0", "version": "1", "schema": schema}


def test_column_of_the_type_that_the_contract_names_is_as_promised(postgres: sa.Engine) -> None:
    """Whatever its logical type is; a day in its place is not."""
    (result,) = check("native", _document(**NATIVE), connection=postgres).results
    assert result.success, result.result
    (result,) = check("other", _document(**NATIVE), connection=postgres).results
    details: Any = result.result["details"]
    assert [(item["column"], item["found"]) for item in details["mismatched"]] == [(name, "DATE") for name in NATIVE]


def test_domain_holds_what_the_type_holds_that_it_is_made_of(postgres: sa.Engine) -> None:
    """Its texts are matched, compared and measured as texts."""
    options = {"connection": postgres}
    contract = {"columns": [{"name": "label", "type": "string"}]}
    assert check("native", contract, connection=postgres).success
    assert found("native", "column_values_to_match_regex", column="label", regex="[0-9]$", options=options)[
        "unexpected_count"
    ] == 1  # fmt: skip
    lengths = found("native", "column_value_lengths_to_equal", column="label", value=2, options=options)
    assert lengths["unexpected_count"] == 1
    members = found("native", "column_values_to_be_in_set", column="label", value_set=["a1", "b2"], options=options)
    assert members["partial_unexpected_list"] == ["c"]
