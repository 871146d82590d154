"""The expectations that the scan evaluates, one module for each kind of statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from airflow_provider_dpq.core.quality.expectations import (
    aggregate,
    column,
    columns,
    contract,
    distinct,
    distribution,
    freshness,
    history,
    multiple,
    order,
    pattern,
    query,
    reconciliation,
    reference,
    row,
    spread,
    table,
    text,
    types,
)
from airflow_provider_dpq.core.quality.expectations.base import Expectation

OURS: Final = frozenset(
    {
        "expect_column_max_to_be_recent",
        "expect_column_values_to_be_multiples",
        "expect_column_values_to_exist_in_other_table",
        "expect_metric_to_follow_its_history",
        "expect_row_condition_to_hold",
        "expect_table_to_match_contract",
        "expect_table_to_reconcile_with_other_table",
    }
)
"""The expectations that Great Expectations does not have."""


@cache
def registered() -> Mapping[str, type[Expectation]]:
    """Return the expectations that the scan evaluates, by their type."""
    return {
        model.type: model
        for module in (
            *(table, column, pattern, text, order, spread, multiple),
            *(columns, aggregate, distinct, distribution, types, contract, query, row, freshness),
            *(reference, reconciliation, history),
        )
        for model in _models(vars(module).values())
    }


def _models(values: Iterable[object]) -> Iterator[type[Expectation]]:
    for value in values:
        if isinstance(value, type) and issubclass(value, Expectation) and "type" in vars(value):
            yield value


__all__ = ["OURS", "Expectation", "registered"]
