"""Places in object storage: a file system of fsspec, and a path or glob in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, SourceError
from airflow_provider_dpq.core.table.address import (
    is_below_url,
    is_url,
    outside_root,
    require_address,
    root_folder,
    without_secrets,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SHORTEST_SECRET: Final = 4
_STATES: Final = (
    *("ETag", "etag", "md5Hash", "content_md5", "generation", "VersionId", "version_id"),
    *("LastModified", "last_modified", "mtime", "modified", "updated", "created"),
)
"""What file systems call a file's hash, its version and its times."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one or more files lie.

    Attributes:
        fs: The file system, which holds the credentials.
        path: Path or glob, as the file system writes it.
    """

    fs: AbstractFileSystem
    path: str

    def __str__(self) -> str:
        """Return the place as a URL without any secret: no user, no password, no signature."""
        return without_secrets(str(self.fs.unstrip_protocol(self.path)))


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in a file system of fsspec.

    Attributes:
        place: Where it is.
        size: Its size in bytes; None where the file system does not know.
        state: What tells its content from another: its hash, version and times of change; empty where unknown.
    """

    place: Place
    size: int | None
    state: str = ""


def is_place(data: object) -> bool:
    """Whether something names a place: a URL, or a path that carries its file system, as Airflow's and UPath do."""
    return is_url(data) or isinstance(data, Place) or all(hasattr(data, name) for name in ("fs", "path", "protocol"))


def locate(data: Any, root: str | Path | None = None) -> Place | Path:
    """Return the place that a URL or a path object names; what lies on this machine's disk is a plain path.

    Args:
        data: What `is_place` holds for.
        root: Folder or URL of a place that it must lie in, which is decided before a file system is made: making one
            may connect. None for any.

    Raises:
        DeclarationError: ``outside_root``; or ``missing_filesystem``: no implementation for the protocol is installed.
        SourceError: ``storage_unreachable``: the file system cannot be made.
    """
    if isinstance(data, Place):
        return data
    require_address(data, root)
    place = _of_url(data) if isinstance(data, str) else _of_path(data)
    protocols = place.fs.protocol
    return Path(place.path) if "file" in ((protocols,) if isinstance(protocols, str) else protocols) else place


def _of_url(url: str) -> Place:
    from fsspec import get_filesystem_class

    protocol = url.partition("://")[0].lower()
    try:
        kind = get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise _not_installed(protocol, error) from error
    with reaching(without_secrets(url)):
        return Place(kind(**kind._get_kwargs_from_urls(url)), str(kind._strip_protocol(url)))


def _of_path(path: Any) -> Place:
    try:
        with reaching(without_secrets(str(path)), passing=(ImportError, ValueError)):
            return Place(path.fs, str(path.path))
    except (ImportError, ValueError) as error:
        raise _not_installed(str(path.protocol), error) from error


def _not_installed(protocol: str, error: Exception) -> DeclarationError:
    message = f"There is no file system for {protocol}://: {error}."
    hint = "Install the package of fsspec for it, such as s3fs, gcsfs or adlfs; for Airflow's own paths, its provider."
    return DeclarationError("missing_filesystem", message, hint=hint)


@contextmanager
def reaching(
    name: object, fs: AbstractFileSystem | None = None, *, passing: tuple[type[Exception], ...] = (DpqError,)
) -> Iterator[None]:
    """Turn whatever a file system raises into an error of ours, without the credentials that it may quote.

    Args:
        name: What is read, for people.
        fs: The file system, whose options are kept out of the message.
        passing: What is let through.

    Raises:
        SourceError: ``missing_file``, ``access_denied`` or ``storage_unreachable``.
    """
    try:
        yield
    except passing:
        raise
    # Each implementation raises its client's own exceptions, and their texts may quote what must not be logged:
    # the chain ends here.
    except FileNotFoundError as error:
        if isinstance(error.__cause__, DpqError):  # of a redirect that was refused
            raise error.__cause__ from None
        raise _not_found(name, error.__cause__, fs) from None
    except PermissionError as error:
        message = f"{str(name)!r} may not be read: {told(error, fs)}."
        hint = "Check the credentials; some stores say so of a file that does not exist."
        raise SourceError("access_denied", message, hint=hint) from None
    except Exception as error:  # noqa: BLE001
        message = f"{str(name)!r} cannot be reached: {told(error, fs)}."
        raise SourceError("storage_unreachable", message, hint="Check the address and the credentials.") from None


