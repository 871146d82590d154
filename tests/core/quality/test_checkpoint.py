"""Checkpoint files of Great Expectations, of all its releases, given in place of a suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.suite import load_suite

PRESENT = {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}
LIMITED = {
    "expectation_type": "expect_table_row_count_to_be_between",
    "kwargs": {"min_value": {"$PARAMETER": "least"}},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a suite in a folder of its own, one whose name has a dot, and one that is flat."""
    for name, expectations in (("orders/warning", [PRESENT]), ("orders.critical", [LIMITED]), ("users", [PRESENT])):
        path = tmp_path / "expectations" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        suite = {"expectation_suite_name": path.stem, "expectations": expectations, "data_asset_type": None}
        path.write_text(json.dumps(suite | {"ge_cloud_id": None, "meta": {"great_expectations_version": "0.15.0"}}))
    return tmp_path


def _checkpoint(project: Path, document: dict[str, Any], name: str = "checkpoints/daily.yml") -> Path:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document) if name.endswith(".yml") else json.dumps(document))
    return path


@pytest.mark.parametrize(
    "document",
    [
        {
            "class_name": "Checkpoint",
            "validations": [{"batch_request": {}, "expectation_suite_name": "orders.warning"}],
        },
        {"class_name": "SimpleCheckpoint", "expectation_suite_name": "orders.warning", "validations": [{"x": 1}]},
        {"class_name": "Checkpoint", "expectation_suite_name": "orders.warning", "batch_request": {}},
        {"validation_operator_name": "run", "batches": [{"expectation_suite_names": ["orders.warning"]}]},
        {"name": "v", "data": {}, "suite": {"name": "orders.warning", "id": "x"}},
    ],
)
def test_checkpoint_is_the_suite_that_it_names(project: Path, document: dict[str, Any]) -> None:
    """Of 0.12 with batches, of 0.13 to 0.18 with validations, of 1.x a validation definition."""
    (declared,) = load_suite(str(_checkpoint(project, document))).expectations
    assert declared.kwargs == {"column": "id"}


def test_checkpoint_of_today_names_validation_definitions(project: Path) -> None:
    """Which are files of their own."""
    _checkpoint(project, {"name": "v", "data": {}, "suite": {"name": "users"}}, "validation_definitions/v.json")
    document = {"name": "c", "validation_definitions": [{"name": "v", "id": "x"}], "actions": []}
    assert load_suite(_checkpoint(project, document, "checkpoints/c.json")).name == "users"


def test_parameters_of_a_checkpoint_are_defaults_of_its_suite(project: Path) -> None:
    """Those that a run is given come before."""
    validation = {"expectation_suite_name": "orders.critical", "evaluation_parameters": {"least": 3}}
    path = _checkpoint(project, {"validations": [validation]})
    assert load_suite(path).expectations[0].kwargs == {"min_value": 3}
    assert load_suite(path, {"least": 4}).expectations[0].kwargs == {"min_value": 4}


EXCLUDING = {"result_format": "COMPLETE", "exclude_unexpected_values": True}


@pytest.mark.parametrize(
    "document",
    [
        {"name": "c", "suite": {"name": "users"}, "result_format": EXCLUDING},
        {"expectation_suite_name": "users", "runtime_configuration": {"result_format": EXCLUDING}},
        {
            "validations": [
                {"expectation_suite_name": "users", "runtime_configuration": {"result_format": EXCLUDING}},
            ],
            "runtime_configuration": {"result_format": "COMPLETE"},
        },
    ],
)
def test_values_that_a_checkpoint_excludes_are_excluded_in_each_check(project: Path, document: dict[str, Any]) -> None:
    """Of 0.x in the configuration of the run, of 1.x beside it."""
    (declared,) = load_suite(_checkpoint(project, document)).expectations
    assert declared.excludes_values
    assert declared.kwargs == {"column": "id"}


@pytest.mark.parametrize("result_format", [None, "SUMMARY", {"result_format": "COMPLETE"}, {}])
def test_other_formats_of_a_checkpoint_are_left_to_the_gate(project: Path, result_format: Any) -> None:
    """They say how much to show, and nothing of what not to."""
    runtime = {"result_format": result_format}
    path = _checkpoint(project, {"expectation_suite_name": "users", "runtime_configuration": runtime})
    assert not load_suite(path).expectations[0].excludes_values


def test_malformed_format_of_a_checkpoint_is_refused(project: Path) -> None:
    """A misspelt option would show what it was to keep out."""
    misspelt = {"result_format": "COMPLETE", "exclude_unexpected_value": True}
    with pytest.raises(DeclarationError) as refused:
        load_suite(_checkpoint(project, {"expectation_suite_name": "users", "result_format": misspelt}))
    assert refused.value.reason == "invalid_result_format"


def test_checkpoint_of_several_suites_is_refused_with_their_names(project: Path) -> None:
    """They may be about other tables: one is chosen after a #."""
    names = ["orders.warning", "users"]
    path = _checkpoint(project, {"validations": [{"expectation_suite_name": name} for name in names]})
    with pytest.raises(DeclarationError, match=r"names 2 suites; its suites are 'orders\.warning', 'users'") as refused:
        load_suite(path)
    assert refused.value.reason == "invalid_checkpoint"
    assert load_suite(f"{path}#users").name == "users"
    with pytest.raises(DeclarationError, match="it has no suite 'customers'"):
        load_suite(f"{path}#customers")


@pytest.mark.parametrize("name", ["nowhere", "../secret", "a..b", "x\0y"])
def test_suite_that_is_not_in_the_project_is_named(project: Path, name: str) -> None:
    """No name leads out of the folder of suites."""
    with pytest.raises(DeclarationError) as refused:
        load_suite(_checkpoint(project, {"expectation_suite_name": name, "validations": []}))
    assert refused.value.reason == "missing_suite"


def test_checkpoint_that_names_no_suite_is_refused(project: Path) -> None:
    """As is one outside of a project, and one that is no file."""
    with pytest.raises(DeclarationError, match="names 0 suites; its suites are none"):
        load_suite(_checkpoint(project, {"validations": []}))
    with pytest.raises(DeclarationError, match="A checkpoint names its suites and does not hold them"):
        load_suite({"expectation_suite_name": "users", "validations": []})


@pytest.mark.parametrize(
    "inner", [{"validation_definitions": ["again"]}, {"suite": {"name": "users"}, "validation_definitions": []}]
)
def test_validation_definition_that_names_others_is_refused(project: Path, inner: dict[str, Any]) -> None:
    """It might name itself."""
    _checkpoint(project, {"name": "again", **inner}, "validation_definitions/again.json")
    with pytest.raises(DeclarationError, match="its validation definition 'again' names no suite of its own"):
        load_suite(_checkpoint(project, {"validation_definitions": ["again"]}))


def test_validation_definition_without_a_name_is_refused(project: Path) -> None:
    """Its checks would be left out beside the others."""
    _checkpoint(project, {"name": "one", "suite": {"name": "users"}}, "validation_definitions/one.json")
    with pytest.raises(DeclarationError, match="one of its validation definitions has no name"):
        load_suite(_checkpoint(project, {"validation_definitions": ["one", {"id": "2"}]}))
