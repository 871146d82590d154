"""Checks of each value, by us and by Great Expectations side by side, on made-up frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.suite import validate_suite
from tests.core.quality.test_differential import (
    FORMATS,
    PATTERNS,
    TEXTS,
    Validate,
    assert_agreement,
    condition,
    frames,
    great_expectations,
)

PYTHON_PATTERNS = ["a(?=b)", "(?<!a)b", r"(.)\1", r"\bb\b", "(?i)A", "^(?!a)"]
"""What RE2 cannot say."""
READABLE = ["{}", '{"a": 1}', '{"a": "b"}', "[1, 2]", "2024-02-29", "2023-02-29", "20240101", "10:15", "1 Feb", "1e5"]
SCHEMAS: list[dict[str, Any]] = [{}, {"type": "object"}, {"required": ["a"]}, {"type": "integer"}, {"not": {}}]


@pytest.fixture(scope="module")
def validate() -> Validate:
    """A function that lets Great Expectations itself answer one expectation on a frame."""
    return great_expectations()


def _choices(draw: st.DrawFn, dtype: str) -> list[tuple[str, dict[str, Any]]]:
    patterns = draw(st.lists(st.sampled_from([*PATTERNS, *PYTHON_PATTERNS]), min_size=1, max_size=3))
    listed = {"regex_list": patterns}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("match_regex", {"regex": patterns[0]}),
        ("not_match_regex", {"regex": patterns[0]}),
        ("match_regex_list", {**listed, "match_on": draw(st.sampled_from(["any", "all"]))}),
        ("not_match_regex_list", listed),
        ("be_dateutil_parseable", {}),
        ("match_strftime_format", {"strftime_format": draw(st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%H:%M", "%d %b"]))}),
        ("be_json_parseable", {}),
        ("match_json_schema", {"json_schema": draw(st.sampled_from(SCHEMAS))}),
    ]
    # On purpose different: unsigned numbers, whose difference is never negative in pandas, and objects that are text,
    # where Great Expectations fails not before there are two of them.
    if dtype not in ("uint64", "object"):
        choices += [(kind, {"strictly": draw(st.booleans())}) for kind in ("be_increasing", "be_decreasing")]
    if dtype in ("int64", "int8", "uint64", "float64", "bool", "str"):
        multiplier = draw(st.sampled_from([0, 0.3, 1, 1.5]))
        choices += [("not_be_outliers", {"method": method, "multiplier": multiplier}) for method in ("iqr", "std")]
    return choices


@st.composite
def _declarations(draw: st.DrawFn, dtypes: dict[str, str]) -> dict[str, Any]:
    more = {"column": "x", "mostly": draw(st.sampled_from([0, 0.5, 2 / 3, 0.7, 1]))}
    choices = [(f"expect_column_values_to_{kind}", kwargs) for kind, kwargs in _choices(draw, dtypes["x"])]
    choices.append(("expect_column_value_lengths_to_equal", {"value": draw(st.sampled_from([0, 1, 2, 3, 1.5]))}))
    if dtypes["x"] in ("int64", "int8", "uint64", "float64", "bool", "str"):
        threshold = {"threshold": draw(st.sampled_from([-1, 0, 0.45, 0.9, 1.3])), "double_sided": draw(st.booleans())}
        choices.append(("expect_column_value_z_scores_to_be_less_than", threshold))
    kind, kwargs = draw(st.sampled_from(choices))
    if draw(st.integers(0, 3)) == 0:
        more |= condition(draw, dtypes)
    return {"type": kind, "kwargs": {**kwargs, **more}}


@st.composite
def _examples(draw: st.DrawFn) -> tuple[pd.DataFrame, list[dict[str, Any]], Any]:
    frame, dtypes = draw(frames())
    if dtypes["x"] in ("str", "object"):
        size = len(frame)
        texts = draw(st.lists(st.sampled_from([*TEXTS, *READABLE, *READABLE, None]), min_size=size, max_size=size))
        frame["x"] = pd.Series(texts, dtype=dtypes["x"], index=frame.index)
    declared = draw(st.lists(_declarations(dtypes), min_size=1, max_size=4))
    return frame, declared, draw(st.sampled_from(FORMATS))


@settings(max_examples=200, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore")
@given(example=_examples())
def test_values_are_judged_as_great_expectations_judges_them(
    validate: Validate, example: tuple[pd.DataFrame, list[dict[str, Any]], Any]
) -> None:
    """Whoever judges a value, the scan or Python, success and every field are those of Great Expectations."""
    frame, suite, result_format = example
    try:
        validate_suite(suite)
    except DeclarationError:
        return
    assert_agreement(validate, frame, suite, result_format)
