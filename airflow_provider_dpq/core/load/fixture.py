"""What goes on before and after an iteration under load; where that fails, the iteration has failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from airflow_provider_dpq.core.load.moment import SUCCESS
from airflow_provider_dpq.core.load.tally import Record
from airflow_provider_dpq.core.operation.iteration import Iteration


def call_of(iteration: Iteration) -> Callable[[], Any]:
    """Return the call of one iteration, once what it needs is set up; where that fails, the call fails with it."""
    if iteration.set_up is None:
        return iteration.call
    try:
        return iteration.set_up()
    except Exception as error:  # noqa: BLE001 - whatever it raises is the failure of this iteration
        return partial(fail, error)


def torn_down(clean: Callable[[Any], object], result: object, record: Record, outcome: int) -> int:
    """Clean up after an iteration and return the number of its outcome, with what failed first.

    Args:
        clean: What cleans up.
        result: What the call returned; None where it failed.
        record: Where a failure is recorded.
        outcome: Number of the outcome until then.
    """
    try:
        clean(result)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the failure of this iteration
        return record.failure(error) if outcome == SUCCESS else outcome
    return outcome


def fail(error: Exception) -> NoReturn:
    """Raise an error."""
    raise error
