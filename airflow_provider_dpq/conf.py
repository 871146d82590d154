"""The ``[dpq]`` options of Airflow's configuration, each read in one place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from airflow.sdk import conf

from airflow_provider_dpq.core.errors import DeclarationError

_SECTION: Final = "dpq"


def store_url() -> str:
    """Return the SQLAlchemy URL of the store: ``[dpq] store_url``, else the file dpq.db in AIRFLOW_HOME."""
    return _get("store_url") or f"sqlite:///{_airflow_home() / 'dpq.db'}"


def allowed_root() -> str | None:
    """Return the folder, or URL of a place, that checked files must lie in; None where any file may be checked."""
    return _get("allowed_root") or None


def memory_limit() -> str:
    """Return the memory that one check of files or frames may use, such as ``2GB``."""
    return _get("memory_limit") or "2GB"


def query_timeout() -> str | None:
    """Return the longest time that one statement of a check may take, such as ``30min``; None for the default."""
    return _get("query_timeout") or None


def threads() -> int | None:
    """Return the threads that one check of files or frames may use, or None for one for each processor, at most 4.

    Raises:
        DeclarationError: ``invalid_option``: it is not a positive whole number.
    """
    text = _get("threads")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        message = f"Invalid option threads in section [{_SECTION}]: {text!r}."
        raise DeclarationError("invalid_option", message, hint="Use a positive whole number, or leave it empty.")
    return int(text)


def ui_url() -> str:
    """Return the address of Airflow's UI without a trailing slash; empty where ``[api] base_url`` is not set."""
    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")


def ui_path() -> str:
    """Return the path that Airflow's UI is served under, without a trailing slash; mostly empty."""
    return urlsplit(ui_url()).path


def _get(option: str) -> str:
    return str(conf.get(_SECTION, option, fallback="") or "").strip()


def _airflow_home() -> Path:
    return Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME", "~/airflow"))).expanduser()
