"""Levels: stretches of one load within a test, which are compared with the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.stored import LEVEL
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger
from airflow_provider_dpq.core.load.model import Breakpoint, Concurrency, Model
from airflow_provider_dpq.core.load.result import Level


def load_tag(load: float) -> str:
    """Return a load as the value of a tag: ``500``, ``337.5``."""
    return f"{load:g}"


def plateaus(test: LoadTest) -> Sequence[Level]:
    """Return the stretches of one load that a test declares; none of a search, whose levels are its result."""
    model = _model(test)
    if model is None or isinstance(model, Breakpoint):
        return ()
    return [Level(load, begin, end) for begin, end, load in model.schedule.plateaus]


def level_metrics(ledger: Ledger, test: LoadTest, searched: Sequence[Level] = ()) -> Iterator[Metric]:
    """Yield how much slower each level is than the lowest, and how much of the throughput it keeps.

    ``slowdown`` is the median response time over that at the lowest load, where it was there first.
    ``throughput_retention`` is a share of what the first level gave, in percent: of an open model of iterations that
    ended well for each that was due, of a closed one of those that ended well per second and worker. A load that comes
    again, as after a spike, counts the first time. Only windows that lie wholly within a level count.

    Args:
        ledger: What was recorded.
        test: What was run.
        searched: The levels of a search.
    """
    found = _at_levels(ledger, test, searched or plateaus(test))
    if len(found) < 2:
        return
    first, lowest = found[0], min(found, key=lambda item: item.load)
    for item in found:
        tags = {LEVEL: load_tag(item.load)}
        yield Metric(name="slowdown", value=_ratio(item.median, lowest.median), tags=tags)
        kept = _ratio(item.given, first.given)
        yield Metric(name="throughput_retention", value=None if kept is None else 100 * kept, unit="%", tags=tags)


@dataclass(frozen=True, slots=True)
class _AtLevel:
    """What was recorded at a load: the median response time, and what the load gave as `level_metrics` says."""

    load: float
    median: float | None
    given: float | None


def _model(test: LoadTest) -> Model | None:
    """Return the model whose levels are those of the test: the shared one, or that of its only scenario."""
    if test.model is not None or len(test.scenarios) > 1:
        return test.model
    return test.scenarios[0].model


def _at_levels(ledger: Ledger, test: LoadTest, levels: Sequence[Level]) -> list[_AtLevel]:
    """Return what was recorded at each load, in the order in which they came first; not of one without a window."""
    sharing = [scenario.name for scenario in test.scenarios if scenario.model is None or len(test.scenarios) == 1]
    closed = isinstance(_model(test), Concurrency)
    found: dict[float, _AtLevel] = {}
    for level in levels:
        recorded = ledger.between(level.begin_seconds, level.end_seconds, sharing)
        if recorded is None or level.load in found:
            continue
        span, seconds = recorded
        due = level.load * seconds if closed else span.due
        median = span.response.percentile(50) if span.response.count else None
        found[level.load] = _AtLevel(level.load, median, _ratio(span.completed, due))
    return list(found.values())


def _ratio(value: float | None, reference: float | None) -> float | None:
    return None if value is None or not reference else value / reference
