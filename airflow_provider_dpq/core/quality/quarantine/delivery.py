"""A file that appears under its name whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.place import told
from airflow_provider_dpq.core.quality.quarantine.request import Request, TableName, Target
from airflow_provider_dpq.core.quality.tables.duck import Scan


def begin(target: Path) -> Path:
    """Make the file that a target grows in, beside it, so that it can take its name at once.

    Its name begins with a dot and does not end as the target's: no pattern that finds the target finds it. Where a
    process is killed, it is left behind.

    Raises:
        OSError: The folder cannot be made, or cannot be written to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    part.touch(exist_ok=False)
    return part


def finish(part: Path, target: Target) -> None:
    """Give a complete file its name, in the place of what had it before.

    Args:
        part: The file, complete.
        target: Where it goes. A store of objects shows an object once it is complete.

    Raises:
        OSError: The disk is full, or the name is a folder's.
        MeasurementError: ``quarantine_failed``: the file system of the target refused it.
    """
    if isinstance(target, TableName):
        raise TypeError(target)
    if isinstance(target, Path):
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
        return
    try:
        target.fs.put_file(str(part), target.path)
    except Exception as error:  # noqa: BLE001 - each file system raises its own; the text may name credentials
        message = f"{str(target)!r} could not be written: {told(error, target.fs)}."
        raise MeasurementError("quarantine_failed", message, hint="Check the address and the credentials.") from None


@contextmanager
def growing(request: Request, scan: Scan) -> Iterator[dict[str, Path]]:
    """Give a file for each part of a request to grow in, before any scan; what is left of them is removed in the end.

    Args:
        request: Its targets are files.
        scan: In whose directory those files grow that go elsewhere afterwards.

    Raises:
        OSError: A folder cannot be made, or cannot be written to.
    """
    parts: dict[str, Path] = {}
    try:
        for name, target in request:
            parts[name] = begin(target) if isinstance(target, Path) else scan.fresh_directory() / name
        yield parts
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
