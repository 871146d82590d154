"""How often a limit of a percentile is judged wrongly, in simulated loads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.signal import lfilter

from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.threshold import judge, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.metrics import metrics_of
from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.stats.histogram import Histogram

SEED = 20260105
SIGMA = 0.6
"""Standard deviation of the logarithm of response times."""

MEDIAN_SECONDS = 0.02


@dataclass(frozen=True)
class Cell:
    """Loads of one kind.

    Attributes:
        percent: Which percentile is judged.
        ratio: What the true percentile is of the limit.
        count: How many requests a load has.
        seconds: How long it lasts.
        correlation: Of the logarithms of two response times one after the other: a first-order autoregression.
    """

    percent: float
    ratio: float
    count: int
    seconds: int
    correlation: float


def judge_percentiles(trials: int) -> None:
    """Print how many loads fail, pass and are not decided."""
    print(f"Limits of percentiles, {trials} simulated loads a row, lognormal response times (sigma {SIGMA})")
    print("  metric  true/limit  requests  lasting  correlation    fail    pass  inconclusive")
    for cell in _cells():
        found = Counter(_verdicts(cell, trials))
        shares = [100 * found[verdict] / trials for verdict in (Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE)]
        print(
            f"  p({cell.percent:g})   {cell.ratio:>10}  {cell.count:>8,}  {cell.seconds:>5} s  {cell.correlation:>11}"
            f"  {shares[0]:>5.1f}%  {shares[1]:>5.1f}%  {shares[2]:>11.1f}%"
        )


def _cells() -> Iterator[Cell]:
    for correlation in (0.0, 0.8, 0.9):
        for ratio in (0.95, 1.0, 1.15):
            for count, seconds in ((2_000, 20), (8_000, 30), (20_000, 60)):
                yield Cell(95, ratio, count, seconds, correlation)
    for correlation in (0.0, 0.8):
        for ratio in (0.95, 1.15):
            yield Cell(99, ratio, 20_000, 60, correlation)


def _verdicts(cell: Cell, trials: int) -> Iterator[Verdict]:
    model = constant_arrival_rate(f"{cell.count / cell.seconds}/s", f"{cell.seconds}s")
    test = LoadTest(scenarios=(Scenario(operation=PythonOperation(target="a:b")),), model=model)
    truth = MEDIAN_SECONDS * math.exp(SIGMA * NormalDist().inv_cdf(cell.percent / 100))
    threshold = parse_threshold(f"p({cell.percent:g}) < {truth / cell.ratio:.9f}s", LOAD)
    draw = np.random.default_rng(SEED)
    for _ in range(trials):
        (result,) = judge([threshold], metrics_of(_ledger(cell, draw), test))
        yield result.verdict


def _ledger(cell: Cell, draw: np.random.Generator) -> Ledger:
    """Return what a load recorded whose requests come evenly."""
    before = 1_000  # until the first values, which have none before them, are forgotten
    noise = draw.standard_normal(cell.count + before)
    logs = lfilter([math.sqrt(1 - cell.correlation**2)], [1, -cell.correlation], noise)[before:]
    times = MEDIAN_SECONDS * np.exp(SIGMA * logs)
    second = np.arange(cell.count) * cell.seconds // cell.count
    spans = {}
    for number in range(cell.seconds):
        histogram = Histogram.of(times[second == number])
        spans["default", number] = Span(
            due=histogram.count, completed=histogram.count, response=histogram, service=histogram
        )
    return Ledger(spans=spans, duration_seconds=cell.seconds)
