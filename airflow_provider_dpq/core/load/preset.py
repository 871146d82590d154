"""Load tests by name: shapes of load to start from, and those that say whether a machine bears the gate itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from airflow_provider_dpq.core.gate.unit import parse_duration
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import (
    MAX_WORKERS,
    ArrivalRate,
    Breakpoint,
    Concurrency,
    breakpoint_search,
    constant_arrival_rate,
    iterations_per_worker,
    parse_rate,
    ramping_arrival_rate,
    shared_iterations,
    with_unit,
)
from airflow_provider_dpq.core.operation.python import PythonOperation

STRESS: Final = 2.0
SPIKE: Final = 5.0
SEARCH: Final = 100.0


def smoke(iterations: int = 5) -> Concurrency:
    """Return the load that answers: does it work at all? One worker, a few iterations.

    Args:
        iterations: How many.

    Raises:
        DeclarationError: ``invalid_load``.
    """
    return shared_iterations(iterations, 1)


def average_load(rate: str, duration: str = "5min", *, max_workers: int = MAX_WORKERS) -> ArrivalRate:
    """Return the load that answers: does it hold on a usual day?

    It goes up to the rate in a tenth of the time, and stays there.

    Args:
        rate: The usual rate, such as ``100/s``.
        duration: How long it takes in all.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    return ramping_arrival_rate(_stages(((0.1, rate), (0.9, rate)), duration), max_workers=max_workers)


def stress(rate: str, duration: str = "5min", *, max_workers: int = MAX_WORKERS) -> ArrivalRate:
    """Return the load that answers: does it hold on the busiest day, at twice the usual rate?

    It holds the usual rate for a third of the time and twice that for another, with straight ways between.

    Args:
        rate: The usual rate.
        duration: How long it takes in all.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    high = _times(rate, STRESS)
    shares = ((0.1, rate), (0.35, rate), (0.1, high), (0.35, high), (0.1, "0/s"))
    return ramping_arrival_rate(_stages(shares, duration), max_workers=max_workers)


def soak(rate: str, duration: str = "1h", *, max_workers: int = MAX_WORKERS) -> ArrivalRate:
    """Return the load that answers: does it hold for long, or does something pile up?

    Args:
        rate: The usual rate.
        duration: How long it takes in all.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    return constant_arrival_rate(rate, duration, max_workers=max_workers)


def spike(rate: str, duration: str = "2min", *, peak: str | None = None, max_workers: int = MAX_WORKERS) -> ArrivalRate:
    """Return the load that answers: does it stand a sudden rush, and is it its old self afterwards?

    The usual rate for two fifths of the time, the peak at once for one, the usual rate again.

    Args:
        rate: The usual rate.
        duration: How long it takes in all.
        peak: The rate of the rush; None for five times the usual one.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``malformed_duration``, ``invalid_load``.
    """
    top = _times(rate, SPIKE) if peak is None else peak
    shares = ((0.4, rate), (0.0, top), (0.2, top), (0.0, rate), (0.4, rate))
    return ramping_arrival_rate(_stages(shares, duration), start=rate, max_workers=max_workers)


def breakpoint(rate: str, *, limit: str | None = None, max_workers: int = MAX_WORKERS) -> Breakpoint:  # noqa: A001 - what such a test is called
    """Return the load that answers: at which rate does it break, and does it come back?

    Args:
        rate: A rate at which it holds.
        limit: The highest rate to try; None for a hundred times that.
        max_workers: How many iterations run at a time at most.

    Raises:
        DeclarationError: ``malformed_rate``, ``invalid_load``.
    """
    top = _times(rate, SEARCH) if limit is None else limit
    return breakpoint_search(rate, top, max_workers=max_workers)


def _times(rate: str, factor: float) -> str:
    return f"{parse_rate(rate) * factor:.15g}/s"


def _stages(shares: tuple[tuple[float, str], ...], duration: str) -> list[tuple[str, str]]:
    seconds = parse_duration(with_unit("duration", duration))
    return [(f"{share * seconds:.15g}s", rate) for share, rate in shares]


_CHECK: Final = "airflow_provider_dpq.core.quality.rehearsal:check"
_TABLE: Final = "airflow_provider_dpq.core.quality.rehearsal:table"
_ITERATION_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Validation:
    """A load of checks of a generated table.

    Attributes:
        answers: The question that it answers.
        model: How the checks come about.
        rows: Rows of the table.
        thresholds: What must hold.
    """

    answers: str
    model: Concurrency
    rows: int
    thresholds: tuple[str, ...]

    @property
    def test(self) -> LoadTest:
        """The load test."""
        operation = PythonOperation(target=_CHECK, dataset=_TABLE)
        return LoadTest(
            scenarios=(Scenario(operation=operation, size=self.rows),),
            model=self.model,
            iteration_timeout_seconds=_ITERATION_SECONDS,
        )


VALIDATIONS: Final[Mapping[str, Validation]] = MappingProxyType(
    {
        "massive_dataset": Validation(
            "Is a table of a million rows checked within two minutes?",
            shared_iterations(1, 1),
            1_000_000,
            ("max < 120s", "error_rate <= 0%"),
        ),
        "concurrent": Validation(
            "Do ten tasks that check 100,000 rows each get along?",
            iterations_per_worker(3, 10),
            100_000,
            ("error_rate < 10%",),
        ),
        "sustained": Validation(
            "Does a hundredth check of 10,000 rows still go as well as the first?",
            shared_iterations(100, 1),
            10_000,
            ("error_rate < 5%",),
        ),
        "graceful_degradation": Validation(
            "Do far more tasks than processors slow each other down, rather than fail?",
            iterations_per_worker(2, 25),
            50_000,
            ("error_rate < 15%",),
        ),
    }
)
"""The load tests, by name."""
