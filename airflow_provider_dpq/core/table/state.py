"""What tells the files of a partition from the same files with other content, so that only what changed is read again.

Of a file on this machine's disk that is its size, its times of change and of the change of its record, which no program
sets, the number of that record, and where it is small its content too. Of a file in object storage it is what the store
says: a hash, a version, a time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from airflow_provider_dpq.core.table.disk import disk_errors, open_file
from airflow_provider_dpq.core.table.place import Stored

_SMALL: Final = 65_536
"""Bytes up to which a file is read to see whether it changed."""
_SETTLED: Final = 2 * 10**9
"""So many nanoseconds after its last change a file's time tells that change from the next: some disks count seconds."""


def state_of(files: Iterable[Path | Stored], root: str | Path | None, now: Callable[[], int] = time.time_ns) -> str:
    """Return a digest that differs where a file was written anew, and where nobody can tell.

    Args:
        files: The files.
        root: Directory that files on this machine's disk must lie in; None for any.
        now: Returns the time, in nanoseconds since 1970.

    Raises:
        SourceError: A file cannot be read.
    """
    states = [_of_stored(file, now) if isinstance(file, Stored) else _of_file(file, root, now) for file in files]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def _of_stored(file: Stored, now: Callable[[], int]) -> list[Any]:
    # Where a store says nothing of a file's content, the next one may be any.
    return [file.place.path, file.size, file.state or now()]


def _of_file(file: Path, root: str | Path | None, now: Callable[[], int]) -> list[Any]:
    with disk_errors(file):
        found = file.stat()
    state: list[Any] = [str(file), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    if found.st_size <= _SMALL:
        with disk_errors(file), open_file(file, root) as stream:
            return [*state, hashlib.sha256(stream.read(_SMALL + 1)).hexdigest()]
    moment = now()
    return state if moment - max(found.st_mtime_ns, found.st_ctime_ns) >= _SETTLED else [*state, moment]
