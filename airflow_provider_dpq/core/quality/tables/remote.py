"""Files of object storage given to DuckDB: Parquet by the ranges that it asks for, everything else copied once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fsspec import AbstractFileSystem

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality.place import Stored, reaching, told

if TYPE_CHECKING:
    from airflow_provider_dpq.core.quality.tables.duck import Scan

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Ranges(AbstractFileSystem):  # type: ignore[misc]  # fsspec publishes no types
    """A file system under a protocol of ours, through which DuckDB reads ranges of files, wherever they lie.

    DuckDB would take ``s3://`` for a matter of its extensions, and the signs in a name for a pattern; here a file goes
    by its number. What breaks while it reads is kept in `failure`: DuckDB passes on only the text of it.
    """

    protocol: ClassVar[str] = "dpq"
    cachable: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.files: list[Stored] = []
        self.failure: str | None = None

    def add(self, file: Stored) -> str:
        """Take a file of known size in, and return the name that DuckDB reads it by."""
        self.files.append(file)
        return f"{self.protocol}://{len(self.files) - 1}"

    def _file(self, name: str) -> Stored:
        return self.files[int(name.rpartition("/")[2])]

    def glob(self, path: str, **_: Any) -> list[str]:
        """Return the name itself: it is no pattern."""
        return [path]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return what DuckDB asks of a file before it reads it."""
        return {"name": path, "size": self._file(path).size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """Return one time for all: a scan reads a file in the one state in which it found it."""
        return _EPOCH

    def open(self, path: str, mode: str = "rb", **_: Any) -> _Range:
        """Open a file for reading."""
        return _Range(self, self._file(path))


class _Range:
    """A file that several threads of DuckDB read at once.

    DuckDB seeks and then reads, in two calls, and does so on one file from several threads: the position is therefore
    each thread's own. With a shared one, a thread would now and then get the bytes that another had asked for.
    """

    def __init__(self, ranges: Ranges, file: Stored) -> None:
        self._ranges = ranges
        self._file = file
        self._own = threading.local()

    def seek(self, offset: int, whence: int = 0) -> int:
        self._own.position = offset
        return offset

    def tell(self) -> int:
        return getattr(self._own, "position", 0)

    def read(self, length: int) -> bytes:
        start = self.tell()
        end = min(start + length, self._file.size or 0)
        place = self._file.place
        try:
            content = bytes(place.fs.cat_file(place.path, start=start, end=end)) if end > start else b""
        except Exception as error:  # noqa: BLE001 - whatever a client raises; its text may quote credentials
            self._ranges.failure = f"{str(place)!r} broke off: {told(error, place.fs)}."
            raise OSError(self._ranges.failure) from None
        if len(content) != end - start:
            self._ranges.failure = f"{str(place)!r} gave {len(content)} bytes of {end - start}: it has changed."
            raise OSError(self._ranges.failure)
        self._own.position = end
        return content

    def close(self) -> None:
        """Do nothing: each range was a request of its own."""


def give(scan: Scan, files: Sequence[Stored], *, in_place: bool) -> list[str]:
    """Return the names by which DuckDB reads files of object storage.

    Args:
        scan: DuckDB.
        files: The files.
        in_place: Whether DuckDB reads only the ranges that it needs; else, and where a file's size is not known, the
            file is copied into the scan's directory first.

    Raises:
        SourceError: A file cannot be copied.
    """
    if not in_place:
        return [str(_copied(scan, file)) for file in files]
    if scan.ranges is None:
        scan.ranges = Ranges()
        scan.connection.register_filesystem(scan.ranges)
    return [scan.ranges.add(file) if _ranged(file) else str(_copied(scan, file)) for file in files]


def _ranged(file: Stored) -> bool:
    return file.size is not None and not file.place.path.lower().endswith(".zip")


def _copied(scan: Scan, file: Stored) -> Path:
    place = file.place
    target = scan.fresh_directory() / f"file{''.join(PurePosixPath(str(place)).suffixes)[-50:]}"
    with reaching(place, place.fs):
        place.fs.get_file(place.path, str(target))
    if file.size is not None and target.stat().st_size < file.size:
        message = f"{str(place)!r} broke off after {target.stat().st_size} bytes of {file.size}."
        raise SourceError("storage_unreachable", message, hint="Check the connection.", quotes_data=False)
    return target
