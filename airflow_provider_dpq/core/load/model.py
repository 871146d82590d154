"""Models of load: how iterations come about. Nothing here is heavy: DAG files import it.

An open model (arrival rate) starts iterations when they are due, whether or not the ones before have ended, as users do
who do not know of each other. A closed model (concurrency) has a number of workers, each of which starts its next
iteration once its last one has ended.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeAlias, TypeVar

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.number import is_number, is_whole
from airflow_provider_dpq.core.gate.unit import convert, parse_duration, parse_percent
from airflow_provider_dpq.core.load.schedule import Schedule, Stage

MAX_WORKERS: Final = 200
"""Iterations that an open model lets run at a time, unless more are asked for."""

MOST_WORKERS: Final = 10_000
"""More iterations at a time no model may ask for: each takes a connection, or a thread."""

_RATE: Final = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*(/[a-z]+)\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRate:
    """An open model: iterations start at a rate.

    Attributes:
        schedule: Arrivals per second over time.
        max_workers: How many iterations run at a time at most. An arrival that finds none free waits, and its latency
            counts from when it was due.
    """

    schedule: Schedule
    max_workers: int = MAX_WORKERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """A closed model: a number of workers, each with one iteration after the other.

    Attributes:
        schedule: Workers over time; the duration is the longest time where iterations are counted.
        iterations: How many iterations all workers share; None where time alone ends it.
        iterations_each: How many iterations each worker runs; None where time alone ends it.
    """

    schedule: Schedule
    iterations: int | None = None
    iterations_each: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakpoint:
    """A search for the highest arrival rate at which the thresholds still hold, and for how long recovery takes.

    The rate grows level by level until one breaks, then the span between the last that held and the first that broke is
    halved until it is narrow enough. In the end the first level's rate shows how soon the operation is its old self.

    Attributes:
        start: Arrivals per second of the first level, at which it must hold.
        limit: Arrivals per second beyond which the search does not go.
        growth: How many times the level before each level is.
        level_seconds: How long each level lasts.
        precision_percent: How wide the span may be at the end, in percent of the rate.
        max_workers: How many iterations run at a time at most.
    """

    start: float
    limit: float
    growth: float = 1.5
    level_seconds: float = 10.0
    precision_percent: float = 5.0
    max_workers: int = MAX_WORKERS


Model: TypeAlias = ArrivalRate | Concurrency | Breakpoint
_ModelT = TypeVar("_ModelT", bound=Model)

StageDeclaration: TypeAlias = tuple[str, str | float]
"""A duration and the level at its end: ``("30s", "100/s")``, or of workers ``("30s", 10)``."""


def constant_arrival_rate(rate: str, duration: str, *, max_workers: int = MAX_WORKERS) -> ArrivalRate:
    """Return an open model of one rate.

    Args:
        rate: Such as ``500/s`` or ``30/min``.
        duration: Such as ``10min``.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    level = parse_rate(rate)
    stages = (Stage(parse_duration(with_unit("duration", duration)), level),)
    return validated(ArrivalRate(schedule=Schedule(level, stages), max_workers=max_workers))


