"""How often `expect_metric_to_follow_its_history` alarms at its defaults, with cause and without: run it to see.

.venv/bin/python benchmarks/history.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from airflow_provider_dpq.core.quality.expectations.history import ExpectMetricToFollowItsHistory
from airflow_provider_dpq.core.stats.interval import robust_interval

RUNS: Final = 20_000
DAYS: Final = 7
HISTORIES: Final = (10, 14, 30)
DEFAULTS: Final = ExpectMetricToFollowItsHistory(metric="row_count")
Generator = np.random.Generator
METRICS: Final[dict[str, Callable[[Generator, tuple[int, int]], np.ndarray]]] = {
    "normal, 2% spread": lambda draw, shape: draw.normal(1000, 20, shape),
    "normal, 10% spread": lambda draw, shape: draw.normal(1000, 100, shape),
    "normal, 20% spread": lambda draw, shape: draw.normal(1000, 200, shape),
    "skewed: lognormal, sigma 0.2": lambda draw, shape: 1000 * draw.lognormal(0, 0.2, shape),
    "skewed: lognormal, sigma 0.5": lambda draw, shape: 1000 * draw.lognormal(0, 0.5, shape),
}
"""Metrics in control: each value independent of the others, around 1000."""


def alarms(history: np.ndarray, now: np.ndarray) -> float:
    """Return how many of a thousand values fall outside of the limits that the values before them give."""
    outside = 0
    for before, value in zip(history, now, strict=True):
        limits = robust_interval(
            before.tolist(), deviations=DEFAULTS.deviations, relative_floor=DEFAULTS.relative_floor
        )
        outside += not limits.low <= value <= limits.high
    return 1000 * outside / len(now)


def weekly(draw: Generator, days: int) -> np.ndarray:
    """Return series of days of which two in seven have a third of the rows, each day with a spread of 10%."""
    level = np.where(np.arange(days) % DAYS < DAYS - 2, 1000.0, 333.0)
    return level * draw.normal(1, 0.1, (RUNS, days))


def show(name: str, history: np.ndarray, now: np.ndarray) -> None:
    """Print the alarms in control, and after a half of the rows went missing."""
    print(f"{name:45} {history.shape[1]:>8} {alarms(history, now):>12.1f} {alarms(history, now / 2):>12.1f}")


def main() -> None:
    """Print alarms in a thousand runs for each metric and length of history."""
    draw = np.random.default_rng(20260105)
    print(f"{'alarms in 1000 runs':45} {'reports':>8} {'in control':>12} {'drop by half':>12}")
    for name, values in METRICS.items():
        for length in HISTORIES:
            drawn = values(draw, (RUNS, length + 1))
            show(name, drawn[:, :-1], drawn[:, -1])
    for length in HISTORIES:
        days = weekly(draw, DAYS * length + DAYS)
        monday = days[:, : DAYS * length : DAYS]
        show("weekly, 10% spread, season: weekday", monday, days[:, DAYS * length])
    days = weekly(draw, 36)
    for name, start in (("weekly, no season, a working day", 0), ("weekly, no season, a Sunday", 4)):
        show(name, days[:, start : start + 30], days[:, start + 30])


if __name__ == "__main__":
    main()
