"""Expectations about a table as a whole."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from airflow_provider_dpq.core.quality.expectations.base import (
    COUNT,
    Between,
    ColumnName,
    Conditional,
    Expectation,
    Merging,
    Number,
    Observed,
    Whole,
    as_list,
    is_unbounded,
    whole,
)


class ExpectTableRowCountToBeBetween(Between):
    """The table has a number of rows within bounds."""

    type: ClassVar[str] = "expect_table_row_count_to_be_between"
    expects_rows: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.TOTAL
    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    span: ClassVar[tuple[float, float]] = COUNT
    min_value: Whole = None
    max_value: Whole = None


class OneFact(Expectation):
    """A statement about one fact of the table, which the table may not have."""

    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False

    @property
    def judges_nothing(self) -> bool:
        """What the fact must be is always declared."""
        return False


class ExpectTableRowCountToEqual(OneFact, Conditional):
    """The table has a given number of rows."""

    type: ClassVar[str] = "expect_table_row_count_to_equal"
    expects_rows: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.TOTAL
    observes: ClassVar[Observed] = Observed.COUNTS
    value: Annotated[int, BeforeValidator(whole)]

    def holds(self, rows: int) -> bool:
        """Whether a number of rows is the right one."""
        return rows == self.value


class ExpectTableRowCountToEqualOtherTable(OneFact, Conditional):
    """The table has as many rows as another one.

    Attributes:
        other_table_name: Name given in `references`, else a path (files), or a table of the same connection.
    """

    type: ClassVar[str] = "expect_table_row_count_to_equal_other_table"
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.COUNTS
    other_table_name: ColumnName


class ExpectTableColumnCountToBeBetween(Expectation):
    """The table has a number of columns within bounds."""

    type: ClassVar[str] = "expect_table_column_count_to_be_between"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    min_value: Number = None
    max_value: Number = None

    @property
    def judges_nothing(self) -> bool:
        """Whether neither bound leaves anything out."""
        return is_unbounded(self, COUNT)

    def holds(self, count: int) -> bool:
        """Whether a number of columns lies within the bounds; between reversed ones nothing does."""
        above = self.min_value is None or count >= self.min_value
        return above and (self.max_value is None or count <= self.max_value)


class ExpectTableColumnCountToEqual(OneFact):
    """The table has a given number of columns."""

    type: ClassVar[str] = "expect_table_column_count_to_equal"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.COUNTS
    value: Annotated[int, BeforeValidator(whole)]


class ExpectColumnToExist(OneFact):
    """The table has a column, at a position where one is given (counted from 0)."""

    type: ClassVar[str] = "expect_column_to_exist"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    column: ColumnName
    column_index: Whole = None


class ExpectTableColumnsToMatchSet(Expectation):
    """The table has these columns, in any order; with `exact_match` no others."""

    type: ClassVar[str] = "expect_table_columns_to_match_set"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    column_set: Annotated[list[Any] | None, BeforeValidator(as_list)] = None
    exact_match: bool | None = True

    @property
    def judges_nothing(self) -> bool:
        """Whether no column is named, and others are allowed."""
        return not (self.column_set or self.exact_match)


class ExpectTableColumnsToMatchOrderedList(Expectation):
    """The table has these columns in this order and no others."""

    type: ClassVar[str] = "expect_table_columns_to_match_ordered_list"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    column_list: Annotated[list[Any] | None, BeforeValidator(as_list)] = None

    @property
    def judges_nothing(self) -> bool:
        """Whether no list is given."""
        return self.column_list is None
