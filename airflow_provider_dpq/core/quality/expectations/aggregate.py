"""Expectations about one figure of a column."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_dpq.core.quality.expectations.base import (
    COUNT,
    SHARE,
    Between,
    Bound,
    Bounded,
    ColumnName,
    Merging,
    Number,
    Observed,
    Whole,
)


class ColumnFigure(Between):
    """A figure of a column that lies within bounds."""

    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    reckons: ClassVar[bool] = True
    column: ColumnName


class ExpectColumnMinToBeBetween(ColumnFigure):
    """The smallest value lies within bounds."""

    type: ClassVar[str] = "expect_column_min_to_be_between"
    merges: ClassVar[Merging] = Merging.LEAST
    observes: ClassVar[Observed] = Observed.VALUES
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnMaxToBeBetween(ColumnFigure):
    """The greatest value lies within bounds."""

    type: ClassVar[str] = "expect_column_max_to_be_between"
    merges: ClassVar[Merging] = Merging.GREATEST
    observes: ClassVar[Observed] = Observed.VALUES
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnMeanToBeBetween(ColumnFigure):
    """The mean lies within bounds."""

    type: ClassVar[str] = "expect_column_mean_to_be_between"
    merges: ClassVar[Merging] = Merging.MEAN
    observes: ClassVar[Observed] = Observed.FIGURES
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnMedianToBeBetween(ColumnFigure):
    """The median lies within bounds."""

    type: ClassVar[str] = "expect_column_median_to_be_between"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.VALUES
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnStdevToBeBetween(ColumnFigure):
    """The sample standard deviation lies within bounds."""

    type: ClassVar[str] = "expect_column_stdev_to_be_between"
    merges: ClassVar[Merging] = Merging.DEVIATION
    observes: ClassVar[Observed] = Observed.FIGURES
    span: ClassVar[tuple[float, float]] = COUNT
    min_value: Number = None
    max_value: Number = None


class ExpectColumnSumToBeBetween(ColumnFigure):
    """The sum lies within bounds."""

    type: ClassVar[str] = "expect_column_sum_to_be_between"
    merges: ClassVar[Merging] = Merging.TOTAL
    observes: ClassVar[Observed] = Observed.FIGURES
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnUniqueValueCountToBeBetween(ColumnFigure):
    """The number of different values lies within bounds."""

    type: ClassVar[str] = "expect_column_unique_value_count_to_be_between"
    reckons: ClassVar[bool] = False
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.COUNTS
    span: ClassVar[tuple[float, float]] = COUNT
    min_value: Whole = None
    max_value: Whole = None


class ColumnShare(Bounded):
    """A share of a column's rows, 0 to 1, that lies within bounds; between reversed ones nothing does."""

    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    span: ClassVar[tuple[float, float]] = SHARE
    column: ColumnName
    min_value: Number = None
    max_value: Number = None


class ExpectColumnProportionOfNonNullValuesToBeBetween(ColumnShare):
    """The share of rows that have a value lies within bounds."""

    type: ClassVar[str] = "expect_column_proportion_of_non_null_values_to_be_between"
    merges: ClassVar[Merging] = Merging.WHOLE


class ExpectColumnProportionOfUniqueValuesToBeBetween(ColumnShare):
    """The number of different values, divided by the number of values, lies within bounds."""

    type: ClassVar[str] = "expect_column_proportion_of_unique_values_to_be_between"
    merges: ClassVar[Merging] = Merging.WHOLE
