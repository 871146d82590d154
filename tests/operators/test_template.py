"""What can be checked before templates are rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_provider_dpq.operators.template import is_literal


@pytest.mark.parametrize(
    "value", [None, 3, "orders", r"^\d{3}$", Path("a"), ["a", {"b": ("c", {"d"})}], "p(95){scenario:read} < 1s"]
)
def test_plain_values_are_settled(value: Any) -> None:
    """Values without a template are what the task will see; single braces are no template."""
    assert is_literal(value)


@pytest.mark.parametrize(
    "value", ["{{ ds }}", "{% if x %}a{% endif %}", ["a", "{{ ds }}"], {"day": {"is": "{{ ds }}"}}, lambda context: "x"]
)
def test_templates_are_not_settled(value: Any) -> None:
    """Jinja anywhere inside, and callables that Airflow renders, are only known to the task."""
    assert not is_literal(value)


def test_an_xcom_is_not_settled() -> None:
    """The output of another task is only known once that has run."""
    with DAG("literal"):
        other = BaseOperator(task_id="other")
    assert not is_literal(other.output)
    assert not is_literal({"rows": [other.output]})
