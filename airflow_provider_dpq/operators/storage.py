"""Object storage as Airflow reaches it: a URL becomes a path that carries the file system of a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.address import is_url
from airflow_provider_dpq.operators.connection import get_connection

_HINT: Final = "Install the provider that has one; for s3://, apache-airflow-providers-amazon[s3fs]."


def storage_path(data: Any, conn_id: str | None = None) -> Any:
    """Return an `ObjectStoragePath` for the URL of a place, the text of a `Path`, and anything else as it is.

    A URL for whose protocol no installed provider has a file system stays a URL: fsspec opens it by its own
    configuration.

    Args:
        data: A path, a URL (``s3://conn_id@bucket/key``), an `ObjectStoragePath`, a list of these, or a frame.
        conn_id: Connection for a URL that names none itself.

    Raises:
        DeclarationError: ``missing_filesystem``: there is a connection, and no file system that it could open.
        MeasurementError: ``unknown_connection``.
    """
    if isinstance(data, (list, tuple)):
        return [storage_path(item, conn_id) for item in data]
    if isinstance(data, Path):
        return str(data)
    path = _path(data, conn_id) if is_url(data) else data
    named = getattr(path, "conn_id", None)
    if isinstance(named, str):
        get_connection(named)
    return path


def _path(url: str, conn_id: str | None) -> Any:
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import has_fs

    parts = urlsplit(url)
    named = "@" in parts.netloc
    if has_fs(parts.scheme):
        return ObjectStoragePath(url, conn_id=None if named else conn_id)
    if named or conn_id is not None:
        message = f"A connection is given for {parts.scheme}://, but no installed provider has a file system for it."
        raise DeclarationError("missing_filesystem", message, hint=_HINT)
    return url
