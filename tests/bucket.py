"""An object store for tests: a real server on loopback, and the file system of fsspec that reads it."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import fsspec
from fsspec import AbstractFileSystem
from upath import UPath
from upath.registry import register_implementation

SECRET = "s3cr3t-of-the-bucket"


class Bucket(ThreadingHTTPServer):
    """A store that counts what it sends, asks for a password, and breaks off when told to.

    Attributes:
        objects: What it holds, by key.
        sent: Bytes sent of objects.
        requests: Requests for objects.
        breaks_after: Requests for objects after which each one breaks off; None for never.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.sent = 0
        self.requests = 0
        self.breaks_after: int | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what a client that went away leaves behind out of the test's output."""


class _Handler(BaseHTTPRequestHandler):
    server: Bucket

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        if self.headers["X-Secret"] != SECRET:
            self.send_error(403, f"no entry with {self.headers['X-Secret']}")
            return
        key = unquote(self.path.lstrip("/"))
        if not key:
            listing = {
                name: {"size": len(content), "ETag": hashlib.sha256(content).hexdigest()}
                for name, content in self.server.objects.items()
            }
            self._send(json.dumps(listing).encode())
        elif key not in self.server.objects:
            self.send_error(404)
        else:
            start, end = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            self._send_object(self.server.objects[key][start : end + 1])

    def _send_object(self, content: bytes) -> None:
        self.server.requests += 1
        broken = self.server.breaks_after is not None and self.server.requests > self.server.breaks_after
        self._send(content, only=len(content) // 2 if broken else None)
        self.server.sent += len(content)

    def _send(self, content: bytes, only: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:only])


class BucketFileSystem(AbstractFileSystem):
    """The client of a `Bucket`: ``bucket://key``, with the port and the secret as options."""

    protocol = "bucket"
    cachable = False
    port: ClassVar[int] = 0
    """Port of the server where none is given, as other clients take it from their environment."""

    def __init__(self, port: int | None = None, secret: str = SECRET) -> None:
        super().__init__(port=port, secret=secret)
        self._port, self._secret = port or BucketFileSystem.port, secret

    def _get(self, key: str, **headers: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", "/" + quote(key), headers={"X-Secret": self._secret, **headers})
            with connection.getresponse() as response:
                if response.status == 404:
                    raise FileNotFoundError(key)
                if response.status == 403:
                    raise PermissionError(response.reason)
                return response.read()
        finally:
            connection.close()

    def _listed(self) -> dict[str, dict[str, Any]]:
        listed: dict[str, dict[str, Any]] = json.loads(self._get(""))
        return listed

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """List a folder."""
        folder = self._strip_protocol(path).strip("/")
        prefix = folder + "/" if folder else ""
        entries: dict[str, dict[str, Any]] = {}
        for key, told in self._listed().items():
            name, below, _rest = key.removeprefix(prefix).partition("/")
            if key.startswith(prefix):
                kind = {"size": 0, "type": "directory"} if below else {**told, "type": "file"}
                entries[prefix + name] = {"name": prefix + name, **kind}
        if not entries:
            raise FileNotFoundError(path)
        return list(entries.values()) if detail else list(entries)

    def created(self, path: str) -> datetime:
        """Return a time."""
        return datetime(2024, 1, 1, tzinfo=UTC)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Return a range of an object."""
        first, last = start or 0, end or self.info(path)["size"]
        return self._get(self._strip_protocol(path), Range=f"bytes={first}-{last - 1}")

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        return _BucketFile(self, self._strip_protocol(path), mode, **options)


class _BucketFile(fsspec.spec.AbstractBufferedFile):  # type: ignore[misc]
    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = self.fs.cat_file(self.path, start, end)
        return content


class BucketPath(UPath):
    """A path in a `Bucket`."""


fsspec.register_implementation("bucket", BucketFileSystem, clobber=True)
register_implementation("bucket", BucketPath, clobber=True)


@contextmanager
def open_bucket() -> Iterator[Bucket]:
    """Start a store that ``bucket://`` reaches, and stop it at the end."""
    with Bucket() as bucket:
        thread = Thread(target=bucket.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        BucketFileSystem.port = bucket.server_port
        try:
            yield bucket
        finally:
            bucket.shutdown()
            thread.join()
