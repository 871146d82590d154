"""Figures that no table can have are errors of their checks, and never pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.compile.plausibility import share_of
from airflow_provider_dpq.core.quality.evaluate import evaluate
from airflow_provider_dpq.core.quality.result_format import parse_result_format
from airflow_provider_dpq.core.quality.suite import load_suite
from airflow_provider_dpq.core.table.files import Reading
from airflow_provider_dpq.core.table.frames import attach_frame
from airflow_provider_dpq.core.table.open import FrameTable
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Limits, Scan

FRAME = pd.DataFrame({"n": [1, 2, 3, 4], "f": [0.5, 1.5, 2.5, 3.5]})


class LyingTable(FrameTable):
    """A real table whose engine lies about one figure: it swaps the figures of the first row that are like one."""

    lie: Callable[[Any], Any] = staticmethod(lambda value: value)

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows, some of them untrue."""
        rows = super().fetch(query)
        first, *others = rows or [()]
        return [(*first[:1], *(self.lie(value) for value in first[1:])), *others] if len(first) > 1 else rows


def _answer(lie: Callable[[Any], Any], type_: str, **kwargs: Any) -> object:
    scan = Scan(Limits())
    beside = References({}, Limits(), Reading(None, ()))
    columns = attach_frame(scan, "dpq_source", FRAME)
    with LyingTable(scan, FRAME, columns, lambda relation, name: beside.open_other(scan, relation, name)) as table:
        table.beside, table.lie = beside, staticmethod(lie)  # type: ignore[method-assign]
        suite = load_suite([{"type": f"expect_{type_}", "kwargs": kwargs}])
        _, (outcome,) = evaluate(table, suite, {}, parse_result_format("SUMMARY"), lambda _: None)
    return outcome.answer


CHECKS: list[tuple[str, Mapping[str, Any]]] = [
    ("column_values_to_not_be_null", {"column": "n"}),
    ("column_values_to_be_between", {"column": "n", "min_value": 0}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [1, 2, 3, 4], "mostly": 0.5}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "f"}),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "n", "min_value": 0.1}),
    ("column_distinct_values_to_be_in_set", {"column": "n", "value_set": [1, 2, 3, 4]}),
    ("column_sum_to_be_between", {"column": "n", "min_value": 0}),
    ("column_mean_to_be_between", {"column": "f", "min_value": 0}),
]


@pytest.mark.parametrize(("type_", "kwargs"), CHECKS)
def test_true_figures_are_believed(type_: str, kwargs: Mapping[str, Any]) -> None:
    """Without a lie every check passes, so that the lies below are what is refused."""
    answer = _answer(lambda value: value, type_, **kwargs)
    assert isinstance(answer, Answer)
    assert answer.success


@pytest.mark.parametrize(
    "lie",
    [lambda _: -1, lambda _: None, lambda _: 5, lambda _: 0.5, lambda value: -value],
    ids=["negative", "nothing", "more than the rows", "no whole number", "of the other sign"],
)
@pytest.mark.parametrize(("type_", "kwargs"), CHECKS)
def test_impossible_counts_are_errors(lie: Callable[[Any], Any], type_: str, kwargs: Mapping[str, Any]) -> None:
    """Whatever the lie, no check passes by counts that no table can have."""
    answer = _answer(lie, type_, **kwargs)
    assert isinstance(answer, MeasurementError)
    assert answer.reason == "impossible_figure"


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("column_sum_to_be_between", {"column": "n"}),
        ("column_mean_to_be_between", {"column": "f"}),
        ("column_min_to_be_between", {"column": "n"}),
        ("column_max_to_be_between", {"column": "f"}),
        ("column_median_to_be_between", {"column": "n"}),
        ("column_stdev_to_be_between", {"column": "n"}),
    ],
)
def test_no_figure_of_values_that_exist_is_an_error(type_: str, kwargs: Mapping[str, Any]) -> None:
    """A sum of four values is something, whatever an engine says."""
    answer = _answer(lambda value: value if value == len(FRAME) else None, type_, **kwargs, min_value=0)
    assert isinstance(answer, MeasurementError)
    assert answer.reason == "impossible_figure"


@pytest.mark.parametrize(("part", "whole"), [(2, 1), (-1, 1), (None, 1), (1, None), (0.5, 1), (True, 1), ("1", 1)])
def test_share_of_what_is_no_count_is_an_error(part: Any, whole: Any) -> None:
    """A share lies between 0 and 1, and is of counts."""
    with pytest.raises(MeasurementError) as refused:
        share_of(part, whole, "rows")
    assert refused.value.reason == "impossible_figure"
