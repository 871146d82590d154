"""The expectations that the scan evaluates, one module for each kind of statement."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from airflow_provider_dpq.core.quality.expectations.base import Expectation


@cache
def registered() -> Mapping[str, type[Expectation]]:
    """Return the expectations that the scan evaluates, by their type."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    return {
        model.type: model
        for module in modules
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Expectation) and "type" in vars(model)
    }


__all__ = ["Expectation", "registered"]
