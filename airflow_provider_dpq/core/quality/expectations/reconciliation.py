"""Expectations of ours that two tables say the same."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from airflow_provider_dpq.core.quality.condition import Condition, parse_condition
from airflow_provider_dpq.core.quality.expectations.base import (
    ColumnName,
    Conditional,
    Merging,
    Mostly,
    Observed,
    as_list,
)

_Names: TypeAlias = Annotated[list[ColumnName], BeforeValidator(as_list), Field(min_length=1)]


class ExpectTableToReconcileWithOtherTable(Conditional):
    """The table says what another one says, wherever that lives: figure by figure, and with keys row by row.

    With `key_columns` the rows decide: those of the other table that are missing here, those that are extra here, and
    those of which a column changed. Without, the row count and each column's count, sum, least and greatest value do.

    Attributes:
        other_table: Name given in `references`, else a path (files), or a table or query of the same connection.
        other_connection: Connection that the other table is on, where it is another one.
        key_columns: Columns that together name a row; no key may be there twice.
        columns: Columns that are compared; all that both tables have where it is not given.
        column_map: Names of the other table's columns where they differ, by the names here.
        other_row_condition: Which rows of the other table; the gate's own conditions are about this one only.
        absolute_tolerance: Difference of two numbers that counts as none.
        relative_tolerance: The same, as a share of the other table's number.
        time_tolerance_seconds: Difference of two times that counts as none.
        time_zone: Time zone of times without one, where the other side has one.
        mostly: Share of all keys, 0 to 1, whose rows must be the same.
    """

    type: ClassVar[str] = "expect_table_to_reconcile_with_other_table"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    conditions: ClassVar[tuple[str, ...]] = ("row_condition", "other_row_condition")
    elsewhere: ClassVar[tuple[str, ...]] = ("column_map", "other_row_condition")
    other_table: ColumnName
    other_connection: ColumnName | None = None
    key_columns: _Names | None = None
    columns: _Names | None = None
    column_map: dict[ColumnName, ColumnName] = Field(default_factory=dict)
    other_row_condition: Any = None
    absolute_tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    relative_tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    time_tolerance_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    time_zone: str = "UTC"
    mostly: Mostly = 1.0

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        for names in (self.key_columns or [], self.columns or []):
            if len(set(names)) < len(names):
                message = f"{names} names a column twice"
                raise ValueError(message)
        if self.key_columns is None and self.mostly < 1:
            message = "mostly is a share of rows, which are told apart by key_columns"
            raise ValueError(message)
        try:
            ZoneInfo(self.time_zone)
        except (OSError, ValueError, KeyError) as error:
            message = f"time_zone {self.time_zone!r} is unknown"
            raise ValueError(message) from error
        _ = self.other_condition
        return self

    @property
    def judges_nothing(self) -> bool:
        """Whether the rows of none of the keys must be the same."""
        return self.mostly == 0

    @property
    def other_condition(self) -> Condition | None:
        """The condition on the other table's rows, parsed; None for all rows."""
        return parse_condition(self.other_row_condition, self.condition_parser)
