"""Expectations about quantiles of a column's values."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Conditional, Limit, Merging, Observed


def _flag_or_name(value: Any) -> Any:
    """Read texts that mean yes or no as Great Expectations does; any other is the name of an interpolation."""
    words = {"yes": True, "y": True, "on": True, "t": True, "true": True, "1": True}
    words |= {"no": False, "n": False, "off": False, "f": False, "false": False, "0": False}
    if isinstance(value, str):
        return words.get(value.lower(), value)
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    message = f"{value!r} is neither true or false nor the name of an interpolation"
    raise ValueError(message)


class QuantileRanges(BaseModel):
    """Quantiles and the range that each must lie in.

    Attributes:
        quantiles: Shares of the values, 0 to 1.
        value_ranges: For each of them its least and greatest value, both allowed; None for no bound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    quantiles: list[Annotated[float, Field(ge=0, le=1)]]
    value_ranges: list[tuple[Limit | None, Limit | None]]

    @model_validator(mode="after")
    def _one_range_each(self) -> Self:
        if len(self.quantiles) != len(self.value_ranges):
            message = "quantiles and value_ranges must have the same number of elements"
            raise ValueError(message)
        return self


class ExpectColumnQuantileValuesToBeBetween(Conditional):
    """Quantiles of the values lie within ranges, to one part in 10,000.

    Attributes:
        column: The column.
        quantile_ranges: The quantiles and their ranges.
        allow_relative_error: On files and frames, which value is taken where a quantile falls between two: ``nearest``
            (also for False), ``lower``, ``higher``, ``linear`` or ``midpoint``. Databases have their own rule.
    """

    type: ClassVar[str] = "expect_column_quantile_values_to_be_between"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.VALUES
    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    reckons: ClassVar[bool] = True
    column: ColumnName
    quantile_ranges: QuantileRanges
    allow_relative_error: Annotated[bool | str, BeforeValidator(_flag_or_name)] = False

    @property
    def judges_nothing(self) -> bool:
        """Whether no quantile has a bound."""
        ends = ((-math.inf, None), (math.inf, None))
        ranges = self.quantile_ranges.value_ranges
        return all(bound in end for pair in ranges for bound, end in zip(pair, ends, strict=True))
