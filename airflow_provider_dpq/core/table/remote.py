"""Files given to DuckDB by the ranges that it asks for: Parquet in object storage, and files below an allowed root.

Everything else in object storage is copied once.
"""

from __future__ import annotations

import os
import re
import threading
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final

from fsspec import AbstractFileSystem

from airflow_provider_dpq.core.errors import DpqError, SourceError
from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.place import Stored, reaching, told

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.scan import Scan

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Ranges(AbstractFileSystem):  # type: ignore[misc]  # fsspec publishes no types
    """A file system under a protocol of ours, through which DuckDB reads ranges of files, wherever they lie.

    DuckDB would take ``s3://`` for a matter of its extensions, and the signs in a name for a pattern; here a file goes
    by its number. What breaks while it reads is kept in `failure`: DuckDB passes on only the text of it.
    """

    protocol: ClassVar[str] = "dpq"
    prefix: ClassVar[str] = "dpq:///"
    cachable: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.files: list[_StoredFile | _LocalFile] = []
        self.failure: str | None = None

    def add(self, file: Stored | PlainFile) -> str:
        """Take a file of known size in, and return the name that DuckDB reads it by."""
        self.files.append(_LocalFile(file) if isinstance(file, PlainFile) else _StoredFile(file))
        return f"{self.prefix}{len(self.files) - 1}"

    def _file(self, name: str) -> _StoredFile | _LocalFile:
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


class _StoredFile:
    """A file in a file system of fsspec, each range of which is a request of its own."""

    def __init__(self, file: Stored) -> None:
        self.name = str(file.place)
        self.size = file.size or 0
        self._place = file.place

    def open(self) -> _StoredFile:
        return self

    def read(self, start: int, end: int) -> bytes:
        return bytes(self._place.fs.cat_file(self._place.path, start=start, end=end))

    def told(self, error: Exception) -> str:
        return told(error, self._place.fs)

    def close(self) -> None:
        """Do nothing."""


class _LocalFile:
    """A file of this machine's disk below an allowed root, which is looked at each time that it is opened."""

    def __init__(self, file: PlainFile) -> None:
        self.name = file.name
        self._file = file
        with file.open() as stream:
            found = os.fstat(stream.fileno())
        self.size = found.st_size
        self._state = _state(found)

    def open(self) -> _OpenFile:
        stream = self._file.open()
        if _state(os.fstat(stream.fileno())) != self._state:
            stream.close()
            message = "it has changed"
            raise OSError(message)
        return _OpenFile(stream)

    def told(self, error: Exception) -> str:
        return str(error)


class _OpenFile:
    """An open file, which closes with the last that holds it: DuckDB drops most of its files without a word."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.close = weakref.finalize(self, stream.close)

    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._stream.fileno(), end - start, start)


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _Range:
    """A file that several threads of DuckDB read at once.

    DuckDB seeks and then reads, in two calls, and does so on one file from several threads: the position is therefore
    each thread's own. With a shared one, a thread would now and then get the bytes that another had asked for.
    """

    def __init__(self, ranges: Ranges, file: _StoredFile | _LocalFile) -> None:
        self._ranges = ranges
        self._file = file
        self._own = threading.local()
        try:
            self._opened = file.open()
        except (DpqError, OSError) as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> OSError:
        """Return the error that DuckDB passes on; the text of a client may quote credentials."""
        self._ranges.failure = f"{self._file.name!r} broke off: {self._file.told(error)}."
        return OSError(self._ranges.failure)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._own.position = offset
        return offset

    def tell(self) -> int:
        return getattr(self._own, "position", 0)

    def read(self, length: int) -> bytes:
        start = self.tell()
        end = max(start, min(start + length, self._file.size))  # some readers look beyond the end
        try:
            content = self._opened.read(start, end) if end > start else b""
        except Exception as error:  # noqa: BLE001 - whatever a client raises
            raise self._broken(error) from None
        if len(content) != end - start:
            self._ranges.failure = f"{self._file.name!r} gave {len(content)} bytes of {end - start}: it has changed."
            raise OSError(self._ranges.failure)
        self._own.position = end
        return content

    def close(self) -> None:
        self._opened.close()


def address(scan: Scan, file: Stored | PlainFile) -> str:
    """Return the name by which DuckDB reads a file: one below a root, or in a store, through our file system."""
    if isinstance(file, PlainFile) and file.root is None:
        found = re.sub(r"([*?\[])", r"[\1]", str(file.path))  # DuckDB reads every path as a pattern
    else:
        ranges = scan.files if isinstance(scan.files, Ranges) else Ranges()
        if scan.files is None:
            scan.files = ranges
            scan.connection.register_filesystem(ranges)
        found = ranges.add(file)
    if isinstance(file, PlainFile):
        scan.named[found] = scan.named[str(file.path)] = file.name
    return found


def give(scan: Scan, files: Sequence[Stored], *, in_place: bool) -> list[Stored | PlainFile]:
    """Return what DuckDB reads of files of object storage.

    Args:
        scan: DuckDB.
        files: The files.
        in_place: Whether DuckDB reads only the ranges that it needs; else, and where a file's size is not known, the
            file is copied into the scan's directory first.

    Raises:
        SourceError: A file cannot be copied.
    """
    return [file if in_place and _ranged(file) else _copied(scan, file) for file in files]


def _ranged(file: Stored) -> bool:
    return file.size is not None and not file.place.path.lower().endswith(".zip")


def _copied(scan: Scan, file: Stored) -> PlainFile:
    place = file.place
    target = scan.fresh_directory() / f"file{''.join(PurePosixPath(str(place)).suffixes)[-50:]}"
    with reaching(place, place.fs):
        place.fs.get_file(place.path, str(target))
    if file.size is not None and target.stat().st_size < file.size:
        message = f"{str(place)!r} broke off after {target.stat().st_size} bytes of {file.size}."
        raise SourceError("storage_unreachable", message, hint="Check the connection.", quotes_data=False)
    return PlainFile(str(place), target)
