"""However `make up` ends, nothing that it started stays behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.up import free_port
from tests.system.running import CHECKOUT, processes_in, session_under, start_up

pytestmark = pytest.mark.system

STARTER = "import sys; from tests.system.running import *; start_up(Path(sys.argv[1]), int(sys.argv[2])).wait()"


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> None:
    """Return once a condition holds."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.2)


@pytest.mark.parametrize("killed", ["make up", "its parent"])
def test_nothing_stays_behind_when_it_is_killed(tmp_path: Path, killed: str) -> None:
    """Where there is no time to clean up, because the process or its parent is killed, Airflow still ends."""
    home, port = tmp_path / "airflow", free_port()
    if killed == "make up":
        process = start_up(home, port)
    else:
        process = subprocess.Popen([sys.executable, "-c", STARTER, str(home), str(port)], cwd=CHECKOUT)
    wait_until(lambda: session_under(process) is not None, timeout_seconds=60)
    session = session_under(process)
    assert session is not None
    wait_until(lambda: len(processes_in(session)) > 5, timeout_seconds=120)
    process.kill()
    process.wait()
    wait_until(lambda: not processes_in(session), timeout_seconds=30)
    if process.stdout:
        process.stdout.close()
