"""Contracts of the Open Data Contract Standard 3: their schema, their rules, and what is refused by name."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import Provenance, parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.contract.read import load_contract
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.quality.suite import load_suite
from airflow_provider_dpq.core.render import render_html, render_text
from tests.core.quality.answers import answer

TEXT = """
kind: DataContract
apiVersion: v3.1.0
id: 53581432-6c55-4ba2-a65f-72344a91553a
version: 1.2.0
status: active
schema:
  - name: orders
    physicalName: tbl_orders
    physicalType: table
    quality:
      - {metric: rowCount, mustBeBetween: [1, 10]}
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [id, country]}}
      - {type: text, description: Orders of the shop.}
    properties:
      - {name: id, physicalName: order_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - name: country
        logicalType: string
        physicalType: varchar(2)
        required: true
        unique: false
        logicalTypeOptions: {minLength: 2, maxLength: 2}
      - {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 31}}
      - {name: state, logicalType: string, enum: [{value: paid}, {value: sent}]}
  - name: customers
    properties: [{name: id, logicalType: integer}]
"""
DOCUMENT: Mapping[str, Any] = yaml.safe_load(TEXT)
ORDERS = pd.DataFrame(
    {
        "order_id": [1, 2, 3],
        "country": pd.Series(["NO", "SE", "NO"], dtype="str"),
        "amount": [10.0, 20.0, None],
        "state": pd.Series(["paid", "sent", "paid"], dtype="str"),
    }
)
MOMENTS = ("timestamp", "timestamp with time zone")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The contract as a file."""
    file = tmp_path / "shop.odcs.yaml"
    file.write_text(TEXT)
    return file


def _document(*properties: dict[str, Any], version: str = "v3.1.0", **table: Any) -> dict[str, Any]:
    named = [{"name": f"c{number}"} | item for number, item in enumerate(properties)]
    schema = [{"name": "t", "properties": named, **table}]
    return {"kind": "DataContract", "apiVersion": version, "version": "1", "schema": schema}


def _rule(metric: str, *, unit: str = "rows", mustBe: float = 0, **arguments: Any) -> dict[str, Any]:  # noqa: N803
    beside = {"arguments": arguments} if arguments else {}
    return {"quality": [{"metric": metric, "unit": unit, "mustBe": mustBe, **beside}]}


MOMENT = [datetime(2024, 3, 1), datetime(2024, 3, 1, 10), datetime(9999, 12, 31)]  # noqa: DTZ001


def test_schema_is_read_as_a_contract(path: Path) -> None:
    """Columns by their physical names, types, required values and keys."""
    contract = load_contract(f"{path}#orders")
    assert (contract.name, contract.version, contract.primary_key) == ("orders", "1.2.0", ("order_id",))
    assert [(column.name, column.type, column.always_there) for column in contract.columns] == [
        ("order_id", ("integer",), True),
        ("country", ("string",), True),
        ("amount", ("number",), False),
        ("state", ("string",), False),
    ]
    assert load_contract(f"{path}#tbl_orders") == contract
    assert answer(ORDERS, "table_to_match_contract", contract=f"{path}#orders").success


def test_what_a_schema_cannot_hold_is_told(path: Path) -> None:
    """The check of the schema alone says which rules of the document it does not check."""
    result = answer(ORDERS, "table_to_match_contract", contract=f"{path}#orders")
    details: Any = result.result["details"]
    assert details["not_checked"] == [
        "tbl_orders: quality",
        "country: logicalTypeOptions",
        "amount: logicalTypeOptions",
        "state: enum",
    ]


