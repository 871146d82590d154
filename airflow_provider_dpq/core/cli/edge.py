"""The outer edge of the program, where an error becomes a line on stderr and an exit code."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn

import click

from airflow_provider_dpq.core.errors import DpqError, MeasurementError, SourceError
from airflow_provider_dpq.core.gate.verdict import Verdict

VERDICT_EXIT_CODES: Final = {
    Verdict.PASS: 0,
    Verdict.WARN: 0,
    Verdict.FAIL: 1,
    Verdict.ERROR: 3,
    Verdict.INCONCLUSIVE: 4,
}
"""What a gate's verdict exits with."""

REFUSED: Final = 2
"""Nothing was measured: the request, the data or the store is not usable."""

NOT_MEASURED: Final = 3
"""Measuring failed, or its report could not be kept."""

INTERRUPTED: Final = 130
"""Ctrl-C, as shells count it: 128 and the signal's number."""


class Edge(click.Group):
    """A group of commands that shows this project's errors without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for, and exit as its error demands."""
        with _interrupts() as seen:
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except KeyboardInterrupt:
                ctx.exit(INTERRUPTED)
            except Exception as error:  # noqa: BLE001 - Python itself would exit with 1, which reads as a failed gate
                if seen:
                    ctx.exit(INTERRUPTED)
                _end(error)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list of every Ctrl-C so far: DuckDB makes an error of its own of one, and the interrupt is lost."""
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> NoReturn:
        seen.append(number)
        raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    if handler is not signal.default_int_handler:  # such as ignored, by a shell that runs the program in its background
        yield seen
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, handler)


def _end(error: Exception) -> NoReturn:
    if isinstance(error, DpqError):
        measuring = isinstance(error, MeasurementError) and not isinstance(error, SourceError)
        stop(error, NOT_MEASURED if measuring else REFUSED)
    if isinstance(error, OSError):
        stop(error, NOT_MEASURED)
    traceback.print_exception(error)
    raise click.exceptions.Exit(NOT_MEASURED)


def stop(error: Exception, exit_code: int) -> NoReturn:
    """Say on stderr what is wrong and end the program."""
    click.echo(f"dpq: {error}", err=True)
    raise click.exceptions.Exit(exit_code)
