"""Expectations about each value of a column."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from airflow_provider_dpq.core.quality.expectations.base import (
    COUNT,
    Between,
    Bound,
    ColumnName,
    Conditional,
    Limit,
    Merging,
    Mostly,
    Observed,
    ValueSet,
    Whole,
    is_unbounded,
    require_bound,
)
from airflow_provider_dpq.core.table.jsonable import is_nan


class ColumnValues(Conditional):
    """A statement about each value of a column, of which a share may break it.

    Attributes:
        column: The column.
        mostly: Share of the values, 0 to 1, for which it must hold.
    """

    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    column: ColumnName
    mostly: Mostly = 1.0

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values."""
        return self.mostly == 0


class ExpectColumnValuesToNotBeNull(ColumnValues):
    """No value is missing."""

    type: ClassVar[str] = "expect_column_values_to_not_be_null"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectColumnValuesToBeNull(ColumnValues):
    """Every value is missing."""

    type: ClassVar[str] = "expect_column_values_to_be_null"
    merges: ClassVar[Merging] = Merging.COUNTS


class BoundedValues(ColumnValues, Between):
    """A statement that each value, or something of it, lies within bounds, of which one at least is given."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        require_bound(self)
        return self

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or the bounds leave none out."""
        return self.mostly == 0 or is_unbounded(self, self.span)


class ExpectColumnValuesToBeBetween(BoundedValues):
    """Every value lies within bounds."""

    type: ClassVar[str] = "expect_column_values_to_be_between"
    reckons: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.COUNTS
    min_value: Bound = None
    max_value: Bound = None


class ExpectColumnValuesToBeInSet(ColumnValues):
    """Every value is one of a set."""

    type: ClassVar[str] = "expect_column_values_to_be_in_set"
    merges: ClassVar[Merging] = Merging.COUNTS
    value_set: ValueSet


class ExpectColumnValuesToNotBeInSet(ColumnValues):
    """No value is one of a set."""

    type: ClassVar[str] = "expect_column_values_to_not_be_in_set"
    merges: ClassVar[Merging] = Merging.COUNTS
    value_set: ValueSet

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or the set has no member that a value could equal."""
        return self.mostly == 0 or all(member is None or is_nan(member) for member in self.value_set)


class ExpectColumnValueLengthsToBeBetween(BoundedValues):
    """Every value has a number of characters within bounds."""

    type: ClassVar[str] = "expect_column_value_lengths_to_be_between"
    merges: ClassVar[Merging] = Merging.COUNTS
    span: ClassVar[tuple[float, float]] = COUNT
    min_value: Whole = None
    max_value: Whole = None


class ExpectColumnValueLengthsToEqual(ColumnValues):
    """Every value has a given number of characters."""

    type: ClassVar[str] = "expect_column_value_lengths_to_equal"
    merges: ClassVar[Merging] = Merging.COUNTS
    value: Limit