@pytest.mark.parametrize(
    ("item", "kinds", "version"),
    [
        ({"logicalType": "timestamp"}, {"timestamp", "timestamp with time zone"}, "v3.1.0"),
        ({"logicalType": "timestamp", "physicalType": "TIMESTAMPTZ"}, {"timestamp with time zone"}, "v3.1.0"),
        ({"logicalType": "number", "physicalType": "int4"}, {"integer"}, "v3.0.0"),
        ({"logicalType": "integer", "physicalType": "NUMERIC(38, 0)"}, {"integer", "decimal"}, "v3.1.0"),
        ({"physicalType": "double  precision"}, {"float"}, "v3.1.0"),
        ({"physicalType": "varchar[15]"}, {"string"}, "v3.1.0"),
        ({"physicalType": "geography"}, {"string", "other"}, "v3.1.0"),
        ({"logicalType": "string", "physicalType": "uuid"}, {"string", "other"}, "v3.1.0"),
        ({"logicalType": "date", "physicalType": "time"}, {"string", "other"}, "v3.0.0"),
        ({"logicalType": "string", "physicalType": "integer[]"}, {"string", "other"}, "v3.1.0"),
        ({"logicalType": "array", "physicalType": "array<struct<a:int>>"}, {"string", "other"}, "v3.1.0"),
        ({"logicalType": "integer", "physicalType": "BIGINT(20) UNSIGNED"}, {"integer"}, "v3.1.0"),
        ({"logicalType": "timestamp", "physicalType": "timestamp[us, UTC]"}, {*MOMENTS}, "v3.1.0"),
        ({"logicalType": "number", "physicalType": "money"}, {"integer", "float", "decimal", "other"}, "v3.1.0"),
        ({"physicalType": "money"}, set(), "v3.1.0"),
        ({"logicalType": "decimal(12,2)"}, {"integer", "decimal"}, "v3.2.0"),
        ({"logicalType": "Object"}, set(), "v3.2.0"),
        ({"logicalType": "date"}, {"date"}, "v3.1.0"),
        ({"logicalType": "date"}, {"date", "timestamp", "timestamp with time zone"}, "v3.0.2"),
        ({"logicalType": "date", "physicalType": "timestamp"}, {"timestamp", "timestamp with time zone"}, "v3.0.0"),
        ({"logicalType": "date", "physicalType": "TIMESTAMP(6)"}, {"timestamp", "timestamp with time zone"}, "v3.1.0"),
        ({"logicalType": "date", "physicalType": "VARCHAR"}, {"string"}, "v3.1.0"),
        ({"logicalType": "integer", "physicalType": "text"}, {"string"}, "v3.1.0"),
        ({"logicalType": "int"}, {"integer"}, "v3.1.0"),
        ({"logicalType": "vector", "physicalType": "vector(3)"}, {"string", "other"}, "v3.2.0"),
        ({"logicalType": "array", "items": {"logicalType": "string"}}, set(), "v3.1.0"),
        ({}, set(), "3.0.0"),
    ],
)
def test_physical_type_is_the_nearer_one(item: dict[str, Any], kinds: set[str], version: str) -> None:
    """A logical type stands for several kinds of columns, of which a physical type that is known names one."""
    (column,) = load_contract(_document(item, version=version)).columns
    assert column.kinds == kinds


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (_document({"name": "a"}, {"name": "a"}), "a is declared twice"),
        (_document({"logicalType": "whole"}), "c0 is of unknown logicalType 'whole': use string, date"),
        (_document({"required": "maybe"}), "required of c0 is neither true nor false"),
        (_document({"name": None}), "a property has no name"),
        (_document(version="v4.0.0"), "its apiVersion is 'v4.0.0'; versions 2 and 3 of the standard are read"),
        ({**DOCUMENT, "apiVersion": None}, "it has no apiVersion, which says the version of the standard"),
        ({**DOCUMENT, "schema": []}, "it has no objects: nothing is under schema, nor under dataset"),
        ({**DOCUMENT, "schema": [{"properties": []}]}, "an object of its schema has no name: {'properties': []}"),
        (_document({"name": "${NAME}"}), "the name '${NAME}' of a property has a variable; put its value in"),
        (
            _document(),
            "The contract of t is not valid: it has no properties that are columns, so that there is nothing to hold",
        ),
        ({**DOCUMENT, "kind": "Data"}, "its kind is 'Data', not 'DataContract'"),
        (DOCUMENT, "2 objects, and none is chosen; its objects are 'orders', 'customers', to be named as path#orders"),
        ({**DOCUMENT, "schema": {"orders": {}}}, "schema of the document is not a list"),
        (_document({"quality": "none"}), "quality of c0 is not a list"),
        (_document({"quality": ["none"]}), "quality of c0 is not a list of mappings"),
    ],
)
def test_contract_that_contradicts_itself_is_refused(document: Any, told: str) -> None:
    """The message says which property, and what is wrong with it."""
    with pytest.raises(DeclarationError) as caught:
        load_contract(document)
    assert caught.value.reason == "invalid_contract"
    assert told in str(caught.value)


def test_object_that_is_not_there_is_refused(path: Path) -> None:
    """With those that are."""
    with pytest.raises(DeclarationError, match="no object 'nothing'; its objects are 'orders', 'customers'"):
        load_contract(f"{path}#nothing")


