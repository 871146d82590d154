"""One measured number with its unit, and the catalogue of what a kind of gate measures."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from airflow_provider_dpq.core.gate.share import Share, exact


class Metric(BaseModel):
    """A named quantity that a gate measured.

    Attributes:
        name: Name in snake case, as in the gate's catalogue, or a percentile such as ``p(95)``.
        value: The number in `unit`; None where there was nothing to measure (the mean of no rows).
        unit: Symbol of the unit: ``""`` for plain numbers, ``"%"``, ``"s"``, ``"B"``, ``"/s"``, ``"B/op"`` ...
        tags: What the number belongs to (a check, a column, a size, a scenario); empty for the gate as a whole.
        interval: Confidence interval of `value` in the same unit, where the measurement has one. A threshold whose
            limit lies inside it is inconclusive.
        share: The counts of a value that is a share in percent, which is judged by them exactly; None for other values.

    A metric in `OF_BASELINE` is a ratio to the baseline's value of the same name: what ``x baseline`` limits judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float | int | None
    unit: str = ""
    tags: Mapping[str, str] = Field(default_factory=dict)
    interval: tuple[FiniteFloat, FiniteFloat] | None = None
    share: Share | None = None

    @classmethod
    def percent(cls, name: str, share: Share, tags: Mapping[str, str] | None = None) -> Metric:
        """Return a share in percent as a metric; one of nothing has no value."""
        return cls(name=name, value=share.percent, unit="%", tags=tags or {}, share=share if share.whole else None)

    @property
    def exact(self) -> Fraction | None:
        """The value as a limit is held against it: of a share the ratio in percent; None where there is no number."""
        if self.share is not None and (ratio := self.share.ratio) is not None:
            return 100 * ratio
        found = None if self.value is None else exact(self.value)
        return found if isinstance(found, Fraction) else None


OF_BASELINE = "x baseline"
"""Unit of a metric that was measured as a ratio to its baseline."""

PERCENTILE = "p"
"""Catalogue entry of a kind whose thresholds may name any percentile: ``p(95)``."""

PERCENTILES = (PERCENTILE, "service_p", "lateness_p")
"""Catalogue entries that name a percentile, and so take an argument."""

CATALOGUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "quality": MappingProxyType(
            {
                "row_count": "",
                "partition_count": "",
                "scanned_partition_count": "",
                "check_count": "",
                "failed_check_count": "",
                "success_percent": "%",
                "element_count": "",
                "unexpected_count": "",
                "unexpected_percent": "%",
                "missing_count": "",
                "missing_percent": "%",
                "observed_value": "",
                "missing_row_count": "",
                "extra_row_count": "",
                "changed_row_count": "",
                "changed_percent": "%",
                "age_seconds": "s",
            }
        ),
        "benchmark": MappingProxyType(
            {
                PERCENTILE: "s",
                "min": "s",
                "max": "s",
                "mean": "s",
                "median": "s",
                "stdev": "s",
                "mad": "s",
                "cpu_min": "s",
                "cpu_max": "s",
                "cpu_mean": "s",
                "cpu_median": "s",
                "cpu_stdev": "s",
                "cpu_mad": "s",
                "throughput": "/s",
                "peak_memory": "B",
                "retained_memory": "B",
                "wall_ratio": "",
                "exponent": "",
                "sample_count": "",
                "pair_count": "",
                "detectable_change": "%",
            }
        ),
        "load": MappingProxyType(
            {
                PERCENTILE: "s",
                "min": "s",
                "max": "s",
                "mean": "s",
                "median": "s",
                "service_p": "s",
                "service_median": "s",
                "service_max": "s",
                "error_rate": "%",
                "error_count": "",
                "throughput": "/s",
                "iteration_count": "",
                "dropped_iterations": "",
                "lateness_p": "s",
                "generator_cpu": "%",
                "sampler_cpu": "%",
                "worker_memory": "B",
                "worker_open_files": "",
                "worker_threads": "",
                "target_cpu": "%",
                "target_memory": "B",
                "target_open_files": "",
                "target_threads": "",
                "slowdown": "",
                "throughput_retention": "%",
                "breaking_point": "/s",
                "recovery": "s",
            }
        ),
        "leak": MappingProxyType(
            {
                "growth": "B/op",
                "open_file_growth": "/op",
                "thread_growth": "/op",
                "child_process_growth": "/op",
                "uncollectable_growth": "/op",
                "iteration_count": "",
            }
        ),
    }
)
"""Unit of every metric that thresholds may name, by kind of gate."""
