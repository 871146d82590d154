"""Who may read the files that hold values of the data: stores, rows set apart, and reports.

Only the user who writes them, unless ``DPQ_FILE_MODE`` says otherwise. A file that exists keeps its mode.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError

FILE_MODE: Final = "DPQ_FILE_MODE"
"""Environment variable of the mode that new files have, in octal digits: ``640``."""

_PRIVATE: Final = 0o600


def file_mode() -> int:
    """Return the mode of a new file, independent of the umask of the process.

    Raises:
        DeclarationError: ``invalid_option``: the variable is no mode, or not even the owner could read and write.
    """
    text = os.environ.get(FILE_MODE, "")
    if not text:
        return _PRIVATE
    try:
        mode = int(text, 8)
    except ValueError:
        mode = 0
    if mode & _PRIVATE != _PRIVATE or mode > 0o777:
        message = f"{FILE_MODE} is {text!r}."
        raise DeclarationError(
            "invalid_option", message, hint="Write octal digits, the first of them 6 or 7, such as 640."
        )
    return mode


def folder_mode() -> int:
    """Return the mode of a new folder: whoever may read its files may list it.

    Raises:
        DeclarationError: ``invalid_option``.
    """
    mode = file_mode()
    return mode | (mode & 0o444) >> 2


def usual_mode() -> int:
    """Return the mode that the umask of the process gives a new file, for files that hold no values."""
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask


def mode_kept(path: str | Path, folder: int | None = None, *, new: Callable[[], int] = file_mode) -> int:
    """Return the mode for a file that replaces another: the mode of that file, or else of a new one.

    Args:
        path: The file.
        folder: Descriptor of the folder that a relative path is in.
        new: Returns the mode of a new file.

    Raises:
        DeclarationError: ``invalid_option``.
    """
    try:
        return stat.S_IMODE(os.stat(path, dir_fd=folder).st_mode) & 0o777
    except OSError:
        return new()


def make_folder(folder: Path) -> None:
    """Make a folder, and its parents if they are missing.

    Raises:
        OSError: One of them cannot be made.
        DeclarationError: ``invalid_option``.
    """
    missing = [folder, *folder.parents]
    for one in reversed([path for path in missing if not path.exists()]):
        one.mkdir(mode=folder_mode(), exist_ok=True)
    if not folder.is_dir():
        folder.mkdir()


def make_file(path: Path) -> None:
    """Make an empty file if there is none.

    Raises:
        OSError: It cannot be made.
        DeclarationError: ``invalid_option``.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb"):
        os.fchmod(descriptor, file_mode())
