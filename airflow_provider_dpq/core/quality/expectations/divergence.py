"""Expectations about how far the values of a column are from an expected distribution."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_dpq.core.quality.expectations.base import (
    Bound,
    ColumnName,
    Conditional,
    Merging,
    Observed,
    as_list,
)

_TOLERANCE: Final = 1e-5 + 1e-8
"""How far weights may be from adding up to one."""


class Partition(BaseModel):
    """An expected distribution: weights of values, or of the bins between edges. They add up to one.

    Attributes:
        values: The values, of categorical data.
        bins: Edges, of continuous data; each bin holds its lower edge, and the last one its upper edge too.
        weights: Weight of each value or bin.
        tail_weights: Weights below the first and above the last edge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    values: Annotated[list[Any] | None, BeforeValidator(as_list)] = None
    bins: Annotated[list[float] | None, BeforeValidator(as_list)] = None
    weights: Annotated[list[float], BeforeValidator(as_list)]
    tail_weights: Annotated[list[float] | None, BeforeValidator(as_list)] = None

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        total = math.fsum(self.weights)
        if self.values is not None and len(self.values) == len(self.weights) and _is_one(total):
            return self
        tails = self.tail_weights or []
        if self.bins is None or len(self.bins) != len(self.weights) + 1 or not _is_one(total + math.fsum(tails)):
            message = "needs as many values as weights, or one bin edge more, and weights that add up to one"
            raise ValueError(message)
        if not all(low < high for low, high in pairwise(self.bins)) or len(tails) not in (0, 2):
            message = "needs edges in increasing order, and two tail weights or none"
            raise ValueError(message)
        if tails and (math.isinf(self.bins[0]) or math.isinf(self.bins[-1])):
            message = "has no tail where an edge is infinite"
            raise ValueError(message)
        return self

    @property
    def categorical(self) -> bool:
        """Whether it is one of values."""
        return self.values is not None and len(self.values) == len(self.weights) and _is_one(math.fsum(self.weights))


def _is_one(total: float) -> bool:
    return abs(total - 1) <= _TOLERANCE


Share = Annotated[float, Field(ge=0, le=1)]


class ExpectColumnKLDivergenceToBeLessThan(Conditional):
    """The Kullback-Leibler divergence of the values from an expected distribution is no greater than a threshold.

    Attributes:
        column: The column.
        partition_object: The expected distribution; None to take that of the values themselves.
        threshold: Greatest divergence, in nats; None for any.
        internal_weight_holdout: Weight to spread over bins that are expected to be empty.
        tail_weight_holdout: Weight to spread over what lies outside of the bins, or over values that are not expected.
        bucketize_data: Whether values are put into bins where `partition_object` is None.
        min_value: Accepted, and without effect, as in Great Expectations.
        max_value: Accepted, and without effect, as in Great Expectations.
    """

    type: ClassVar[str] = "expect_column_kl_divergence_to_be_less_than"
    merges: ClassVar[Merging] = Merging.WHOLE
    observes: ClassVar[Observed] = Observed.FIGURES
    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    column: ColumnName
    partition_object: Partition | None = None
    threshold: Annotated[float, Field(ge=0)] | None = None
    internal_weight_holdout: Share = 0
    tail_weight_holdout: Share = 0
    bucketize_data: bool = True
    min_value: Bound = None
    max_value: Bound = None

    @property
    def judges_nothing(self) -> bool:
        """Whether any divergence is allowed, or the values are held against themselves."""
        return self.threshold in (None, math.inf) or self.partition_object is None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        partition = self.partition_object
        categorical = not self.bucketize_data if partition is None else partition.categorical
        tails = not categorical if partition is None else partition.tail_weights is not None
        problem = None
        if tails and self.tail_weight_holdout:
            problem = "tail_weight_holdout must be 0 where the partition has tail weights"
        elif categorical and self.internal_weight_holdout:
            problem = "internal_weight_holdout is for bins, not for values"
        elif not categorical and not self.bucketize_data:
            problem = "bucketize_data must be true where the partition has bins"
        elif self.tail_weight_holdout and partition is not None and _endless(partition.bins or [0]):
            problem = "tail_weight_holdout has no tail where both outer edges are infinite"
        if problem is not None:
            raise ValueError(problem)
        return self


def _endless(bins: list[float]) -> bool:
    return bins[0] == -math.inf and bins[-1] == math.inf
