"""The first iteration of each scenario, before any load: is there anything that could bear one?"""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from airflow_provider_dpq.core.errors import (
    ConnectTimeoutError,
    DeclarationError,
    DpqError,
    MeasurementError,
    SourceError,
)
from airflow_provider_dpq.core.load.design import Scenario
from airflow_provider_dpq.core.load.loop import new_loop
from airflow_provider_dpq.core.load.moment import CONNECTION, outcome_of
from airflow_provider_dpq.core.load.ready import Ready, make_ready
from airflow_provider_dpq.core.load.request import Requests
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Iteration
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation

CONNECT_SECONDS: Final = 10.0
"""How long the first connection to a target may take."""

_HINTS: Final[Mapping[type[BaseException], str]] = {
    ssl.SSLCertVerificationError: "Install a certificate that is trusted here, or correct the URL.",
    ssl.SSLError: "Correct the URL: it begins with http:// if the port does not use TLS.",
    socket.gaierror: "Correct the host name in the URL.",
    ConnectionRefusedError: "Start the target, or correct the port in the URL.",
}
"""What to do about a target that is down, by what is behind it; the first that fits."""


def opened(scenario: Scenario) -> Ready:
    """Open a scenario's operation; a database is given some seconds to answer.

    Raises:
        MeasurementError: ``target_down``, or what the operation raises.
    """
    if not isinstance(scenario.operation, SqlOperation):
        return make_ready(scenario)
    try:
        return _opened_in_time(scenario)
    except SourceError as error:
        raise _down(scenario, error.message, error) from error


def try_once(ready: Ready, timeout_seconds: float) -> None:
    """Run one iteration. Only a target that cannot be reached is refused: of all else, the load tells how often it is.

    Args:
        ready: The scenario. Where its call turns out to return something to be awaited, it is of the event loop from
            now on.
        timeout_seconds: Longest time on the event loop; what runs in this thread cannot be ended.

    Raises:
        MeasurementError: ``target_down``.
        DeclarationError: What the operation raises.
    """
    try:
        if not ready.on_loop:
            _run(ready, ready.shared if ready.sessions is None else ready.sessions.free[0])
        if ready.on_loop:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(asyncio.wait_for(_run_on_loop(ready), timeout_seconds))
    except (DeclarationError, ImportError):
        raise
    except Exception as error:  # whatever the operation raises is looked at
        if outcome_of(error).category == CONNECTION or isinstance(error, ConnectTimeoutError):
            raise _down(ready.scenario, _cause(error), error) from error


def _opened_in_time(scenario: Scenario) -> Ready:
    """Open an operation in another thread, which is left behind where it takes too long."""
    answers: list[Ready] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(make_ready(scenario))
        except BaseException as error:  # noqa: BLE001 - it is raised below
            errors.append(error)

    thread = threading.Thread(target=run, name="dpq-load-open", daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if errors:
        raise errors[0]
    if not answers:
        raise _down(scenario, f"{scenario.operation.subject} accepted no connection within {CONNECT_SECONDS:g} s.")
    return answers[0]


def _run(ready: Ready, iteration: Iteration | None) -> None:
    assert iteration is not None  # noqa: S101 - for the type checker
    try:
        result = (iteration.call if iteration.set_up is None else iteration.set_up())()
    except Exception:
        if iteration.tear_down is not None and ready.cleans_failures:
            with suppress(Exception):  # what failed first is what counts
                iteration.tear_down(None)
        raise
    operation = ready.scenario.operation
    if isinstance(operation, PythonOperation) and operation.awaited and inspect.isawaitable(result):
        ready.on_loop = True  # a plain function that hands on what a coroutine function returns
        if inspect.iscoroutine(result):
            result.close()
    elif iteration.tear_down is not None:
        iteration.tear_down(result)


async def _run_on_loop(ready: Ready) -> None:
    operation, iteration = ready.scenario.operation, ready.shared
    if isinstance(operation, HttpOperation):
        limit = min(operation.timeout_seconds, CONNECT_SECONDS)
        async with Requests(operation, ready.scenario.size, connect_seconds=limit) as requests:
            await requests.send()
    elif iteration is not None:
        call = iteration.call if iteration.set_up is None else iteration.set_up()
        result = await call()
        if iteration.tear_down is not None:
            iteration.tear_down(result)


def _down(scenario: Scenario, cause: str, error: BaseException | None = None) -> MeasurementError:
    message = f"The target of scenario {scenario.name!r} is down: {cause.rstrip('. ')}."
    behind = list(_chain(error))
    known = (hint for kind, hint in _HINTS.items() if any(isinstance(one, kind) for one in behind))
    return MeasurementError("target_down", message, hint=next(known, "Start the target, or correct its URL."))


def _cause(error: Exception) -> str:
    """Return why nothing could be reached, without words of the code under load: errors are logged."""
    if isinstance(error, DpqError):
        return error.message
    number = error.errno if isinstance(error, OSError) else None
    return type(error).__name__ if number is None or number not in errno.errorcode else os.strerror(number)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
