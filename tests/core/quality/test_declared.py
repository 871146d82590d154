"""One expectation as declared: what it excludes from its result, and what is refused whatever Python value it holds."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, DpqError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.suite import load_suite, validate_suite
from docs._generate.examples import COUNTRIES, EXAMPLES, ROWS, TYPES

EXCLUDING: Final = {"result_format": "SUMMARY", "exclude_unexpected_values": True}
IN_SET: Final = {"column": "s", "value_set": ["a"]}


def _in_set(**kwargs: Any) -> dict[str, Any]:
    return {"type": "expect_column_values_to_be_in_set", "kwargs": {**IN_SET, **kwargs}}


def _texts(result: Any) -> str:
    return json.dumps(dict(result), default=str)


@pytest.mark.parametrize("wanted", ["BASIC", "SUMMARY", "COMPLETE", {**EXCLUDING, "include_unexpected_rows": True}])
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_result_format_of_an_expectation_excludes_its_values(dtype: str, wanted: Any) -> None:
    """Its own result shows none, whoever evaluates it and whatever the gate shows of the others."""
    frame = pd.DataFrame({"s": pd.Series(["a", "secret", "a"], dtype=dtype), "n": [1, 2, 3]})
    excluding, open_ = check(frame, [_in_set(result_format=EXCLUDING), _in_set()], result_format=wanted).results
    assert (excluding.success, excluding.result["unexpected_count"]) == (False, 1)
    assert "secret" not in _texts(excluding.result)
    assert ("secret" in _texts(open_.result)) == isinstance(wanted, str)
    assert "result_format" not in excluding.declaration


def test_values_are_excluded_by_each_way_to_declare_and_to_check(tmp_path: Path) -> None:
    """In a file, in a database, by partition and in a Great Expectations object."""
    import great_expectations as gx

    frame = pd.DataFrame({"s": ["a", "secret"], "day": ["2024-01-01", "2024-01-02"]})
    frame.to_parquet(tmp_path / "t.parquet")
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    frame.to_sql("t", database, index=False)
    suite = tmp_path / "suite.yaml"
    suite.write_text(json.dumps([_in_set(result_format=EXCLUDING)]))
    native = gx.expectations.ExpectColumnValuesToBeInSet(**IN_SET, result_format=EXCLUDING)
    results = [
        *check(str(tmp_path / "t.parquet"), suite, result_format="COMPLETE").results,
        *check("t", suite, connection=database, result_format="COMPLETE").results,
        *check(frame, suite, partition_by="day").results,
        *check(frame, [native]).results,
    ]
    assert [result.success for result in results] == [False] * 4
    assert not any("secret" in _texts(result.result) or "2024" in _texts(result.result) for result in results)
    database.dispose()


@pytest.mark.parametrize(
    "result_format",
    [
        *("basic", 5, [], {"result_format": "ALL"}, {"exclude_unexpected_value": True}),
        *({"exclude_unexpected_values": "false"}, {"unexpected_index_column_names": "id"}),
    ],
    ids=str,
)
def test_result_format_that_is_none_is_refused_with_its_expectation(result_format: Any) -> None:
    """A misspelt option would show what it was to keep out."""
    with pytest.raises(DeclarationError, match="expect_column_values_to_be_in_set: ") as refused:
        validate_suite([_in_set(result_format=result_format)])
    assert refused.value.reason == "invalid_result_format"


def test_expectation_of_two_types_is_refused() -> None:
    """One of them would be lost."""
    with pytest.raises(DeclarationError, match="is of two types"):
        load_suite([{**_in_set(), "expectation_type": "expect_column_values_to_not_be_in_set"}])
    assert load_suite([{**_in_set(), "expectation_type": "expect_column_values_to_be_in_set"}]).expectations


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"type": "expect_column_value_to_be_in_set"}, "Did you mean 'expect_column_values_to_be_in_set'?"),
        ({"type": "expect_column_values_to_be_alphabetical"}, "is given as a Great Expectations object"),
        ({**_in_set(values_set=["a"])}, "Did you mean 'value_set'?"),
        ({"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "min_vale": 3}}, "'min_value'?"),
        ({**_in_set(), "kwargs": []}, "not a mapping"),
    ],
)
def test_misspelt_names_are_told(declared: dict[str, Any], words: str) -> None:
    """An expectation that is like none of ours is somebody's own, and no misspelt one."""
    with pytest.raises(DeclarationError) as refused:
        validate_suite([declared])
    assert words in str(refused.value)
    assert "to_be_null" not in str(refused.value)


