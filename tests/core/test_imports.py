"""What importing the package does not do: the core needs no Airflow, and the package itself needs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_provider_dpq"
CORE_MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (PACKAGE / "core").rglob("*.py")
)

IMPORT_WITHOUT_AIRFLOW = """
import importlib, sys

class NoAirflow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "airflow":
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, NoAirflow())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""

MODULES_LOADED_BY = """
import importlib, json, sys

before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_core_imports_when_airflow_is_not_there() -> None:
    """Every module of the core loads in an interpreter that refuses to import Airflow."""
    _run(IMPORT_WITHOUT_AIRFLOW, *CORE_MODULES)


def test_the_blocked_import_is_noticed() -> None:
    """The test above would fail on a module that does import Airflow."""
    with pytest.raises(AssertionError, match=r"airflow\.\S+ is blocked|airflow is blocked"):
        _run(IMPORT_WITHOUT_AIRFLOW, "airflow_provider_dpq.exceptions")


def test_the_package_itself_imports_nothing() -> None:
    """Airflow imports the package to read its version: that must load no other module."""
    assert json.loads(_run(MODULES_LOADED_BY, "airflow_provider_dpq")) == ["airflow_provider_dpq"]


@pytest.mark.parametrize("heavy", ["pandas", "duckdb", "sqlalchemy", "great_expectations", "pydantic", "jinja2"])
def test_the_command_line_imports_nothing_heavy(heavy: str) -> None:
    """`dpq --help` answers at once because each command imports what it needs when it runs."""
    assert heavy not in json.loads(_run(MODULES_LOADED_BY, "airflow_provider_dpq.core.cli"))
