"""The hosts that a load goes to: only this machine, unless others are allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.sql import SqlOperation, server_hosts

_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)


def require_allowed(operation: Operation, allow_hosts: Sequence[str]) -> None:
    """Raise an error if a load would go to a host other than this machine that is not allowed.

    The hosts that a Python function or a command calls are unknown, as are remote files that a statement of DuckDB may
    read: these are not checked.

    Args:
        operation: The operation to run under load.
        allow_hosts: Hosts that may be loaded, without ports.

    Raises:
        DeclarationError: ``host_not_allowed``.
    """
    allowed = {_canonical(host) for host in allow_hosts}
    for host in hosts_of(operation):
        if not is_local(host) and (not is_host(host) or _canonical(host) not in allowed):
            message = f"The load would go to {host!r}, which is not this machine."
            hint = f"If {host!r} may be loaded, add it to allow_hosts."
            if not is_host(host):
                hint = "Give the host as a plain name or address: other forms may resolve to a different host."
            raise DeclarationError("host_not_allowed", message, hint=hint)


def hosts_of(operation: Operation) -> Sequence[str]:
    """Return the hosts that an operation is known to call; none for a file or a function.

    Raises:
        DeclarationError: ``invalid_connection``.
    """
    match operation:
        case HttpOperation(url=url):
            return (urlsplit(url).hostname or "",)
        case SqlOperation(url=url):
            return server_hosts(url)
    return ()


def is_local(host: str) -> bool:
    """Whether a host is certainly this machine: a loopback address, ``localhost``, or the path of a socket.

    ``0.0.0.0`` and short forms such as ``127.1`` do not count: programs interpret them differently.

    Args:
        host: A name, an address without brackets, or a path.
    """
    if host.startswith("/"):
        return True
    address = _address(host)
    if address is None:
        return host.lower() in ("localhost", "localhost.")  # which no server may answer for: RFC 6761
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def is_host(text: object) -> bool:
    """Whether a text is a name or an address in plain form: no port, no escapes, nothing beyond ASCII."""
    return isinstance(text, str) and (_address(text) is not None or _NAME.fullmatch(text) is not None)


def _canonical(host: str) -> str:
    """Return the canonical form of a host."""
    address = _address(host)
    return host.lower().removesuffix(".") if address is None else str(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None
