"""The keeper of `make up` leaves nothing behind of what it runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

KEEPER = Path(__file__).parent.parent.parent / "demo/keeper.py"

# A daemon in a session of its own, whose parent ends at once, beside a child in the foreground.
FAMILY = "setsid sleep 987 & disown; (setsid sleep 988 &); exec sleep 989"


def sleepers() -> set[str]:
    """Which of the family are alive."""
    names = {"987", "988", "989"}
    found = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return {line[1] for line in found if len(line) == 2 and line[0] == "sleep" and line[1] in names}


@pytest.fixture
def keep() -> Callable[[str], subprocess.Popen[bytes]]:
    """A function that starts the keeper on a shell script."""
    return lambda script: subprocess.Popen(
        [sys.executable, str(KEEPER), "bash", "-c", script], stdin=subprocess.PIPE, start_new_session=True
    )


def wait_for(names: set[str]) -> None:
    """Return once exactly these of the family are alive."""
    deadline = time.monotonic() + 20
    while sleepers() != names:
        assert time.monotonic() < deadline, sleepers()


@pytest.mark.parametrize("way", ["closed pipe", "signal"])
def test_everything_ends_when_the_keeper_must(keep: Callable[[str], subprocess.Popen[bytes]], way: str) -> None:
    """Told by a signal, or by the death of the pipe's other end, the keeper ends daemons and orphans as well."""
    keeper = keep(FAMILY)
    wait_for({"987", "988", "989"})
    if way == "signal":
        keeper.terminate()
        keeper.wait(20)
    keeper.communicate(timeout=20)
    assert keeper.returncode == 0
    assert sleepers() == set()


def test_everything_ends_with_the_program(keep: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """When the program ends by itself, what it left running ends too, and its exit code is passed on."""
    keeper = keep("setsid sleep 987 & disown; exit 3")
    assert keeper.wait(20) == 3
    keeper.communicate()
    assert sleepers() == set()
