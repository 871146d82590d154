"""What a report of a load shows first: figures of each scenario and level, and how and where iterations failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Failure
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.stored import LEVEL, LEVELS, LOAD, SCENARIO, SHARD, SHARE, SUSTAINED
from airflow_provider_dpq.core.gate.threshold import Threshold, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.measured import Row

COUNTS: Final = {
    "iteration_count": "iterations",
    "throughput": "throughput",
    "error_rate": "failed",
    "dropped_iterations": "dropped",
}
"""Metrics of a row that count, each with its heading."""

_TIMES: Final = ("mean", "min", "median", "max")
_PERCENTILE: Final = re.compile(r"p\((\d+(?:\.\d*)?)\)")
_SERVICE: Final = "service_"
_OWN: Final = ("breaking_point", "recovery", "lateness_p(99)", "generator_", "sampler_", "worker_", "target_")
_DIGITS: Final = 4
"""Significant digits of what was measured under load: more of them are noise."""

_LEADING_NUMBER: Final = re.compile(r"\d+(?:\.\d*)?(?:e[-+]?\d+)?")


def rows(report: Report) -> Sequence[Row]:
    """Return the metrics of the whole load, then those of each scenario where there are several."""
    found: dict[str, dict[str, Metric]] = {}
    for metric in report.metrics:
        if report.kind == LOAD and set(metric.tags) <= {SCENARIO}:
            found.setdefault(metric.tags.get(SCENARIO, ""), {})[metric.name] = _shown(metric)
    listed = [Row({SCENARIO: name} if name else {}, metrics) for name, metrics in sorted(found.items())]
    return [row for row in listed if not row.metrics.keys().isdisjoint((*COUNTS, *_TIMES))]


def _shown(metric: Metric) -> Metric:
    if not isinstance(metric.value, float):
        return metric
    interval = None if metric.interval is None else tuple(map(_rounded, metric.interval))
    return metric.model_copy(update={"value": _rounded(metric.value), "interval": interval})


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if figure.is_supported(value) else value


def share(report: Report) -> str:
    """Say that a report is of one machine of several, which no threshold judges; empty where it is not."""
    found = report.kind == LOAD and any(check.name == SHARE for check in report.checks)
    return "a share of a load: only the whole load is judged" if found else ""


def scenario(row: Row) -> str:
    """Name the scenario of a row; ``all`` for the whole load."""
    return row.tags.get(SCENARIO, "all")


def times(report: Report) -> Sequence[str]:
    """Return the names of the statistics of response time in the report, the percentiles last and in order."""
    names = {metric.name for metric in report.metrics}
    percentiles = {float(match[1]): name for name in names if (match := _PERCENTILE.fullmatch(name))}
    if "median" in names:
        percentiles.pop(50.0, None)
    return [*(name for name in _TIMES if name in names), *(percentiles[key] for key in sorted(percentiles))]


def service(report: Report) -> Row | None:
    """Return the times from the start of iterations to their end, by the names of `times`; None without any."""
    found = {
        metric.name.removeprefix(_SERVICE): metric
        for metric in report.metrics
        if report.kind == LOAD and metric.name.startswith(_SERVICE) and not metric.tags
    }
    return Row({}, found) if found else None


def figures(report: Report) -> Sequence[Metric]:
    """Return what is in doubt, what a search found, how the generators were, and what the load took of the machine.

    In doubt is what a threshold could not decide: its interval tells why.
    """
    if report.kind != LOAD:
        return []
    undecided = [result for result in report.thresholds if result.verdict is Verdict.INCONCLUSIVE]
    doubtful = [
        _shown(metric)
        for metric in report.metrics
        if any(metric.name == result.metric and metric.tags == result.tags for result in undecided)
    ]
    return doubtful + [
        _shown(metric)
        for start in _OWN
        for metric in report.metrics
        if metric.name.startswith(start) and set(metric.tags) <= {SHARD} and _shown(metric) not in doubtful
    ]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a load.

    Attributes:
        load: Arrivals per second, or workers, as the report writes it.
        amount: The same as a number.
        metrics: Its metrics by name.
        outcome: Of a level of a search whether it held, or what broke it; empty of any other.
    """

    load: str
    amount: float
    metrics: Row
    outcome: str = ""


def levels(report: Report) -> Sequence[Level]:
    """Return the levels of a load, the lowest first."""
    found: dict[str, dict[str, Metric]] = {}
    for metric in report.metrics:
        if report.kind == LOAD and set(metric.tags) == {LEVEL}:
            found.setdefault(metric.tags[LEVEL], {})[metric.name] = _shown(metric)
    listed = [
        Level(load, _amount(load), Row({LEVEL: load}, metrics), _outcome(report, load))
        for load, metrics in found.items()
    ]
    return sorted(listed, key=lambda level: level.amount)


def _outcome(report: Report, load: str) -> str:
    """Return what a search says of a level; where that is left out, as in logs, on which side of the answer it lies."""
    outcome = next((check.result for check in report.checks if check.name == LEVELS), {}).get(load)
    if isinstance(outcome, str):
        return outcome if outcome == SUSTAINED else f"broke: {outcome}"
    answer = next((metric.value for metric in report.metrics if metric.name == "breaking_point"), None)
    if answer is None:
        return ""
    return SUSTAINED if _amount(load) <= answer else "broke"


def level_limits(report: Report) -> Sequence[Threshold]:
    """Return the thresholds that judged each level of a search by itself."""
    declared = [check.declaration.get("thresholds") for check in report.checks if check.name == LEVELS]
    found = []
    for text in (text for texts in declared if isinstance(texts, list) for text in texts):
        with suppress(DeclarationError):  # a report of another release may have others
            found.append(parse_threshold(str(text), LOAD))
    return found


def _amount(load: str) -> float:
    written = _LEADING_NUMBER.match(load)
    return float(written[0]) if written else 0.0


def failures(report: Report) -> Sequence[Failure]:
    """Return how iterations failed, the most frequent kind first."""
    found = report.recording.failures if report.recording and report.kind == LOAD else ()
    return sorted(found, key=lambda failure: -failure.count)


def blocked(report: Report) -> Mapping[str, float]:
    """Return for how many seconds which places in the code held up an event loop, the longest first."""
    found: dict[str, float] = {}
    for generator in report.recording.generators if report.recording else ():
        for place, seconds in generator.blocked.items():
            found[place] = found.get(place, 0.0) + seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))
