"""Where a measurement was made: host, interpreter and versions, as far as they explain a number."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from importlib import metadata

from pydantic import BaseModel, ConfigDict

from airflow_provider_dpq import __version__

_PACKAGES = ("apache-airflow", "great-expectations", "duckdb", "pandas", "sqlalchemy")


class Environment(BaseModel):
    """Host and versions behind a report.

    Attributes:
        host: Name of the machine.
        platform: Operating system and architecture.
        python: Version of the interpreter.
        cpu_count: Processors that this process may use.
        memory_bytes: Physical memory of the machine.
        packages: Versions of this project and of what it measures with, by distribution name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    host: str
    platform: str
    python: str
    cpu_count: int
    memory_bytes: int
    packages: Mapping[str, str]


def current() -> Environment:
    """Describe the machine and interpreter that run this code."""
    return Environment(
        host=socket.gethostname(),
        platform=platform.platform(),
        python=platform.python_version(),
        cpu_count=processors(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        packages={"airflow-provider-dpq": __version__, **_installed()},
    )


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _installed() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
