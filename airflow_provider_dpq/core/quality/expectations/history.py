"""Expectations of ours about a gate's own history."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from airflow_provider_dpq.core.gate.threshold import Threshold, parse_threshold
from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Expectation, Merging, Observed

_OF_ALL_CHECKS: Final = ("check_count", "failed_check_count", "success_percent")


class ExpectMetricToFollowItsHistory(Expectation):
    """A metric of this gate lies where its last accepted reports make it expected; inconclusive while they are few.

    Attributes:
        metric: The metric, as thresholds name it: ``row_count``, ``unexpected_percent{column:tailnum}``.
        check: Name of the check whose metric it is, where tags do not say it.
        last: Most reports used, the newest.
        min_reports: Fewest reports that it judges by.
        deviations: How far the metric may lie from the median, in scaled median absolute deviations.
        absolute_floor: Distance from the median, in the metric's unit, that never alarms.
        relative_floor: Distance from the median, as a share of it, that never alarms.
        season: ``weekday`` uses only reports of the same weekday, in UTC.
        direction: Which deviations alarm.
    """

    type: ClassVar[str] = "expect_metric_to_follow_its_history"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.METRICS
    observes: ClassVar[Observed] = Observed.FIGURES
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    metric: ColumnName
    check: ColumnName | None = None
    last: Annotated[int, Field(ge=3, le=400)] = 30
    min_reports: Annotated[int, Field(ge=3)] = 10
    deviations: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    absolute_floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    relative_floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1
    season: Literal["weekday"] | None = None
    direction: Literal["both", "drop", "rise"] = "both"

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        if self.selector.metric in _OF_ALL_CHECKS:
            message = f"{self.metric} is about all checks, this one among them; expect a metric of the table or a check"
            raise ValueError(message)
        if self.min_reports > self.last:
            message = f"min_reports {self.min_reports} is greater than last {self.last}"
            raise ValueError(message)
        return self

    @property
    def judges_nothing(self) -> bool:
        """How far a metric may lie from its history is always limited."""
        return False

    @property
    def selector(self) -> Threshold:
        """The metric and its tags, read as in a threshold, which selects it; its limit means nothing."""
        read = parse_threshold(f"{self.metric} >= 0", "quality")
        return read if self.check is None else _of_check(read, self.check)


def _of_check(selector: Threshold, name: str) -> Threshold:
    return Threshold(selector.metric, selector.operator, selector.limit, tags=(*selector.tags, ("check", name)))
