"""HTTP requests on an event loop: the same ones as `HttpOperation` makes, many at a time."""

from __future__ import annotations

import os
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from airflow_provider_dpq.core.errors import (
    ConnectTimeoutError,
    MeasurementError,
    ResponseTimeoutError,
    UnreachableError,
)
from airflow_provider_dpq.core.operation.http import HttpOperation

if TYPE_CHECKING:
    from aiohttp import ClientSession

_KEPT_SECONDS: Final = 3600.0


class Requests:
    """The requests of one operation, on connections that are kept. To be used on one loop, as a context.

    Args:
        operation: The request.
        size: What stands for ``{size}``; None for a request that is not sized.
        connect_seconds: Longest wait for a connection; None for as long as the operation says.
    """

    def __init__(self, operation: HttpOperation, size: int | None, *, connect_seconds: float | None = None) -> None:
        from yarl import URL

        self._operation = operation
        self._message = operation.message(size)
        self._url = URL(self._message.url, encoded=True)
        self._method = operation.method.upper()
        self._connect_seconds = connect_seconds or operation.timeout_seconds
        self._session: ClientSession

    async def __aenter__(self) -> Self:
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=_KEPT_SECONDS),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", **self._message.headers},
            skip_auto_headers=("Content-Type",),
            timeout=ClientTimeout(total=None, connect=self._connect_seconds, sock_read=self._operation.timeout_seconds),
        )
        self._session._retry_connection = False  # a request that fails is a failure, also where its connection was kept
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self) -> None:
        """Send the request and read the answer to its end, without keeping it.

        Raises:
            MeasurementError: ``unexpected_status``, ``request_timeout``, ``connection_timeout``, ``connection_failed``.
        """
        from aiohttp import ClientError

        try:
            answer = await self._session.request(
                self._method, self._url, data=self._message.body, allow_redirects=False
            )
            try:
                while await answer.content.readany():
                    pass
            except BaseException:
                answer.close()
                raise
        except (ClientError, OSError) as error:
            raise self._refusal(error) from None  # its words may hold the address, with secrets in its query
        self._operation.require_status(answer.status)

    def _refusal(self, error: Exception) -> MeasurementError:
        import aiohttp

        subject = self._operation.subject
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            message = f"{subject} did not connect within {self._connect_seconds:g} s."
            return ConnectTimeoutError("connection_timeout", message, quotes_data=False)
        if isinstance(error, TimeoutError):
            message = f"{subject} did not respond within {self._operation.timeout_seconds:g} s."
            return ResponseTimeoutError("request_timeout", message, quotes_data=False)
        return UnreachableError("connection_failed", f"{subject} failed: {_words(error, str(self._url.host))}.")


def _words(error: Exception, host: str) -> str:
    """Say why there was no connection, or no answer, in words without the address: its query may be a secret."""
    from aiohttp import ClientConnectorDNSError, ClientConnectorError, ClientResponseError, ServerDisconnectedError

    inner = error.os_error if isinstance(error, ClientConnectorError) else error
    certificate = getattr(error, "certificate_error", inner)
    if isinstance(error, ClientConnectorDNSError):
        return f"the host name {host!r} cannot be resolved"
    if isinstance(certificate, ssl.SSLCertVerificationError):
        return f"TLS failed: the certificate was rejected, {certificate.verify_message}"
    if isinstance(certificate, ssl.SSLError):
        return f"TLS failed: {certificate.reason or type(certificate).__name__}"
    known = {
        ConnectionRefusedError: "the connection was refused",
        ServerDisconnectedError: "the connection was closed before the response",
        ClientResponseError: "the response is not valid HTTP",
    }
    return next((words for kind, words in known.items() if isinstance(inner, kind)), None) or _of_system(inner)


def _of_system(error: Exception) -> str:
    """Return what the system says of an error; its own words may be a sentence of the client's with the address."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return type(error).__name__
