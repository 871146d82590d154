"""Where a measurement was made: host, interpreter and versions, as far as they explain a number."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from airflow_provider_dpq import __version__

_PACKAGES = (
    "apache-airflow",
    "duckdb",
    "great-expectations",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sqlalchemy",
)
_WITHOUT_WEIGHT = ("airflow-provider-dpq", "apache-airflow", "great-expectations")
"""Packages whose version says nothing about how fast other code is."""


class Environment(BaseModel):
    """Host and versions behind a report.

    Attributes:
        host: Name of the machine.
        platform: Operating system and architecture.
        python: Version of the interpreter.
        cpu_count: Processors that this process may use.
        memory_bytes: Physical memory of the machine.
        packages: Versions of this project and of what it measures with, by distribution name.
        processor: Model of the processors, where the system tells it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    host: str
    platform: str
    python: str
    cpu_count: int
    memory_bytes: int
    packages: Mapping[str, str]
    processor: str = ""

    @property
    def fingerprint(self) -> dict[str, str]:
        """What must be the same for two times to be comparable: the hardware, the interpreter and the libraries.

        Not the name of the host: workers alike are comparable.
        """
        return {
            "processor": self.processor,
            "cpu_count": str(self.cpu_count),
            "memory": f"{self.memory_bytes / 1024**3:.0f} GiB",
            "python": self.python,
            **{name: version for name, version in self.packages.items() if name not in _WITHOUT_WEIGHT},
        }


def current() -> Environment:
    """Describe the machine and interpreter that run this code."""
    return Environment(
        host=socket.gethostname(),
        platform=platform.platform(),
        python=platform.python_version(),
        cpu_count=processors(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        packages={"airflow-provider-dpq": __version__, **_installed()},
        processor=_processor(),
    )


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _installed() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
