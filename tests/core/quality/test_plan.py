"""Planners of expectations."""

from __future__ import annotations

from importlib import import_module

import pytest

from airflow_provider_dpq.core.quality import plan
from airflow_provider_dpq.core.quality.compile.plan import planner
from airflow_provider_dpq.core.quality.expectations import Expectation, registered
from airflow_provider_dpq.core.quality.expectations.base import Merging

PLANNED = [model for model in registered().values() if model.merges is not Merging.METRICS]


@pytest.mark.parametrize("model", PLANNED, ids=lambda model: model.type)
def test_planner_stands_in_the_module_of_the_expectations_kind(model: type[Expectation]) -> None:
    """What the scan evaluates has a planner of its own, registered where it is looked for."""
    kind = model.__module__.rpartition(".")[2]
    import_module(f"{plan._PLANNERS}.{kind}")
    assert model in planner.registry
    assert planner.dispatch(model).__module__ == f"{plan._PLANNERS}.{kind}"