def test_contract_may_be_the_suite(path: Path) -> None:
    """Each promise and each rule is a check of its own."""
    suite = load_suite(f"{path}#orders")
    assert suite.name == "orders"
    results = check(ORDERS, suite).results
    assert [result.error for result in results] == [None] * len(results)
    assert [result.type.removeprefix("expect_") for result in results] == [
        "table_to_match_contract",
        "column_values_to_not_be_null",
        "column_values_to_not_be_null",
        "column_values_to_be_unique",
        "table_row_count_to_be_between",
        "compound_columns_to_be_unique",
        "column_value_lengths_to_be_between",
        "column_values_to_be_between",
        "column_values_to_be_in_set",
    ]
    assert all(result.success for result in results)
    details: Any = results[0].result["details"]
    assert "not_checked" not in details
    wrong = ORDERS.assign(state=["paid", "lost", "paid"], amount=[31.0, 0.0, -1.0])
    assert [result.result["unexpected_count"] for result in check(wrong, suite).results[-2:]] == [2, 1]


VALUES = pd.DataFrame({"c0": pd.Series(["a", "b", "b", "N/A", None, ""], dtype="str")})


@pytest.mark.parametrize(
    ("rule", "unexpected", "verdict"),
    [
        ({"metric": "nullValues", "mustBe": 0}, 1, Verdict.FAIL),
        ({"metric": "nullValues", "mustBe": 0, "severity": "warning"}, 1, Verdict.WARN),
        ({"metric": "nullValues", "mustBe": 0, "severity": "info"}, 1, Verdict.PASS),
        ({"metric": "nullValues", "mustBe": 1}, 1, Verdict.PASS),
        ({"metric": "nullValues", "mustBeLessThan": 1}, 1, Verdict.FAIL),
        ({"metric": "nullValues", "mustBeLessThan": 17, "unit": "percent"}, 1, Verdict.PASS),
        ({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}, 1, Verdict.FAIL),
        ({"metric": "nullValues", "mustBeBetween": [0, 2]}, 1, Verdict.PASS),
        ({"metric": "nullValues", "mustBeBetween": [1, 2], "severity": "warning"}, 1, Verdict.WARN),
        ({"metric": "nullValues", "mustNotBe": 1}, 1, Verdict.FAIL),
        ({"type": "library", "rule": "nullValues", "mustBeLessOrEqualTo": 0}, 1, Verdict.FAIL),
        ({"metric": "missingValues", "mustBe": 3, "arguments": {"missingValues": [None, "", "N/A"]}}, 3, Verdict.PASS),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["N/A"]}}, 1, Verdict.FAIL),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None]}}, 1, Verdict.FAIL),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a", "b"]}}, 2, Verdict.FAIL),
        ({"metric": "invalidValues", "mustBeLessThan": 3, "arguments": {"pattern": "^[a-z]$"}}, 2, Verdict.PASS),
        ({"metric": "duplicateValues", "mustBe": 0}, 2, Verdict.FAIL),
        ({"metric": "duplicateValues", "mustBeLessThan": 1}, 2, Verdict.FAIL),
    ],
)
def test_metric_of_the_library_is_the_expectation_that_counts_the_same(
    rule: dict[str, Any], unexpected: int, verdict: Verdict
) -> None:
    """The operator is its threshold, in rows or percent, and its severity what a breach does."""
    *_, result = check(VALUES, _document({"logicalType": "string", "quality": [rule]})).results
    assert (result.result["unexpected_count"], result.verdict) == (unexpected, verdict)


