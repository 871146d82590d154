"""The outer edge of the program, where an error becomes a line on stderr and an exit code."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn

import click

from airflow_provider_dpq.core.attempt import is_left_behind
from airflow_provider_dpq.core.cli.words import described
from airflow_provider_dpq.core.errors import DpqError, MeasurementError, SourceError, text_of
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.line import printable_lines

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

SIGNALLED: Final = 128
"""Ended by a signal, as shells count it: this and the signal's number."""

INTERRUPTED: Final = SIGNALLED + signal.SIGINT
"""Ctrl-C: 130."""


class Edge(click.Group):
    """A group of commands that shows this project's errors without a traceback."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run as the program, and end it even where a measurement that was stopped goes on in its thread."""
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as end:
            if is_left_behind():
                # Python would end the thread within the code of an engine, which then aborts the process: no exit code.
                atexit._run_exitfuncs()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for, and exit as its error demands."""
        with _interrupts() as seen:
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except KeyboardInterrupt:
                ctx.exit(SIGNALLED + seen[-1] if seen else INTERRUPTED)
            except Exception as error:  # noqa: BLE001 - Python itself would exit with 1, which reads as a failed gate
                if seen:
                    ctx.exit(SIGNALLED + seen[-1])
                _end(error, _command(self, ctx))


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list of every Ctrl-C and SIGTERM so far: DuckDB makes an error of its own of one, and it is lost.

    SIGTERM ends the program as Ctrl-C does, so that what it put on disk is removed.
    """
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> NoReturn:
        seen.append(number)
        raise KeyboardInterrupt

    usual: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    # Others are ignored, by a shell that runs the program in its background for instance.
    taken = [number for number, handler in usual.items() if signal.getsignal(number) is handler]
    for number in taken:
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for number in taken:
            signal.signal(number, usual[number])


@contextmanager
def cancelling(cancel: Callable[[], None]) -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM cancel some work in place of ending the program, and give a list of the signals so far.

    The second one ends the program as ever, but for cleaning up.

    Args:
        cancel: Ends the work from a signal handler.
    """
    seen: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            handler = handlers[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)
            else:
                raise SystemExit(SIGNALLED + number)
        cancel()

    caught = [number for number, handler in handlers.items() if callable(handler) or handler is signal.SIG_DFL]
    for number in caught:  # not one that is ignored, as by a shell that runs the program in its background
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for number in caught:
            signal.signal(number, handlers[number])


def _command(group: click.Group, ctx: click.Context) -> click.Command:
    """Return the command that was run."""
    return group.commands.get(ctx.invoked_subcommand or "", group)


def _end(error: Exception, command: click.Command) -> NoReturn:
    if isinstance(error, DpqError):
        measuring = isinstance(error, MeasurementError) and not isinstance(error, SourceError)
        stop(described(error, command), NOT_MEASURED if measuring else REFUSED)
    if isinstance(error, OSError):
        stop(text_of(error), NOT_MEASURED)
    traceback.print_exception(error)
    raise click.exceptions.Exit(NOT_MEASURED)


def stop(message: str, exit_code: int) -> NoReturn:
    """Say on stderr what is wrong and end the program."""
    click.echo(printable_lines(f"dpq: {message}"), err=True)
    raise click.exceptions.Exit(exit_code)
