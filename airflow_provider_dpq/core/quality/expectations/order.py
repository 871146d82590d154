"""Expectations about the order in which values of a column follow each other."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues


class OrderedValues(ColumnValues):
    """A statement about each value and the one before it that is not missing.

    Attributes:
        strictly: Whether a value may not equal the one before it.
    """

    strictly: bool | None = None


class ExpectColumnValuesToBeIncreasing(OrderedValues):
    """No value is smaller than the one before it."""

    type: ClassVar[str] = "expect_column_values_to_be_increasing"
    merges: ClassVar[Merging] = Merging.WHOLE


class ExpectColumnValuesToBeDecreasing(OrderedValues):
    """No value is greater than the one before it."""

    type: ClassVar[str] = "expect_column_values_to_be_decreasing"
    merges: ClassVar[Merging] = Merging.WHOLE
