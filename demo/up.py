"""`make up`: a real Airflow with its UI and the example DAGs, in the foreground, until it is told to stop.

Everything it writes lies in .demo/airflow: the databases, the logs, and the passwords of its two users.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CHECKOUT = Path(__file__).resolve().parent.parent
HOME = CHECKOUT / ".demo/airflow"
DAGS = CHECKOUT / "dags"
HOST = "127.0.0.1"
USERS = ("admin", "viewer")
BOOT_SECONDS = 300.0
STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


class BootError(Exception):
    """Airflow does not start; the message says why and what to do."""


@dataclass(frozen=True)
class Standalone:
    """A running `airflow standalone`.

    Attributes:
        home: Its AIRFLOW_HOME.
        port: Port of its API server and UI.
        passwords: Password of each user.
        keeper: The process that keeps it; ending that ends all of it.
    """

    home: Path
    port: int
    passwords: dict[str, str]
    keeper: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Address of its UI."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        """What its components print."""
        return self.home / "standalone.log"

    def wait_until_healthy(self, timeout_seconds: float = BOOT_SECONDS) -> None:
        """Return once every component has reported its health.

        Raises:
            BootError: Airflow ended, or took longer than `timeout_seconds`.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._is_healthy():
            if self.keeper.poll() is not None:
                raise BootError(f"Airflow ended while it started:\n{self._last_lines()}")
            if time.monotonic() > deadline:
                raise BootError(f"Airflow was not ready after {timeout_seconds:.0f} s:\n{self._last_lines()}")
            time.sleep(0.5)

    def _is_healthy(self) -> bool:
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with without_proxy.open(f"http://{HOST}:{self.port}/api/v2/monitor/health", timeout=5) as response:
                health = json.load(response)
        except (OSError, ValueError):
            return False
        components = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all(health.get(name, {}).get("status") == "healthy" for name in components)

    def _last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([*lines[-15:], f"The whole log: {self.log}"])

    def stop(self) -> None:
        """End it with everything it started."""
        self.keeper.communicate(timeout=STOP_SECONDS)  # closes the pipe, which is what the keeper waits for


@contextmanager
def standalone(*, home: Path, port: int, dags: Path = DAGS) -> Iterator[Standalone]:
    """Start Airflow, and end it with everything it started on leaving the context, even where this process is killed.

    Args:
        home: Its AIRFLOW_HOME, made where it is missing.
        port: Port of its API server and UI.
        dags: Folder with its DAGs.

    Raises:
        BootError: The port is taken, or another Airflow runs in `home`.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    with _only_one_in(home):
        if not _is_free(port):
            raise BootError(f"Port {port} is taken. Stop what listens there, or name another: make up PORT={port + 1}")
        passwords = _passwords(home / "passwords.json")
        with (home / "standalone.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, str(CHECKOUT / "demo/keeper.py"), "airflow", "standalone"],
                env=environment(home, port, dags),
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # ctrl-C in a terminal is for this process, which ends Airflow in order
            )
        running = Standalone(home, port, passwords, keeper)
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def _only_one_in(home: Path) -> Iterator[None]:
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BootError(f"An Airflow already runs in {home}. Stop that one first.") from None
        yield


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _passwords(path: Path) -> dict[str, str]:
    """Return the users' passwords, making them up the first time."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({user: secrets.token_urlsafe(9) for user in USERS}))
    passwords: dict[str, str] = json.loads(path.read_text())
    return passwords


def environment(home: Path, port: int, dags: Path) -> dict[str, str]:
    """Return the variables that Airflow runs with: nothing of the developer's own Airflow gets in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return {
        **own,
        **_shared_settings(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}",
        "NO_PROXY": "localhost,127.0.0.1",
        "NO_COLOR": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
    }


def _shared_settings() -> dict[str, str]:
    lines = (CHECKOUT / "demo/airflow.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))


class _Stop(BaseException):
    """This process was told to stop."""


def _stop(number: int, _frame: FrameType | None) -> None:
    raise _Stop(signal.Signals(number).name)


def _stop_with_parent() -> None:
    """Have the kernel send SIGTERM when whoever started this process dies (Linux only)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _run(home: Path, port: int) -> None:
    began = time.monotonic()
    first = "" if (home / "airflow.db").exists() else ", which makes its database first: about a minute"
    print(f"Starting Airflow{first} ...", flush=True)
    with standalone(home=home, port=port) as airflow:
        airflow.wait_until_healthy()
        print(f"Airflow is ready after {time.monotonic() - began:.0f} s: {airflow.url}")
        for user in USERS:
            print(f"  user {user}, password {airflow.passwords[user]}")
        print(f"Its log is {airflow.log}\nCtrl-C stops it.", flush=True)
        airflow.keeper.wait()
        raise BootError(f"Airflow ended by itself. Its log is {airflow.log}")


def main(arguments: list[str], home: Path = HOME) -> int:
    """Start Airflow and stay until told to stop, or until whoever started this has died.

    Args:
        arguments: Those of the command line.
        home: AIRFLOW_HOME.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="up.py", description="Start Airflow with its UI and the example DAGs.")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8080"), help="default: $PORT, else 8080")
    port = parser.parse_args(arguments).port
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    _stop_with_parent()
    try:
        _run(home, port)
    except _Stop:
        print("\nAirflow is stopped.", flush=True)
    except BootError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
