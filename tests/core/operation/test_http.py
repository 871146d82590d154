"""HTTP requests as operations: one kept connection, whole answers, and no password in sight."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.operation.http import HttpOperation

InChild = Callable[..., list[Any]]
SECRET = "hunter2"


@dataclass
class Site:
    """A server of this process, and what it was asked."""

    port: int = 0
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    clients: set[Any] = field(default_factory=set)
    sent: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        """Return an address on it."""
        return f"http://127.0.0.1:{self.port}{path}"


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.clients.add(self.client_address)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.asked.append((self.command, self.path, body))
            site.headers.append(dict(self.headers))
            path = self.path.partition("?")[0]
            if path == "/broken":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"half")
                self.close_connection = True
            elif path == "/silent":
                site.sent.wait(20)
            else:
                status = int(path[1:]) if path[1:].isdigit() else 200
                content = b"x" * 300_000
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/200")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    """A server on the loopback address."""
    site = Site()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(site)) as server:
        server.daemon_threads = True
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield site
        site.sent.set()
        server.shutdown()
        thread.join()


def _call(operation: HttpOperation, size: int | None = None, count: int = 1) -> list[int]:
    operation.validate()
    with operation.opened(size) as iteration:
        assert iteration.is_bare
        return [iteration.call() for _ in range(count)]


def _error_of(operation: HttpOperation) -> MeasurementError:
    with pytest.raises(MeasurementError) as caught:
        _call(operation)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_one_connection_serves_all_iterations(site: Site) -> None:
    """What is measured is the request, not the connection; the answer is read whole each time."""
    assert _call(HttpOperation(url=site.url("/a?b=c")), count=4) == [300_000] * 4
    assert site.asked == [("GET", "/a?b=c", b"")] * 4
    assert len(site.clients) == 1


def test_method_headers_and_body_are_sent(site: Site) -> None:
    """As they are declared."""
    operation = HttpOperation(url=site.url(""), method="POST", headers={"X-Own": "value"}, body="ä")
    _call(operation)
    assert site.asked == [("POST", "/", "ä".encode())]
    assert site.headers[0]["X-Own"] == "value"


@pytest.mark.parametrize("body", ['{"rows": {size}}', b'{"rows": {size}}'])
def test_the_size_is_put_into_address_and_body(body: str | bytes, site: Site) -> None:
    """Wherever it is written, and nothing else in braces is touched."""
    operation = HttpOperation(url=site.url("/rows/{size}?n={size}"), method="POST", body=body)
    assert operation.sized
    assert HttpOperation(url=site.url("/"), body=body).sized
    assert not HttpOperation(url=site.url("/")).sized
    _call(operation, size=50)
    assert site.asked == [("POST", "/rows/50?n=50", b'{"rows": 50}')]


def test_user_and_password_of_the_address_are_sent_as_authentication(site: Site) -> None:
    """Decoded; a header of one's own goes before them."""
    url = site.url("/").replace("//", f"//ada:{SECRET}%40@")
    _call(HttpOperation(url=url))
    _call(HttpOperation(url=url, headers={"authorization": "Bearer own"}))
    told = b64encode(f"ada:{SECRET}@".encode()).decode()
    assert site.headers[0]["authorization"] == f"Basic {told}"
    assert site.headers[1]["authorization"] == "Bearer own"


@pytest.mark.parametrize("status", [404, 500, 302])
def test_an_unexpected_status_is_a_failure(status: int, site: Site) -> None:
    """It names the status; redirects are not followed."""
    error = _error_of(HttpOperation(url=site.url(f"/{status}?token={SECRET}").replace("//", f"//ada:{SECRET}@")))
    assert error.reason == "unexpected_status"
    assert (
        error.message == f"GET {site.url(f'/{status}')} returned status {status} instead of a status from 200 to 299."
    )
    assert (error.hint is not None) == (status == 302)
    assert len(site.asked) == 1


def test_the_expected_status_is_the_only_good_one(site: Site) -> None:
    """An error may be what is wanted, and success not."""
    _call(HttpOperation(url=site.url("/404"), expected_status=404))
    assert _error_of(HttpOperation(url=site.url("/200"), expected_status=404)).message.endswith("200 instead of 404.")
    _call(HttpOperation(url=site.url("/201")))


def test_a_refused_connection_is_a_failure() -> None:
    """It is tried once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://ada:{SECRET}@127.0.0.1:{free.getsockname()[1]}/?token={SECRET}"
        error = _error_of(HttpOperation(url=url))
    assert error.reason == "connection_failed"
    assert "refused" in error.message


def test_a_host_without_address_is_named() -> None:
    """Names that end in .invalid never have one."""
    error = _error_of(HttpOperation(url=f"http://ada:{SECRET}@nowhere.invalid/?token={SECRET}", timeout_seconds=5))
    assert error.reason == "connection_failed"
    assert "'nowhere.invalid' cannot be resolved" in error.message


def test_an_answer_that_breaks_off_is_a_failure(site: Site) -> None:
    """Half an answer is no answer, whatever its status."""
    error = _error_of(HttpOperation(url=site.url(f"/broken?{SECRET}")))
    assert error.reason == "connection_failed"


def test_silence_is_a_failure(site: Site) -> None:
    """After the time that is allowed."""
    error = _error_of(HttpOperation(url=site.url(f"/silent?{SECRET}"), timeout_seconds=0.2))
    assert error.reason == "request_timeout"
    assert "within 0.2 s" in error.message


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"url": f"ftp://ada:{SECRET}@host/"}, "invalid_url"),
        ({"url": f"ada:{SECRET}@host/"}, "invalid_url"),
        ({"url": f"https://ada:{SECRET}@/path"}, "invalid_url"),
        ({"url": f"http://ada:{SECRET}@host:port/"}, "invalid_url"),
        ({"url": f"http://ada:{SECRET}@[::1/"}, "invalid_url"),
        ({"url": f"http://host/a b?{SECRET}"}, "invalid_url"),
        ({"url": f"http://host/\r\n{SECRET}"}, "invalid_url"),
        ({"method": "GET /"}, "invalid_request"),
        ({"method": ""}, "invalid_request"),
        ({"expected_status": 99}, "invalid_request"),
        ({"timeout_seconds": 0}, "invalid_request"),
        ({"timeout_seconds": float("nan")}, "invalid_request"),
        ({"timeout_seconds": float("inf")}, "invalid_request"),
        ({"headers": {"X": f"a\r\n{SECRET}"}}, "invalid_request"),
    ],
)
def test_validate_refuses(fields: dict[str, Any], reason: str) -> None:
    """Without a connection, and without repeating what may be secret."""
    with pytest.raises(DeclarationError) as refused:
        HttpOperation(**{"url": "http://host/", **fields}).validate()
    assert refused.value.reason == reason
    assert SECRET not in str(refused.value)


def test_subject_and_repr_show_no_secret() -> None:
    """Method, host and path are enough to know it by."""
    operation = HttpOperation(
        url=f"https://ada:{SECRET}@shop.example:8443/orders?token={SECRET}#{SECRET}",
        headers={"Authorization": SECRET},
        body=SECRET,
    )
    assert operation.subject == "GET https://shop.example:8443/orders"
    assert SECRET not in repr(operation)
    assert operation.clock == "wall"


def test_it_runs_in_a_child(site: Site, in_child: InChild) -> None:
    """As it is declared."""
    assert in_child(HttpOperation(url=site.url("/")), count=2) == [300_000] * 2
    assert len(site.clients) == 1
