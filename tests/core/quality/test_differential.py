"""Our scan and Great Expectations side by side on made-up frames: the same success, the same fields."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.suite import validate_suite
from tests.data.gx_cases import compare, enc

Answer = dict[str, Any]
Validate = Callable[[pd.DataFrame, Mapping[str, Any], Any], Answer]

MOMENTS = [datetime.fromisoformat("2013-01-01") + timedelta(hours=hours) for hours in (0, 1, 36, 24 * 59, 24 * 365)]
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "a\n",
    "\n",
    "a\nb",
    " a",
    "1",
    "1.0",
    "٣",
    "é",
    "e\u0301",
    "中文",
    "😀",
    "nan",
    "None",
    "x'y",
    '"',
    "%",
]
PATTERNS = [
    "^a",
    "a$",
    r"\d",
    r"^\w+$",
    r"\s",
    ".",
    "(?s)a.b",
    "^$",
    "[^a]",
    "a|é",
    "",
    r"(?m)^b",
    "(a)(b)?",
    "a{1,2}",
    r"\Aa\Z",
]
INTEGERS = [-3, -1, 0, 1, 2, 3, 7, 2**31, -(2**53) - 1, 2**53 + 1]
FLOATS = [-1.5, -0.0, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 1e16, 1e300, math.inf, -math.inf]

POOLS: Mapping[str, list[Any]] = {
    "int64": INTEGERS,
    "int8": [-128, -1, 0, 1, 2, 127],
    "uint64": [0, 1, 2, 2**53, 2**60],
    "Int64": [*INTEGERS[:-2], None, None],
    "float64": [*FLOATS, None, None],
    "float32": [-1.5, 0.0, 0.1, 0.5, 2.0, None],
    "Float64": [-1.5, 0.0, 0.1, 0.5, 2.0, None],
    "bool": [True, False],
    "boolean": [True, False, None],
    "str": [*TEXTS, None, None],
    "object": [*TEXTS, None, None],
    "datetime64[us]": [*MOMENTS, None],
    "datetime64[us, UTC]": [*MOMENTS, None],
}
FORMATS: list[Any] = [
    "BOOLEAN_ONLY",
    "BASIC",
    "SUMMARY",
    "COMPLETE",
    {"result_format": "SUMMARY", "partial_unexpected_count": 2},
    {"result_format": "COMPLETE", "partial_unexpected_count": 0},
    {"result_format": "COMPLETE", "exclude_unexpected_values": True},
    {"result_format": "COMPLETE", "unexpected_index_column_names": ["z"]},
    {"result_format": "BASIC", "unexpected_index_column_names": ["z", "y"]},
    {"result_format": "COMPLETE", "include_unexpected_rows": True, "partial_unexpected_count": 2},
    {"result_format": "BASIC", "include_unexpected_rows": True, "return_unexpected_index_query": True},
    {"result_format": "SUMMARY", "exclude_unexpected_values": True, "unexpected_index_column_names": ["z"]},
    {"result_format": "BOOLEAN_ONLY", "return_unexpected_index_query": True, "unexpected_index_column_names": ["z"]},
    {"result_format": "COMPLETE", "return_unexpected_index_query": False},
]
SHARES = ("non_null", "unique")
NUMERIC = ("int64", "int8", "uint64", "Int64", "float64", "float32", "Float64")
"""Values to draw from, by dtype: few, so that repetitions and ties are common."""


@pytest.fixture(scope="module")
def validate() -> Validate:
    """A function that lets Great Expectations itself answer one expectation on a frame."""
    return great_expectations()


def great_expectations() -> Validate:
    """Return a function that lets Great Expectations itself answer one expectation on a frame."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("made up")
    definition = source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")

    def answer(frame: pd.DataFrame, declared: Mapping[str, Any], result_format: Any) -> Answer:
        from great_expectations.expectations.registry import get_expectation_impl

        expectation = get_expectation_impl(declared["type"])(**declared["kwargs"])
        batch = definition.get_batch({"dataframe": frame})
        found = batch.validate(expectation, result_format=result_format).to_json_dict()
        information = found["exception_info"]
        problems = [information] if "raised_exception" in information else list(information.values())
        for problem in problems:
            if problem["raised_exception"]:
                return {"exception": str(problem["exception_message"])}
        return {"success": found["success"], "result": enc.jsonable(found["result"])}

    return answer


