"""The description of the machine behind a report."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata

import pytest

from airflow_provider_dpq import __version__
from airflow_provider_dpq.core import environment


def test_current_describes_this_machine_and_interpreter() -> None:
    """Host, interpreter, processors and memory are those of the running process."""
    found = environment.current()
    assert (found.host, found.python) == (platform.node(), platform.python_version())
    assert found.cpu_count == len(os.sched_getaffinity(0))
    assert found.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_current_counts_only_processors_that_the_process_may_use() -> None:
    """A process confined to one processor reports one."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert environment.current().cpu_count == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_current_counts_all_processors_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems without processor affinity the machine's processors are counted."""
    monkeypatch.delattr(os, "sched_getaffinity")
    assert environment.current().cpu_count == os.cpu_count()


def test_current_names_the_versions_that_measure() -> None:
    """This project's version and those of the installed libraries are there, by distribution name."""
    packages = environment.current().packages
    assert packages["airflow-provider-dpq"] == __version__
    assert packages["duckdb"] == metadata.version("duckdb")


def test_current_leaves_out_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is not there, such as Airflow in a CI job, is not an error."""
    monkeypatch.setattr(environment, "_PACKAGES", ("duckdb", "no-such-distribution"))
    assert set(environment.current().packages) == {"airflow-provider-dpq", "duckdb"}


def test_environment_is_plain_json() -> None:
    """What is stored is read back equal."""
    found = environment.current()
    assert environment.Environment.model_validate(json.loads(found.model_dump_json())) == found
