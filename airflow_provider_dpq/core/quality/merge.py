"""Results of parts of a table, put together into the result of the whole where that is exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.instant import instant, read_fine_moment

Figures: TypeAlias = Mapping[str, JsonValue]
_Merge: TypeAlias = Callable[[Sequence[Figures]], dict[str, Any] | None]

COUNTS: Final = ("element_count", "unexpected_count", "missing_count")
OBSERVED: Final = "observed_value"
WEIGHT: Final = "value_count"
"""How many values a mean rests on."""
TOTAL: Final = "total"
"""The sum that a mean is a share of."""
MEAN: Final = "mean"
"""The mean that a standard deviation lies about."""


def _counts(parts: Sequence[Figures]) -> dict[str, Any]:
    """Add counts of rows, each of which holds or not whatever the others are."""
    return {name: sum(_number(part, name) or 0 for part in parts) for name in COUNTS if name in parts[0]}


def _sum(parts: Sequence[Figures]) -> dict[str, Any] | None:
    if any(part.get(OBSERVED) is None or isinstance(part[OBSERVED], str) for part in parts):
        return None  # of nothing, or of infinite numbers
    values = [exact(value) for value in _observed(parts)]
    total = sum(values)
    if isinstance(total, Fraction):  # of the numbers as they are written; else one is infinite
        total = total.numerator if total.denominator == 1 else float(total)
    return {OBSERVED: total if values else None}


def _extreme(choose: Callable[..., Any]) -> _Merge:
    def merge(parts: Sequence[Figures]) -> dict[str, Any] | None:
        values = _observed(parts)
        texts = [value for value in values if isinstance(value, str)]
        if not texts:
            return {OBSERVED: choose(values, key=exact) if values else None}
        moments = {text: found for text in texts if (found := read_fine_moment(text)) is not None}
        if len(texts) < len(values) or not all(text in moments for text in texts):
            return None  # which text is the smallest is the database's to say
        return {OBSERVED: choose(texts, key=lambda text: instant(moments[text]))}

    return merge


def _mean(parts: Sequence[Figures]) -> dict[str, Any] | None:
    held = [part for part in parts if _number(part, WEIGHT)]
    if any(_number(part, name) is None for part in held for name in (OBSERVED, TOTAL)):
        return None  # of values some of which are infinite
    count = sum(_number(part, WEIGHT) for part in held)
    total = sum((exact(_number(part, TOTAL) or 0) for part in held), Fraction(0))
    return {OBSERVED: total / count if count else None}


def _stdev(parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Add the squares about each part's mean and those of the means about the whole's (Chan, Golub, LeVeque 1979)."""
    held = [part for part in parts if _number(part, WEIGHT)]
    spread = [part for part in held if _number(part, WEIGHT) > 1]
    if any(_number(part, MEAN) is None for part in held) or any(_number(part, OBSERVED) is None for part in spread):
        return None  # of values some of which are infinite
    total = sum(_number(part, WEIGHT) or 0 for part in held)
    if total < 2:
        return {OBSERVED: None}
    mean = math.fsum(_number(part, MEAN) * _number(part, WEIGHT) for part in held) / total
    squares = math.fsum(
        (_number(part, OBSERVED) or 0) ** 2 * (_number(part, WEIGHT) - 1)
        + (_number(part, MEAN) - mean) ** 2 * _number(part, WEIGHT)
        for part in held
    )
    return {OBSERVED: math.sqrt(squares / (total - 1))}


def _observed(parts: Sequence[Figures]) -> list[Any]:
    return [part[OBSERVED] for part in parts if part.get(OBSERVED) not in (None, "NaT")]


def _number(part: Figures, name: str) -> Any:
    value = part.get(name)
    return value if isinstance(value, (int, float)) else None


_VALUES: Final = (
    "be_between",
    "be_dateutil_parseable",
    "be_in_set",
    "be_json_parseable",
    "be_multiples",
    "be_null",
    "match_json_schema",
    "match_like_pattern",
    "match_like_pattern_list",
    "match_regex",
    "match_regex_list",
    "match_strftime_format",
    "not_be_in_set",
    "not_be_null",
    "not_match_like_pattern",
    "not_match_like_pattern_list",
    "not_match_regex",
    "not_match_regex_list",
)
MERGES: Final[Mapping[str, _Merge]] = {
    **{f"expect_column_values_to_{name}": _counts for name in _VALUES},
    "expect_column_value_lengths_to_be_between": _counts,
    "expect_column_value_lengths_to_equal": _counts,
    "expect_column_pair_values_a_to_be_greater_than_b": _counts,
    "expect_column_pair_values_to_be_equal": _counts,
    "expect_column_pair_values_to_be_in_set": _counts,
    "expect_multicolumn_sum_to_equal": _counts,
    "expect_multicolumn_values_to_be_equal": _counts,
    "expect_select_column_values_to_be_unique_within_record": _counts,
    "expect_row_condition_to_hold": _counts,
    "expect_table_row_count_to_be_between": _sum,
    "expect_table_row_count_to_equal": _sum,
    "expect_column_sum_to_be_between": _sum,
    "expect_column_min_to_be_between": _extreme(min),
    "expect_column_max_to_be_between": _extreme(max),
    "expect_column_mean_to_be_between": _mean,
    "expect_column_stdev_to_be_between": _stdev,
}
"""How the figures of parts make the figures of the whole, for expectations where that is exact."""

WHOLE: Final = frozenset(
    {
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_kl_divergence_to_be_less_than",
        "expect_column_median_to_be_between",
        "expect_column_most_common_value_to_be_in_set",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_unique",
        "expect_column_values_to_exist_in_other_table",
        "expect_column_values_to_not_be_outliers",
        "expect_compound_columns_to_be_unique",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
    }
)
"""Expectations that are judged on the whole table: figures that cannot be put together, and references.

What a partition was found to be holds as long as it is the same; another table may change meanwhile.
"""


_OF_METRICS: Final = "expect_metric_to_follow_its_history"


def require_partitionable(types: Iterable[str]) -> None:
    """Refuse expectations that say nothing about a part of a table by itself.

    Args:
        types: Their types.

    Raises:
        DeclarationError: ``not_partitionable``.
    """
    for type_ in types:
        if type_ not in MERGES and type_ not in WHOLE and type_ != _OF_METRICS:
            message = f"{type_} cannot be checked by partition."
            raise DeclarationError("not_partitionable", message, hint="Check it in a gate of its own.")


def figures_of(result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what merging needs of a result: its counts, and its figure where that is one value."""
    kept = {name: result[name] for name in (*COUNTS, OBSERVED) if name in result}
    return {name: value for name, value in kept.items() if value is None or isinstance(value, (int, float, str))}


def merge_figures(type_: str, parts: Sequence[Figures]) -> dict[str, Any] | None:
    """Return the figures of a whole from those of its parts; None where they cannot be put together exactly.

    Args:
        type_: Expectation type.
        parts: What `figures_of` returned for each part; of a mean also `WEIGHT` and `TOTAL`, of a standard deviation
            `WEIGHT` and `MEAN`.
    """
    needed = {"expect_column_mean_to_be_between": (WEIGHT, TOTAL), "expect_column_stdev_to_be_between": (WEIGHT, MEAN)}
    if type_ not in MERGES or not parts or any(name not in part for part in parts for name in needed.get(type_, ())):
        return None
    return MERGES[type_](parts)
