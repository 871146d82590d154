"""Expectations that no value, or no combination of values, appears twice."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.quality.expectations.columns import SeveralColumns


class ExpectColumnValuesToBeUnique(ColumnValues):
    """No value appears twice; all copies of one that does are unexpected."""

    type: ClassVar[str] = "expect_column_values_to_be_unique"
    merges: ClassVar[Merging] = Merging.WHOLE


class ExpectCompoundColumnsToBeUnique(SeveralColumns):
    """No combination of the columns' values appears twice; all copies of one that does are unexpected."""

    type: ClassVar[str] = "expect_compound_columns_to_be_unique"
    merges: ClassVar[Merging] = Merging.WHOLE