def ramping_arrival_rate(
    stages: Sequence[StageDeclaration], *, start: str = "0/s", max_workers: int = MAX_WORKERS
) -> ArrivalRate:
    """Return an open model of a rate that goes straight from stage to stage; a stage of ``0s`` is a jump.

    Args:
        stages: Duration and rate at the end of each stage.
        start: The rate at the beginning.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    parts = tuple(
        Stage(parse_duration(with_unit("duration", span)), parse_rate(level)) for span, level in _pairs(stages)
    )
    return validated(ArrivalRate(schedule=Schedule(parse_rate(start), parts), max_workers=max_workers))


def constant_concurrency(workers: int, duration: str) -> Concurrency:
    """Return a closed model of one number of workers.

    Args:
        workers: How many.
        duration: Such as ``10min``.

    Raises:
        DeclarationError: ``malformed_duration``, ``invalid_load``.
    """
    stages = (Stage(parse_duration(with_unit("duration", duration)), _workers(workers)),)
    return validated(Concurrency(schedule=Schedule(_workers(workers), stages)))


def ramping_concurrency(stages: Sequence[StageDeclaration], *, start: int = 0) -> Concurrency:
    """Return a closed model whose number of workers goes straight from stage to stage; a stage of ``0s`` is a jump.

    Args:
        stages: Duration, and number of workers at the end, of each stage.
        start: Workers at the beginning.

    Raises:
        DeclarationError: ``malformed_duration``, ``invalid_load``.
    """
    parts = tuple(Stage(parse_duration(with_unit("duration", span)), _workers(level)) for span, level in _pairs(stages))
    return validated(Concurrency(schedule=Schedule(_workers(start), parts)))


def shared_iterations(iterations: int, workers: int, *, max_duration: str = "10min") -> Concurrency:
    """Return a closed model of a number of iterations that all workers share.

    Args:
        iterations: How many they run together.
        workers: How many there are.
        max_duration: It ends then, however many were run.

    Raises:
        DeclarationError: ``malformed_duration``, ``invalid_load``.
    """
    stages = (Stage(parse_duration(with_unit("max_duration", max_duration)), _workers(workers)),)
    return validated(Concurrency(schedule=Schedule(_workers(workers), stages), iterations=iterations))


def iterations_per_worker(iterations: int, workers: int, *, max_duration: str = "10min") -> Concurrency:
    """Return a closed model in which each worker runs a number of iterations.

    Args:
        iterations: How many each runs.
        workers: How many there are.
        max_duration: It ends then, however many were run.

    Raises:
        DeclarationError: ``malformed_duration``, ``invalid_load``.
    """
    stages = (Stage(parse_duration(with_unit("max_duration", max_duration)), _workers(workers)),)
    return validated(Concurrency(schedule=Schedule(_workers(workers), stages), iterations_each=iterations))


def breakpoint_search(
    start: str,
    limit: str,
    *,
    growth: float = 1.5,
    level_duration: str = "10s",
    precision: str = "5%",
    max_workers: int = MAX_WORKERS,
) -> Breakpoint:
    """Return a search for the highest rate that holds; see `Breakpoint`.

    Args:
        start: Rate of the first level.
        limit: Rate beyond which it does not go.
        growth: How many times the level before each level is.
        level_duration: How long each level lasts.
        precision: How wide the span of the answer may be.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``malformed_percent``, ``invalid_load``.
    """
    return validated(
        Breakpoint(
            start=parse_rate(start),
            limit=parse_rate(limit),
            growth=growth,
            level_seconds=parse_duration(with_unit("level_duration", level_duration)),
            precision_percent=parse_percent(with_unit("precision", precision)),
            max_workers=max_workers,
        )
    )


def parse_rate(text: object) -> float:
    """Return a rate such as ``500/s`` or ``30/min`` in 1/s.

    Raises:
        DeclarationError: ``malformed_rate``: it is none, or below 0.
    """
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None or float(match[1]) < 0 or not math.isfinite(float(match[1])):
        message = f"Invalid arrival rate: {text!r}."
        raise DeclarationError("malformed_rate", message, hint="Give a number with a unit, such as 500/s or 30/min.")
    return convert(float(match[1]), match[2], "/s")


def validated(model: _ModelT) -> _ModelT:
    """Return a model as it is, once its numbers are checked.

    Raises:
        DeclarationError: ``invalid_load``.
    """
    for fault in chain(_no_numbers(model), _search_faults(model) if isinstance(model, Breakpoint) else _faults(model)):
        if fault:
            raise DeclarationError("invalid_load", f"Invalid load: {fault}.", hint="Correct the numbers.")
    return model


def _no_numbers(model: Model) -> Iterator[str]:
    """Yield which of the numbers is none; what is checked later may rely on them."""
    if isinstance(model, Breakpoint):
        declared = {
            "first rate": [model.start],
            "limit": [model.limit],
            "growth": [model.growth],
            "duration of a level": [model.level_seconds],
            "precision": [model.precision_percent],
        }
    else:
        stages = model.schedule.stages
        declared = {
            "level": [model.schedule.start, *(stage.level for stage in stages)],
            "duration": [stage.duration_seconds for stage in stages],
        }
    for words, values in declared.items():
        yield from (f"the {words} is {value!r}, not a number" for value in values if not is_number(value))


def _faults(model: ArrivalRate | Concurrency) -> Iterator[str]:
    schedule = model.schedule
    if not schedule.stages:
        yield "it has no stages"
    elif schedule.duration_seconds <= 0:
        yield "its duration is 0"
    elif schedule.amount <= 0:
        yield "its level is always 0"
    if isinstance(model, ArrivalRate):
        yield _worker_fault(model.max_workers)
        return
    if schedule.peak > MOST_WORKERS:
        yield f"{schedule.peak:g} workers are more than the maximum of {MOST_WORKERS}"
    for count in (model.iterations, model.iterations_each):
        if count is not None and (not is_whole(count) or count < 1):
            yield f"the number of iterations is {count!r}, not a whole number above 0"


def _search_faults(model: Breakpoint) -> Iterator[str]:
    if not 0 < model.start < model.limit:
        yield f"the search goes from {model.start:g}/s to {model.limit:g}/s, which is not upwards from above 0"
    if not 1 < model.growth <= 10:
        yield f"the growth of levels is {model.growth!r}, not above 1 and at most 10"
    if model.level_seconds < 5:
        yield f"the duration of a level is {model.level_seconds:g} s, less than the 5 s needed to judge it"
    if not 0 < model.precision_percent < 100:
        yield f"the precision is {model.precision_percent:g} %, not between 0 and 100 %"
    yield _worker_fault(model.max_workers)


def _worker_fault(count: object) -> str:
    if not is_whole(count) or count <= 0:
        return f"the number of workers is {count!r}, not a whole number above 0"
    return f"{count} workers are more than the maximum of {MOST_WORKERS}" if count > MOST_WORKERS else ""


def _workers(count: object) -> int:
    if not is_whole(count) or count < 0:
        message = f"Invalid number of workers: {count!r}."
        raise DeclarationError("invalid_load", message, hint="Give a whole number, 0 or more.")
    return count


def with_unit(argument: str, value: object) -> str:
    """Return a text with a unit, such as ``30s``.

    Args:
        argument: Name of the argument.
        value: What was given for it.

    Raises:
        DeclarationError: ``missing_unit``: it is no text.
    """
    if not isinstance(value, str):
        message = f"{argument} is {value!r}, which has no unit."
        raise DeclarationError("missing_unit", message, hint="Give a string with a unit, such as '30s'.")
    return value


def _pairs(stages: object) -> list[tuple[Any, Any]]:
    pairs: list[Any] = list(stages) if isinstance(stages, Sequence) and not isinstance(stages, str) else [stages]
    if any(isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2 for pair in pairs):
        message = f"Invalid stages: {stages!r}."
        raise DeclarationError("invalid_load", message, hint="Give pairs of a duration and a level: ('30s', '100/s').")
    return [(pair[0], pair[1]) for pair in pairs]
