"""Runs a program and leaves nothing of it behind.

Usage: keeper.py PROGRAM [ARGUMENT ...], with a pipe as standard input.

Everything that the program started is ended when the program ends, when the keeper is told to stop, and when the pipe
closes: whoever holds its other end has died then. Airflow needs this, because `airflow standalone` leaves its
components running when it is stopped by a signal, and runs tasks in process groups of their own.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil

GRACE_SECONDS = 10.0
_PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    """Run the program until it ends or must end.

    Args:
        command: The program and its arguments.

    Returns:
        The program's exit code; 0 where it was told to stop.
    """
    _adopt_orphans()
    told_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: told_to_stop.append(received))
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    exit_code = None
    while exit_code is None and not told_to_stop and not _pipe_closed(within_seconds=0.5):
        exit_code = _reap().get(program.pid)
    end_descendants()
    return exit_code or 0


def _adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets out of sight (Linux only)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _pipe_closed(within_seconds: float) -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], within_seconds)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


def _reap() -> dict[int, int]:
    """Return the exit codes of the children that have ended."""
    ended = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended


def end_descendants() -> None:
    """Ask every descendant to end, wait for them, and kill those that remain."""
    _signal_all(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while _descendants() and time.monotonic() < deadline:
        time.sleep(0.1)
    while _descendants():
        _signal_all(signal.SIGKILL)
        time.sleep(0.05)


def _descendants() -> list[psutil.Process]:
    _reap()
    return psutil.Process().children(recursive=True)


def _signal_all(number: signal.Signals) -> None:
    for process in _descendants():
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
