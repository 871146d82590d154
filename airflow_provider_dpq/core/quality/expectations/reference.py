"""Expectations of ours about other tables."""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues


class ExpectColumnValuesToExistInOtherTable(ColumnValues):
    """Every value exists in a column of another table (referential integrity); missing values are ignored.

    Attributes:
        other_table: Name given in `references`, else a path (files), or a table of the same connection.
        other_connection: Connection that the other table is on, where it is another one.
        other_column: Column of the other table; the same name where it is not given.
    """

    type: ClassVar[str] = "expect_column_values_to_exist_in_other_table"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.WHOLE
    elsewhere: ClassVar[tuple[str, ...]] = ("other_column",)
    other_table: ColumnName
    other_column: ColumnName | None = None
    other_connection: ColumnName | None = None
