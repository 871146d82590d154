"""Values of a report: JSON holds all of them, and says which are infinite."""

from __future__ import annotations

import json
import math

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.values import finite
from airflow_provider_dpq.core.gate.verdict import Verdict


def test_infinite_numbers_are_told_apart_from_missing_ones() -> None:
    """JSON has no infinite number: it is a text there, and stays a number in Python."""
    result = {"observed_value": math.inf, "partial_unexpected_list": [-math.inf, 1.5, None, {"x": [math.inf]}]}
    check = CheckResult(
        name="a",
        type="b",
        verdict=Verdict.PASS,
        severity="critical",
        success=True,
        result=result,
        declaration={"max_value": math.inf},
    )
    document = json.loads(check.model_dump_json())
    assert document["result"] == {
        "observed_value": "inf",
        "partial_unexpected_list": ["-inf", 1.5, None, {"x": ["inf"]}],
    }
    assert document["declaration"] == {"max_value": "inf"}
    assert check.model_dump()["result"] == result
    assert json.dumps(finite(result), allow_nan=False)
