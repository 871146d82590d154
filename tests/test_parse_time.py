"""What a DAG file pays for importing an operator or a sensor."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.alone

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
OPERATIONS = """
import json, sys
from airflow.sdk import DAG, task
before = set(sys.modules)
from airflow_provider_dpq.operators.benchmark import BenchmarkOperator
from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.load.preset import smoke
from airflow_provider_dpq.operators.leak import LeakCheckOperator
from airflow_provider_dpq.operators.load import LoadTestOperator
from airflow_provider_dpq.operators.load_group import load_test_group

def rows(size):
    return range(size)

with DAG("parsed"):
    limits = {"thresholds": ["p(95) < 1s"], "tolerance": "5%"}
    BenchmarkOperator(task_id="function", target=len, dataset=rows, sizes=[10], baseline=sum, **limits)
    BenchmarkOperator(task_id="statement", sql="SELECT 1", conn_id="db", history=True, **limits)
    BenchmarkOperator(task_id="command", command="true", history=True, **limits)
    BenchmarkOperator(task_id="request", url="http://localhost/", history=True, **limits)
    LeakCheckOperator(task_id="leak", target="json:loads", tolerance="512B")

    load = {"load": constant_arrival_rate("100/s", "1min"), "thresholds": ["p(95) < 1s", "error_rate < 1%"]}
    LoadTestOperator(task_id="requests", url="http://localhost/", **load)
    LoadTestOperator(task_id="statements", sql="SELECT 1", conn_id="db", **load)
    scenarios = {"read": {"target": len, "op_args": [""]}, "write": {"command": "true", "weight": 2}}
    LoadTestOperator(task_id="both", scenarios=scenarios, **load)
    load_test_group("group", shards=2, url="/", http_conn_id="web", **load)

    @task.load_test(load=smoke())
    async def awaited():
        pass

    awaited()

    @task.benchmark(dataset=rows, **{**limits, "baseline": sum})
    def decorated(rows):
        return sum(rows)

    decorated()
print(json.dumps(sorted(set(sys.modules) - before)))
"""
HEAVY = {
    "aiohttp",
    "duckdb",
    "fastapi",
    "great_expectations",
    "hdrh",
    "matplotlib",
    "numpy",
    "pandas",
    "polars",
    "psutil",
    "pyarrow",
    "scipy",
    "sqlalchemy",
    "urllib3",
    "uvloop",
}


def newly_imported(program: str) -> set[str]:
    """Run a program in a new interpreter and return the top-level packages that it names."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module",
    [
        "airflow_provider_dpq.decorators.benchmark",
        "airflow_provider_dpq.core.load.model",
        "airflow_provider_dpq.core.load.preset",
        "airflow_provider_dpq.decorators.leak",
        "airflow_provider_dpq.decorators.load",
        "airflow_provider_dpq.operators.benchmark",
        "airflow_provider_dpq.operators.leak",
        "airflow_provider_dpq.operators.load",
        "airflow_provider_dpq.operators.load_group",
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


def test_constructing_tasks_that_measure_operations_loads_nothing_heavy() -> None:
    """A function is pickled to see that it can be; nothing that would run it is imported."""
    assert not newly_imported(OPERATIONS) & HEAVY
