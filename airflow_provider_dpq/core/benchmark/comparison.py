"""Compare a metric of a benchmark with its values in the gate's earlier reports.

A metric fails if the run and the further, fresh runs all lie beyond both the limit and the prediction interval of the
logarithms; the least ratio of all runs is judged. On a shared machine wall times cannot be compared over time, so their
ratio to the reference workload is compared instead.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from airflow_provider_dpq.core.benchmark.history import HistoryValue
from airflow_provider_dpq.core.benchmark.observation import Observed
from airflow_provider_dpq.core.benchmark.timing import too_short
from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.stats.prediction import Prediction, predict

HISTORY_METRICS: Final[Mapping[str, str]] = MappingProxyType({"median": "wall_ratio", "cpu_median": "cpu_median"})
"""For each metric of a threshold, the metric of earlier reports that it is compared with."""

LEAST_REPORTS: Final = 10
"""Minimum number of earlier values for a baseline: with fewer, the interval is too wide to be useful."""

CONFIDENCE: Final = 0.99


@dataclass(frozen=True, slots=True)
class HistoryComparison:
    """A metric compared with its history.

    Attributes:
        metric: Name of the metric, as in a threshold.
        tags: Tags of the metric.
        value: Its present value, in the form that is stored for later runs.
        started_at: When the runs began.
        ratio: Least ratio of the runs to the history's level; None without a baseline.
        prediction: What the history predicts; None without a baseline.
        past: Values of the comparable history, oldest first.
        run_count: Number of runs.
        missing: Why there is no baseline; empty if there is one.
    """

    metric: str
    tags: Mapping[str, str]
    value: float
    started_at: datetime
    ratio: float | None
    prediction: Prediction | None
    past: tuple[HistoryValue, ...]
    run_count: int
    missing: str = ""

    @property
    def as_metric(self) -> Metric | None:
        """The ratio as a metric that thresholds judge; None without a baseline.

        If the history's own scatter explains the ratio, the interval ranges from the ratio divided by that scatter to
        the ratio itself: a limit in between cannot be decided.
        """
        if self.ratio is None or self.prediction is None:
            return None
        scatter = math.exp(self.prediction.half_width_log)
        beyond = self.ratio > scatter
        interval = None if beyond else (self.ratio / scatter, self.ratio)
        return Metric(name=self.metric, value=self.ratio, unit=OF_BASELINE, tags=self.tags, interval=interval)


def value_of_run(metric: str, run: Sequence[Observed]) -> float:
    """Return the value of a history metric in one run.

    Args:
        metric: A key of `HISTORY_METRICS`.
        run: The samples of the run.
    """
    if metric == "cpu_median":
        return statistics.median(item.sample.cpu_seconds for item in run)
    return statistics.median(item.sample.wall_seconds / item.reference.wall_seconds for item in run)


def compare_with_history(
    metric: str,
    tags: Mapping[str, str],
    runs: Sequence[Sequence[Observed]],
    segments: Sequence[Sequence[HistoryValue]],
    *,
    started_at: datetime,
    missing: str,
) -> HistoryComparison:
    """Compare the runs of a gate with the gate's history.

    Args:
        metric: A key of `HISTORY_METRICS`.
        tags: Tags of the metric.
        runs: The samples of each run, at least one.
        segments: Earlier values in segments of one accepted level each, as returned by `history.segments`.
        started_at: When the runs began.
        missing: Explanation to use if the history is too short.
    """
    past = tuple(item for segment in segments for item in segment)
    value = value_of_run(metric, [item for run in runs for item in run])
    counts = len(past) >= LEAST_REPORTS
    missing = f"Collecting {len(past)} of {LEAST_REPORTS} reports before judging. {missing}".rstrip()
    if min((value, *(item.value for item in past))) <= 0:  # a processor clock may stand still for what only waits
        counts, missing = False, f"Some values of {metric} are 0, so no ratio can be computed."
    if too_short([item.sample for run in runs for item in run], "cpu" if metric == "cpu_median" else "wall"):
        counts, missing = False, f"Iterations are too short to compare {metric}: let one call do more work."
    prediction = (
        predict([[item.value for item in segment] for segment in segments], confidence=CONFIDENCE) if counts else None
    )
    ratio = None if prediction is None else min(value_of_run(metric, run) for run in runs) / prediction.centre
    return HistoryComparison(
        metric=metric,
        tags=tags,
        value=value,
        started_at=started_at,
        ratio=ratio,
        prediction=prediction,
        past=past,
        run_count=len(runs),
        missing="" if prediction else missing,
    )
