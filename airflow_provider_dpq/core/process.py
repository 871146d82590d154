"""Which process this is, so that another one can see whether it still runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import psutil

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")
_SAME_SECONDS: Final = 1.0


def machine() -> str:
    """Return what names this machine among all, from one start of it to the next."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return os.uname().nodename


def this_process() -> str:
    """Return what names this process among all that ever run anywhere: its machine, its number, and when it began."""
    own = psutil.Process()
    return f"{_container()}/{own.pid}/{_began(own):.2f}"


def is_gone(process: str) -> bool | None:
    """Say whether a process has ended; None where it was on another machine, or in another container.

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
    """Return what names the processes that this one can see: those of its machine, or of its container there."""
    try:
        return f"{machine()}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return machine()


def _began(process: psutil.Process) -> float:
    """Return when a process began, in seconds since the machine did: the clock may be set meanwhile."""
    return process.create_time() - psutil.boot_time()
