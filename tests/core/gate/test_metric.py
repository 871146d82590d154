"""Metrics and the catalogue of what a kind of gate measures."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from airflow_provider_dpq.core.gate.metric import CATALOGUES, Metric
from airflow_provider_dpq.core.gate.unit import parse_unit


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CATALOGUES.items() for name in names])
def test_catalogue_names_units_that_exist(kind: str, name: str) -> None:
    """Every metric that a threshold may name has a unit that a limit can be converted to."""
    assert parse_unit(CATALOGUES[kind][name]).factor > 0


def test_metric_does_not_change() -> None:
    """A measured value is a fact: it cannot be assigned anew."""
    metric = Metric(name="row_count", value=3)
    with pytest.raises(ValidationError, match="frozen"):
        metric.value = 4


def test_metric_keeps_whole_numbers_whole() -> None:
    """A count read back from JSON is still an integer, and a float a float."""
    assert [type(Metric.model_validate_json(f'{{"name": "n", "value": {v}}}').value) for v in ("3", "3.0")] == [
        int,
        float,
    ]
