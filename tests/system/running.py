"""A running Airflow, what it takes to talk to it, and which processes belong to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil

CHECKOUT = Path(__file__).parent.parent.parent
ENDED = ("success", "failed")
_PROGRAM = """
import sys
from pathlib import Path
from demo import up
sys.exit(up.main(sys.argv[2:], Path(sys.argv[1])))
"""


def start_up(home: Path, port: int) -> subprocess.Popen[str]:
    """Start what `make up` starts, in a home and on a port of the test's own."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(home), "--port", str(port)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def session_under(process: subprocess.Popen[Any]) -> int | None:
    """The session that everything of an Airflow runs in, once the keeper below a process has begun it."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            if os.getsid(child.pid) == child.pid and any(part.endswith("keeper.py") for part in child.cmdline()):
                return child.pid
    return None


def processes_in(session: int) -> list[psutil.Process]:
    """Every living process of a session, whoever its parent, whatever its group and however it calls itself."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@dataclass
class Airflow:
    """A running Airflow, and what it takes to talk to it.

    Attributes:
        process: The process of `make up`.
        home: Its AIRFLOW_HOME.
        url: Address of its UI.
        passwords: Passwords of its users.
        printed: What `make up` printed.
    """

    process: subprocess.Popen[str]
    home: Path
    url: str
    passwords: dict[str, str] = field(repr=False)
    printed: str = field(default="", repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def token(self, user: str) -> str:
        """The token of a user who signs in with the printed password."""
        if user not in self._tokens:
            login = {"username": user, "password": self.passwords[user]}
            response = httpx.post(f"{self.url}/auth/token", json=login, timeout=30)
            self._tokens[user] = response.raise_for_status().json()["access_token"]
        return self._tokens[user]

    def ask(self, path: str, user: str | None = "admin", method: str = "GET", **options: Any) -> httpx.Response:
        """The answer to a request of a user, or to one without credentials."""
        headers = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def run(self, dag_id: str, timeout_seconds: float = 300) -> str:
        """Trigger a DAG as soon as it is known, wait for the end of the run, and return its id."""
        deadline = time.monotonic() + timeout_seconds
        runs = f"/api/v2/dags/{dag_id}/dagRuns"
        while (made := self.ask(runs, method="POST", json={"logical_date": None})).status_code == 404:
            assert time.monotonic() < deadline, f"{dag_id} is not there: {self.ask('/api/v2/importErrors').text}"
            time.sleep(1)
        run_id = str(made.raise_for_status().json()["dag_run_id"])
        while self.ask(f"{runs}/{run_id}").json()["state"] not in ENDED:
            assert time.monotonic() < deadline, self.ask(f"{runs}/{run_id}/taskInstances").text
            time.sleep(1)
        return run_id

    def run_scheduled(self, dag_id: str, timeout_seconds: float = 300) -> str:
        """Let the scheduler run a DAG that is paused, wait for the end of the run, and return its id."""
        deadline = time.monotonic() + timeout_seconds
        path = f"/api/v2/dags/{dag_id}"
        while self.ask(path, method="PATCH", json={"is_paused": False}).status_code == 404:
            assert time.monotonic() < deadline, f"{dag_id} is not there: {self.ask('/api/v2/importErrors').text}"
            time.sleep(1)
        while not (ended := [run for run in self.ask(f"{path}/dagRuns").json()["dag_runs"] if run["state"] in ENDED]):
            assert time.monotonic() < deadline, f"{dag_id} has not ended: {self.ask(f'{path}/dagRuns').text}"
            time.sleep(1)
        return str(ended[0]["dag_run_id"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """What became of each task of a run, by its id."""
        answer = self.ask(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances").json()
        return {task["task_id"]: task for task in answer["task_instances"]}


@dataclass(frozen=True)
class Run:
    """A run of a DAG that has ended."""

    dag_id: str
    run_id: str

    def tab(self, task_id: str) -> str:
        """The path of the "Gate report" tab of a task in Airflow's UI."""
        return f"/dags/{self.dag_id}/runs/{quote(self.run_id)}/tasks/{task_id}/plugin/gate-report"

    def page(self, task_id: str) -> str:
        """The path of the page that the tab shows."""
        return f"/dpq/dags/{self.dag_id}/runs/{quote(self.run_id)}/tasks/{task_id}/%7BMAP_INDEX%7D/report"
