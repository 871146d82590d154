"""The Airflow task: how long the operator takes, and how long the core takes inside it."""

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

from airflow_provider_dpq.core.quality import run
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table

SPENT: dict[str, float] = {}


def timed(name, function):
    """Return a function that notes how long it took."""

    def call(*arguments, **options):
        started = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            SPENT[name] = time.perf_counter() - started

    return call


class TimedOperator(DataQualityCheckOperator):
    """The operator with a clock."""

    def execute(self, context):
        """Check, and note the time."""
        return timed("task", super().execute)(context)


initdb()
run.check = timed("core", run.check)
with DAG("orders", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    TimedOperator(
        task_id="orders",
        path=sys.argv[1],
        references={"stores": sys.argv[2]},
        suite=[dict(item, severity="warning") for item in table.suite_of(sys.argv[3])],
    )
with create_session() as session:
    session.add(DagBundleModel(name="dags-folder"))
bag = DagBag("/dev/null")
bag.bag_dag(dag)
sync_bag_to_db(bag, "dags-folder", None)
dag.test()
print(json.dumps({"imports": 0, "work": SPENT["task"], "core": SPENT["core"], "found": {}}))
