"""Files on this machine's disk: which ones a path or glob names, opened exactly as they were found."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from airflow_provider_dpq.core.errors import MeasurementError, SourceError
from airflow_provider_dpq.core.permission import folder_mode, make_folder
from airflow_provider_dpq.core.table.address import outside_root, root_folder
from airflow_provider_dpq.core.table.place import require_below

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.scan import Scan


_BEGINNING: Final = 65_536
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOWHERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that is read unchanged.

    Attributes:
        name: Its name for people: its path, or that of its archive and the member's name.
        path: Where it is; only `open` may open it.
        root: Directory that it must be in when it is opened; None for any.
    """

    name: str
    path: Path
    root: str | Path | None = None

    def open(self) -> BinaryIO:
        """Open it for reading; raises what `open_file` raises."""
        return open_file(self.path, self.root)

    def copied(self, scan: Scan) -> PlainFile:
        """Return a copy in the scan's directory of a file below a root, and any other file unchanged.

        DuckDB reads text by positions of its own, which it does not find in a file that it does not open itself.

        Raises:
            MeasurementError: ``read_failed``: there is no room.
        """
        if self.root is None:
            return self
        target = scan.fresh_directory() / "data"
        try:
            with self.open() as stream, target.open("xb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except OSError as error:
            message = f"{self.name!r} cannot be copied into the temporary folder: {error.strerror}."
            hint = "Make room, or set TMPDIR to a larger disk."
            raise MeasurementError("read_failed", message, hint=hint, quotes_data=False) from error
        return PlainFile(self.name, target)

    def is_blank(self) -> bool:
        """Whether it holds nothing but a byte-order mark and whitespace; raises what `open_file` raises."""
        with self.open() as stream:
            first = stream.read(_BEGINNING)
            content = first[2:] if first[:2] in (b"\xff\xfe", b"\xfe\xff") else first.removeprefix(b"\xef\xbb\xbf")
            while content and not content.strip(b" \t\r\n\0"):
                content = stream.read(_BEGINNING)
        return not content


def with_rows(scan: Scan, files: Sequence[PlainFile], *, alone: bool) -> list[PlainFile]:
    """Return the files of a table that are not empty; the empty ones are noted.

    Args:
        scan: What reads them.
        files: The files.
        alone: Whether they are all files of the table.

    Raises:
        SourceError: ``empty_file``: all files of the table are empty.
    """
    empty = [file for file in files if file.is_blank()]
    if alone and len(empty) == len(files):
        more = f" and {len(empty) - 1} more are" if len(empty) > 1 else " is"
        message = f"{files[0].name!r}{more} empty: nothing is written there, not even the names of columns."
        raise SourceError("empty_file", message, hint="Is it written already?", quotes_data=False)
    scan.notes.extend(f"{file.name!r}: empty" for file in empty)
    return [file for file in files if file not in empty]


def open_file(path: Path, root: str | Path | None) -> BinaryIO:
    """Open a file for reading, and look once more at what was opened: a link may have changed since it was checked.

    Args:
        path: The file.
        root: Directory that it must lie in; None for any.

    Raises:
        DeclarationError: ``outside_root``.
        SourceError: ``missing_file``, ``access_denied`` or ``not_a_file``.
    """
    with disk_errors(path):
        # Opening a pipe without a writer would block, and a terminal would become this process's own.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        require_regular(path, os.fstat(descriptor))
        folder = root_folder(root)
        if root is not None and (folder is None or not _opened(descriptor).is_relative_to(folder)):
            raise outside_root(path, root)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def open_folder(folder: Path, root: str | Path | None) -> int:
    """Open a folder to write in, make it if it is missing, and return its descriptor.

    Args:
        folder: The folder.
        root: Directory that it must be in, even if links change in the meantime; None for any.

    Raises:
        DeclarationError: ``outside_root``.
        OSError: It cannot be made or opened.
    """
    if root is None:
        make_folder(folder)
        return os.open(folder, _FOLDER)
    base, below = root_folder(root), folder.resolve()
    if base is None or not below.is_relative_to(base):
        raise outside_root(folder, root)
    descriptor = os.open(base, _FOLDER)
    for part in below.relative_to(base).parts:
        try:
            with suppress(FileExistsError):
                os.mkdir(part, folder_mode(), dir_fd=descriptor)
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _opened(descriptor: int) -> Path:
    """Return the path of an opened file, as the kernel knows it."""
    return Path(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - resolves nothing


def require_regular(path: Path, found: os.stat_result) -> None:
    """Refuse anything but a regular file.

    Raises:
        SourceError: ``missing_file``: a directory; or ``not_a_file``: a pipe, a socket or a device.
    """
    if stat.S_ISDIR(found.st_mode):
        message = f"The file {str(path)!r} is a directory."
        raise SourceError("missing_file", message, hint="Give the path of a file, or a glob.", quotes_data=False)
    if not stat.S_ISREG(found.st_mode):
        message = f"{str(path)!r} is a pipe, a socket or a device, not a file."
        raise SourceError("not_a_file", message, hint="Write the data to a file, and check that.", quotes_data=False)


@contextmanager
def disk_errors(path: Path | str) -> Iterator[None]:
    """Raise the error that an error of the operating system about a path amounts to.

    Raises:
        SourceError: ``missing_file``, ``access_denied`` or ``read_failed``.
    """
    name = repr(str(path))
    try:
        yield
    except PermissionError as error:
        message = f"{name} may not be read: {error.strerror}."
        raise SourceError(
            "access_denied", message, hint="Check the rights of the file and its folders.", quotes_data=False
        ) from error
    except OSError as error:
        if error.errno not in _NOWHERE:
            message = f"{name} cannot be opened: {error.strerror}."
            raise SourceError("read_failed", message, hint="Check the disk.", quotes_data=False) from error
        message = f"The file {name} does not exist: {error.strerror}."
        raise SourceError(
            "missing_file", message, hint="Give the path of a file, or a glob.", quotes_data=False
        ) from error
    except (ValueError, RuntimeError) as error:  # NUL, a name that the file system cannot encode, links in a circle
        message = f"The file {name} does not exist: {error}."
        raise SourceError(
            "missing_file", message, hint="Give the path of a file, or a glob.", quotes_data=False
        ) from error


def find_files(pattern: str | Path, root: str | Path | None) -> list[Path]:
    """Return the files that a path or glob names, in order.

    Raises:
        DeclarationError: ``outside_root``.
        SourceError: ``missing_file``, ``empty_glob``, ``access_denied`` or ``not_a_file``.
    """
    text = str(pattern)
    with disk_errors(text):
        os.fsencode(text)
        if "\0" in text:
            message = "no path holds the character NUL"
            raise ValueError(message)
        is_glob = glob.has_magic(text) and not os.path.lexists(text)
        require_below(_fixed(text) if is_glob else Path(text), root)
        names = sorted(glob.glob(text, recursive=True)) if is_glob else [text]  # noqa: PTH207 - absolute patterns too
    found = [Path(name) for name in names]
    for path in found:
        with disk_errors(path):
            require_below(path, root)
    files = [path for path in found if _is_file(path, is_glob)]
    if not files:
        raise SourceError(
            "empty_glob", f"No file matches {text!r}.", hint="Check the pattern and the directory.", quotes_data=False
        )
    return files


def _fixed(pattern: str) -> Path:
    """Return the folder that all matches of a pattern are in."""
    parts = Path(pattern).parts
    count = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:count])


def _is_file(path: Path, is_glob: bool) -> bool:
    """Whether a path is a file; directories among the matches of a pattern are left out."""
    with disk_errors(path):
        found = path.stat()
    if is_glob and stat.S_ISDIR(found.st_mode):
        return False
    require_regular(path, found)
    return True


def is_marker(name: str, format_of: Callable[[str], str | None]) -> bool:
    """Whether a file is one that systems leave beside tables: ``_SUCCESS``, ``.DS_Store``, ``__MACOSX/``."""
    parts = [part for part in PurePosixPath(name).parts if part not in (".", "..")]
    base = parts[-1] if parts else ""
    if "__MACOSX" in parts or base.startswith("._") or base.endswith(".crc"):
        return True
    return base.startswith((".", "_")) and format_of(base) is None
