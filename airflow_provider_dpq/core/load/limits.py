"""The thresholds of a load gate, checked against what the load test can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.stored import LEVEL, LOAD, SCENARIO, SHARD
from airflow_provider_dpq.core.gate.threshold import Severity, Threshold, ThresholdResult, judge, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.load.metrics import (
    ERROR,
    ERROR_RATE,
    load_tag,
    metrics_of,
    plateaus,
    requested_percentiles,
)
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint, Concurrency, Model
from airflow_provider_dpq.core.stats.percentile import supports
from airflow_provider_dpq.core.stats.share import exact_interval

_ERROR_RATE: Final = "error_rate < 1%"
_DROPPED: Final = "dropped_iterations < 1"

_OF_ITERATIONS: Final = frozenset(
    {
        *("p", "min", "max", "mean", "median", "service_p", "service_median", "service_max"),
        *("error_rate", "error_count", "throughput", "iteration_count", "dropped_iterations"),
    }
)
_OF_MACHINES: Final = frozenset(
    {
        *("sampler_cpu", "worker_memory", "worker_open_files", "worker_threads"),
        *("target_cpu", "target_memory", "target_open_files", "target_threads"),
    }
)
_OF_LEVELS: Final = frozenset({"slowdown", "throughput_retention"})
_OF_SEARCH: Final = frozenset({"breaking_point", "recovery"})
_ERRORS: Final = frozenset({"timeout", "connection", "assertion", "other"})

_OF_EACH_LEVEL: Final = _OF_ITERATIONS - {"throughput", "iteration_count"}
_ABORTING: Final = frozenset({*_OF_ITERATIONS, "lateness_p", "generator_cpu"} - {"iteration_count"})
"""What can be judged on the way."""


def with_defaults(thresholds: Sequence[Threshold], test: LoadTest | None = None) -> tuple[Threshold, ...]:
    """Return some thresholds, and the default ones of the metrics that none of them judges.

    Args:
        thresholds: The declared ones.
        test: What is run: where neither arrivals nor a number of iterations are planned nothing can be dropped. None
            where it is not known yet.

    Raises:
        DeclarationError: ``missing_baseline``: a threshold is a multiple of a baseline, and a load gate has none.
    """
    for threshold in thresholds:
        if threshold.of_baseline:
            message = f"Threshold '{threshold}' needs a baseline, but a load gate has none."
            hint = "Give a limit with a unit, such as 200ms."
            raise DeclarationError("missing_baseline", message, hint=hint)
    defaults = (_ERROR_RATE, *([_DROPPED] if test is None or _plans(test) else []))
    return (
        *thresholds,
        *(added for text in defaults for added in _missing(parse_threshold(text, LOAD), thresholds, test)),
    )


def of_levels(thresholds: Sequence[Threshold], test: LoadTest) -> tuple[Threshold, ...]:
    """Return the thresholds that judge each level of a search by itself, default ones included."""
    return tuple(threshold for threshold in with_defaults(thresholds, test) if _name(threshold) in _OF_EACH_LEVEL)


def of_result(thresholds: Sequence[Threshold], test: LoadTest) -> tuple[Threshold, ...]:
    """Return the thresholds that judge a test as a whole, default ones included; of a search not those of its levels.

    A search goes on until its levels break: what they breach says where the breaking point is.
    """
    found = with_defaults(thresholds, test)
    if not isinstance(test.model, Breakpoint):
        return found
    return tuple(threshold for threshold in found if _name(threshold) not in _OF_EACH_LEVEL)


def _missing(default: Threshold, thresholds: Sequence[Threshold], test: LoadTest | None) -> Sequence[Threshold]:
    """Return the default one; where only some scenarios have one of its metric, one for each of the others."""
    given = [dict(threshold.tags) for threshold in thresholds if threshold.metric == default.metric]
    if not given:
        return [default]
    named = {tags.get(SCENARIO) for tags in given}
    scenarios = () if test is None or None in named else test.scenarios
    others = [scenario.name for scenario in scenarios if scenario.name not in named]
    return [replace(default, tags=((SCENARIO, name),)) for name in others]


def check_thresholds(thresholds: Sequence[Threshold], test: LoadTest) -> None:
    """Refuse thresholds that no run of a load test can answer.

    Args:
        thresholds: The declared ones.
        test: What is to be run.

    Raises:
        DeclarationError: ``missing_baseline``; ``unknown_tag``: a tag that the metric has not, or a value that the test
            has not; ``too_few_requests``: a percentile that needs more iterations than can be; ``cannot_abort``: the
            metric is only known at the end, a breach does not fail the gate, or the levels of a search end by
            themselves; ``unknown_metric``: the model of the load does not have it; ``invalid_load``: a search does not
            go so far.
    """
    with_defaults(thresholds)
    for threshold in thresholds:
        name = _name(threshold)
        _check_tags(threshold, name, test)
        _check_count(threshold, test)
        if threshold.abort_after_seconds is not None and (why := _why_not_abort(threshold, name, test)):
            message = f"Threshold '{threshold}' cannot abort the load: {why}."
            raise DeclarationError("cannot_abort", message, hint="Remove abort_on_fail.")
        _check_model(threshold, name, test)


def _plans(test: LoadTest) -> bool:
    """Whether any model says how many iterations there are to be, of which some may never be started."""
    models = (test.model, *(scenario.model for scenario in test.scenarios))
    return any(isinstance(model, (ArrivalRate, Breakpoint)) or _counts(model) for model in models)


def _counts(model: Model | None) -> bool:
    return isinstance(model, Concurrency) and (model.iterations, model.iterations_each) != (None, None)


def _name(threshold: Threshold) -> str:
    return threshold.metric.partition("(")[0]


def _why_not_abort(threshold: Threshold, name: str, test: LoadTest) -> str:
    """Return why a threshold can never end a load; empty where it can."""
    if name not in _ABORTING:
        return f"{threshold.metric} is only known at the end"
    if threshold.severity is Severity.WARN:
        return "a breach of it only warns"
    return "a search ends failing levels anyway" if isinstance(test.model, Breakpoint) else ""


def _check_model(threshold: Threshold, name: str, test: LoadTest) -> None:
    """Refuse a metric that the model of the load has not."""
    if isinstance(test.model, Breakpoint):
        highest = Metric(name="breaking_point", value=test.model.limit, unit="/s")
        least = threshold.operator.startswith(">") and threshold.selects(highest)
        if least and judge([threshold], [highest])[0].verdict is not Verdict.PASS:
            message = f"Threshold '{threshold}' requires more than the limit of the search, {test.model.limit:g}/s."
            raise DeclarationError("invalid_load", message, hint="Give the search a higher limit.")
        return
    if name in _OF_SEARCH:
        message = f"Threshold '{threshold}' uses {name}, which only a breakpoint search measures."
        raise DeclarationError("unknown_metric", message, hint="Use breakpoint_search(...) as the model.")
    if name in _OF_LEVELS and len({level.load for level in plateaus(test)}) < 2:
        message = f"Threshold '{threshold}' uses {name}, which needs two constant levels, and the load has fewer."
        raise DeclarationError("unknown_metric", message, hint="Give stages that stay at a level for a while.")


def _check_tags(threshold: Threshold, name: str, test: LoadTest) -> None:
    values = _tags_of(name, test)
    for key, value in threshold.tags:
        if key not in values:
            hint = f"Use the tag {' or '.join(values)}." if values else "Remove the tag: the metric has none."
            raise _unknown(f"Threshold '{threshold}': {threshold.metric} has no tag {key!r}.", hint)
        known = values[key]
        if key == ERROR and not _is_error(value):
            hint = "Use timeout, connection, assertion, or a kind such as 'exception ValueError' or 'status 503'."
            raise _unknown(f"Threshold '{threshold}': there is no error {value!r}.", hint)
        if known is not None and value not in known:
            hint = f"Use {' or '.join(known)}." if known else "The load has no constant level."
            raise _unknown(f"Threshold '{threshold}': the load has no {key} {value!r}.", hint)
    if len(threshold.tags) > 1:
        raise _unknown(f"Threshold '{threshold}' has several tags.", "Give at most one tag.")


def _unknown(message: str, hint: str) -> DeclarationError:
    return DeclarationError("unknown_tag", message, hint=hint)


def _tags_of(name: str, test: LoadTest) -> Mapping[str, Sequence[str] | None]:
    """Return the tags that a metric may have, each with its values; None where these are not known before."""
    if name in _OF_LEVELS:
        searched = isinstance(test.model, Breakpoint)
        return {LEVEL: None if searched else [load_tag(level.load) for level in plateaus(test)]}
    if name in _OF_MACHINES:
        return {SHARD: [str(number) for number in range(test.parts)]} if test.parts > 1 else {}
    if name not in _OF_ITERATIONS:
        return {}
    scenarios = {SCENARIO: [scenario.name for scenario in test.scenarios]}
    return {**scenarios, ERROR: None} if name == "error_count" else scenarios


def _is_error(name: str) -> bool:
    category, _, detail = name.partition(" ")
    return name in _ERRORS or (category in ("status", "exception") and bool(detail))


def _check_count(threshold: Threshold, test: LoadTest) -> None:
    """Refuse a percentile of iterations that there cannot be enough of."""
    requested = requested_percentiles([threshold])
    for percent in (*requested["p"], *requested["service_p"]):
        most = _most(test, dict(threshold.tags).get(SCENARIO))
        if not supports(percent, most):
            load = "the first level of the search" if isinstance(test.model, Breakpoint) else "the load"
            message = f"Threshold '{threshold}' needs {needed(percent):,} requests, but {load} has at most {most:,}."
            hint = "Let the load last longer, or judge a lower percentile."
            raise DeclarationError("too_few_requests", message, hint=hint)


def needed(percent: float) -> int:
    """Return how many iterations a percentile needs to be judged."""
    return math.ceil(round(1000 / min(percent, 100 - percent), 6))


def _most(test: LoadTest, scenario: str | None) -> int:
    """Return how many iterations there can be at most, of one scenario or of all machines and scenarios."""
    if isinstance(test.model, Breakpoint):  # a level that cannot be told is played again for twice the time
        test = test.at_rate(test.model.start, 2 * test.model.level_seconds)
    planned = test.planned if scenario is None else test.planned_of(scenario)
    return test.max_requests if planned is None else min(planned, test.max_requests)


def first_breach(thresholds: Sequence[Threshold], ledger: Ledger, test: LoadTest) -> ThresholdResult | None:
    """Return the first threshold that fails by what was recorded until now; None where none does.

    An error rate is judged with the interval that its counts have: the first few failures would make it anything.

    Args:
        thresholds: What to judge by.
        ledger: What was recorded.
        test: What is run.
    """
    if not thresholds:
        return None
    known = [
        _uncertain(metric, ledger) if metric.name == ERROR_RATE else metric
        for metric in metrics_of(ledger, test, thresholds, percentiles=())
    ]
    return next((result for result in judge(thresholds, known) if result.verdict is Verdict.FAIL), None)


def _uncertain(rate: Metric, ledger: Ledger) -> Metric:
    span = ledger.total(rate.tags.get(SCENARIO))
    low, high = exact_interval(span.failed, span.ended)
    return rate.model_copy(update={"interval": (100 * low, 100 * high)})
