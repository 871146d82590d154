"""Numbers of a load that are none: refused with a reason where they are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.load.model import (
    ArrivalRate,
    Breakpoint,
    Concurrency,
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    iterations_per_worker,
    ramping_concurrency,
    shared_iterations,
    validated,
)
from airflow_provider_dpq.core.load.schedule import Schedule, Stage

TEXTS: dict[str, Callable[[Any], object]] = {
    "growth": lambda value: breakpoint_search("1/s", "9/s", growth=value),
    "max_workers of a search": lambda value: breakpoint_search("1/s", "9/s", max_workers=value),
    "max_workers": lambda value: constant_arrival_rate("1/s", "9s", max_workers=value),
    "workers": lambda value: constant_concurrency(value, "9s"),
    "workers of a stage": lambda value: ramping_concurrency([("9s", value)]),
    "workers at first": lambda value: ramping_concurrency([("9s", 2)], start=value),
    "iterations": lambda value: shared_iterations(value, 2),
    "iterations each": lambda value: iterations_per_worker(value, 2),
    "workers of iterations": lambda value: shared_iterations(2, value),
    "first rate": lambda value: validated(Breakpoint(start=value, limit=9.0)),
    "limit": lambda value: validated(Breakpoint(start=1.0, limit=value)),
    "level": lambda value: validated(Breakpoint(start=1.0, limit=9.0, level_seconds=value)),
    "precision": lambda value: validated(Breakpoint(start=1.0, limit=9.0, precision_percent=value)),
    "rate": lambda value: validated(ArrivalRate(schedule=Schedule(value, (Stage(9.0, 1.0),)))),
    "duration": lambda value: validated(Concurrency(schedule=Schedule(1.0, (Stage(value, 1.0),)))),
}


@pytest.mark.parametrize("value", ["2", math.nan, math.inf, True, [2]], ids=str)
@pytest.mark.parametrize("place", TEXTS)
def test_what_is_no_number_is_refused_with_its_value(place: str, value: Any) -> None:
    """Nothing is compared with it before."""
    with pytest.raises(DeclarationError) as caught:
        TEXTS[place](value)
    assert caught.value.reason == "invalid_load"
    assert repr(value) in caught.value.message


@pytest.mark.parametrize("growth", [2, 1.5, 10])
def test_a_number_is_taken(growth: float) -> None:
    """Whole or not."""
    assert breakpoint_search("1/s", "9/s", growth=growth).growth == growth


@pytest.mark.parametrize("place", ["growth", "limit", "rate", "duration"])
def test_a_number_that_no_float_holds_is_refused(place: str) -> None:
    """To compute with it would raise."""
    with pytest.raises(DeclarationError, match="not a number"):
        TEXTS[place](10**400)


@pytest.mark.parametrize("place", ["max_workers of a search", "max_workers", "workers", "workers of a stage"])
def test_more_workers_than_any_machine_has_are_refused(place: str) -> None:
    """Ten thousand are allowed."""
    TEXTS[place](10_000)
    with pytest.raises(DeclarationError, match="10001 workers"):
        TEXTS[place](10_001)
