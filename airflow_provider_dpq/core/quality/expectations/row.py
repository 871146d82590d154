"""Expectations of ours about a row as a whole."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import Conditional, Merging, Mostly, Observed
from airflow_provider_dpq.core.quality.expression import Node, parse_expression


def _readable(text: str) -> str:
    parse_expression(text)
    return text


class ExpectRowConditionToHold(Conditional):
    """A condition over the columns of a row holds; a row for which it is unknown does not break it.

    Attributes:
        expression: The condition: comparisons of columns, values and what is computed from them, with AND, OR, NOT.
        mostly: Share of the rows for which it is true or false, 0 to 1, for which it must be true.
    """

    type: ClassVar[str] = "expect_row_condition_to_hold"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.COUNTS
    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = True
    expression: Annotated[str, Field(strict=True), AfterValidator(_readable)]
    mostly: Mostly = 1.0

    @property
    def judges_nothing(self) -> bool:
        """Whether it must hold for none of the rows."""
        return self.mostly == 0

    @property
    def node(self) -> Node:
        """The condition, parsed."""
        return parse_expression(self.expression)
