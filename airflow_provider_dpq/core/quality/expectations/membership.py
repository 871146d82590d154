"""Expectations about the different values of a column."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Conditional, Merging, Observed, ValueSet


def _not_empty(members: list[Any]) -> list[Any]:
    if not members:
        message = "value_set must not be empty"
        raise ValueError(message)
    return members


class DistinctValues(Conditional):
    """A statement about the different values of a column; missing values are none.

    Attributes:
        column: The column.
        value_set: The values that they are held against.
    """

    observes: ClassVar[Observed] = Observed.VALUES
    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    column: ColumnName
    value_set: ValueSet

    @property
    def judges_nothing(self) -> bool:
        """A value breaks an empty set."""
        return False


class ExpectColumnDistinctValuesToBeInSet(DistinctValues):
    """Every value is one of a set; what is not is counted once, however often it appears."""

    type: ClassVar[str] = "expect_column_distinct_values_to_be_in_set"
    merges: ClassVar[Merging] = Merging.WHOLE
    value_set: Annotated[ValueSet, AfterValidator(_not_empty)]


class ExpectColumnDistinctValuesToContainSet(DistinctValues):
    """Every member of a set appears among the values."""

    type: ClassVar[str] = "expect_column_distinct_values_to_contain_set"
    merges: ClassVar[Merging] = Merging.WHOLE

    @property
    def judges_nothing(self) -> bool:
        """Whether the set has no member that could be absent."""
        return not self.value_set


class ExpectColumnDistinctValuesToEqualSet(DistinctValues):
    """The values are the members of a set, each at least once, and no others."""

    type: ClassVar[str] = "expect_column_distinct_values_to_equal_set"
    merges: ClassVar[Merging] = Merging.WHOLE


class ExpectColumnMostCommonValueToBeInSet(DistinctValues):
    """The most common value is one of a set.

    Attributes:
        ties_okay: Whether it suffices that one of several values that are equally common is.
    """

    type: ClassVar[str] = "expect_column_most_common_value_to_be_in_set"
    merges: ClassVar[Merging] = Merging.WHOLE
    ties_okay: bool | None = None