@st.composite
def frames(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, str]]:
    """Frames of three columns, and the columns' dtypes."""
    size = draw(st.integers(0, 7))
    names = ["x", "y", "z"]
    dtypes = {name: draw(st.sampled_from(sorted(POOLS))) for name in names}
    if draw(st.booleans()):
        dtypes["y"] = dtypes["x"]
    data = {
        name: pd.Series(draw(st.lists(st.sampled_from(POOLS[dtype]), min_size=size, max_size=size)), dtype=dtype)
        for name, dtype in dtypes.items()
    }
    frame = pd.DataFrame(data)
    frame.index = draw(st.sampled_from([range(size), range(10, 10 + size), list("abcdefg")[:size]]))
    return frame, dtypes


def _value(draw: st.DrawFn, dtype: str) -> Any:
    value = draw(st.sampled_from([value for value in POOLS[dtype] if value is not None]))
    return value.isoformat() if isinstance(value, datetime) else value


def _bounds(draw: st.DrawFn, dtype: str) -> dict[str, Any]:
    low, high = sorted([_value(draw, dtype), _value(draw, dtype)])
    bounds: dict[str, Any] = draw(
        st.sampled_from([{"min_value": low, "max_value": high}, {"min_value": low}, {"max_value": high}])
    )
    return {**bounds, "strict_min": draw(st.booleans()), "strict_max": draw(st.booleans())}


