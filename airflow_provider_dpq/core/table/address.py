"""Addresses of data, and whether they lie below the allowed root: decided on their text, before anything is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from airflow_provider_dpq.core.errors import DeclarationError

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER: Final = re.compile(r"//[^/\s]*@")
_QUERY: Final = re.compile(r"(https?://[^\s?]*)\?\S*")
_LOCAL: Final = frozenset({"file", "local"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_STORE: Final = ("host", "port", "org", "repo", "sha")
"""Options that say which store a file system speaks to."""
_DEFAULT_PORTS: Final = {"http": "80", "https": "443", "ftp": "21", "sftp": "22"}
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]*))?")
"""A host, which of IPv6 stands in brackets and has colons, and the port after it."""


def is_url(path: object) -> bool:
    """Whether something is the URL of a place, such as ``s3://bucket/key``."""
    return isinstance(path, str) and _URL.match(path) is not None


def without_secrets(text: str) -> str:
    """Return a URL, or a text with URLs in it, without users, passwords and signatures."""
    return _QUERY.sub(r"\1", _USER.sub("//", text))


def outside_root(place: object, root: str | Path) -> DeclarationError:
    """Return the error of a place outside of the allowed root."""
    message = (
        f"The path {without_secrets(str(place))!r} lies outside of the allowed root {without_secrets(str(root))!r}."
    )
    return DeclarationError("outside_root", message, hint="Move the data below it, or change the allowed root.")


def root_folder(root: str | Path | None) -> Path | None:
    """Return the folder that a root is, with its links followed; None where it is none, or the URL of a place."""
    if root is None:
        return None
    if not is_url(root):
        return Path(root).resolve()
    if _protocol(str(root)) not in _LOCAL:
        return None
    from fsspec.implementations.local import LocalFileSystem

    return Path(LocalFileSystem._strip_protocol(str(root))).resolve()


def require_address(data: Any, root: str | Path | None) -> None:
    """Refuse a URL, or a path that carries its file system, by its protocol and address, before that is made.

    Raises:
        DeclarationError: ``outside_root``.
    """
    if root is None:
        return
    text = data if isinstance(data, str) else str(data)
    spoken = getattr(data, "protocol", "")
    protocol = _protocol(text) if is_url(text) else str(spoken if isinstance(spoken, str) else spoken[0])
    if root_folder(root) is not None:
        allowed = protocol in _LOCAL | {""}
    else:
        allowed = protocol == _protocol(str(root)) and (not is_url(text) or _is_below(text, str(root)))
    if not allowed:
        raise outside_root(text, root)


def is_below_url(fs: Any, path: str, root: str) -> bool:
    """Whether a path of a file system lies below a root that is a URL: of its protocol, its store, and its folder."""
    protocols = fs.protocol
    if _protocol(root) not in ((protocols,) if isinstance(protocols, str) else protocols):
        return False
    # Where the store is no part of the path, it is one of the file system's options.
    named, options = fs._get_kwargs_from_urls(root), fs.storage_options
    if any(_folded(options.get(name)) != _folded(named[name]) for name in _STORE if name in named):
        return False
    folder = str(fs._strip_protocol(root))
    if is_url(path):
        return _is_below(path, root)
    return not _climbs(path) and path.startswith(folder.rstrip("/") + "/")


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _protocol(url: str) -> str:
    return url.partition("://")[0].casefold()


def _is_below(url: str, root: str) -> bool:
    """Whether a URL lies below another, however a server may read it."""
    try:
        given, allowed = urlsplit(url), urlsplit(root)
    except ValueError:  # a bracket of IPv6 that is not closed
        return False
    if _CONTROL.search(url) or _climbs(url.partition("://")[2]):
        return False
    if _protocol(url) != _protocol(root) or (allowed.netloc and _store(given) != _store(allowed)):
        return False
    return given.path.startswith(allowed.path.rstrip("/") + "/")


def _store(parts: Any) -> tuple[str, str]:
    """Return host and port, or a bucket, without the user before it."""
    found = _AUTHORITY.fullmatch(parts.netloc.rpartition("@")[2])
    host, port = (parts.netloc, "") if found is None else (found["host"], found["port"] or "")
    return host.casefold(), port.lstrip("0") or _DEFAULT_PORTS.get(parts.scheme, "")


def _climbs(path: str) -> bool:
    """Whether a path has a way up in it, in any spelling that some server decodes."""
    while (decoded := unquote(path)) != path:
        path = decoded
    parts = re.split(r"[/\\]", path)
    return (
        "\\" in path or _CONTROL.search(path) is not None or any(part.split(";")[0].strip() == ".." for part in parts)
    )
