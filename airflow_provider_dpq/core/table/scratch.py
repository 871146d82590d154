"""Scratch space on disk that is removed with its owner, however the owner ends.

A directory is removed when it is closed, and when the interpreter exits. Its owner holds a lock on it while it lives,
which the kernel releases even after SIGKILL: whoever makes scratch space in the same place next removes the directories
whose lock is free.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
import weakref
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core.process import machine

_PREFIX: Final = "dpq-"
_NAME: Final = re.compile(r"dpq-[0-9a-f]{8}-[a-z0-9_]{8}")
"""The names that `_claim` gives, the host and a suffix of `tempfile.mkdtemp`; other names are not ours."""
_FOREIGN_SECONDS: Final = 7 * 24 * 3600
"""Age from which a directory of another host, or of this one before it was started again, counts as left behind."""


class Scratch:
    """A directory that belongs to this process, initially empty.

    Attributes:
        path: Where it is.
    """

    def __init__(self, parent: str | Path | None = None) -> None:
        """Remove what killed processes left in a folder, and make a directory in it.

        Args:
            parent: Where; None for the system's directory of temporary files.

        Raises:
            OSError: No directory can be made there.
        """
        folder = Path(parent or tempfile.gettempdir())
        sweep(folder)
        self.path, lock = _claim(folder)
        self._remove = weakref.finalize(self, _remove, self.path, lock, os.getpid())

    def close(self) -> None:
        """Remove the directory and its contents."""
        self._remove()


def _claim(folder: Path) -> tuple[Path, int]:
    """Make a directory and lock it; until it is locked, another process may remove it as left behind."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{_host()}-", dir=folder))
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # taken already
            continue
        if _locked(lock) is not False and _is_at(path, lock):
            return path, lock
        os.close(lock)


def _locked(lock: int) -> bool | None:
    """Take a lock; False if another process holds it, None if the file system has no locks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def _remove(path: Path, lock: int, owner: int) -> None:
    if os.getpid() != owner:  # a fork, which inherited it from its parent
        return
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


def sweep(folder: Path) -> None:
    """Remove the scratch directories in a folder whose owners are gone.

    Only directories of this user whose lock is free are removed. A lock says nothing about processes of another host
    that shares the folder, or of this one before it was started again: their directories must be old as well.
    """
    try:
        found = [entry for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
    except OSError:
        return
    for entry in found:
        try:
            if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                _sweep(Path(entry.path))
        except OSError:  # another process removes it at the same time
            continue


def _sweep(path: Path) -> None:
    ours = path.name.startswith(f"{_PREFIX}{_host()}-")
    if not ours and time.time() - path.lstat().st_mtime < _FOREIGN_SECONDS:
        return
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if _locked(lock) and _is_at(path, lock):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)


@cache
def _host() -> str:
    """Return an identifier of this machine since it was started, among those that may share a folder."""
    return sha256(machine().encode()).hexdigest()[:8]
