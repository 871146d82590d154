"""An HTTP request as an operation: one connection that is kept, and an answer that is read to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    ResponseTimeoutError,
    StatusError,
    UnreachableError,
)
from airflow_provider_dpq.core.operation.iteration import Clock, Iteration

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool

_SIZE: Final = "{size}"
_CHUNK_BYTES: Final = 65_536
_HINT: Final = "Write http://host/path or https://host/path."


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a host.

    Attributes:
        origin: Scheme, host and port, without user and password.
        path: Path and query.
        headers: The headers that are asked for, with the authentication.
        body: What is sent with it.
    """

    origin: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.origin}{self.path if self.path.startswith('/') else f'/{self.path}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOperation:
    """A request whose answer is read to its end.

    The connection is kept between iterations. Nothing is tried again, no redirection is followed, and proxies that
    the environment names are not used: what is measured is one request to this host.

    Attributes:
        url: The address; user and password in it are sent as basic authentication. ``{size}`` in it is the size.
        method: The method of the request.
        headers: Its headers.
        body: What is sent with it, a text as UTF-8. ``{size}`` in it is the size.
        expected_status: The one status that is no failure; None for any from 200 to 299.
        timeout_seconds: Longest wait for a connection, and between two parts of an answer.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | bytes | None = field(default=None, repr=False)
    expected_status: int | None = None
    timeout_seconds: float = 30.0

    @property
    def subject(self) -> str:
        """Method and address, without user, password and query."""
        return f"{self.method} {_shown(urlsplit(self.url))}"

    @property
    def clock(self) -> Clock:
        """The wall's time: the work is done elsewhere."""
        return "wall"

    @property
    def sized(self) -> bool:
        """Whether the address or what is sent has ``{size}``."""
        return _SIZE in self.url or _SIZE.encode() in _encoded(self.body or b"")

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """None: everything in it is text."""
        return []

    def validate(self) -> None:
        """Check the address and what else is declared, without a connection.

        Raises:
            DeclarationError: ``invalid_url`` or ``invalid_request``.
        """
        _require_url(self.url)
        if not self.method.isalpha():
            raise DeclarationError("invalid_request", f"{self.method!r} is no method of HTTP.", hint="Write GET.")
        if self.expected_status is not None and not 100 <= self.expected_status <= 599:
            message = f"{self.expected_status} is no status of HTTP."
            raise DeclarationError("invalid_request", message, hint="Write 200, or leave it out.")
        if not all(f"{name}{value}".isprintable() for name, value in self.headers.items()):
            message = "A header has a line break or another control character."  # it may hold a secret
            raise DeclarationError("invalid_request", message, hint="Write each header on its own.")
        if not 0 < self.timeout_seconds < float("inf"):
            message = f"A request cannot be given {self.timeout_seconds} s."
            raise DeclarationError("invalid_request", message, hint="Give it a number of seconds above 0.")

    def message(self, size: int | None) -> Message:
        """Return what is sent.

        Args:
            size: What stands for ``{size}``; None for a request that is not sized.
        """
        from urllib3.util import make_headers

        parts = urlsplit(self.url if size is None else self.url.replace(_SIZE, str(size)))
        body = None if self.body is None else _encoded(self.body)
        if body is not None and size is not None:
            body = body.replace(_SIZE.encode(), str(size).encode())
        user, _, place = parts.netloc.rpartition("@")
        headers = {**(make_headers(basic_auth=unquote(user)) if user else {}), **self.headers}
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        return Message(f"{parts.scheme}://{place}", path, headers, body)

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Make the pool of one connection, and give the iteration; its first call connects."""
        from urllib3 import connection_from_url

        message = self.message(size)
        with connection_from_url(message.origin, maxsize=1, timeout=self.timeout_seconds, retries=False) as pool:
            yield Iteration(partial(self._request, pool, message))

    def _request(self, pool: HTTPConnectionPool, message: Message) -> int:
        """Send the request and read the answer, however long, without keeping it; return its length."""
        from urllib3.exceptions import HTTPError

        try:
            answer = pool.urlopen(
                self.method,
                message.path,
                message.body,
                message.headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            length = sum(len(chunk) for chunk in answer.stream(_CHUNK_BYTES, decode_content=False))
            answer.release_conn()
        except (HTTPError, OSError) as error:
            self._refuse(error)
        self.require_status(answer.status)
        return length

    def require_status(self, status: int) -> None:
        """Refuse a status that is not the expected one.

        Raises:
            StatusError: ``unexpected_status``.
        """
        if 200 <= status <= 299 if self.expected_status is None else status == self.expected_status:
            return
        wanted = "a status from 200 to 299" if self.expected_status is None else str(self.expected_status)
        message = f"{self.subject} was answered with status {status}, not {wanted}."
        hint = "A redirection is not followed: give the address that it leads to." if status // 100 == 3 else None
        raise StatusError("unexpected_status", message, status=status, hint=hint, quotes_data=False)

    def _refuse(self, error: Exception) -> NoReturn:
        from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError

        waited = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(
            error, NewConnectionError
        )
        if waited:
            message = f"{self.subject} was not answered within {self.timeout_seconds:g} s."
            raise ResponseTimeoutError("request_timeout", message, quotes_data=False) from None
        if isinstance(error, NameResolutionError):
            words = f"the name {urlsplit(self.url).hostname!r} cannot be resolved"
        else:
            words = str(error.__cause__ or error).rstrip(".")
        message = f"{self.subject} failed: {words}."
        raise UnreachableError("connection_failed", message) from None


def _encoded(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _require_url(url: str) -> None:
    """Refuse what is no address, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(url)
        fault = "" if parts.port != 0 else "Its port is 0."
    except ValueError:
        raise DeclarationError("invalid_url", "The address of a request cannot be read.", hint=_HINT) from None
    if parts.scheme not in {"http", "https"}:
        fault = f"The scheme {parts.scheme!r} is not one of HTTP."
    elif not parts.hostname:
        fault = "It names no host."
    elif not url.isprintable() or " " in url or "\\" in url:  # a backslash: programs differ in where the host ends
        fault = "It has a space, a backslash or a control character."
    if fault:
        raise DeclarationError("invalid_url", f"The address of a request is wrong. {fault}", hint=_HINT)