@pytest.mark.parametrize(
    ("operators", "verdict"),
    [
        ({"mustBe": 6}, Verdict.PASS),
        ({"mustBe": 5}, Verdict.FAIL),
        ({"mustBeGreaterThan": 6}, Verdict.FAIL),
        ({"mustBeGreaterOrEqualTo": 6}, Verdict.PASS),
        ({"mustBeLessThan": 6, "severity": "warning"}, Verdict.WARN),
        ({"mustBeBetween": [5, 7]}, Verdict.PASS),
        ({"mustBeBetween": [6, 7]}, Verdict.FAIL),
    ],
)
def test_number_of_rows_is_bounded(operators: dict[str, Any], verdict: Verdict) -> None:
    """Between excludes its bounds, as the standard says."""
    *_, result = check(VALUES, _document({}, quality=[{"metric": "rowCount", **operators}])).results
    assert (result.result["observed_value"], result.verdict) == (6, verdict)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            {"quality": [{"type": "sql", "query": "SELECT 1", "mustBe": 1}]},
            "c0: quality 'sql': it is of type sql",
        ),
        (
            {"quality": [{"type": "custom", "engine": "soda", "name": "dups"}]},
            "c0: quality 'dups': it is of type custom",
        ),
        ({"quality": [{"metric": "rowCount", "mustBe": 1}]}, "the metric 'rowCount' is none here"),
        ({"quality": [{"metric": "freshness", "mustBe": 1}]}, "the metric 'freshness' is none here"),
        ({"quality": [{"metric": "nullValues"}]}, "it compares with no number"),
        ({"quality": [{"metric": "nullValues", "mustBe": "none"}]}, "it compares with no number"),
        ({"quality": [{"metric": "nullValues", "mustNotBeBetween": [1, 2]}]}, "no threshold says mustNotBeBetween"),
        ({"quality": [{"metric": "nullValues", "mustBe": 1, "unit": "bytes"}]}, "its unit is 'bytes'"),
        ({"quality": [{"metric": "nullValues", "mustBe": 1, "severity": "info"}]}, "its severity is info"),
        ({"quality": [{"metric": "duplicateValues", "mustBeLessThan": 10}]}, "which copies count"),
        ({"quality": [{"metric": "duplicateValues", "mustBeLessThan": 1, "unit": "percent"}]}, "which copies count"),
        ({"quality": [{"metric": "invalidValues", "mustBe": 0}]}, "not exactly one of validValues and pattern"),
        ({"quality": [{"metric": "missingValues", "mustBe": 0}]}, "it lists no missingValues"),
        ({"quality": [{"metric": "nullValues", "mustBe": 0, "mustBeBetween": [1]}]}, "no pair of numbers"),
        (
            {"logicalType": "array", "logicalTypeOptions": {"minItems": 1}},
            "c0: logicalTypeOptions.minItems: no expectation says it",
        ),
        ({"logicalTypeOptions": {"exclusiveMaximum": True}}, "it is true, and there is no bound beside it"),
        ({"quality": [{"description": "No empty ones", "mustBe": 0}]}, "c0: quality 'No empty ones': it has no metric"),
        (
            {"quality": [{"metric": "nullValues", "mustBe": 0, "filter": "c0 > 3"}]},
            "c0: quality 'nullValues': filter is not of the standard beside nullValues",
        ),
        (
            {"quality": [{"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["c0", "c1"]}}]},
            "arguments.properties is not of the standard beside duplicateValues",
        ),
        (
            {"logicalType": "string", "enum": [{"value": "SE"}, {"value": False}]},
            "c0: enum: False is no text; put it in quotes",
        ),
        (
            {"quality": [{"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["", -1]}}]},
            "c0: missingValues: it lists values of several types, and no logicalType says",
        ),
        (
            {
                "logicalType": "integer",
                "quality": [{"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["", "N/A"]}}],
            },
            "c0: missingValues: a column of type integer can have none of its missingValues",
        ),
        ({"logicalTypeOptions": {"pattern": "^${PREFIX:-a}"}}, "c0: expect_column_values_to_match_regex: a variable"),
        ({"physicalType": "money"}, "c0: physicalType money"),
        ({"logicalType": "string", "physicalType": "uuid"}, "c0: logicalType string of the physicalType uuid"),
        ({"logicalType": "string", "physicalType": "bytea", "logicalTypeOptions": {"maxLength": 2}}, "c0: logicalTyp"),
        (
            {"logicalTypeOptions": {"multipleOf": 0}},
            "c0: expect_column_values_to_be_multiples: multiple_of: Input should be greater",
        ),
        (
            {"quality": [{"type": "text", "description": "Sold in shops."}]},
            "c0: quality 'Sold in shops.': it is of type text",
        ),
        ({"logicalTypeOptions": {"format": "password"}}, "c0: logicalTypeOptions.format password"),
        ({"logicalType": "date", "logicalTypeOptions": {"format": "yyyy"}}, "c0: logicalTypeOptions.format yyyy"),
        (
            {"logicalType": "date", "physicalType": "text", "logicalTypeOptions": {"maximum": "2024-01-01"}},
            "c0: logicalTypeOptions.maximum",
        ),
        (
            {"logicalType": "date", "logicalTypeOptions": {"maximum": "01.02.2024"}},
            "c0: expect_column_values_to_be_between",
        ),
        ({"logicalType": "date", "physicalType": "text"}, "c0: logicalType date of the physicalType text"),
        ({"logicalType": "vector"}, "c0: logicalType vector"),
        ({"logicalType": "object", "properties": [{"name": "x"}]}, "c0: properties"),
        ({"relationships": [{"to": "u.id"}]}, "c0: relationships"),
        ({"primaryKeyPosition": 1}, "c0: primaryKeyPosition without primaryKey"),
        ({"isUnique": True}, "c0: isUnique, which the standard does not know"),
    ],
)
def test_rule_without_a_counterpart_is_named_as_not_checked(item: dict[str, Any], told: str) -> None:
    """The rest of the contract is checked, and what nobody evaluates is not dropped in silence."""
    suite = load_suite(_document(item))
    assert told in "\n".join(suite.not_checked)
    assert [declared.type for declared in suite.expectations] == ["expect_table_to_match_contract"]


def test_number_of_rows_that_is_bounded_twice_is_not_checked() -> None:
    """The second bound would take the place of the first one."""
    rule = {"metric": "rowCount", "mustBe": 5, "mustBeLessThan": 100}
    (told,) = load_suite(_document({"name": "c0"}, quality=[rule])).not_checked
    assert told == "the table: rowCount: it bounds one side twice"


@pytest.mark.parametrize(
    ("options", "values", "unexpected"),
    [
        ({"maximum": 2}, [1, 2, 3], 1),
        ({"exclusiveMinimum": 1}, [1, 2, 3], 1),
        ({"exclusiveMinimum": 0}, [0, 1], 1),
        ({"minimum": 2, "exclusiveMinimum": 0}, [0, 1, 2], 1),
        ({"minimum": 2, "exclusiveMinimum": False}, [1, 2, 3], 1),
        ({"minimum": 2, "exclusiveMinimum": True}, [1, 2, 3], 2),
        ({"multipleOf": 2}, [1, 2, 3], 2),
        ({"multipleOf": 0.1}, [0.1, 0.3, 0.35, 1e300, float("inf"), None], 2),
        ({"multipleOf": 0.5}, [1, 2, 3], 0),
        ({"multipleOf": 1e-9}, [1e-9, 3e-9, 1.5e-9], 1),
        ({"format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000", "x"], 2),
        ({"format": "ipv4"}, ["127.0.0.1", "256.1.1.1", "1.2.3", "1.2.3.4.5"], 3),
        ({"format": "uri"}, ["https://x.no/a?b", "urn:isbn:1", "x.no", "a b:c"], 2),
        ({"format": "hostname"}, ["x.no", "a-b", "-a.no", "a..b"], 2),
        ({"format": "email"}, ["a.b+c@x.no", "a@", "a b@x.no", "@x"], 3),
        ({"pattern": "^a"}, ["a", "b", None], 1),
    ],
)
def test_options_of_a_type_are_expectations(options: dict[str, Any], values: list[Any], unexpected: int) -> None:
    """Bounds, lengths, patterns, multiples in decimal arithmetic, and formats of texts."""
    *_, result = check(pd.DataFrame({"c0": values}), _document({"logicalTypeOptions": options})).results
    assert result.result["unexpected_count"] == unexpected


@pytest.mark.parametrize(("declared", "unexpected"), [("i8", 2), ("u8", 2), ("i16", 1), ("i64", 0)])
def test_format_of_whole_numbers_bounds_them(declared: str, unexpected: int) -> None:
    """By how many bits they have."""
    item = {"logicalType": "integer", "logicalTypeOptions": {"format": declared}}
    *_, result = check(pd.DataFrame({"c0": [-129, 5, 127, 40_000]}), _document(item)).results
    assert result.result["unexpected_count"] == unexpected


def test_primary_key_has_a_value_in_every_row_whatever_required_says() -> None:
    """False is what the standard reads where nothing is said, and what tools write for it."""
    item = {"logicalType": "integer", "primaryKey": True, "required": False, "unique": False}
    for data, held in (([1, 2], True), ([1, None], False), ([1, 1], False)):
        found = check(pd.DataFrame({"c0": pd.array(data, dtype="Int64")}), _document(item))
        assert found.success is held


def test_what_is_not_checked_is_in_the_result_the_report_and_every_form_of_it() -> None:
    """Whoever reads that a contract held, reads which part of it."""
    item = {"logicalType": "string", "quality": [{"type": "sql", "name": "dear", "query": "SELECT 1", "mustBe": 1}]}
    told = "c0: quality 'dear': it is of type sql"
    found = check(VALUES, _document(item))
    assert found.not_checked == (told,)
    report = judge_suite(found, gate="g", provenance=Provenance(run_id="r"))
    assert report.not_checked == (told,)
    assert parse_report(report.to_json()).not_checked == (told,)
    assert told in render_text(report)
    assert "c0: quality" in render_html(report)
    alone = check(VALUES, [{"type": "expect_table_to_match_contract", "kwargs": {"contract": _document(item)}}])
    assert alone.not_checked == ("c0: quality",)


def test_what_is_computed_is_no_column_of_the_table() -> None:
    """A measure is computed from the columns by whoever asks, and so is a dimension that says how."""
    measure = {"logicalType": "number", "semanticType": "measure"}
    month = {"logicalType": "date", "semanticType": "dimension", "transformLogic": "DATE_TRUNC('MONTH', c0)"}
    suite = load_suite(_document({"logicalType": "string"}, measure, month, {"semanticType": "dimension"}))
    assert suite.not_checked == ("c1: measure", "c2: dimension")
    assert [column["name"] for column in suite.expectations[0].kwargs["contract"]["columns"]] == ["c0", "c3"]


def test_what_stands_beside_the_schema_is_named() -> None:
    """Rules at the top of the document are of no object, and service levels are promises too."""
    levels = [{"property": "freshness", "value": 1, "unit": "d"}, {"property": "retention", "value": 3, "unit": "y"}]
    beside = {"slaProperties": levels, "quality": [{"metric": "rowCount", "mustBe": 1}], "owner": "us", "team": []}
    assert load_suite({**_document({}), **beside}).not_checked == (
        "service levels: freshness, retention",
        "quality of the document, which is about no object",
        "owner, which the standard does not know",
    )


@pytest.mark.parametrize(
    ("item", "values", "unexpected"),
    [
        ({"logicalType": "string", "enum": [{"value": 1}, {"value": "b"}]}, ["1", "b", "c"], 1),
        ({"logicalType": "integer", "enum": [{"value": "1"}, {"value": 2}, {"value": "n/a"}]}, [1, 2, 3], 1),
        ({"logicalType": "string", "enum": [{"value": "a"}, {"value": None}]}, ["a", None, "b"], 1),
        ({"logicalType": "string", "physicalType": "text", "enum": [{"value": 1.5}]}, ["1.5", "2"], 1),
        (_rule("invalidValues", validValues=["a", None, ""]) | {"logicalType": "string"}, ["a", "", None, "b"], 1),
        (_rule("missingValues", missingValues=[None, "", "N/A", -1]) | {"logicalType": "string"}, ["a", "-1", None], 2),
        (_rule("missingValues", missingValues=[None, "N/A", "-1", 0]) | {"logicalType": "integer"}, [1, -1, None], 2),
        (_rule("missingValues", missingValues=["", float("nan")]) | {"logicalType": "number"}, [1.5, None], 1),
        (_rule("missingValues", missingValues=["9999-12-31", "N/A"]) | {"logicalType": "timestamp"}, MOMENT, 1),
        (_rule("missingValues", missingValues=[date(9999, 12, 31)]) | {"logicalType": "timestamp"}, MOMENT, 1),
        ({"logicalType": "timestamp", "logicalTypeOptions": {"maximum": "2024-03-01"}}, MOMENT, 2),
        ({"logicalType": "timestamp", "logicalTypeOptions": {"maximum": date(2024, 3, 1)}}, MOMENT, 2),
        ({"logicalType": "string", "quality": [{"rule": "validValues", "validValues": ["a"]}]}, ["a", "b"], 1),
        ({"quality": [{"type": "library", "rule": "duplicateCount", "mustBe": 0}]}, ["a", "a", "b"], 2),
        (_rule("nullValues", unit="%", mustBe=0), ["a", None], 1),
    ],
)
def test_listed_values_are_those_of_the_column(item: dict[str, Any], values: list[Any], unexpected: int) -> None:
    """YAML decides what a value is, and the logical type what it is in the column."""
    frame = pd.DataFrame({"c0": pd.Series(values, dtype="str" if isinstance(values[0], str) else None)})
    *_, result = check(frame, _document(item)).results
    assert result.error is None
    assert result.result["unexpected_count"] == unexpected


def test_type_without_a_kind_is_as_the_contract_says(tmp_path: Path) -> None:
    """Identifiers, times, bytes and lists have types of their own; a number in their place is none of them."""
    path = tmp_path / "t.parquet"
    columns = "uuid() AS c0, TIME '10:00' AS c1, 'a'::BLOB AS c2, [1] AS c3, {'x': 1} AS c4, INTERVAL 1 DAY AS c5"
    duckdb.sql(f"COPY (SELECT {columns}) TO '{path}'")
    physical = ("uuid", "time", "bytea", "int[]", "struct<x:int>", "interval")
    promised = [{"logicalType": "string", "physicalType": name} for name in physical]
    assert check(path, _document(*promised)).success
    duckdb.sql(f"COPY (SELECT 1 AS c0, 2 AS c1, 3 AS c2, 4 AS c3, 5 AS c4, 6 AS c5) TO '{path}'")
    (result,) = check(path, _document(*promised)).results
    details: Any = result.result["details"]
    assert [item["found"] for item in details["mismatched"]] == ["INTEGER"] * 6


def test_type_of_a_strange_name_is_still_the_logical_one(tmp_path: Path) -> None:
    """Nobody knows the name, so that it says nothing against numbers in a file of text."""
    path = tmp_path / "t.csv"
    document = _document({"logicalType": "integer", "physicalType": "Edm.Int32"})
    path.write_text("c0,d\n1,x\n2,x\n")
    assert check(path, document).success
    path.write_text("c0,d\n1,x\ntwo,x\n")
    assert not check(path, document).success


def test_second_version_of_the_standard_is_read() -> None:
    """Its datasets are objects, and its columns properties."""
    columns = [
        {"column": "id", "isPrimary": True, "isNullable": False, "logicalType": "integer", "physicalType": "bigint"},
        {"column": "note", "isUnique": True, "isNullable": True, "logicalType": "string"},
        {"column": "kind", "isNullable": False, "quality": [{"code": "countCheck", "toolName": "x"}]},
    ]
    document = {
        "kind": "DataContract",
        "apiVersion": "v2.2.2",
        "version": "1",
        "dataset": [{"table": "t", "columns": columns}],
    }
    contract = load_contract(document)
    assert (contract.primary_key, contract.unique) == (("id",), ("id", "note"))
    assert [column.always_there for column in contract.columns] == [True, False, True]
    assert load_suite(document).not_checked == ("kind: quality 'custom': it is of type custom",)


def test_specification_of_data_contracts_is_read() -> None:
    """Its models are objects, its fields properties, and what they refer to is put in."""
    fields = {
        "order_id": {"$ref": "#/definitions/order_id", "unique": True, "primaryKey": True},
        "total": {"type": "long", "required": True, "minimum": 0, "maximum": 100},
        "state": {"type": "string", "enum": ["paid", "sent"]},
        "at": {"type": "timestamp", "required": True},
        "lines": {"type": "array", "items": {"type": "string"}},
    }
    document = {
        "dataContractSpecification": "1.2.0",
        "id": "shop",
        "info": {"title": "Shop", "version": "3"},
        "models": {"orders": {"type": "table", "fields": fields, "quality": [{"type": "sql", "query": "SELECT 1"}]}},
        "definitions": {"order_id": {"type": "text", "pattern": "^O", "maxLength": 5}},
    }
    contract = load_contract(document)
    assert (contract.name, contract.version, contract.primary_key) == ("orders", "3", ("order_id",))
    suite = load_suite(document)
    assert [declared.type.removeprefix("expect_") for declared in suite.expectations] == [
        "table_to_match_contract",
        *["column_values_to_not_be_null"] * 3,
        "column_values_to_be_unique",
        "column_value_lengths_to_be_between",
        "column_values_to_match_regex",
        "column_values_to_be_between",
        "column_values_to_be_in_set",
    ]
    assert suite.not_checked == ("lines: logicalType array", "orders: quality 'sql': it is of type sql")


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*place, key))


FULL = {
    **DOCUMENT,
    "schema": [
        {
            **DOCUMENT["schema"][0],
            "properties": [
                *DOCUMENT["schema"][0]["properties"],
                {
                    "name": "more",
                    "logicalType": "string",
                    "physicalType": "text",
                    "quality": [
                        {"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "x"]}},
                        {"metric": "invalidValues", "mustBeBetween": [0, 2], "arguments": {"validValues": ["a"]}},
                    ],
                },
            ],
        }
    ],
}


@pytest.mark.parametrize("place", sorted(_places(FULL), key=repr), ids=lambda place: ".".join(map(str, place)))
def test_mangled_contract_is_read_or_refused(place: tuple[Any, ...]) -> None:
    """Whatever stands where something else belongs, the answer is a suite or a DeclarationError."""
    for junk in (None, [], {}, "x", 7, True, [[]], [{}], {"a": []}):
        document = copy.deepcopy(FULL)
        target: Any = document
        for key in place[:-1]:
            target = target[key]
        if place:
            target[place[-1]] = junk
        with suppress(DeclarationError):
            load_suite(document if place else junk)
        with suppress(DeclarationError):
            load_contract(document if place else junk)


@pytest.mark.parametrize(
    ("rule", "near"),
    [
        ({"metric": "nullvalues", "mustBe": 0}, "nullValues"),
        ({"metric": "null_values", "mustBe": 0}, "nullValues"),
        ({"metric": "nullCount", "mustBe": 0}, "nullValues"),
        ({"metric": "missingValue", "mustBe": 0}, "missingValues"),
        ({"rule": "invalidCount", "mustBe": 0}, "invalidValues"),
        ({"metric": "duplicatValues", "mustBe": 0}, "duplicateValues"),
        ({"metric": "rowcount", "mustBe": 1}, "rowCount"),
        ({"metric": "nullValues", "mustBeLessthan": 1}, "mustBeLessThan"),
        ({"metric": "nullValues", "mustBe": 0, "unti": "percent"}, "unit"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValue": ["a"]}}, "validValues"),
        ({"type": "libary", "metric": "nullValues", "mustBe": 0}, "library"),
    ],
)
def test_slip_in_a_rule_is_refused_with_what_was_meant(rule: dict[str, Any], near: str) -> None:
    """A rule that nobody evaluates for a slip of the pen must not pass."""
    with pytest.raises(DeclarationError, match=f"did you mean '{near}'") as caught:
        load_suite(_document({"logicalType": "string", "quality": [rule]}))
    assert caught.value.reason == "invalid_contract"


@pytest.mark.parametrize("rule", [{"rule": "nullCheck"}, {"type": "custom", "engine": "soda"}, {"type": "text"}])
def test_rule_of_no_library_stays_named_as_not_checked(rule: dict[str, Any]) -> None:
    """Rules in words and of other engines are no slips."""
    (told,) = load_suite(_document({"logicalType": "string", "quality": [rule]})).not_checked
    assert "quality" in told


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("requird", "required"),
        ("requierd", "required"),
        ("Required", "required"),
        ("uniqe", "unique"),
        ("unqiue", "unique"),
        ("primarykey", "primaryKey"),
        ("primary_key", "primaryKey"),
        ("logicalTypeOption", "logicalTypeOptions"),
        ("qualty", "quality"),
        ("physicaltype", "physicalType"),
    ],
)
def test_slip_in_a_key_of_a_property_is_refused_with_what_was_meant(key: str, near: str) -> None:
    """A promise that nobody reads for a slip of the pen must not pass."""
    for document in (
        _document({"logicalType": "string", key: True}),
        _document({"logicalType": "string"}, **{key: True}),
    ):
        for load in (load_contract, load_suite):
            with pytest.raises(DeclarationError, match=f"did you mean '{near}'") as caught:
                load(document)
            assert caught.value.reason == "invalid_contract"


@pytest.mark.parametrize("key", ["isUnique", "isNullable", "primary", "descripton", "owner", "format", "nullable", "x"])
def test_key_of_another_standard_stays_named_as_not_checked(key: str) -> None:
    """It is no slip, or promises nothing about the data."""
    (told,) = load_contract(_document({"logicalType": "string", key: True})).not_checked
    assert told == f"c0: {key}, which the standard does not know"


@pytest.mark.parametrize(("word", "holds"), [("yes", True), ("On", True), ("no", False), ("OFF", False)])
def test_flags_are_read_as_yaml_1_1_writes_them(tmp_path: Path, word: str, holds: bool) -> None:
    """The words are truth values to most readers of contracts."""
    file = tmp_path / "a.yaml"
    file.write_text(
        "kind: DataContract\napiVersion: v3.1.0\nversion: 1\nschema:\n- name: t\n  properties:\n"
        f"  - {{name: a, logicalType: string, required: {word}, unique: {word}}}\n"
    )
    (column,) = load_contract(file).columns
    assert (column.required, column.unique) == (holds, holds)
    old = {"kind": "DataContract", "apiVersion": "v2.2.2", "version": "1"}
    dataset = [{"table": "t", "columns": [{"column": "a", "logicalType": "string", "isNullable": word}]}]
    (column,) = load_contract({**old, "dataset": dataset}).columns
    assert column.required is not holds
