"""A load test over two Celery workers: they start together, and what they did makes one verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import open_store
from tests.loopback import Service, serving
from tests.system.fleet import WORKER, Fleet, fleet
from tests.system.running import ENDED

pytestmark = [pytest.mark.system]

WORKERS = ("first", "second")
SECONDS = 4
PER_SECOND = 30
DAG_FILE = f'''
"""One load test on two workers; each tells the service its name."""

import os

from airflow.sdk import DAG

from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.operators.load_group import load_test_group


def worker():
    return os.environ["{WORKER}"]


with DAG("spread", schedule=None, user_defined_macros={{"worker": worker}}):
    load_test_group(
        "load",
        shards=2,
        start_delay="12s",
        load=constant_arrival_rate("{PER_SECOND}/s", "{SECONDS}s"),
        url="http://127.0.0.1:%d/",
        op_kwargs={{"headers": {{"X-Worker": "{{{{ worker() }}}}"}}}},
        thresholds=["error_rate < 1%%", "p(50) < 5s", "iteration_count == {PER_SECOND * SECONDS}"],
    )
'''


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The service under load."""
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
    service: Service,
    redis_url: str,
    postgres_url: str,
) -> Iterator[Fleet]:
    """Airflow with two Celery workers of one task at a time each; nothing of it is left in the end."""
    folder = tmp_path_factory.mktemp("fleet")
    dags = folder / "dags"
    dags.mkdir()
    (dags / "spread.py").write_text(DAG_FILE % service.port)
    before = set(psutil.pids())
    with fleet(folder, dags, postgres_url, redis_url, WORKERS) as started:
        yield started
        ours = [process for process in psutil.process_iter() if process.pid not in before and _is_in(process, folder)]
    assert [process for process in ours if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []


def _is_in(process: psutil.Process, folder: Path) -> bool:
    """Whether a process runs in the AIRFLOW_HOME below a folder."""
    with suppress(psutil.Error):
        return process.environ().get("AIRFLOW_HOME", "").startswith(str(folder))
    return False


def started_run(running: Fleet) -> str:
    """Trigger the DAG as soon as it is known, and return the run's id."""
    runs = "/api/v2/dags/spread/dagRuns"
    made = wait_for(lambda: _made(running, runs), 60)
    return str(made["dag_run_id"])


def _made(running: Fleet, runs: str) -> Any:
    answer = running.airflow.ask(runs, method="POST", json={"logical_date": None})
    return None if answer.status_code == 404 else answer.raise_for_status().json()


def ended_run(running: Fleet, run_id: str) -> dict[tuple[str, int], str]:
    """Wait until a run has ended, and return the state of each task instance by its id and map index."""
    path = f"/api/v2/dags/spread/dagRuns/{run_id}"
    wait_for(lambda: running.airflow.ask(path).json()["state"] in ENDED, 120)
    found = running.airflow.ask(f"{path}/taskInstances").json()["task_instances"]
    return {(one["task_id"], one["map_index"]): one["state"] for one in found}


def wait_for(condition: Callable[[], Any], timeout_seconds: float) -> Any:
    """Return what a condition returns once that is something."""
    deadline = time.monotonic() + timeout_seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.3)
    return found


def report_of(running: Fleet, run_id: str, task_id: str, map_index: int = -1) -> Report:
    """Return the one report of a task instance."""
    with open_store(running.store_url) as store:
        (entry,) = store.of_task("spread", task_id, run_id, map_index)
        return store.report(entry.report_id)


def iteration_count(report: Report) -> float:
    """Return how many iterations a report is about."""
    (count,) = [one.value for one in report.metrics if one.name == "iteration_count" and not one.tags]
    assert count is not None
    return count


def test_two_workers_give_one_verdict(running: Fleet, service: Service) -> None:
    """Each of them runs its half from the same instant on; the counts add up to what was planned, and it passes."""
    run_id = started_run(running)
    states = ended_run(running, run_id)
    assert states == {
        ("load.start", -1): "success",
        ("load.shard", 0): "success",
        ("load.shard", 1): "success",
        ("load.verdict", -1): "success",
    }
    whole = report_of(running, run_id, "load.verdict")
    shards = [report_of(running, run_id, "load.shard", index) for index in range(2)]
    assert (whole.gate, whole.kind, whole.verdict) == ("load", "load", Verdict.PASS)
    assert [iteration_count(shard) for shard in shards] == [PER_SECOND * SECONDS / 2] * 2
    assert iteration_count(whole) == PER_SECOND * SECONDS
    assert whole.recording is not None
    assert [(one.part, one.parts) for one in whole.recording.generators] == [(0, 2), (1, 2)]
    assert len({shard.recording.started_at_seconds for shard in shards if shard.recording}) == 1
    assert min(service.of_worker(worker) for worker in WORKERS) >= PER_SECOND * SECONDS / 2


def test_worker_that_dies_makes_the_verdict_an_error(running: Fleet, service: Service) -> None:
    """A shard whose worker is killed leaves no report; the other's numbers alone are no verdict."""
    killed = WORKERS[1]
    before = service.of_worker(killed)
    run_id = started_run(running)
    wait_for(lambda: service.of_worker(killed) > before, 90)
    running.kill(killed)
    states = ended_run(running, run_id)
    assert sorted(state for (task_id, _), state in states.items() if task_id == "load.shard") == ["failed", "success"]
    assert states["load.verdict", -1] == "failed"
    whole = report_of(running, run_id, "load.verdict")
    assert whole.verdict is Verdict.ERROR
    assert whole.error is not None
    assert whole.error.reason == "missing_shard"
