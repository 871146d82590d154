"""All checks of a suite as the fewest scans of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile import (
    aggregate,
    column,
    columns,
    contract,
    divergence,
    freshness,
    membership,
    multiple,
    order,
    pattern,
    quantile,
    query,
    reconciliation,
    reference,
    row,
    spread,
    table,
    text,
    types,
    unique,
)
from airflow_provider_dpq.core.quality.compile.dialects import refuse_lacking
from airflow_provider_dpq.core.quality.compile.joined import Joined
from airflow_provider_dpq.core.quality.compile.plan import Domain, Plan
from airflow_provider_dpq.core.quality.expectations import Expectation
from airflow_provider_dpq.core.quality.expectations import aggregate as of_figure
from airflow_provider_dpq.core.quality.expectations import column as of_column
from airflow_provider_dpq.core.quality.expectations import columns as of_columns
from airflow_provider_dpq.core.quality.expectations import contract as of_contract
from airflow_provider_dpq.core.quality.expectations import distinct as of_distinct
from airflow_provider_dpq.core.quality.expectations import distribution as of_distribution
from airflow_provider_dpq.core.quality.expectations import freshness as of_freshness
from airflow_provider_dpq.core.quality.expectations import multiple as of_multiple
from airflow_provider_dpq.core.quality.expectations import order as of_order
from airflow_provider_dpq.core.quality.expectations import pattern as of_pattern
from airflow_provider_dpq.core.quality.expectations import query as of_query
from airflow_provider_dpq.core.quality.expectations import reconciliation as of_reconciliation
from airflow_provider_dpq.core.quality.expectations import reference as of_reference
from airflow_provider_dpq.core.quality.expectations import row as of_row
from airflow_provider_dpq.core.quality.expectations import spread as of_spread
from airflow_provider_dpq.core.quality.expectations import table as of_table
from airflow_provider_dpq.core.quality.expectations import text as of_text
from airflow_provider_dpq.core.quality.expectations import types as of_type
from airflow_provider_dpq.core.quality.expectations.base import Conditional
from airflow_provider_dpq.core.quality.tables.table import Table

ROWS: Final = "dpq_rows"
"""Name of the figure that counts the rows which a check's own row condition leaves it."""


