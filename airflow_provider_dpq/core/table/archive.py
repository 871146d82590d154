"""Archives: gzip files and the members of zip files, unpacked into plain files and verified.

Every checksum and length is verified before the first row is read. An archive that is damaged, protected by a password
or larger than the limit is an error.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from airflow_provider_dpq.core.errors import MeasurementError, SourceError
from airflow_provider_dpq.core.table.disk import PlainFile, is_marker

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.scan import Scan, Unpacking

_CHUNK: Final = 1 << 20
_GZIP: Final = 31
"""zlib's ``wbits`` for gzip: it reads the header, and verifies the checksum and length at the end."""

MOST_MEMBERS: Final = 10_000
"""Most members of a zip archive."""


_SHOWN: Final = 5
_NESTED: Final = (".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".zst", ".lz4", ".z")
_DOCUMENTS: Final = (
    "readme",
    "license",
    "licence",
    "copying",
    "changelog",
    "changes",
    "notice",
    "contents",
    "manifest",
)
_OTHER_FORMATS: Final = (
    *(".xml", ".html", ".htm", ".xlsx", ".xls", ".ods", ".docx", ".doc", ".pdf", ".png", ".jpg", ".jpeg", ".svg"),
    *(".md", ".sql", ".py", ".yaml", ".yml", ".toml", ".exe", ".db", ".sqlite", ".avro", ".orc"),
)
"""Endings of files that are no text with rows, also where they are alone in an archive."""


def unpacked(scan: Scan, file: PlainFile, kind: str, format_of: Callable[[str], str | None]) -> list[PlainFile]:
    """Return a plain file as it is, and the unpacked members of an archive.

    Args:
        scan: The scan in whose directory archives are unpacked.
        file: The file; the ending of its name says whether it is an archive.
        kind: The format that the file's name tells, for the reason of an error.
        format_of: Returns the format that a member's name tells; None for an unknown ending.

    Raises:
        SourceError: ``unreadable_...``: the archive is damaged, or cannot be read; ``no_table``; or
            ``archive_too_large``, ``too_many_members``.
    """
    ending = file.path.suffix.lower()
    if ending == ".gz":
        return [_gunzipped(scan, file, kind)]
    return _unzipped(scan, file, kind, format_of) if ending == ".zip" else [file]


_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, MemoryError, RuntimeError, ValueError)


@contextmanager
def _damage(file: PlainFile, kind: str) -> Iterator[None]:
    """Turn errors of the decoders into a `SourceError`."""
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        what = "zip archive" if file.path.suffix.lower() == ".zip" else "gzip file"
        message = f"{file.name!r} cannot be read as a {what}: {error}."
        hint = "It may be damaged or incomplete. Pack or transfer it again."
        raise SourceError(f"unreadable_{kind}", message, hint=hint, quotes_data=False) from error


def _written(chunks: Iterator[bytes], target: Path, name: str, unpacking: Unpacking) -> int:
    """Write chunks to a file, and return their number of bytes.

    Raises:
        MeasurementError: ``read_failed``: there is no room.
    """
    size = 0
    try:
        stream = target.open("xb")
    except OSError as error:
        raise _no_room(name, error) from error
    with stream:
        for chunk in chunks:
            unpacking.count(len(chunk), name)
            size += len(chunk)
            try:
                stream.write(chunk)
            except OSError as error:
                raise _no_room(name, error) from error
    return size


def _no_room(name: str, error: OSError) -> MeasurementError:
    message = f"{name!r} cannot be unpacked into the temporary folder: {error.strerror}."
    return MeasurementError(
        "read_failed", message, hint="Make room, or set TMPDIR to a larger disk.", quotes_data=False
    )


