"""Which process this is, so that another one can see whether it still runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import psutil

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")
_SAME_SECONDS: Final = 1.0


def this_process() -> str:
    """Return what names this process among all that ever run anywhere: its machine, its number, and when it began."""
    own = psutil.Process()
    return f"{_machine()}/{own.pid}/{own.create_time():.2f}"


def is_gone(process: str) -> bool | None:
    """Say whether a process has ended; None where it was on another machine, or in another container.

    Args:
        process: What `this_process` returned in it.
    """
    machine, _, rest = process.rpartition("/")[0].rpartition("/")
    began = process.rpartition("/")[2]
    if machine != _machine():
        return None
    try:
        found = psutil.Process(int(rest))
        return found.status() == psutil.STATUS_ZOMBIE or abs(found.create_time() - float(began)) > _SAME_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.Error):
        return None


def _machine() -> str:
    try:
        return f"{_BOOT.read_text().strip()}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return os.uname().nodename
