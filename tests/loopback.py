"""A web service of this machine for tests that send requests: it counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

WORKER = "X-Worker"


class Service(ThreadingHTTPServer):
    """Answers every request, on a free port.

    Attributes:
        requests: How many came, by method, path and what the header `WORKER` says.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: Counter[tuple[str, str, str]] = Counter()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def of_worker(self, name: str) -> int:
        """Return how many requests a worker has sent."""
        return sum(count for (_, _, worker), count in self.requests.items() if worker == name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet
    server: Service

    def do_GET(self) -> None:
        """Count, and answer with two letters; 404 below ``/missing``."""
        self.server.requests[self.command, self.path, self.headers.get(WORKER, "")] += 1
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Print nothing."""


@contextmanager
def serving() -> Iterator[Service]:
    """Serve for as long as the context lasts."""
    with Service() as service:
        thread = Thread(target=service.serve_forever, daemon=True)
        thread.start()
        yield service
        service.shutdown()
        thread.join()