def _gunzipped(scan: Scan, file: PlainFile, kind: str) -> PlainFile:
    target = scan.fresh_directory() / "data"
    with file.open() as stream, _damage(file, kind):
        scan.unpacking.begin(_size(stream))
        _written(_inflated(stream), target, file.name, scan.unpacking)
    return PlainFile(file.name, target)


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the unpacked bytes of a gzip file, member after member; zeros may follow the last, as tapes leave them.

    Raises:
        EOFError: The file ends too early.
        zlib.error: A member's header, checksum or length is wrong, or other bytes follow the last member.
    """
    packed = stream.read(_CHUNK)
    while True:
        decoder = zlib.decompressobj(_GZIP)
        while not decoder.eof:
            packed = packed or stream.read(_CHUNK)
            chunk = decoder.decompress(packed, _CHUNK)
            if not packed and not chunk and not decoder.eof:
                message = "it ends too early"
                raise EOFError(message)
            packed = decoder.unconsumed_tail
            yield chunk
        packed = decoder.unused_data or stream.read(_CHUNK)
        while packed and not packed.strip(b"\0"):
            packed = stream.read(_CHUNK)
        if not packed:
            return


def _unzipped(scan: Scan, file: PlainFile, kind: str, format_of: Callable[[str], str | None]) -> list[PlainFile]:
    files = []
    with file.open() as stream, _damage(file, kind):
        scan.unpacking.begin(_size(stream))
        noted = _require_few(stream, file.name)
        with zipfile.ZipFile(stream) as archive:
            if noted != len(archive.infolist()):
                message = f"it has {len(archive.infolist())} members, and states {noted}"
                raise zipfile.BadZipFile(message)
            members = _tables(archive.infolist(), file, kind, format_of)
            chosen = set(map(id, members))
            left = [info for info in archive.infolist() if id(info) not in chosen]
            for info in left:
                archive.open(info).close()  # fails where the name in its header is not the one in the directory
            names = [info.filename for info in left if not info.is_dir()]
            if names:
                scan.notes.append(f"{_listed(names)} in {file.name!r}: no table")
            for info in members:
                _require_open(info)
                name = f"{file.name}: {info.filename}"
                target = scan.fresh_directory() / f"data{PurePosixPath(info.filename).suffix.lower()[:10]}"
                size = _written(_member(archive, info), target, name, scan.unpacking)
                if size != info.file_size:
                    message = f"{info.filename!r} has {size} bytes, and states {info.file_size}"
                    raise zipfile.BadZipFile(message)
                files.append(PlainFile(name, target))
    # A member may be a gzip file itself. Nothing is unpacked a third time.
    return [_gunzipped(scan, one, kind) if one.path.suffix == ".gz" else one for one in files]


def _require_few(stream: BinaryIO, name: str) -> int:
    """Return the number of members that a zip file states; too many are refused before its directory is in memory.

    Raises:
        SourceError: ``too_many_members``.
        BadZipFile: It has no directory, or one that is too large for its members.
    """
    end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
    stream.seek(0)
    if end is None:
        message = "it has no directory of its members"
        raise zipfile.BadZipFile(message)
    if end[4] > MOST_MEMBERS:
        message = f"{name!r} has {end[4]:,} members; the limit is {MOST_MEMBERS:,}."
        raise SourceError(
            "too_many_members", message, hint="Unpack it, or put the rows into fewer files.", quotes_data=False
        )
    if end[5] > MOST_MEMBERS * 1024:
        message = f"its directory of {end[4]:,} members takes {end[5]:,} bytes"
        raise zipfile.BadZipFile(message)
    return int(end[4])


def _require_open(info: zipfile.ZipInfo) -> None:
    """Refuse a member that is protected by a password.

    Raises:
        BadZipFile: It is.
    """
    if info.flag_bits & 0x1:
        message = f"its member {info.filename!r} is protected by a password"
        raise zipfile.BadZipFile(message)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's bytes; its checksum is verified at its end."""
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:  # bzip2's decoder
        raise zipfile.BadZipFile(str(error)) from error


def _tables(
    members: Sequence[zipfile.ZipInfo], file: PlainFile, kind: str, format_of: Callable[[str], str | None]
) -> list[zipfile.ZipInfo]:
    """Return the members that are tables, in the order of their names.

    They are told by their endings. Files ending in ``.txt`` count only where there is no other table; a file of another
    ending only where it is the only one.

    Raises:
        SourceError: ``no_table``; or ``unreadable_...``: two members have one name, or one is an archive itself.
    """
    present = [info for info in members if not info.is_dir() and not is_marker(info.filename, format_of)]
    names = Counter(info.filename for info in present)
    for name, count in names.items():
        if count > 1:
            message = f"{file.name!r} has several members named {name!r}."
            raise SourceError(f"unreadable_{kind}", message, hint="Pack each file once.", quotes_data=False)
        if name.lower().endswith(_NESTED):
            message = f"{file.name!r} contains the archive {name!r}; archives in archives are not read."
            raise SourceError(f"unreadable_{kind}", message, hint="Unpack it first.", quotes_data=False)
    ended = [info for info in present if format_of(info.filename) is not None]
    named = [info for info in ended if not _is_text(info)]
    named = named or [info for info in present if not _is_document(info) and (info in ended or len(present) == 1)]
    if format_of(file.name) is not None:
        named = [info for info in named if format_of(info.filename) == kind] or named
    if not named:
        message = f"{file.name!r} contains no table. It contains {_listed(list(names)) or 'no file'}."
        hint = "Give the file of a table an ending such as .csv."
        raise SourceError("no_table", message, hint=hint, quotes_data=False)
    return sorted(named, key=lambda info: info.filename)


def _is_text(info: zipfile.ZipInfo) -> bool:
    return info.filename.lower().endswith((".txt", ".txt.gz"))


def _is_document(info: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(info.filename).name.lower()
    return name.split(".")[0] in _DOCUMENTS or name.endswith(_OTHER_FORMATS)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
