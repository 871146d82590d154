"""Expectations about how far the values of a column lie from its middle."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from airflow_provider_dpq.core.quality.expectations.base import Limit, Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues


class ExpectColumnValueZScoresToBeLessThan(ColumnValues):
    """Every value lies less than a number of standard deviations above the mean; `double_sided`, also below it."""

    type: ClassVar[str] = "expect_column_value_z_scores_to_be_less_than"
    reckons: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.WHOLE
    threshold: Limit
    double_sided: bool

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or any distance is allowed."""
        greatest = abs(self.threshold) if self.double_sided else self.threshold
        return self.mostly == 0 or greatest == math.inf


class ExpectColumnValuesToNotBeOutliers(ColumnValues):
    """Every value lies within the quartiles or the mean, widened by a multiple of their spread.

    Attributes:
        method: ``iqr``: Tukey's fences about the quartiles; ``std``: standard deviations about the mean.
        multiplier: How many times the distance of the quartiles, or the standard deviation.
    """

    type: ClassVar[str] = "expect_column_values_to_not_be_outliers"
    merges: ClassVar[Merging] = Merging.WHOLE
    method: Literal["iqr", "std"] = "iqr"
    multiplier: Annotated[float, Field(ge=0)] = 1.5

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the values, or any distance is allowed."""
        return self.mostly == 0 or self.multiplier == math.inf
