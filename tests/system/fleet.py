"""An Airflow whose tasks run on Celery workers of this machine, each component in the care of a keeper."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import redis

from demo import up
from tests.conftest import own_database
from tests.system.running import CHECKOUT, Airflow

WORKER: str = "DPQ_TEST_WORKER"
"""Environment variable with the name of a worker."""

_BOOT_SECONDS = 120.0
_STOP_SECONDS = 40.0
_COMPONENTS = {
    "api-server": ["api-server", "--workers", "1"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}


@dataclass
class Fleet:
    """A running Airflow with Celery workers.

    Attributes:
        airflow: What it takes to talk to it.
        workers: The keeper of each worker, by name.
        store_url: Where its gates keep their reports.
    """

    airflow: Airflow
    workers: dict[str, subprocess.Popen[str]]
    store_url: str = field(repr=False)

    def kill(self, worker: str) -> None:
        """Kill a worker and all that it runs, as a machine does that loses its power."""
        keeper = psutil.Process(self.workers[worker].pid)
        keeper.suspend()  # it would end the rest in order
        for process in keeper.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        keeper.resume()


@contextmanager
def fleet(folder: Path, dags: Path, postgres: str, broker: str, workers: tuple[str, ...]) -> Iterator[Fleet]:
    """Start Airflow with workers of these names, and end all of it on leaving the context.

    Args:
        folder: Folder for all that it writes.
        dags: Folder with its DAGs.
        postgres: SQLAlchemy address of a PostgreSQL server, in which it gets a database of its own.
        broker: Address of a Redis database, in which its keys have a prefix of their own.
        workers: Names of the workers.
    """
    home = folder / "airflow"
    home.mkdir()
    prefix = f"dpq_tests_{uuid.uuid4().hex[:12]}:"
    passwords = dict.fromkeys(up.USERS, "admin")
    (home / "passwords.json").write_text(json.dumps(passwords))
    port = up.free_port()
    with ExitStack() as stack:
        stack.callback(_forget, broker, prefix)
        database = stack.enter_context(own_database(postgres, "DROP DATABASE {} WITH (FORCE)"))
        environment = {
            **up.environment(home, port, dags),
            "AIRFLOW__API__SECRET_KEY": prefix,
            "AIRFLOW__API_AUTH__JWT_SECRET": prefix * 3,
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__GLOBAL_KEYPREFIX": prefix,
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "3600",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__DPQ__STORE_URL": database,
            # A worker that is killed is missed after some seconds, not after minutes.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        }
        subprocess.run(["airflow", "db", "migrate"], env=environment, check=True, capture_output=True, timeout=120)
        logs = folder / "logs"
        logs.mkdir()
        kept = {
            name: stack.enter_context(_kept(command, environment, logs / name)) for name, command in _COMPONENTS.items()
        }
        celery = {
            name: stack.enter_context(
                _kept(
                    ["celery", "worker", "--celery-hostname", f"{name}@%h", "--skip-serve-logs"],
                    {**environment, WORKER: name},
                    logs / name,
                )
            )
            for name in workers
        }
        for keeper in (*kept.values(), *celery.values()):
            stack.callback(_let_go, keeper)  # before any of them is waited for
        airflow = Airflow(kept["api-server"], home, f"http://localhost:{port}", passwords)
        _wait_until_healthy(airflow, {**kept, **celery}, logs)
        yield Fleet(airflow, celery, database)


@contextmanager
def _kept(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command of Airflow for as long as the context lasts; it ends even where this process is killed."""
    with log.open("w") as file:
        keeper = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "demo/keeper.py"), "airflow", *command],
            env=environment,
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
    try:
        yield keeper
    finally:
        _let_go(keeper)
        keeper.wait(timeout=_STOP_SECONDS)


def _let_go(keeper: subprocess.Popen[str]) -> None:
    """Close the pipe, which is what the keeper waits for."""
    assert keeper.stdin is not None
    keeper.stdin.close()


def _wait_until_healthy(airflow: Airflow, kept: dict[str, subprocess.Popen[str]], logs: Path) -> None:
    deadline = time.monotonic() + _BOOT_SECONDS
    waiting = set(kept)
    while waiting:
        ended = [name for name, keeper in kept.items() if keeper.poll() is not None]
        missing = ended or (waiting if time.monotonic() > deadline else [])
        assert not missing, "\n".join((logs / name).read_text()[-3000:] for name in missing)
        time.sleep(0.5)
        waiting = {name for name in waiting if not _is_up(name, airflow, logs)}


def _is_up(name: str, airflow: Airflow, logs: Path) -> bool:
    if name not in _COMPONENTS:
        return " ready." in (logs / name).read_text()
    try:
        health = httpx.get(f"{airflow.url}/api/v2/monitor/health", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return False
    component = {"api-server": "metadatabase"}.get(name, name.replace("-", "_"))
    return bool(health.get(component, {}).get("status") == "healthy")


def _forget(broker: str, prefix: str) -> None:
    with redis.Redis.from_url(broker) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
