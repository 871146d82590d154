"""Load tests of the quality gate itself, which say whether a machine bears it. Nothing here is heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import Concurrency, iterations_per_worker, shared_iterations
from airflow_provider_dpq.core.operation.python import PythonOperation

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
