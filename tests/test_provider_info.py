"""The register that Airflow reads, held against Airflow's own schemas and against what the package really has."""

from __future__ import annotations

import importlib
import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest

import airflow_provider_dpq
from airflow_provider_dpq.get_provider_info import get_provider_info

PACKAGE = Path(airflow_provider_dpq.__file__).parent


def test_register_is_found_under_its_entry_point() -> None:
    """Airflow finds the register where the distribution announces it."""
    (found,) = entry_points(group="apache_airflow_provider").select(
        value="airflow_provider_dpq.get_provider_info:get_provider_info"
    )
    assert found.load() is get_provider_info


def test_register_obeys_the_schema_that_airflow_validates_with() -> None:
    """The register satisfies provider_info.schema.json."""
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


@pytest.mark.parametrize(
    "key", ["connection-types", "config", "integrations", "operators", "sensors", "hooks", "triggers"]
)
def test_entries_obey_the_strict_schema(key: str) -> None:
    """Each entry satisfies provider.yaml.schema.json, the only one that spells out form fields and options."""
    schema = json.loads((Path(airflow.__file__).parent / "provider.yaml.schema.json").read_text())
    jsonschema.validate(get_provider_info()[key], {**schema["properties"][key], "definitions": schema["definitions"]})


def classes(info: dict[str, Any]) -> list[str]:
    """Return the dotted names of all classes in a register."""
    return [item["hook-class-name"] for item in info["connection-types"]] + info["extra-links"] + info["notifications"]


@pytest.mark.parametrize("name", classes(get_provider_info()))
def test_class_exists(name: str) -> None:
    """Every class named can be imported."""
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("kind", ["operators", "sensors", "hooks", "triggers"])
def test_every_module_with_a_class_for_dags_is_registered(kind: str) -> None:
    """A module that defines an operator, sensor, hook or trigger is listed, and nothing else is."""
    suffix = {"operators": "Operator", "sensors": "Sensor", "hooks": "Hook", "triggers": "Trigger"}[kind]
    listed = {name for entry in get_provider_info()[kind] for name in entry["python-modules"]}
    found = set()
    for path in (PACKAGE / kind).glob("*.py"):
        module = importlib.import_module(
            f"airflow_provider_dpq.{kind}.{path.stem}" if path.stem != "__init__" else f"airflow_provider_dpq.{kind}"
        )
        own = [name for name, item in vars(module).items() if getattr(item, "__module__", "") == module.__name__]
        found |= {module.__name__ for name in own if name.endswith(suffix) and not name.endswith("GateOperator")}
    assert listed == found


def test_airflow_makes_the_hook_of_a_connection_of_the_type() -> None:
    """A task that asks for the hook of a dpq connection gets the one registered."""
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    hook = ProvidersManagerTaskRuntime().hooks["dpq"]
    assert hook is not None
    assert (hook.hook_class_name, hook.hook_name) == ("airflow_provider_dpq.hooks.dpq.DpqHook", "Data quality store")
    assert hook.connection_id_attribute_name == "dpq_conn_id"
    assert hook.connection_testable


def test_connection_form_has_the_fields_that_the_hook_reads() -> None:
    """The form that the API server offers knows the type with its field and its wording."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    (form,) = [item for item in HookMetaService.hook_meta_data() if item.connection_type == "dpq"]
    assert list(form.extra_fields or {}) == ["driver"]
    assert form.standard_fields is not None
    assert "URL" in str(form.standard_fields.host)


def test_airflow_reads_the_options_with_their_defaults() -> None:
    """The options of section [dpq] have the defaults of the register."""
    from airflow.sdk import conf

    assert conf.get("dpq", "memory_limit") == "2GB"
    assert conf.get("dpq", "store_url") == ""
