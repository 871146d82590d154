"""A command as an operation: a process that is started and waited for."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final, TypeAlias

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.operation.iteration import Clock, Iteration

Command: TypeAlias = str | Sequence[str]
"""A program and its arguments; a string is split as a shell would split it, but no shell runs it."""

_SIZE: Final = "{size}"
_TAIL_BYTES: Final = 4096
_TAIL_LINES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOperation:
    """A program that runs to completion. The measurement includes starting its process.

    Its standard input is empty, its output goes to the log, and its error output is reported if it fails.

    Attributes:
        command: The program and its arguments; ``{size}`` in them is replaced by the size.
        set_up: Command to run before each iteration, not measured.
        tear_down: Command to run after each iteration, not measured.
        directory: Working directory; None for that of this process.
        environment: Environment variables in addition to those of this process.
    """

    command: Command = field(repr=False)
    set_up: Command | None = field(default=None, repr=False)
    tear_down: Command | None = field(default=None, repr=False)
    directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def subject(self) -> str:
        """The program without its arguments, which may include a password."""
        return f"the command {_split(self.command)[0]}"

    @property
    def clock(self) -> Clock:
        """CPU time, which includes that of processes waited for."""
        return "cpu"

    @property
    def sized(self) -> bool:
        """Whether an argument has ``{size}``."""
        return any(_SIZE in word for command in self._commands for word in _split(command))

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """No functions: everything in the operation is text."""
        return []

    @property
    def _commands(self) -> list[Command]:
        return [command for command in (self.command, self.set_up, self.tear_down) if command is not None]

    def validate(self) -> None:
        """Check the commands. Whether the programs exist is only known where they run.

        Raises:
            DeclarationError: ``invalid_command``.
        """
        for command in self._commands:
            try:
                words = _split(command)
            except ValueError as error:
                message = f"Invalid command: it cannot be split into words: {error}."
                raise DeclarationError("invalid_command", message, hint="Close its quotation marks.") from None
            if not words or not words[0].strip():
                hint = "Give a program and its arguments."
                raise DeclarationError("invalid_command", "Invalid command: it is empty.", hint=hint)

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Check that the programs exist, and yield the iteration.

        Raises:
            SourceError: ``missing_directory`` or ``missing_program``.
        """
        if self.directory is not None and not Path(self.directory).is_dir():
            raise SourceError(
                "missing_directory", f"The directory {self.directory!r} does not exist.", quotes_data=False
            )
        variables = {**os.environ, **self.environment}
        for command in self._commands:
            self._require_program(_split(command)[0], variables)
        with TemporaryFile() as errors:
            call, set_up, tear_down = (
                None if command is None else partial(_run, _sized(command, size), self.directory, variables, errors)
                for command in (self.command, self.set_up, self.tear_down)
            )
            assert call is not None  # noqa: S101 - for the type checker
            yield Iteration(
                call,
                None if set_up is None else partial(_prepared, set_up, call),
                None if tear_down is None else partial(_cleaned, tear_down),
            )

    def _require_program(self, program: str, variables: Mapping[str, str]) -> None:
        place = str(Path(self.directory or ".", program).absolute()) if os.sep in program else program
        if shutil.which(place, path=variables.get("PATH")) is None:
            message = f"The program {program!r} was not found, or is not executable."
            raise SourceError(
                "missing_program",
                message,
                hint="Install it on the worker, or give its full path.",
                quotes_data=False,
            )


def _split(command: Command) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else list(command)


def _sized(command: Command, size: int | None) -> list[str]:
    words = _split(command)
    return words if size is None else [word.replace(_SIZE, str(size)) for word in words]


def _prepared(set_up: Callable[[], object], call: Callable[[], object]) -> Callable[[], object]:
    set_up()
    return call


def _cleaned(tear_down: Callable[[], object], _result: object) -> None:
    tear_down()


def _run(words: Sequence[str], directory: str | None, variables: Mapping[str, str], errors: IO[bytes]) -> None:
    """Run a command to completion, with its error output in a file whose end is reported if the command fails."""
    errors.seek(0)
    errors.truncate()
    code = subprocess.call(  # noqa: S603 - what the user asked for, without a shell
        words, cwd=directory, env=variables, stdin=subprocess.DEVNULL, stderr=errors
    )
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code} ({signal.Signals(-code).name})"
        message = "\n".join((f"The command {words[0]} ended with {how}.", *_last_lines(errors)))
        raise MeasurementError("operation_failed", message)


def _last_lines(errors: IO[bytes]) -> list[str]:
    length = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, length - _TAIL_BYTES))
    return errors.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
