"""A store in a file, and reports that differ where a test wants them to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import Store, open_store


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Where the store's file will be."""
    return tmp_path / "dpq.db"


@pytest.fixture
def store_url(store_path: Path) -> str:
    """The address of a store that does not exist yet."""
    return f"sqlite:///{store_path}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def variant(report: Report) -> Callable[..., Report]:
    """A function that returns another report, different in the fields of report or provenance that are given."""

    def vary(**fields: Any) -> Report:
        source = {name: fields.pop(name) for name in list(fields) if name in type(report.provenance).model_fields}
        provenance = report.provenance.model_copy(update=source)
        return report.model_copy(update={"id": str(uuid.uuid4()), "provenance": provenance, **fields})

    return vary