WRONG: Final = [
    *(None, "", " ", "5", "abc", "nan", "inf", "5GB", "10%", "1h", "1e400", "\0", "\ud800", b"x"),
    *(True, False, -1, 0, 2.5, 10**400, math.nan, math.inf, -math.inf, 1j, object(), len, range(3)),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), pd.NaT, pd.NA, pd.Timestamp("2024-01-01")),
    *([], {}, [None], [[]], [{}], [math.nan], ["a", "a"], {"a": 1}, {1}),
]
"""Values of which hardly any fits an argument."""


def _declared_with(kind: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an expectation with each of its arguments in turn left out, or of a wrong value."""
    names = registered()[kind].model_fields
    without = [{key: value for key, value in kwargs.items() if key != name} for name in names]
    wrong = [{**kwargs, name: value} for name in names for value in WRONG]
    return [{"type": kind, "kwargs": changed} for changed in (*without, *wrong)]


ORDERS: Final = pd.DataFrame(ROWS, columns=list(TYPES)).astype(dict(TYPES))
OTHERS: Final = {"countries": pd.DataFrame({"code": COUNTRIES}), "orders_copy": ORDERS}


def _evaluated(declared: list[dict[str, Any]]) -> list[CheckResult]:
    """Check the orders together; where one is refused at that, each alone, and leave those out."""
    try:
        return list(check(ORDERS, declared, references=OTHERS, connect=lambda _: sa.create_engine("sqlite://")).results)
    except DeclarationError:
        halves = (declared[: len(declared) // 2], declared[len(declared) // 2 :]) if len(declared) > 1 else ()
        return [result for half in halves for result in _evaluated(half)]


@pytest.mark.filterwarnings("ignore:.*alias 'a' was deprecated")
@pytest.mark.parametrize("kind", registered())
def test_wrong_arguments_are_refused_or_judged_and_raise_nothing_else(kind: str) -> None:
    """What is not refused has a verdict, or an error that somebody has foreseen."""
    accepted = []
    for declared in _declared_with(kind, dict(EXAMPLES[kind])):
        try:
            validate_suite([declared])
        except DeclarationError:
            continue
        accepted.append(declared)
    reasons = {result.error.reason for result in _evaluated(accepted) if result.error is not None}
    assert "unexpected_error" not in reasons


FRAME: Final = pd.DataFrame({"n": [1.0, 99.0, None, 2.0, 2.0], "m": [2.0, 1.0, None, 2.0, 2.0], "s": ["x"] * 5})
SUBJECTS: Final = {"column": "n", "column_A": "n", "column_B": "m", "column_list": ["n", "m"]}
EXISTENCE: Final = ("expect_column_to_exist", "expect_table_row_count_to_equal_other_table")


@pytest.mark.parametrize("empty", [False, True], ids=["left out", "None"])
@pytest.mark.parametrize("kind", sorted(set(registered()) - set(EXISTENCE)))
def test_expectation_without_a_criterion_never_passes(kind: str, *, empty: bool) -> None:
    """It is refused, or warns that it judges nothing, or has a criterion of its own, which this table breaks."""
    names = registered()[kind].model_fields
    kwargs = {name: SUBJECTS[name] for name in names if name in SUBJECTS}
    others = dict.fromkeys((name for name in names if name not in SUBJECTS), None) if empty else {}
    try:
        (result,) = check(FRAME, [{"type": kind, "kwargs": {**kwargs, **others}}]).results
    except DeclarationError:
        return
    assert result.verdict is not Verdict.PASS
    assert result.error is None or result.error.reason != "unexpected_error"


@pytest.mark.parametrize(
    "condition",
    [
        *(5, True, [], ["n > 1"], pd.NA, pd.NaT, {"type": "pass_through"}, {"type": "or", "conditions": [None]}),
        *({"type": "and", "conditions": []}, {"type": "and", "conditions": "n"}),
        *({"type": "nullity", "column": {"name": "n"}, "is_null": flag} for flag in (None, "yes", 1)),
    ],
    ids=str,
)
def test_row_condition_that_is_none_is_refused_everywhere(condition: Any) -> None:
    """Of a check before any data are read, and of the gate."""
    declared = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
    with pytest.raises(DeclarationError):
        validate_suite([{**declared, "kwargs": {"column": "n", "row_condition": condition}}])
    with pytest.raises(DpqError):
        check(FRAME, [declared], row_condition=condition)


@pytest.mark.parametrize("listed", [True, 5, "all of it"])
def test_what_is_not_checked_is_a_list(listed: object) -> None:
    """A text would be read as its letters."""
    with pytest.raises(DeclarationError, match="not_checked"):
        load_suite({"expectations": [_in_set()], "not_checked": listed})
