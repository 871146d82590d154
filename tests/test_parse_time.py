"""What a DAG file pays for importing an operator or a sensor."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseSensorOperator, conf, task
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
INLINE_SUITE = """
import json, sys
from airflow.sdk import DAG
before = set(sys.modules)
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.sensors.quality import DataQualitySensor
with DAG("parsed"):
    suite = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}]
    for make in (DataQualityCheckOperator, DataQualitySensor):
        make(task_id=make.__name__, path="x.csv", suite=suite, thresholds=["row_count > 0"])
print(json.dumps(sorted(set(sys.modules) - before)))
"""
HEAVY = {"duckdb", "fastapi", "great_expectations", "numpy", "pandas", "polars", "pyarrow", "sqlalchemy"}


def newly_imported(program: str) -> set[str]:
    """Run a program in a new interpreter and return the top-level packages that it names."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module",
    [
        "airflow_provider_dpq.operators.merge",
        "airflow_provider_dpq.operators.quality",
        "airflow_provider_dpq.sensors.gate",
        "airflow_provider_dpq.sensors.quality",
        "airflow_provider_dpq.notifications.audit",
        "airflow_provider_dpq.hooks.dpq",
    ],
)
def test_import_loads_nothing_but_this_project_and_airflow(module: str) -> None:
    """Beside what every DAG file loads with `airflow.sdk`, only modules of ours and of Airflow are imported."""
    assert newly_imported(PROGRAM.format(module=module)) <= {"airflow", "airflow_provider_dpq"}


def test_constructing_tasks_with_inline_suites_and_thresholds_loads_nothing_heavy() -> None:
    """Checking arguments while a DAG file is parsed opens no data and imports no library that could."""
    assert not newly_imported(INLINE_SUITE) & HEAVY
