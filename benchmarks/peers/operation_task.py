"""Benchmark and leak gates as Airflow tasks: how long the operators take, and how long the core takes inside them."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.dagbundle import DagBundleModel
from airflow.sdk import DAG
from airflow.utils.db import initdb
from airflow.utils.session import create_session

from airflow_provider_dpq.core.operation import measurement
from airflow_provider_dpq.operators.benchmark import BenchmarkOperator
from airflow_provider_dpq.operators.leak import LeakCheckOperator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

CORE: list[float] = []
TASKS: dict[str, float] = {}
conclude = measurement.conclude


def timed_conclude(*arguments, **options):
    """Measure, and note how long the core took."""
    started = time.perf_counter()
    try:
        return conclude(*arguments, **options)
    finally:
        CORE.append(time.perf_counter() - started)


def timed(operator):
    """Return the operator with a clock."""

    class Timed(operator):
        def execute(self, context):
            """Measure, and note how long the task took beside the core."""
            started = time.perf_counter()
            try:
                return super().execute(context)
            finally:
                TASKS[operator.kind] = time.perf_counter() - started - CORE.pop()

    return Timed


initdb()
measurement.conclude = timed_conclude
with DAG("operations", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    timed(BenchmarkOperator)(task_id="benchmark", target="timed:interpreted", thresholds=["median < 10s"]) >> timed(
        LeakCheckOperator
    )(task_id="leak", target="timed:interpreted")
with create_session() as session:
    session.add(DagBundleModel(name="dags-folder"))
bag = DagBag("/dev/null")
bag.bag_dag(dag)
sync_bag_to_db(bag, "dags-folder", None)
dag.test()
print(json.dumps(TASKS))
