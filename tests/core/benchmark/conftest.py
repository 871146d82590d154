"""What measuring in the tests' own process leaves behind is cleared away."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """Objects that a measurement froze are collected again afterwards."""
    yield
    gc.unfreeze()
