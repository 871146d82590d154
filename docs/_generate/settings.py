"""The options and the connection that the provider declares to Airflow."""

from __future__ import annotations

from airflow_provider_dpq.get_provider_info import get_provider_info
from docs._generate.markdown import code, table


def options() -> str:
    """Return the ``[dpq]`` options."""
    declared = get_provider_info()["config"]["dpq"]["options"]
    return table(
        ["Option", "Environment variable", "Default", "Example", "Meaning"],
        [
            [
                code(name),
                code(f"AIRFLOW__DPQ__{name.upper()}"),
                code(option["default"]) or "empty",
                code(option["example"]),
                option["description"] + (" Airflow hides its value." if option.get("sensitive") else ""),
            ]
            for name, option in declared.items()
        ],
    )


def connection_fields() -> str:
    """Return the fields of a connection of type ``dpq``."""
    (declared,) = get_provider_info()["connection-types"]
    form = declared["ui-field-behaviour"]
    standard = [
        (name, form["relabeling"].get(name, name.title())) for name in ("host", "schema", "login", "password", "port")
    ]
    rows = [[code(name), label, code(form["placeholders"].get(name, "")), ""] for name, label in standard]
    for name, field in declared["conn-fields"].items():
        rows.append([code(f"extra.{name}"), field["label"], code(field["schema"]["default"]), field["description"]])
    return table(["Field", "In the form", "Example or default", "Meaning"], rows)
