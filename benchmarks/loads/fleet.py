"""What a second Celery worker adds: the same load test on one and on two, in a real Airflow."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.system.fleet import Fleet

CHECKOUT = Path(__file__).resolve().parents[2]
POSTGRES = "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"
WAIT_SECONDS = 0.05
DAG_FILE = """
import time

from airflow.sdk import DAG

from airflow_provider_dpq.core.load.model import constant_concurrency
from airflow_provider_dpq.operators.load_group import load_test_group


def wait():
    time.sleep({wait})


for shards in (1, 2):
    with DAG(f"on_{{shards}}", schedule=None):
        load_test_group(
            "load",
            shards=shards,
            start_delay="15s",
            target=wait,
            load=constant_concurrency({concurrency} * shards, "{seconds:g}s"),
        )
"""


def fleet(rounds: int, seconds: float, concurrency: int) -> None:
    """Print the throughput of an operation that waits, on one worker and on two, and how many times that is.

    It waits so that generators are the limit, not the processors, which both workers share with Airflow here. Each
    worker runs `concurrency` iterations at a time.
    """
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    from tests.system.fleet import fleet as started

    with tempfile.TemporaryDirectory() as name:
        dags = Path(name) / "dags"
        dags.mkdir()
        (dags / "scale.py").write_text(DAG_FILE.format(wait=WAIT_SECONDS, concurrency=concurrency, seconds=seconds))
        with started(Path(name), dags, POSTGRES, REDIS, ("first", "second")) as running:
            print(f"{concurrency} iterations of {1000 * WAIT_SECONDS:g} ms at a time on each worker, {seconds:g} s")
            for _ in range(rounds):
                one, two = (_throughput(running, f"on_{shards}") for shards in (1, 2))
                print(f"  one worker {one:.1f}/s, two workers {two:.1f}/s: {two / one:.2f} times")


def _throughput(running: Fleet, dag_id: str) -> float:
    """Run a DAG to its end and return what its verdict's report says."""
    from airflow_provider_dpq.core.store import open_store

    run_id = running.airflow.run(dag_id)
    with open_store(running.store_url) as store:
        (entry,) = store.of_task(dag_id, "load.verdict", run_id, -1)
        report = store.report(entry.report_id)
    if report.verdict.value != "pass":
        raise SystemExit(f"{dag_id}: {report.verdict.value} {report.error}")
    return next(float(one.value or 0) for one in report.metrics if one.name == "throughput" and not one.tags)