@cache
def _planners() -> Mapping[type[Expectation], Any]:
    return {
        of_table.ExpectTableRowCountToBeBetween: table.plan_row_count_between,
        of_table.ExpectTableRowCountToEqual: table.plan_row_count_equal,
        of_table.ExpectTableRowCountToEqualOtherTable: table.plan_row_count_equal_other,
        of_table.ExpectTableColumnCountToBeBetween: table.plan_column_count_between,
        of_table.ExpectTableColumnCountToEqual: table.plan_column_count_equal,
        of_table.ExpectColumnToExist: table.plan_column_exists,
        of_table.ExpectTableColumnsToMatchSet: table.plan_columns_set,
        of_table.ExpectTableColumnsToMatchOrderedList: table.plan_columns_ordered,
        of_column.ExpectColumnValuesToNotBeNull: column.plan_not_null,
        of_column.ExpectColumnValuesToBeNull: column.plan_null,
        of_column.ExpectColumnValuesToBeUnique: unique.plan_unique,
        of_column.ExpectColumnValuesToBeBetween: column.plan_between,
        of_column.ExpectColumnValuesToBeInSet: column.plan_in_set,
        of_column.ExpectColumnValuesToNotBeInSet: column.plan_not_in_set,
        of_column.ExpectColumnValueLengthsToBeBetween: column.plan_lengths,
        of_column.ExpectColumnValueLengthsToEqual: column.plan_length,
        of_pattern.ExpectColumnValuesToMatchRegex: pattern.plan_match_regex,
        of_pattern.ExpectColumnValuesToNotMatchRegex: pattern.plan_not_match_regex,
        of_pattern.ExpectColumnValuesToMatchRegexList: pattern.plan_match_regex_list,
        of_pattern.ExpectColumnValuesToNotMatchRegexList: pattern.plan_not_match_regex_list,
        of_pattern.ExpectColumnValuesToMatchLikePattern: pattern.plan_match_like,
        of_pattern.ExpectColumnValuesToNotMatchLikePattern: pattern.plan_not_match_like,
        of_pattern.ExpectColumnValuesToMatchLikePatternList: pattern.plan_match_like_list,
        of_pattern.ExpectColumnValuesToNotMatchLikePatternList: pattern.plan_not_match_like_list,
        of_text.ExpectColumnValuesToBeDateutilParseable: text.plan_dateutil,
        of_text.ExpectColumnValuesToMatchStrftimeFormat: text.plan_strftime,
        of_text.ExpectColumnValuesToBeJsonParseable: text.plan_json,
        of_text.ExpectColumnValuesToMatchJsonSchema: text.plan_json_schema,
        of_order.ExpectColumnValuesToBeIncreasing: order.plan_increasing,
        of_order.ExpectColumnValuesToBeDecreasing: order.plan_decreasing,
        of_multiple.ExpectColumnValuesToBeMultiples: multiple.plan_multiples,
        of_spread.ExpectColumnValueZScoresToBeLessThan: spread.plan_z_scores,
        of_spread.ExpectColumnValuesToNotBeOutliers: spread.plan_outliers,
        of_columns.ExpectColumnPairValuesAToBeGreaterThanB: columns.plan_pair_greater,
        of_columns.ExpectCompoundColumnsToBeUnique: unique.plan_compound_unique,
        of_columns.ExpectColumnPairValuesToBeEqual: columns.plan_pair_equal,
        of_columns.ExpectColumnPairValuesToBeInSet: columns.plan_pair_in_set,
        of_columns.ExpectMulticolumnSumToEqual: columns.plan_sum_equal,
        of_columns.ExpectMulticolumnValuesToBeEqual: columns.plan_values_equal,
        of_columns.ExpectSelectColumnValuesToBeUniqueWithinRecord: columns.plan_unique_within_record,
        of_figure.ExpectColumnMinToBeBetween: aggregate.plan_min,
        of_figure.ExpectColumnMaxToBeBetween: aggregate.plan_max,
        of_figure.ExpectColumnMeanToBeBetween: aggregate.plan_mean,
        of_figure.ExpectColumnMedianToBeBetween: aggregate.plan_median,
        of_figure.ExpectColumnStdevToBeBetween: aggregate.plan_stdev,
        of_figure.ExpectColumnSumToBeBetween: aggregate.plan_sum,
        of_figure.ExpectColumnUniqueValueCountToBeBetween: aggregate.plan_unique_count,
        of_figure.ExpectColumnProportionOfNonNullValuesToBeBetween: aggregate.plan_non_null_share,
        of_figure.ExpectColumnProportionOfUniqueValuesToBeBetween: aggregate.plan_unique_share,
        of_distinct.ExpectColumnDistinctValuesToBeInSet: membership.plan_in_set,
        of_distinct.ExpectColumnDistinctValuesToContainSet: membership.plan_contain_set,
        of_distinct.ExpectColumnDistinctValuesToEqualSet: membership.plan_equal_set,
        of_distinct.ExpectColumnMostCommonValueToBeInSet: membership.plan_most_common,
        of_distribution.ExpectColumnQuantileValuesToBeBetween: quantile.plan_quantiles,
        of_distribution.ExpectColumnKLDivergenceToBeLessThan: divergence.plan_divergence,
        of_query.ExpectQueryResultsToMatchComparison: query.plan_match_comparison,
        of_query.UnexpectedRowsExpectation: query.plan_unexpected_rows,
        of_type.ExpectColumnTypeToBe: types.plan_column_type,
        of_type.ExpectColumnValuesToBeOfType: types.plan_of_type,
        of_type.ExpectColumnValuesToBeInTypeList: types.plan_in_type_list,
        of_contract.ExpectTableToMatchContract: contract.plan_contract,
        of_row.ExpectRowConditionToHold: row.plan_row_condition,
        of_freshness.ExpectColumnMaxToBeRecent: freshness.plan_recent,
        of_reference.ExpectColumnValuesToExistInOtherTable: reference.plan_exists_elsewhere,
        of_reconciliation.ExpectTableToReconcileWithOtherTable: reconciliation.plan_reconciliation,
    }


def plan_expectation(expectation: Expectation, source: Table) -> Plan:
    """Return how an expectation is answered on a table.

    Raises:
        NotScannableError: Only Great Expectations can answer it.
        MeasurementError: It cannot be answered: a missing column, a regular expression that is none.
    """
    plan: Plan = _planners()[type(expectation)](expectation, source)
    refuse_lacking(plan, expectation.type, source.dialect)
    condition = expectation.condition if isinstance(expectation, Conditional) else None
    if condition is None or not expectation.looks_at_rows:
        return plan
    return replace(plan, figures={**plan.figures, ROWS: Domain(source, condition).count()})


def shared_scan(plans: Sequence[Plan], source: Table) -> sa.Select[Any]:
    """Return one selection of the row count and all figures of all plans, in order.

    Equal figures of several plans stand in it once for each; engines compute common expressions once.
    """
    figures = [figure for plan in plans for figure in plan.figures.values()]
    labelled = [figure.label(f"f{index}") for index, figure in enumerate([sa.func.count(), *figures])]
    rows = source.rows()
    for join in (join for plan in plans for join in plan.joins):
        rows = Joined(rows, join.keys, join.on)
    return sa.select(*labelled).select_from(rows).where(*source.filters)


def split_figures(plans: Sequence[Plan], row: Sequence[Any]) -> list[dict[str, Any]]:
    """Give each plan its own figures out of the row that `shared_scan` returned."""
    values = iter(row[1:])
    return [{name: next(values) for name in plan.figures} for plan in plans]


def one_statement(plans: Mapping[str, Plan]) -> sa.Select[Any] | None:
    """Return the queries of all plans as one selection of scalar subqueries, in order; None where there are none."""
    queries = [query for plan in plans.values() for query in plan.queries.values()]
    figures = [query.scalar_subquery().label(f"f{index}") for index, query in enumerate(queries)]
    return sa.select(*figures) if figures else None


def split_statement(plans: Mapping[str, Plan], row: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Give each plan its own figures out of the row that `one_statement` returned."""
    values = iter(row)
    return {name: {figure: next(values) for figure in plan.queries} for name, plan in plans.items()}
