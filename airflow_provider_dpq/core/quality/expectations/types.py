"""Expectations about the type of a column."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Expectation, Merging, Observed
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues


class ExpectColumnValuesToBeOfType(ColumnValues):
    """The column is of a type, by the type's name in the column's source."""

    type: ClassVar[str] = "expect_column_values_to_be_of_type"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    looks_at_rows: ClassVar[bool] = False
    type_: str


class ExpectColumnValuesToBeInTypeList(ColumnValues):
    """The column is of one of some types, by the types' names in the column's source."""

    type: ClassVar[str] = "expect_column_values_to_be_in_type_list"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    looks_at_rows: ClassVar[bool] = False
    type_list: list[str] | None = None

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or no type is named."""
        return self.mostly == 0 or self.type_list is None


class ExpectColumnTypeToBe(Expectation):
    """The column is declared with a type, by the type's name in the column's source."""

    type: ClassVar[str] = "expect_column_type_to_be"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.NAMES
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    column: ColumnName
    type_: str

    @property
    def judges_nothing(self) -> bool:
        """A column has one type."""
        return False
