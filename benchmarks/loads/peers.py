"""Other load generators at full speed against the same service, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.interpreter import HERE, interpreter


@dataclass(frozen=True)
class Achieved:
    """What a generator did.

    Attributes:
        requests: Answers that it got.
        failures: How many of them were no success.
        seconds: How long it took.
        cpu_seconds: Processor time of its process.
    """

    requests: int
    failures: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Requests per second on the wall."""
        return self.requests / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Requests per second of the generator's processor time: what one whole processor would do."""
        return self.requests / self.cpu_seconds


def locust(url: str, connections: int, seconds: float) -> Achieved:
    """Run Locust's FastHttpUser, as many users as connections; its start-up does not count."""
    command = [interpreter("locust_on_http"), str(HERE / "locust_on_http.py"), url, str(connections), str(seconds)]
    found = json.loads(_run(command)[0].splitlines()[-1])
    return Achieved(**found)


def wrk(url: str, connections: int, seconds: float) -> Achieved:
    """Run wrk with one thread."""
    written, wall, cpu = _run(["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", url])
    requests = re.search(r"(\d+) requests in", written)
    failures = re.search(r"Non-2xx or 3xx responses: (\d+)", written)
    if requests is None:
        raise SystemExit(f"wrk printed no figures:\n{written}")
    return Achieved(int(requests[1]), int(failures[1]) if failures else 0, wall, cpu)


def k6(url: str, connections: int, seconds: float) -> Achieved:
    """Run k6, as many virtual users as connections; its start-up counts."""
    with tempfile.TemporaryDirectory() as home:
        script, summary = Path(home, "script.js"), Path(home, "summary.json")
        script.write_text(f'import http from "k6/http"; export default function () {{ http.get("{url}"); }}')
        limits = ["--vus", str(connections), "--duration", f"{seconds:.0f}s"]
        _, wall, cpu = _run(["k6", "run", "--quiet", *limits, "--summary-export", str(summary), str(script)])
        metrics = json.loads(summary.read_text())["metrics"]
    failures = metrics["http_req_failed"].get("passes", 0)  # the rate's "passes" are the requests that failed
    return Achieved(int(metrics["http_reqs"]["count"]), int(failures), wall, cpu)


PEERS: Mapping[str, Callable[[str, int, float], Achieved]] = {"wrk": wrk, "locust": locust, "k6": k6}


def present() -> Sequence[str]:
    """Name the peers that can run here: Locust is installed where it is missing, the others have to be on the PATH."""
    return [name for name in PEERS if name == "locust" or shutil.which(name)]


def absent() -> Sequence[str]:
    """Name the others."""
    return [name for name in PEERS if name not in present()]


def _run(command: Sequence[str]) -> tuple[str, float, float]:
    """Run a program; return what it wrote, and its seconds on the wall and of processor."""
    with tempfile.TemporaryFile("w+") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        written = out.read()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{written[-2000:]}")
    return written, wall, used.ru_utime + used.ru_stime
