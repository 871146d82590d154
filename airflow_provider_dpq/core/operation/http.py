"""An HTTP request as an operation: one persistent connection, and responses that are read completely."""

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
_HINT: Final = "Use http://host/path or https://host/path."


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it is sent to the host.

    Attributes:
        origin: Scheme, host and port, without user and password.
        path: Path and query.
        headers: The headers, including the authentication.
        body: The body of the request.
    """

    origin: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)

    @property
    def url(self) -> str:
        """The full URL."""
        return f"{self.origin}{self.path if self.path.startswith('/') else f'/{self.path}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOperation:
    """A request whose response is read completely.

    The connection is kept between iterations. Requests are not retried, redirects are not followed, and proxies from
    the environment are not used: each iteration measures one request to this host.

    Attributes:
        url: The URL; user and password in it are sent as basic authentication. ``{size}`` in it is replaced by the
            size.
        method: The HTTP method.
        headers: The request headers.
        body: The request body; a string is sent as UTF-8. ``{size}`` in it is replaced by the size.
        expected_status: The status that counts as success; None for any from 200 to 299.
        timeout_seconds: Longest wait for a connection, and for each part of a response.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | bytes | None = field(default=None, repr=False)
    expected_status: int | None = None
    timeout_seconds: float = 30.0

    @property
    def subject(self) -> str:
        """Method and URL, without user, password and query."""
        return f"{self.method} {_shown(urlsplit(self.url))}"

    @property
    def clock(self) -> Clock:
        """Wall time, because the work is done in another process."""
        return "wall"

    @property
    def sized(self) -> bool:
        """Whether the URL or the body has ``{size}``."""
        return _SIZE in self.url or _SIZE.encode() in _encoded(self.body or b"")

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """No functions: everything in the operation is text."""
        return []

    def validate(self) -> None:
        """Check the declaration without connecting.

        Raises:
            DeclarationError: ``invalid_url`` or ``invalid_request``.
        """
        _require_url(self.url)
        if not self.method.isalpha():
            message = f"Invalid HTTP method: {self.method!r}."
            raise DeclarationError("invalid_request", message, hint="Use a method such as GET.")
        if self.expected_status is not None and not 100 <= self.expected_status <= 599:
            message = f"Invalid HTTP status: {self.expected_status}."
            raise DeclarationError("invalid_request", message, hint="Use a status such as 200, or leave it out.")
        if not all(f"{name}{value}".isprintable() for name, value in self.headers.items()):
            message = "Invalid header: it has a line break or another control character."  # it may hold a secret
            raise DeclarationError("invalid_request", message, hint="Give each header separately.")
        if not 0 < self.timeout_seconds < float("inf"):
            message = f"Invalid request timeout: {self.timeout_seconds} s."
            raise DeclarationError("invalid_request", message, hint="Give a number of seconds above 0.")

    def message(self, size: int | None) -> Message:
        """Return the request to send.

        Args:
            size: Value for ``{size}``; None for a request that is not sized.
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
        """Raise an error if the status is not the expected one.

        Raises:
            StatusError: ``unexpected_status``.
        """
        if 200 <= status <= 299 if self.expected_status is None else status == self.expected_status:
            return
        wanted = "a status from 200 to 299" if self.expected_status is None else str(self.expected_status)
        message = f"{self.subject} returned status {status} instead of {wanted}."
        hint = "Redirects are not followed: use the final URL." if status // 100 == 3 else None
        raise StatusError("unexpected_status", message, status=status, hint=hint, quotes_data=False)

    def _refuse(self, error: Exception) -> NoReturn:
        from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError

        waited = isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(
            error, NewConnectionError
        )
        if waited:
            message = f"{self.subject} did not respond within {self.timeout_seconds:g} s."
            raise ResponseTimeoutError("request_timeout", message, quotes_data=False) from None
        if isinstance(error, NameResolutionError):
            words = f"the host name {urlsplit(self.url).hostname!r} cannot be resolved"
        else:
            words = str(error.__cause__ or error).rstrip(".")
        message = f"{self.subject} failed: {words}."
        raise UnreachableError("connection_failed", message) from None


def _encoded(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _require_url(url: str) -> None:
    """Raise an error for an invalid URL, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(url)
        fault = "" if parts.port != 0 else "its port is 0"
    except ValueError:
        raise DeclarationError("invalid_url", "Invalid request URL: it cannot be parsed.", hint=_HINT) from None
    if parts.scheme not in {"http", "https"}:
        fault = f"the scheme {parts.scheme!r} is not http or https"
    elif not parts.hostname:
        fault = "it has no host"
    elif not url.isprintable() or " " in url or "\\" in url:  # a backslash: programs differ in where the host ends
        fault = "it has a space, a backslash or a control character"
    if fault:
        raise DeclarationError("invalid_url", f"Invalid request URL: {fault}.", hint=_HINT)
