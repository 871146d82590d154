"""Expectations about values of several columns in one row."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import (
    ColumnName,
    Conditional,
    Limit,
    Merging,
    Mostly,
    Observed,
    as_list,
)


class ColumnPair(Conditional):
    """A statement about the values of two columns in each row, of which a share may break it.

    Attributes:
        column_A: The first column.
        column_B: The second column.
        mostly: Share of the rows, 0 to 1, for which it must hold.
        ignore_row_if: Which rows are left out: those with ``both_values_are_missing``, ``either_value_is_missing``, or
            ``neither`` of them.
    """

    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    column_A: ColumnName  # noqa: N815 - named so in suites
    column_B: ColumnName  # noqa: N815 - named so in suites
    mostly: Mostly = 1.0
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "both_values_are_missing"

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the rows."""
        return self.mostly == 0


class ExpectColumnPairValuesAToBeGreaterThanB(ColumnPair):
    """The value of one column is greater than that of another."""

    type: ClassVar[str] = "expect_column_pair_values_a_to_be_greater_than_b"
    merges: ClassVar[Merging] = Merging.COUNTS
    or_equal: bool | None = None


class ExpectColumnPairValuesToBeEqual(ColumnPair):
    """The values of two columns are equal; a missing value equals nothing."""

    type: ClassVar[str] = "expect_column_pair_values_to_be_equal"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectColumnPairValuesToBeInSet(ColumnPair):
    """The values of two columns are one of some pairs; None in a pair stands for a missing value."""

    type: ClassVar[str] = "expect_column_pair_values_to_be_in_set"
    merges: ClassVar[Merging] = Merging.COUNTS
    value_pairs_set: Annotated[list[tuple[Any, Any]], BeforeValidator(as_list)]


class SeveralColumns(Conditional):
    """A statement about the values of several columns in each row, of which a share may break it.

    Attributes:
        column_list: The columns, at least two.
        mostly: Share of the rows, 0 to 1, for which it must hold.
        ignore_row_if: Which rows are left out: those where ``all_values_are_missing``, ``any_value_is_missing``, or
            ``never`` any.
    """

    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    column_list: Annotated[list[ColumnName], BeforeValidator(as_list), Field(min_length=2)]
    mostly: Mostly = 1.0
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "all_values_are_missing"

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the rows."""
        return self.mostly == 0


class ExpectSelectColumnValuesToBeUniqueWithinRecord(SeveralColumns):
    """No value stands twice in a row; two missing values are the same."""

    type: ClassVar[str] = "expect_select_column_values_to_be_unique_within_record"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectMulticolumnValuesToBeEqual(SeveralColumns):
    """All columns have the same value in a row; two missing values are the same."""

    type: ClassVar[str] = "expect_multicolumn_values_to_be_equal"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectMulticolumnSumToEqual(SeveralColumns):
    """The values of a row add up to a number."""

    type: ClassVar[str] = "expect_multicolumn_sum_to_equal"
    reckons: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.COUNTS
    sum_total: Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)] | Limit
    """A whole number as it is, which a floating number would round beyond 2^53."""
