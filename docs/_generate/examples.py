"""One example of each expectation, and the small table of orders that it is true of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

TYPES: Final = {
    "order_id": "int64",
    "country": "str",
    "amount": "float64",
    "tax": "float64",
    "total": "float64",
    "state": "str",
    "details": "str",
    "day": "str",
    "ordered_at": "datetime64[us]",
    "paid_at": "datetime64[us]",
}
"""Columns of the orders, with the types that pandas gives them."""

ROWS: Final = [
    (1, "NO", 10.0, 2.0, 12.0, "paid", '{"gift": true}', "2026-01-01", "2026-01-01T09:00", "2026-01-01T10:00"),
    (2, "SE", 20.0, 4.0, 24.0, "paid", '{"gift": false}', "2026-01-02", "2026-01-02T09:00", "2026-01-02T10:00"),
    (3, "NO", 30.0, 6.0, 36.0, "sent", '{"gift": true}', "2026-01-03", "2026-01-03T09:00", "2026-01-03T10:00"),
]

NOW: Final = datetime(2026, 1, 3, 12, tzinfo=UTC)
"""When the orders are looked at."""

COUNTRIES: Final = ["DK", "NO", "SE"]
"""Codes in the other table, ``countries``."""

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    # About the table.
    "expect_table_row_count_to_be_between": {"min_value": 1, "max_value": 1000},
    "expect_table_row_count_to_equal": {"value": 3},
    "expect_table_row_count_to_equal_other_table": {"other_table_name": "countries"},
    "expect_table_column_count_to_be_between": {"min_value": 5, "max_value": 20},
    "expect_table_column_count_to_equal": {"value": 10},
    "expect_table_columns_to_match_set": {"column_set": ["order_id", "amount"], "exact_match": False},
    "expect_table_columns_to_match_ordered_list": {"column_list": list(TYPES)},
    "expect_column_to_exist": {"column": "amount"},
    # About each value.
    "expect_column_values_to_not_be_null": {"column": "amount"},
    "expect_column_values_to_be_null": {"column": "amount", "mostly": 0},
    "expect_column_values_to_be_unique": {"column": "order_id"},
    "expect_column_values_to_be_between": {"column": "amount", "min_value": 0, "max_value": 100},
    "expect_column_values_to_be_in_set": {"column": "state", "value_set": ["paid", "sent"]},
    "expect_column_values_to_not_be_in_set": {"column": "state", "value_set": ["lost"]},
    "expect_column_values_to_match_regex": {"column": "country", "regex": "^[A-Z]{2}$"},
    "expect_column_values_to_not_match_regex": {"column": "country", "regex": "[a-z]"},
    "expect_column_values_to_match_regex_list": {"column": "country", "regex_list": ["^N", "^S"], "match_on": "any"},
    "expect_column_values_to_not_match_regex_list": {"column": "country", "regex_list": ["[a-z]", "[0-9]"]},
    "expect_column_values_to_match_like_pattern": {"column": "state", "like_pattern": "%t%"},
    "expect_column_values_to_not_match_like_pattern": {"column": "state", "like_pattern": "lost%"},
    "expect_column_values_to_match_like_pattern_list": {"column": "state", "like_pattern_list": ["pa%", "se%"]},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "state", "like_pattern_list": ["lo%"]},
    "expect_column_value_lengths_to_be_between": {"column": "country", "min_value": 2, "max_value": 3},
    "expect_column_value_lengths_to_equal": {"column": "country", "value": 2},
    "expect_column_values_to_be_of_type": {"column": "amount", "type_": "float64"},
    "expect_column_values_to_be_in_type_list": {"column": "amount", "type_list": ["float64", "int64"]},
    "expect_column_type_to_be": {"column": "amount", "type_": "float64"},
    "expect_table_to_reconcile_with_other_table": {
        "other_table": "shop_orders",
        "key_columns": ["order_id"],
        "columns": ["amount", "state"],
        "absolute_tolerance": 0.005,
    },
    "expect_column_values_to_exist_in_other_table": {
        "column": "country",
        "other_table": "countries",
        "other_column": "code",
    },
    "expect_table_to_match_contract": {
        "contract": {
            "columns": [
                {"name": "order_id", "type": "number", "primary_key": True},
                {"name": "country", "type": "string", "required": True},
                {"name": "note", "type": "string", "optional": True},
            ],
        },
    },
    "expect_column_values_to_be_multiples": {"column": "amount", "multiple_of": 0.05},
    "expect_row_condition_to_hold": {"expression": "total = amount + tax AND paid_at > ordered_at"},
    "expect_column_max_to_be_recent": {"column": "paid_at", "max_age": "26h"},
    "expect_column_values_to_be_increasing": {"column": "order_id"},
    "expect_column_values_to_be_decreasing": {"column": "order_id", "mostly": 0},
    "expect_column_values_to_be_dateutil_parseable": {"column": "day"},
    "expect_column_values_to_match_strftime_format": {"column": "day", "strftime_format": "%Y-%m-%d"},
    "expect_column_values_to_be_json_parseable": {"column": "details"},
    "expect_column_values_to_match_json_schema": {
        "column": "details",
        "json_schema": {"type": "object", "required": ["gift"]},
    },
    "expect_column_value_z_scores_to_be_less_than": {"column": "amount", "threshold": 3, "double_sided": True},
    "expect_column_values_to_not_be_outliers": {"column": "amount", "method": "iqr", "multiplier": 1.5},
    # About a figure of a column.
    "expect_column_min_to_be_between": {"column": "amount", "min_value": 0},
    "expect_column_max_to_be_between": {"column": "amount", "max_value": 1000},
    "expect_column_mean_to_be_between": {"column": "amount", "min_value": 5, "max_value": 50},
    "expect_column_median_to_be_between": {"column": "amount", "min_value": 5, "max_value": 50},
    "expect_column_stdev_to_be_between": {"column": "amount", "min_value": 1, "max_value": 20},
    "expect_column_sum_to_be_between": {"column": "amount", "min_value": 1},
    "expect_column_unique_value_count_to_be_between": {"column": "state", "min_value": 1, "max_value": 5},
    "expect_column_proportion_of_unique_values_to_be_between": {"column": "state", "min_value": 0.1},
    "expect_column_proportion_of_non_null_values_to_be_between": {"column": "amount", "min_value": 0.5},
    "expect_column_quantile_values_to_be_between": {
        "column": "amount",
        "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[10, 30]]},
    },
    "expect_column_most_common_value_to_be_in_set": {"column": "state", "value_set": ["paid"]},
    "expect_column_distinct_values_to_be_in_set": {"column": "state", "value_set": ["paid", "sent", "lost"]},
    "expect_column_distinct_values_to_contain_set": {"column": "state", "value_set": ["paid"]},
    "expect_column_distinct_values_to_equal_set": {"column": "state", "value_set": ["paid", "sent"]},
    "expect_column_kl_divergence_to_be_less_than": {
        "column": "state",
        "partition_object": {"values": ["paid", "sent"], "weights": [0.6, 0.4]},
        "threshold": 0.5,
    },
    # About several columns of a row.
    "expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "paid_at", "column_B": "ordered_at"},
    "expect_column_pair_values_to_be_equal": {"column_A": "order_id", "column_B": "order_id"},
    "expect_column_pair_values_to_be_in_set": {
        "column_A": "country",
        "column_B": "state",
        "value_pairs_set": [["NO", "paid"], ["SE", "paid"], ["NO", "sent"]],
    },
    "expect_compound_columns_to_be_unique": {"column_list": ["country", "order_id"]},
    "expect_select_column_values_to_be_unique_within_record": {"column_list": ["amount", "tax"]},
    "expect_multicolumn_values_to_be_equal": {"column_list": ["order_id", "order_id"]},
    "expect_multicolumn_sum_to_equal": {"column_list": ["amount", "tax", "total"], "sum_total": 24, "mostly": 0.3},
    # The gate's own history.
    "expect_metric_to_follow_its_history": {"metric": "row_count", "min_reports": 3, "direction": "drop"},
    # Queries.
    "expect_query_results_to_match_comparison": {
        "base_query": "SELECT count(*) FROM orders",
        "comparison_data_source_name": "other",
        "comparison_query": "SELECT count(*) FROM orders",
    },
    "unexpected_rows_expectation": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE amount < 0"},
}
"""Arguments of each expectation, true of the orders where that is possible."""
