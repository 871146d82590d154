"""Hold metrics of a gate against its own accepted reports, once its other checks are answered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DpqError, MeasurementError
from airflow_provider_dpq.core.gate.history import of_distinct_intervals, value_of
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Problem, Report
from airflow_provider_dpq.core.gate.verdict import Verdict, worst
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.expectations.history import ExpectMetricToFollowItsHistory
from airflow_provider_dpq.core.stats.interval import Interval, robust_interval
from airflow_provider_dpq.core.table.circumstances import Circumstances

_MOST_READ: Final = 3200


def follow(
    expectation: ExpectMetricToFollowItsHistory, metrics: Sequence[Metric], circumstances: Circumstances
) -> Answer | MeasurementError:
    """Judge one metric by the values it had in the last accepted reports.

    Args:
        expectation: What is declared.
        metrics: Metrics of the table and of the other checks, measured now.
        circumstances: The time, the data interval, and the history.

    Returns:
        The answer, undecided while the history is too short; or why there is nothing to judge or to judge by.
    """
    try:
        metric, value = _measured(expectation, metrics)
        past = _past(expectation, metric, circumstances)
    except DpqError as error:
        if isinstance(error, MeasurementError):
            return error
        return MeasurementError(error.reason, str(error), quotes_data=error.quotes_data)
    result: dict[str, JsonValue] = {"observed_value": value, "metric": expectation.metric, "report_count": len(past)}
    if len(past) < expectation.min_reports:
        message = f"Collecting {len(past)} of {expectation.min_reports} accepted reports, and judging from then on."
        return Answer(None, result, undecided=Problem(reason="history_too_short", message=message, quotes_data=False))
    limits = robust_interval(
        past,
        deviations=expectation.deviations,
        absolute_floor=expectation.absolute_floor,
        relative_floor=expectation.relative_floor,
    )
    low = None if expectation.direction == "rise" else limits.low
    high = None if expectation.direction == "drop" else limits.high
    result |= {"median": limits.median, "lower_limit": low, "upper_limit": high}
    return Answer(_within(value, limits, low=low is not None, high=high is not None), result)


def _within(value: float, limits: Interval, *, low: bool, high: bool) -> bool:
    return (not low or value >= limits.low) and (not high or value <= limits.high)


def _measured(expectation: ExpectMetricToFollowItsHistory, metrics: Sequence[Metric]) -> tuple[Metric, float]:
    """Return the one metric that is judged, chosen as a threshold chooses.

    Raises:
        MeasurementError: ``missing_metric``, or ``ambiguous_metric`` where there are several.
    """
    selector = expectation.selector
    selected = [metric for metric in metrics if selector.selects(metric)]
    own = [metric for metric in selected if not metric.tags]
    chosen = own if own and not selector.tags else selected
    if len(chosen) > 1:
        names = ", ".join(repr(metric.tags.get("check")) for metric in chosen[:5])
        message = f"{expectation.metric} is a metric of {len(chosen)} checks: {names}."
        raise MeasurementError("ambiguous_metric", message, hint="Name the check in 'check'.", quotes_data=False)
    if not chosen or chosen[0].value is None or not math.isfinite(chosen[0].value):
        message = f"{expectation.metric} was not measured by any other check of this gate."
        hint = "Is the check there, and answered? result_format BOOLEAN_ONLY keeps no figures of checks."
        raise MeasurementError("missing_metric", message, hint=hint, quotes_data=False)
    return chosen[0], chosen[0].value


def _past(expectation: ExpectMetricToFollowItsHistory, metric: Metric, circumstances: Circumstances) -> Sequence[float]:
    """Return the metric's values in the newest accepted reports, reading no more of the history than that takes.

    Raises:
        MeasurementError: ``no_history``.
        StoreError: The history cannot be read.
    """
    if circumstances.history is None:
        hint = "Give a store: --store, or history= in Python. In Airflow it is the store of [dpq] or dpq_conn_id."
        raise MeasurementError(
            "no_history", "There is no store to read the gate's history from.", hint=hint, quotes_data=False
        )
    asked = 2 * expectation.last
    while True:
        reports = circumstances.history(asked)
        values = [
            value
            for report in _usable(reports, circumstances, season=expectation.season)
            if (value := value_of(report, metric.name, metric.tags)) is not None
        ]
        if len(values) >= expectation.last or len(reports) < asked or asked >= _MOST_READ:
            return values[: expectation.last]
        asked = min(4 * asked, _MOST_READ)


def _usable(reports: Iterable[Report], circumstances: Circumstances, *, season: str | None) -> Iterator[Report]:
    """Yield the accepted reports of other data intervals, of each interval only the newest report."""
    current = circumstances.data_interval
    weekday = _weekday(current, circumstances.now)
    for report in of_distinct_intervals(reports, other_than=current):
        if accepted(report) and (season is None or _weekday(report.data_interval, report.started_at) == weekday):
            yield report


def _weekday(interval: DataInterval | None, started_at: datetime) -> int:
    return (started_at if interval is None else interval.start).astimezone(UTC).weekday()


def accepted(report: Report) -> bool:
    """Whether what a report measured counts as normal: it passed or warned.

    Checks that were undecided for want of history are left out: else a gate with such a check would never get one.
    """
    if report.error is not None:
        return False
    others = [check for check in report.checks if not _is_undecided(check)]
    verdicts = [item.verdict for items in (report.thresholds, others) for item in items]
    return worst([Verdict.PASS, *verdicts]).passed


def _is_undecided(check: CheckResult) -> bool:
    return (
        check.type == ExpectMetricToFollowItsHistory.type
        and check.success is None
        and check.verdict is not Verdict.ERROR
    )
