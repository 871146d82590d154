"""What the tests of operations share: running one in a child, and the module of a DAG file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from airflow_provider_dpq.core.operation.isolation import Child
from airflow_provider_dpq.core.operation.iteration import Operation
from tests.core.operation import workloads


@pytest.fixture
def in_child() -> Callable[..., list[Any]]:
    """A function that runs an operation so many times in a child and returns the results."""

    def run(operation: Operation, *, size: int | None = None, count: int = 1, **options: Any) -> list[Any]:
        with Child(**options) as child:
            return list(
                child.stream(
                    workloads.iterated, operation, size, count, functions=operation.functions, timeout_seconds=20
                )
            )

    return run


@pytest.fixture
def dag_module(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """A function that loads a text as Airflow loads a DAG file: under a name that no import finds."""
    name = "unusual_prefix_5d1f_flights"

    def load(text: str) -> ModuleType:
        path = tmp_path / "flights.py"
        path.write_text(text)
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop(name, None)
