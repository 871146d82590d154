"""Scenarios made ready for load: their operations opened, once for all workers or once for each."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NoReturn

from airflow_provider_dpq.core.load.design import Scenario, Stream
from airflow_provider_dpq.core.load.model import ArrivalRate
from airflow_provider_dpq.core.load.moment import SUCCESS
from airflow_provider_dpq.core.load.tally import Record
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Iteration
from airflow_provider_dpq.core.operation.python import PythonOperation, is_coroutine_function

_SPARE: Final = 10
_SPARE_SECONDS: Final = 0.1


@dataclass(slots=True)
class Sessions:
    """An operation's iterations for many workers, each with its own connection where it has one.

    Attributes:
        open: Opens another one; what it opens is closed with the stack.
        stack: Closes all.
        free: Those that no worker has.
    """

    open: Callable[[], Iteration]
    stack: ExitStack
    free: list[Iteration] = field(default_factory=list)

    def take(self) -> Iteration:
        """Return one that is free, or a new one.

        Raises:
            Exception: What its operation raises where it cannot be opened.
        """
        try:
            return self.free.pop()
        except IndexError:
            return self.open()

    def give(self, iteration: Iteration) -> None:
        """Take one back."""
        self.free.append(iteration)


@dataclass(slots=True)
class Ready:
    """A scenario made ready.

    Attributes:
        scenario: The scenario.
        on_loop: Whether its iterations run on an event loop; else in threads.
        shared: The iteration of all workers; None where each has its own, and for requests.
        sessions: The iterations of workers where each has its own.
        stack: Closes what is open.
    """

    scenario: Scenario
    on_loop: bool
    shared: Iteration | None = None
    sessions: Sessions | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def cleans_failures(self) -> bool:
        """Whether it is cleaned up after an iteration that failed, too.

        What cleans up after a function gets its result, and there is none.
        """
        return not isinstance(self.scenario.operation, PythonOperation)


def spare_sessions(stream: Stream) -> int:
    """Return how many sessions a stream is to have open before they are needed.

    A closed model needs all. An open one may never need its most, and a database has only so many connections.
    """
    if not isinstance(stream.model, ArrivalRate):
        return stream.max_workers
    arrivals = math.ceil(_SPARE_SECONDS * stream.model.schedule.peak / stream.parts)
    return min(stream.max_workers, max(_SPARE, arrivals))


def make_ready(scenario: Scenario) -> Ready:
    """Open a scenario's operation for its first worker.

    Raises:
        Exception: What its operation raises where it cannot be opened.
    """
    operation, size = scenario.operation, scenario.size
    if isinstance(operation, HttpOperation):
        return Ready(scenario, on_loop=True)
    stack = ExitStack()
    if isinstance(operation, PythonOperation):
        iteration = stack.enter_context(operation.opened(size))
        return Ready(scenario, on_loop=is_coroutine_function(iteration.call), shared=iteration, stack=stack)
    lock = threading.Lock()

    def opened() -> Iteration:
        context = operation.opened(size)
        iteration = context.__enter__()
        with lock:
            stack.push(context.__exit__)
        return iteration

    sessions = Sessions(opened, stack, [opened()])
    return Ready(scenario, on_loop=False, sessions=sessions, stack=stack)


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
