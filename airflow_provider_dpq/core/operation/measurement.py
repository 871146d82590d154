"""A measurement of an operation that may be cut short, and the report of its findings so far."""

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
    """A measurement of an operation that keeps its findings, so that they survive an interruption."""

    def measure(self, *, cancellation: Cancellation, tell: Callable[[str], None] | None) -> None:
        """Measure until the thresholds can be judged.

        Args:
            cancellation: Stops the measurement from outside.
            tell: Called with a progress line every few seconds.

        Raises:
            DpqError: The measurement failed or was cut short.
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
        """Judge the findings so far and return the report.

        Args:
            gate: Name of the gate.
            provenance: The run that measured it.
            duration_seconds: How long the measurement took.
            data_interval: The run's data interval.
            error: The error that cut it short.
        """


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The outcome of a measurement.

    Attributes:
        report: The report; its verdict is ``error`` if the measurement was cut short.
        error: The exception that cut it short, to be raised once the report is stored; None if there was none.
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
    """Measure, and make the report whether or not the measurement was completed.

    Args:
        measurement: The measurement to run.
        gate: Name of the gate.
        provenance: The run that measures it.
        data_interval: The run's data interval.
        cancellation: Stops the measurement from outside.
        tell: Called with a progress line every few seconds.
        clock: Monotonic clock, in seconds.
    """
    begun = clock()
    reported: DpqError | None = None
    cause: BaseException | None = None
    try:
        measurement.measure(cancellation=cancellation or Cancellation(), tell=tell)
    except DpqError as error:
        reported = cause = error
    except TimeoutError as limit:  # raised by a signal handler that enforces a time limit
        reported, cause = cut_short(limit), limit
    except Exception:
        raise  # a fault of this project: its findings so far cannot be trusted
    except BaseException as interrupt:  # noqa: BLE001 - a time limit of the task or a Ctrl-C: raised again once the report is stored
        reported, cause = cut_short(interrupt), interrupt
    report = measurement.report(
        gate=gate,
        provenance=provenance,
        duration_seconds=clock() - begun,
        data_interval=data_interval,
        error=reported,
    )
    return Conclusion(report, cause)
