"""How a metric of a benchmark stands against what it was in the gate's earlier reports.

The rule: the run is beyond the prediction interval of the logarithms and beyond the limit, and so are further, fresh
runs; of all runs the least ratio is judged. Times on the wall cannot be held against their history on a machine that is
shared, so that of them the ratio to the reference workload is.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from airflow_provider_dpq.core.benchmark.history import Past
from airflow_provider_dpq.core.benchmark.observation import Observed
from airflow_provider_dpq.core.benchmark.timing import too_short
from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.stats.prediction import Prediction, predict

KEPT_AS: Final[Mapping[str, str]] = MappingProxyType({"median": "wall_ratio", "cpu_median": "cpu_median"})
"""By the metric that a threshold names, the one of earlier reports that it is held against."""

LEAST_REPORTS: Final = 10
"""Earlier values without which there is no baseline: with fewer, the interval is too wide to be of use."""

CONFIDENCE: Final = 0.99


@dataclass(frozen=True, slots=True)
class Standing:
    """A metric beside its history.

    Attributes:
        metric: Name of the metric, as a threshold names it.
        tags: Its tags.
        value: What it is now, as it is kept for later.
        started_at: When the runs began.
        ratio: Least ratio of the runs to the history's level; None without a baseline.
        prediction: What the history predicts; None without a baseline.
        past: Values of the comparable history, the oldest first.
        run_count: How many runs there were.
        missing: Why there is no baseline; empty where there is one.
    """

    metric: str
    tags: Mapping[str, str]
    value: float
    started_at: datetime
    ratio: float | None
    prediction: Prediction | None
    past: tuple[Past, ...]
    run_count: int
    missing: str = ""

    @property
    def as_metric(self) -> Metric | None:
        """The ratio as a metric that thresholds judge; None without a baseline.

        Where the history's own scatter explains the ratio, its interval reaches from what is left without that scatter
        to the ratio: a limit in between cannot be decided about.
        """
        if self.ratio is None or self.prediction is None:
            return None
        scatter = math.exp(self.prediction.half_width_log)
        beyond = self.ratio > scatter
        interval = None if beyond else (self.ratio / scatter, self.ratio)
        return Metric(name=self.metric, value=self.ratio, unit=OF_BASELINE, tags=self.tags, interval=interval)


def value_of_run(metric: str, run: Sequence[Observed]) -> float:
    """Return what a metric that is held against its history is in one run.

    Args:
        metric: A key of `KEPT_AS`.
        run: The samples of the run.
    """
    if metric == "cpu_median":
        return statistics.median(item.sample.cpu_seconds for item in run)
    return statistics.median(item.sample.wall_seconds / item.reference.wall_seconds for item in run)


def stand(
    metric: str,
    tags: Mapping[str, str],
    runs: Sequence[Sequence[Observed]],
    segments: Sequence[Sequence[Past]],
    *,
    started_at: datetime,
    missing: str,
) -> Standing:
    """Hold the runs of one gate against the gate's history.

    Args:
        metric: A key of `KEPT_AS`.
        tags: Its tags.
        runs: The samples of each run, at least one.
        segments: Earlier values in segments of one accepted level each, as `history.segments` gives them.
        started_at: When the runs began.
        missing: What to say where the history is too short.
    """
    past = tuple(item for segment in segments for item in segment)
    value = value_of_run(metric, [item for run in runs for item in run])
    counts = len(past) >= LEAST_REPORTS
    missing = f"Collecting {len(past)} of {LEAST_REPORTS} reports, and judging from then on. {missing}".rstrip()
    if min((value, *(item.value for item in past))) <= 0:  # a processor clock may stand still for what only waits
        counts, missing = False, f"Of {metric} there are values of 0, which have no ratio."
    if too_short([item.sample for run in runs for item in run], "cpu" if metric == "cpu_median" else "wall"):
        counts, missing = False, f"Iterations are too short for a ratio of {metric}: let one call do more work."
    prediction = (
        predict([[item.value for item in segment] for segment in segments], confidence=CONFIDENCE) if counts else None
    )
    ratio = None if prediction is None else min(value_of_run(metric, run) for run in runs) / prediction.centre
    return Standing(
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
