"""A file that appears under its name whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from airflow_provider_dpq.core.errors import QuarantineError
from airflow_provider_dpq.core.permission import mode_kept
from airflow_provider_dpq.core.quality.quarantine.request import Request, TableName
from airflow_provider_dpq.core.table.disk import open_folder
from airflow_provider_dpq.core.table.place import Place, told
from airflow_provider_dpq.core.table.scan import Scan


class Part:
    """A file that rows are written to, until it is complete and takes the name of its target.

    On a disk it grows beside its target, so that it can take its name at once. Its own name begins with a dot and
    does not end as the target's: no pattern that finds the target finds it. Where a process is killed, it is left
    behind.

    Args:
        target: Where the file goes.
        root: Directory that it must lie in; None for any.
        scan: In whose directory a file grows that goes elsewhere afterwards, or that DuckDB may not reach itself.

    Raises:
        OSError: The folder cannot be made, or cannot be written to.
        DeclarationError: ``outside_root``.
    """

    def __init__(self, target: Path | Place, root: str | Path | None, scan: Scan) -> None:
        self._target = target
        self._folder = -1
        self._beside = ""
        if isinstance(target, Place):
            self.path = scan.fresh_directory() / "rows"
            return
        self._folder = open_folder(target.parent, root)
        try:
            self._beside = f".{target.name}.{uuid.uuid4().hex}.part"
            os.close(os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self._folder))
        except BaseException:
            os.close(self._folder)
            raise
        self.path = scan.fresh_directory() / "rows" if scan.confined else target.with_name(self._beside)
        """The file that DuckDB writes."""

    def finish(self) -> None:
        """Give the complete file its name, in the place of what had it before.

        Raises:
            OSError: The disk is full, or the name is a folder's.
            MeasurementError: ``quarantine_failed``: the file system of the target refused it.
        """
        if isinstance(self._target, Place):
            _put(self.path, self._target)
            return
        descriptor = os.open(self._beside, os.O_RDWR | os.O_NOFOLLOW, dir_fd=self._folder)
        with os.fdopen(descriptor, "rb+") as file:
            if self.path.name != self._beside:
                with self.path.open("rb") as rows:
                    shutil.copyfileobj(rows, file, 1 << 20)
                file.flush()
            os.fchmod(file.fileno(), mode_kept(self._target.name, self._folder))
            os.fsync(file.fileno())
        os.rename(self._beside, self._target.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def close(self) -> None:
        """Remove what is left of the file."""
        if self._folder < 0:
            return
        try:
            os.unlink(self._beside, dir_fd=self._folder)
        except FileNotFoundError:
            pass
        finally:
            os.close(self._folder)


def _put(file: Path, target: Place) -> None:
    """Copy a file to a store, which shows an object once it is complete."""
    try:
        target.fs.put_file(str(file), target.path)
    except Exception as error:  # noqa: BLE001 - each file system raises its own; the text may name credentials
        message = f"{str(target)!r} could not be written: {told(error, target.fs)}."
        raise QuarantineError("quarantine_failed", message, hint="Check the address and the credentials.") from None


@contextmanager
def growing(request: Request, scan: Scan) -> Iterator[dict[str, Part]]:
    """Give a file for each part of a request to grow in, before any scan; what is left of them is removed in the end.

    Args:
        request: Its targets are files.
        scan: See `Part`.

    Raises:
        OSError: A folder cannot be made, or cannot be written to.
        DeclarationError: ``outside_root``.
    """
    with ExitStack() as closed:
        parts: dict[str, Part] = {}
        for name, target in request:
            if isinstance(target, TableName):
                raise TypeError(target)
            parts[name] = Part(target, request.root, scan)
            closed.callback(parts[name].close)
        yield parts
