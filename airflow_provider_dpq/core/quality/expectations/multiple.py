"""Expectations of ours about what numbers are multiples of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues


def _exactly(value: Any) -> Any:
    """Read a number by its shortest decimal text: 0.1 is a tenth, not the binary number next to it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


class ExpectColumnValuesToBeMultiples(ColumnValues):
    """Every number is a whole multiple of another one, in exact decimal arithmetic: 0.3 is one of 0.1.

    Attributes:
        multiple_of: The number, greater than 0.
    """

    type: ClassVar[str] = "expect_column_values_to_be_multiples"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.COUNTS
    multiple_of: Annotated[Decimal, BeforeValidator(_exactly), Field(gt=0, allow_inf_nan=False)]
