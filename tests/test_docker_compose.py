"""docker-compose.yaml is valid, complete, free of secrets, and shares its settings with the demonstration."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yaml"
AIRFLOW_SERVICES = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yaml, parsed, its anchors merged."""
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return document


@pytest.fixture(scope="module")
def airflow_options() -> set[tuple[str, str]]:
    """Every (section, option) that Airflow's core or this provider declares."""
    airflow = importlib.util.find_spec("airflow")
    assert airflow is not None
    assert airflow.origin is not None
    text = (Path(airflow.origin).parent / "config_templates/config.yml").read_text()
    from airflow_provider_dpq.get_provider_info import get_provider_info

    sections = yaml.safe_load(text) | get_provider_info()["config"]
    return {(name, option) for name, section in sections.items() for option in section["options"]}


def read_settings(path: Path) -> dict[str, str]:
    """The variables of an environment file."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def declared_options(names: Iterable[str]) -> set[tuple[str, str]]:
    """The (section, option) of every AIRFLOW__SECTION__OPTION among the names."""
    found = (re.fullmatch(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)", name) for name in names)
    return {(match[1].lower(), match[2].lower()) for match in found if match}


def test_compose_file_satisfies_the_specification(compose: dict[str, Any]) -> None:
    """The file is what the Compose specification describes."""
    assert set(PyCompose.from_json(json.dumps(compose)).service_names()) == set(compose["services"])


@pytest.mark.parametrize(
    ("where", "name", "value", "said"),
    [
        (("services", "worker"), "commnad", ["celery"], "commnad"),
        (("services", "postgres"), "ports", "5432", "expected a set"),
        (("services", "scheduler", "depends_on", "init"), "condition", "finished", "unknown variant `finished`"),
    ],
)
def test_specification_refuses_a_broken_file(where: tuple[str, ...], name: str, value: object, said: str) -> None:
    """The specification is strict enough to notice a misspelt key, a wrong type and a wrong condition."""
    broken = yaml.safe_load(COMPOSE.read_text())
    target = broken
    for key in where:
        target = target[key]
    target[name] = value
    with pytest.raises(ValueError, match=said):
        PyCompose.from_json(json.dumps(broken))


def test_compose_file_runs_every_component_of_airflow(compose: dict[str, Any]) -> None:
    """All five components run on PostgreSQL and Redis, after the database was migrated, and report their health."""
    services = compose["services"]
    assert set(services) == AIRFLOW_SERVICES | {"postgres", "redis", "init"}
    assert services["init"]["command"] == ["db", "migrate"]
    for name in AIRFLOW_SERVICES:
        assert services[name]["depends_on"]["init"]["condition"] == "service_completed_successfully", name
        assert services[name]["healthcheck"]["test"], name


def test_compose_file_refers_to_files_that_exist(compose: dict[str, Any]) -> None:
    """What is built, mounted or read from the checkout is there."""
    for name, service in compose["services"].items():
        paths = [service["env_file"]] if "env_file" in service else []
        paths += [service["build"]["dockerfile"]] if "build" in service else []
        paths += [volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith(".")]
        assert [path for path in paths if not (ROOT / path).exists()] == [], name


def test_airflow_services_share_the_settings_of_the_demonstration(compose: dict[str, Any]) -> None:
    """Every Airflow service reads demo/airflow.env and repeats none of it."""
    shared = read_settings(ROOT / "demo/airflow.env")
    for name in AIRFLOW_SERVICES | {"init"}:
        assert compose["services"][name]["env_file"] == "demo/airflow.env", name
        assert shared.keys().isdisjoint(compose["services"][name]["environment"]), name


def test_settings_are_options_of_airflow_or_of_this_provider(
    compose: dict[str, Any], airflow_options: set[tuple[str, str]]
) -> None:
    """No setting is misspelt: each names an option that is declared."""
    names = {*read_settings(ROOT / "demo/airflow.env")}
    for service in compose["services"].values():
        names |= service.get("environment", {}).keys()
    options = declared_options(names)
    # Celery's options are declared by its provider, which only the image has.
    assert {option for option in options if option[0] != "celery"} - airflow_options == set()
    assert ("dpq", "store_url") in options


def test_secrets_come_from_required_variables() -> None:
    """The file holds no secret: each is a variable that must be set, and the example names exactly those, empty."""
    text = COMPOSE.read_text()
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text)) == required
    assert read_settings(ROOT / "docker/example.env") == dict.fromkeys(required, "")
    for line in text.splitlines():
        if re.search(r"password|secret|fernet", line.partition(":")[0], re.IGNORECASE) and not line.startswith("#"):
            assert "${" in line, line


def test_git_ignores_the_filled_in_secrets() -> None:
    """A .env in the checkout's root cannot be committed by accident."""
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