def condition(draw: st.DrawFn, dtypes: Mapping[str, str]) -> dict[str, Any]:
    """Return a row condition on one of the columns, as arguments of an expectation."""
    name = draw(st.sampled_from(sorted(dtypes)))
    dtype = dtypes[name]
    value = _value(draw, dtype)
    # Equality of a moment with text is always false in `DataFrame.query`, where the scan reads the text as a moment.
    operator = draw(st.sampled_from(["<", ">="] if dtype.startswith("datetime") else ["==", "!=", "<", ">="]))
    if dtype in ("bool", "boolean") or dtype.endswith("UTC]"):
        return {"row_condition": {"type": "nullity", "column": {"name": name}, "is_null": draw(st.booleans())}}
    one = {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": value}
    other = {"type": "nullity", "column": {"name": name}, "is_null": draw(st.booleans())}
    text = {"row_condition": f"{name} {operator} {value!r}", "condition_parser": "pandas"}
    both = {"row_condition": {"type": draw(st.sampled_from(["and", "or"])), "conditions": [one, other]}}
    plain = [text] if dtype not in ("float64", "Float64") or abs(value) < math.inf else []
    return draw(st.sampled_from([{"row_condition": one}, {"row_condition": other}, both, *plain]))


def _distributions(draw: st.DrawFn, dtype: str) -> list[tuple[str, dict[str, Any]]]:
    quantiles = draw(st.lists(st.sampled_from([0, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1]), min_size=1, max_size=3))
    ranges = [sorted([_value(draw, dtype), _value(draw, dtype)]) for _ in quantiles]
    # In a column of so few bits numpy's own halfway point is wrong.
    halfway = [] if dtype == "int8" else ["linear", "midpoint"]
    error = draw(st.sampled_from([False, "nearest", "lower", "higher", *halfway]))
    weights = draw(st.sampled_from([[1.0], [0.5, 0.5], [0.2, 0.0, 0.8]]))
    edges = draw(st.sampled_from([[-2, 0, 1, 3], [-math.inf, 0, 0.5, math.inf], [0, 1, 2, math.inf]]))
    values = sorted({_value(draw, dtype) for _ in range(9)})[: len(weights)]
    partitions: list[Any] = [None, {"bins": edges[: len(weights) + 1], "weights": weights}]
    partitions += [{"values": values, "weights": weights}] if len(values) == len(weights) else []
    holdouts = {name: draw(st.sampled_from([0, 0.1])) for name in ("tail_weight_holdout", "internal_weight_holdout")}
    divergence = {"partition_object": draw(st.sampled_from(partitions)), "bucketize_data": draw(st.booleans())}
    return [
        (
            "expect_column_quantile_values_to_be_between",
            {
                "column": "x",
                "quantile_ranges": {"quantiles": quantiles, "value_ranges": ranges},
                "allow_relative_error": error,
            },
        ),
        ("expect_column_kl_divergence_to_be_less_than", {"column": "x", "threshold": 0.5, **divergence, **holdouts}),
    ]


def _several(draw: st.DrawFn, dtypes: Mapping[str, str], mostly: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    pair = {"column_A": "x", "column_B": "y", **mostly}
    pair["ignore_row_if"] = draw(st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"]))
    several = {"column_list": draw(st.sampled_from([["x", "y"], ["x", "y", "z"], ["x", "x"]])), **mostly}
    several["ignore_row_if"] = draw(st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"]))
    members: list[tuple[Any, Any]] = [(_value(draw, dtypes["x"]), _value(draw, dtypes["y"])) for _ in range(2)]
    members.append((None, members[0][1]))
    choices: list[tuple[str, dict[str, Any]]] = []
    # Great Expectations writes moments of a pair as numpy does.
    if not dtypes["x"].startswith("datetime") and not dtypes["y"].startswith("datetime"):
        choices.append(("expect_column_pair_values_to_be_equal", pair))
        choices.append(("expect_column_pair_values_to_be_in_set", {**pair, "value_pairs_set": members}))
    if set(dtypes.values()) <= {"int64", "int8", "float64"}:
        choices.append(
            ("expect_multicolumn_sum_to_equal", {**several, "sum_total": draw(st.sampled_from([0, 1, 3, 0.5]))})
        )
    return [
        *choices,
        ("expect_multicolumn_values_to_be_equal", several),
        ("expect_select_column_values_to_be_unique_within_record", several),
    ]


@st.composite
def _declarations(draw: st.DrawFn, dtypes: Mapping[str, str]) -> dict[str, Any]:
    dtype = dtypes["x"]
    mostly = {"mostly": draw(st.sampled_from([0, 0.5, 2 / 3, 0.7, 1]))}
    members = [_value(draw, dtype) for _ in range(draw(st.integers(0, 3)))]
    count = {"min_value": draw(st.integers(0, 3)), "max_value": draw(st.integers(3, 7))}
    column = {"column": "x"}
    shares = {"min_value": draw(st.sampled_from([None, 0, 0.5, 2 / 3])), "max_value": 1, "strict_max": True}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("expect_table_row_count_to_be_between", count),
        ("expect_table_row_count_to_equal", {"value": count["min_value"]}),
        ("expect_column_values_to_not_be_null", {**column, **mostly}),
        ("expect_column_values_to_be_null", {**column, **mostly}),
        ("expect_column_values_to_be_unique", {**column, **mostly}),
        ("expect_column_values_to_be_in_set", {**column, **mostly, "value_set": members}),
        ("expect_column_values_to_not_be_in_set", {**column, **mostly, "value_set": members}),
        ("expect_column_unique_value_count_to_be_between", {**column, **count}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["x", "y"], **mostly}),
        ("expect_column_type_to_be", {**column, "type_": draw(st.sampled_from(sorted(POOLS)))}),
        *[
            (f"expect_column_distinct_values_to_{held}_set", {**column, "value_set": [*members, members[0]]})
            for held in ("be_in", "contain", "equal")
            if members
        ],
        (
            "expect_column_most_common_value_to_be_in_set",
            {**column, "value_set": members, "ties_okay": draw(st.booleans())},
        ),
        ("expect_table_column_count_to_be_between", count),
        ("expect_table_column_count_to_equal", {"value": count["min_value"]}),
        *[(f"expect_column_proportion_of_{part}_values_to_be_between", {**column, **shares}) for part in SHARES],
    ]
    if dtype in ("str", "object"):
        pattern = {"regex": draw(st.sampled_from(PATTERNS))}
        choices += [
            ("expect_column_values_to_match_regex", {**column, **mostly, **pattern}),
            ("expect_column_values_to_not_match_regex", {**column, **mostly, **pattern}),
            ("expect_column_value_lengths_to_be_between", {**column, **mostly, **count}),
        ]
    elif dtype not in ("bool", "boolean"):
        bounds = _bounds(draw, dtype)
        choices += [
            ("expect_column_values_to_be_between", {**column, **mostly, **bounds}),
            ("expect_column_min_to_be_between", {**column, **bounds}),
            ("expect_column_max_to_be_between", {**column, **bounds}),
        ]
    if dtype in NUMERIC:
        choices += [
            (f"expect_column_{figure}_to_be_between", {**column, **bounds})
            for figure in ("mean", "median", "stdev", "sum")
        ]
        choices += _distributions(draw, dtype)
    # Great Expectations fails on pd.NA in a comparison of columns, and writes moments there as numpy does.
    if dtype == dtypes["y"] and not dtype.startswith(("datetime", "Float", "Int")):
        pair = {"column_A": "x", "column_B": "y", "or_equal": draw(st.booleans()), **mostly}
        choices.append(("expect_column_pair_values_a_to_be_greater_than_b", pair))
    choices += _several(draw, dtypes, mostly)
    kind, kwargs = draw(st.sampled_from(choices))
    # Of a pair in a set, Great Expectations counts all rows, and then more unexpected ones than there are.
    if draw(st.integers(0, 3)) == 0 and "pair_values_to_be_in_set" not in kind:
        kwargs |= condition(draw, dtypes)
    return {"type": kind, "kwargs": kwargs}


@st.composite
def _examples(draw: st.DrawFn) -> tuple[pd.DataFrame, list[dict[str, Any]], Any]:
    frame, dtypes = draw(frames())
    declared = draw(st.lists(_declarations(dtypes), min_size=1, max_size=4))
    return frame, declared, draw(st.sampled_from(FORMATS))


@settings(max_examples=200, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore")
@given(example=_examples())
def test_scan_finds_what_great_expectations_finds(
    validate: Validate, example: tuple[pd.DataFrame, list[dict[str, Any]], Any]
) -> None:
    """Whatever the frame and the arguments, success and every field are those of Great Expectations."""
    frame, suite, result_format = example
    try:
        validate_suite(suite)
    except DeclarationError:
        return
    assert_agreement(validate, frame, suite, result_format)


def assert_agreement(validate: Validate, frame: pd.DataFrame, suite: list[dict[str, Any]], result_format: Any) -> None:
    """Fail where an answer of ours is another one than that of Great Expectations."""
    found = check(frame, suite, result_format=result_format)
    for declared, result in zip(suite, found.results, strict=True):
        if result.evaluated_by == "gx":
            continue
        mine = (
            {"success": result.success, "exception": result.error.message}
            if result.error
            else {"success": result.success, "result": enc.jsonable(dict(result.result))}
        )
        theirs = validate(frame, declared, result_format)
        if any(item.get("value", "") is None for item in theirs.get("result", {}).get("partial_unexpected_counts", [])):
            # Whether two missing values count as equal depends on whether pandas made one object of them.
            theirs["result"].pop("partial_unexpected_counts")
            mine["result"].pop("partial_unexpected_counts")
        if "distinct_values" in declared["type"] and isinstance(result_format, dict):
            for answer in (mine, theirs):  # Great Expectations neither bounds nor leaves out this list
                answer.get("result", {}).pop("partial_unexpected_list", None)
        if re.search(r"datetime64\[|offset-naive and offset-aware", str(theirs.get("exception"))) and "success" in mine:
            continue  # pandas and Python compare no moment with a bound of another zone, an instant here
        assert compare.diff(mine, theirs) == [], (declared, mine, theirs)
        # What the recorded cases cannot compare, since it is an engine's own: here both are of pandas.
        rows, query = "unexpected_rows", "unexpected_index_query"
        found_rows, their_rows = (one.get("result", {}).get(rows) for one in (mine, theirs))
        assert compare.eq(found_rows, their_rows), (declared, mine, theirs)
        assert mine.get("result", {}).get(query) == theirs.get("result", {}).get(query), (declared, mine, theirs)
        # Of all expectations, be_null alone leaves the names out there.
        more = set(mine.get("result", {})) - set(theirs.get("result", {})) - {"unexpected_index_column_names"}
        assert not more, (declared, mine, theirs)
