"""The generators of one machine: processes that are made ready together and generate load together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.generator import generate, prepare
from airflow_provider_dpq.core.load.moment import Moment
from airflow_provider_dpq.core.operation.isolation import Cancellation, Child

_SET_UP_SECONDS: Final = 60.0
"""Beyond what an iteration may take: a process starts, a connection or a dataset is made."""

_SILENT_SECONDS: Final = 30.0
"""Beyond what an iteration may take: a generator of which nothing is heard for so long is taken for stuck."""

_Answer: TypeAlias = tuple[int | None, Any, BaseException | None]
"""Number of a process and what it sent; without number its end, and how it failed."""


class Fleet:
    """Processes that generate load, until the context is left.

    Args:
        test: What they are to run.
        cancellation: Ends them from outside.
    """

    def __init__(self, test: LoadTest, cancellation: Cancellation) -> None:
        self._test = test
        self._cancellation = cancellation
        self._stack = ExitStack()
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pids(self) -> Sequence[int]:
        """Numbers of the processes there are now."""
        return [child.pid for child in self._children]

    def prepare(self) -> Iterator[None]:
        """Start processes where there are none, and make all operations ready in all of them at once.

        Yields:
            Now and then, while it goes on.

        Raises:
            DeclarationError: What is to be run cannot be sent to another interpreter.
            MeasurementError: An operation cannot be made ready, or its first call fails; no load was generated.
        """
        if self._children:
            return
        for _ in range(self._test.processes):
            self._children.append(self._stack.enter_context(self._cancellation.spawned()))
        timeout_seconds = self._test.iteration_timeout_seconds + _SET_UP_SECONDS
        for _ in self._together(lambda number: (prepare, self._test, number), timeout_seconds):
            yield

    def generate(self, test: LoadTest, starts_at_seconds: float) -> Iterator[tuple[int, Moment]]:
        """Generate a load, and yield what each process did, with its number, about twice a second.

        Where it is left before its end, the processes are ended; `prepare` starts others.

        Args:
            test: The load, of the scenarios that were made ready.
            starts_at_seconds: When it begins, in seconds since 1970.

        Raises:
            MeasurementError: A process failed.
        """
        timeout_seconds = test.iteration_timeout_seconds + _SILENT_SECONDS + max(0.0, starts_at_seconds - time.time())
        yield from self._together(lambda number: (generate, test, number, starts_at_seconds), timeout_seconds)

    def _together(self, request: Callable[[int], tuple[Any, ...]], timeout_seconds: float) -> Iterator[tuple[int, Any]]:
        """Run a generator function in all processes at once, and yield what each of them yields, with its number.

        Args:
            request: Returns the function and its arguments for the process of a number.
            timeout_seconds: Longest time between two items of a process.
        """
        functions = [function for scenario in self._test.scenarios for function in scenario.operation.functions]
        answers: SimpleQueue[_Answer] = SimpleQueue()

        def listen(number: int, child: Child) -> None:
            failure: BaseException | None = None
            try:
                for item in child.stream(*request(number), functions=functions, timeout_seconds=timeout_seconds):
                    answers.put((number, item, None))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the answers are read
                failure = error
            answers.put((None, None, failure))

        threads = [Thread(target=listen, args=pair, daemon=True) for pair in enumerate(self._children)]
        going = len(threads)
        try:
            for thread in threads:
                thread.start()
            while going:
                number, item, failure = answers.get()
                if failure is not None:
                    raise failure
                if number is None:
                    going -= 1
                else:
                    yield number, item
        finally:
            if going:
                self._end()
            for thread in threads:
                thread.join()

    def _end(self) -> None:
        for child in self._children:
            child.kill()
        self._children.clear()
        self._stack.close()
