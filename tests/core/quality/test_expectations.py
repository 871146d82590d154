"""The declarations of expectations against those of the installed Great Expectations."""

from __future__ import annotations

import great_expectations.expectations.core  # noqa: F401 - registers the core expectations
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)

from airflow_provider_dpq.core.quality.expectations import registered

OF_EVERY_EXPECTATION = {
    *["id", "meta", "notes", "description", "severity", "rendered_content", "windows", "notify_on", "library_metadata"],
    *["result_format", "catch_exceptions", "batch_id"],
}


def _of_gx() -> dict[str, frozenset[str]]:
    """Return the arguments of the core expectations that are installed, beside those that all have."""
    implementations = {name: get_expectation_impl(name) for name in list_registered_expectation_implementations()}
    return {
        name: frozenset(implementation.__fields__) - OF_EVERY_EXPECTATION
        for name, implementation in implementations.items()
        if implementation.__module__.startswith("great_expectations.expectations.core")
    }


def test_expectations_are_declared_as_the_installed_release_declares_them() -> None:
    """A suite is refused or accepted at parse time as Great Expectations itself would do it later."""
    declared = {name: sorted(model.model_fields) for name, model in registered().items() if not model.ours}
    assert declared == {name: sorted(arguments) for name, arguments in _of_gx().items()}
    assert any(model.ours for model in registered().values())