def _not_found(name: object, cause: BaseException | None, fs: AbstractFileSystem | None) -> SourceError:
    """Return why a file was not found: fsspec says so of whatever a server of HTTP answered, or did not."""
    status = getattr(cause, "status", None)
    if status in (401, 403, 407):
        message = f"{str(name)!r} may not be read: the server answered with status {status}."
        return SourceError("access_denied", message, hint="Check the credentials.", quotes_data=False)
    if isinstance(status, int) and status not in (404, 410):
        message = f"{str(name)!r} cannot be read: the server answered with status {status}."
        return SourceError("storage_unreachable", message, hint="Try again, or ask who runs it.", quotes_data=False)
    if isinstance(cause, (OSError, TimeoutError)) and not isinstance(cause, FileNotFoundError):
        message = f"{str(name)!r} cannot be reached: {told(cause, fs)}."
        return SourceError("storage_unreachable", message, hint="Check the address, and that the server runs.")
    message = f"{str(name)!r} does not exist."
    return SourceError("missing_file", message, hint="Give the path of a file, or a glob.", quotes_data=False)


def told(error: BaseException, fs: AbstractFileSystem | None = None) -> str:
    """Return what an exception of a file system says in one line, without any of the file system's options."""
    text = next(iter(str(error).splitlines()), "")[:300]
    for secret in _texts(getattr(fs, "storage_options", None) or {}):
        text = text.replace(secret, "***")
    text = without_secrets(text).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _texts(options: Any) -> Iterator[str]:
    if isinstance(options, str) and len(options) >= _SHORTEST_SECRET:
        yield options
    elif isinstance(options, (Mapping, list, tuple)):
        for item in options.values() if isinstance(options, Mapping) else options:
            yield from _texts(item)


def find_stored(place: Place, root: str | Path | None) -> list[Stored]:
    """Return the files that a path or glob names, in order.

    Raises:
        DeclarationError: ``outside_root``.
        SourceError: ``missing_file``, ``empty_glob``, ``access_denied`` or ``storage_unreachable``.
    """
    require_below(place, root)
    place = _held(place, root)
    with reaching(place, place.fs):
        if any(sign in place.path for sign in "*?[") and not place.fs.isfile(place.path):
            found = place.fs.glob(place.path, detail=True)
        else:
            found = {place.path: place.fs.info(place.path)}
    # A store without folders marks one by an empty object whose name ends with a slash.
    files = {path: info for path, info in found.items() if info["type"] != "directory" and not path.endswith("/")}
    if not files and found and place.path in found:
        message = f"{str(place)!r} is a directory."
        raise SourceError("missing_file", message, hint="Give the path of a file, or a glob.", quotes_data=False)
    if not files:
        raise SourceError(
            "empty_glob",
            f"No file matches {str(place)!r}.",
            hint="Check the pattern and the folder.",
            quotes_data=False,
        )
    found_below = [_stored(Place(place.fs, path), info) for path, info in sorted(files.items())]
    for file in found_below:  # the links in a page of a server may lead anywhere
        require_below(file.place, root)
    return found_below


def _held(place: Place, root: str | Path | None) -> Place:
    """Return a place whose file system follows no redirect out of the root."""
    if root is None or place.fs.protocol != ("http", "https"):
        return place
    options = {**place.fs.storage_options, "get_client": partial(_client, place.fs.get_client, str(root))}
    return Place(type(place.fs)(*place.fs.storage_args, **options), place.path)


async def _client(get_client: Any, root: str, **options: Any) -> Any:
    """Return a client that asks of each redirect whether it stays below the root."""
    import aiohttp
    from yarl import URL

    async def follow(_session: Any, _context: Any, found: Any) -> None:
        headers = found.response.headers
        require_address(str(found.url.join(URL(headers.get("Location") or headers.get("URI") or ""))), root)

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(follow)
    return await get_client(**{**options, "trace_configs": [*options.get("trace_configs", ()), trace]})


def _stored(place: Place, info: Mapping[str, Any]) -> Stored:
    return Stored(place, info.get("size"), ", ".join(str(info[name]) for name in _STATES if info.get(name)))


def require_below(place: Place | Path, root: str | Path | None) -> None:
    """Refuse a place outside of the allowed root. A folder allows files, the URL of a place what lies below it.

    Raises:
        DeclarationError: ``outside_root``.
    """
    if root is None:
        return
    folder = root_folder(root)
    if isinstance(place, Path):
        inside = folder is not None and place.resolve().is_relative_to(folder)
    else:
        inside = folder is None and is_below_url(place.fs, place.path, str(root))
    if not inside:
        raise outside_root(place, root)


def read_text(place: Place) -> str:
    """Return the text of a small file.

    Raises:
        SourceError: It is missing or cannot be read.
        UnicodeDecodeError: It is not in UTF-8.
    """
    with reaching(place, place.fs):
        content = place.fs.cat_file(place.path)
    return bytes(content).decode()
