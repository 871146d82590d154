"""The identity of a process, by which another process can see whether it still runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import psutil

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")
_SAME_SECONDS: Final = 1.0


def machine() -> str:
    """Return an identifier of this machine that is unique, and valid until it is started again."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return os.uname().nodename


def this_process() -> str:
    """Return a globally unique identifier of this process: its machine, its number, and when it began."""
    own = psutil.Process()
    return f"{_container()}/{own.pid}/{_began(own):.2f}"


def is_gone(process: str) -> bool | None:
    """Return whether a process has ended; None if it ran on another machine or in another container.

    Args:
        process: What `this_process` returned in it.
    """
    container, _, number = process.rpartition("/")[0].rpartition("/")
    began = process.rpartition("/")[2]
    if container != _container():
        return None
    try:
        found = psutil.Process(int(number))
        return found.status() == psutil.STATUS_ZOMBIE or abs(_began(found) - float(began)) > _SAME_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.Error):
        return None


def _container() -> str:
    """Return an identifier of the processes visible from here: those of the machine, or of this container."""
    try:
        return f"{machine()}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return machine()


def _began(process: psutil.Process) -> float:
    """Return when a process began, in seconds since the machine started, since the clock may be set."""
    return process.create_time() - psutil.boot_time()
