"""The command line as a whole: its edge, its help, its progress line, its reference."""

from __future__ import annotations

import atexit
import errno
import io
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from airflow_provider_dpq import __version__
from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.cli.delivery import write_text
from airflow_provider_dpq.core.cli.edge import Edge, cancelling
from airflow_provider_dpq.core.cli.progress import ProgressLine, progress_on
from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError, SourceError, StoreError

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"


def test_version_is_the_packages() -> None:
    """`dpq --version` names the version that is installed."""
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"dpq, version {__version__}\n")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_commands(option: str) -> None:
    """Both spellings of the question are answered."""
    result = CliRunner().invoke(main, [option])
    assert result.exit_code == 0
    listed = re.findall(r"^  (\w+)  ", result.stdout, re.MULTILINE)
    assert listed == ["baseline", "bench", "check", "contract", "gate", "leak", "load", "report", "store"]


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _commands(child, f"{path} {name}")
    else:
        yield path, command


@pytest.mark.parametrize(("path", "command"), list(_commands(main, "dpq")))
def test_reference_explains_every_command_and_option(path: str, command: click.Command) -> None:
    """docs/reference/command-line.md names each command and each of its options."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert path in text
    options = [
        option for parameter in command.params if isinstance(parameter, click.Option) for option in parameter.opts
    ]
    assert [option for option in options if not re.search(rf"`{option}\b", text)] == []
    assert command.help


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (DeclarationError("r", "It is wrong.", hint="Mend it."), 2),
        (SourceError("r", "It is wrong.", hint="Mend it."), 2),
        (StoreError("r", "It is wrong.", hint="Mend it."), 2),
        (MeasurementError("r", "It is wrong.", hint="Mend it."), 3),
        (OSError("It is wrong. Mend it."), 3),
    ],
)
def test_an_error_becomes_a_line_and_an_exit_code(error: DpqError | OSError, exit_code: int) -> None:
    """What went wrong is told without traceback, and the exit code says whether it is worth another try."""

    @click.command()
    def broken() -> None:
        raise error

    result = CliRunner().invoke(Edge(commands=[broken]), ["broken"])
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", "dpq: It is wrong. Mend it.\n")


def test_an_interrupt_becomes_an_exit_code() -> None:
    """Ctrl-C ends any command with 130 and without a word."""

    @click.command()
    def endless() -> None:
        raise KeyboardInterrupt

    result = CliRunner().invoke(Edge(commands=[endless]), ["endless"])
    assert (result.exit_code, result.output) == (130, "")


def test_an_interrupt_is_not_taken_for_a_fault() -> None:
    """DuckDB turns Ctrl-C into an error of its own during a query; the command still ends as interrupted."""

    @click.command()
    def scan() -> None:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("Query interrupted")

    result = CliRunner().invoke(Edge(commands=[scan]), ["scan"])
    assert (result.exit_code, result.output) == (130, "")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_interrupt_stays_ignored() -> None:
    """A program that a shell runs in its background, with Ctrl-C ignored, is not stopped by one."""

    @click.command()
    def scan() -> None:
        signal.raise_signal(signal.SIGINT)
        click.echo("done")

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = CliRunner().invoke(Edge(commands=[scan]), ["scan"])
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert (result.exit_code, result.stdout) == (0, "done\n")


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_measurement_that_goes_on_does_not_cost_the_exit_code(goes_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would end its thread within an engine's code, which aborts; what is removed at the end still is."""
    workloads: list[Any] = []
    monkeypatch.setattr(atexit, "_run_exitfuncs", lambda: workloads.append("removed"))
    monkeypatch.setattr(os, "_exit", workloads.append)
    stopped = threading.Event()
    work = threading.Thread(target=stopped.wait, name="dpq-attempt", daemon=True)

    @click.command()
    @click.pass_context
    def scan(ctx: click.Context) -> None:
        if goes_on:
            work.start()
        ctx.exit(143)

    try:
        with pytest.raises(SystemExit) as end:
            Edge(commands=[scan])(["scan"])
    finally:
        stopped.set()
    assert end.value.code == 143
    assert workloads == (["removed", 143] if goes_on else [])
    if goes_on:
        work.join()


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_the_program(number: signal.Signals, exit_code: int) -> None:
    """The first one only cancels the work; the second one is not held back by work that does not end."""
    cancelled: list[int] = []

    @click.command()
    def endless() -> None:
        with cancelling(lambda: cancelled.append(number)):
            signal.raise_signal(number)
            assert cancelled == [number]
            signal.raise_signal(number)
        click.echo("not reached")

    result = CliRunner().invoke(Edge(commands=[endless]), ["endless"])
    assert (result.exit_code, result.output) == (exit_code, "")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_full_standard_output_is_told() -> None:
    """A report that could not be written to the end is not taken for written."""

    @click.command()
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    result = CliRunner().invoke(Edge(commands=[full]), ["full"])
    assert (result.exit_code, result.stderr) == (3, "dpq: [Errno 28] No space left on device\n")


def test_text_is_written_on_a_terminal_that_knows_few_characters() -> None:
    """A character that the output cannot encode is replaced, and the rest is written."""

    @click.command()
    def speak() -> None:
        write_text("Zürich ends…\n")

    result = CliRunner(charset="ascii").invoke(speak)
    assert (result.exit_code, result.stdout_bytes) == (0, b"Z?rich ends?\n")


class Terminal(io.StringIO):
    """A terminal that remembers all that was drawn on it, and tells when something was."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        """Be a terminal."""
        return True

    def flush(self) -> None:
        """Tell that something was drawn."""
        self.drawn.set()


def test_progress_is_drawn_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work shows its stage on one line, cut to the terminal, and leaves the line empty."""
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    line = ProgressLine(terminal, quiet_seconds=0, period_seconds=0.001)
    line.say("scanning\x1b[2J a file with a very long name")
    line.start()
    assert terminal.drawn.wait(10)
    line.end()
    first, *_, last = terminal.getvalue().split("\r\x1b[K")[1:]
    assert first == "0 s  scanning[2J a file with "
    assert last == ""


def test_progress_shows_nothing_for_short_work() -> None:
    """Work that ends within a moment does not flicker."""
    terminal = Terminal()
    with progress_on(terminal) as say:
        assert say
        say("opening")
    assert terminal.getvalue() == ""


def test_progress_is_cleared_when_the_work_breaks_off() -> None:
    """An error leaves no drawing thread and no half line behind."""
    before = threading.active_count()
    with pytest.raises(MeasurementError), progress_on(Terminal()):
        raise MeasurementError("r", "m")
    assert threading.active_count() == before


def test_progress_needs_a_terminal() -> None:
    """Nothing is drawn into a file or a pipe."""
    with progress_on(io.StringIO()) as say:
        assert say is None
