"""A measurement of an operation that may be cut short, and the report of what there was until then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_dpq.core.attempt import cut_short
from airflow_provider_dpq.core.errors import DpqError
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.operation.isolation import Cancellation


class Measurement(Protocol):
    """One measurement of an operation: it keeps what it finds, so that what is cut short is not lost."""

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Measure until what is declared can be judged.

        Args:
            cancellation: Ends it from outside.
            tell: Gets a line of progress every few seconds.

        Raises:
            DpqError: It could not be measured, or not to its end.
        """

    def report(
        self,
        *,
        gate: str,
        provenance: Provenance,
        duration_seconds: float,
        data_interval: DataInterval | None = None,
        error: DpqError | None = None,
    ) -> Report:
        """Judge what was found so far and write it down.

        Args:
            gate: Name of the gate.
            provenance: Which run this is.
            duration_seconds: How long it took.
            data_interval: The run's data interval.
            error: What cut it short.
        """


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What became of a measurement.

    Attributes:
        report: What was measured, also where it was cut short; its verdict is ``error`` then.
        error: What cut it short, to go on once the report is kept; None where nothing did.
    """

    report: Report
    error: BaseException | None = None


def conclude(
    measurement: Measurement,
    *,
    gate: str,
    provenance: Provenance,
    data_interval: DataInterval | None = None,
    cancellation: Cancellation | None = None,
    tell: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Conclusion:
    """Measure, and write down what was found whether or not it came to its end.

    Args:
        measurement: What to measure.
        gate: Name of the gate.
        provenance: Which run this is.
        data_interval: The run's data interval.
        cancellation: Ends it from outside.
        tell: Gets a line of progress every few seconds.
        clock: Seconds of a clock that does not go back.
    """
    begun = clock()
    told: DpqError | None = None
    cause: BaseException | None = None
    try:
        measurement.measure(cancellation=cancellation or Cancellation(), tell=tell)
    except DpqError as error:
        told = cause = error
    except TimeoutError as limit:  # of a signal handler that keeps a time limit
        told, cause = cut_short(limit), limit
    except Exception:
        raise  # a fault of this project: what was found before it is not to be trusted
    except BaseException as interrupt:  # noqa: BLE001 - a time limit of the task or a Ctrl-C: it goes on once the report is kept
        told, cause = cut_short(interrupt), interrupt
    report = measurement.report(
        gate=gate,
        provenance=provenance,
        duration_seconds=clock() - begun,
        data_interval=data_interval,
        error=told,
    )
    return Conclusion(report, cause)
