"""A spawned interpreter in which operations are measured, isolated from the task."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import psutil

from airflow_provider_dpq.core.errors import ChildError, MeasurementError, OperationTimeoutError, cancelled
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.operation.python import pickled

_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from airflow_provider_dpq.core.operation.child import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)
_MAX_LINES: Final = 1000
_MAX_CHARACTERS: Final = 2000
_TAIL_LINES: Final = 20
_END_SECONDS: Final = 10.0
_CANCELLED: Final = "The measurement was cancelled and its process was killed."

log = logging.getLogger(__name__)


class Child:
    """A fresh Python interpreter that runs generator functions sent to it, one at a time.

    It is spawned, never forked: it shares no memory with the task and starts without the task's imports. It ends when
    the context is left, when `kill` is called, or when this process ends. Everything that it started ends with it,
    except processes in their own sessions that were orphaned before, or that outlive a kill of this process.

    Args:
        environment: Environment variables in addition to those of this process.
        path: Import path; None for this process's own ``sys.path``.
        tell: Called with each line that the operation prints; by default the line is logged.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        path: Sequence[str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._cancelled = False
        self._ended = False
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._tell = tell or (lambda line: log.info("%s", printable(line)))
        searched = json.dumps([entry or str(Path.cwd()) for entry in (sys.path if path is None else path)])
        options = ["-P", "-X", "faulthandler"]  # -P: no accidental imports from the working directory
        self._connection, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, *options, "-c", _PROGRAM, searched, str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                pass_fds=(theirs.fileno(), lifeline),
                start_new_session=True,
                text=True,
                errors="replace",
            )
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._close()

    @property
    def pid(self) -> int:
        """Id of its process."""
        return self._process.pid

    def kill(self) -> None:
        """End the interpreter and everything that it started; `stream` then raises. Safe in a signal handler."""
        self._cancelled = True
        self._signal()

    def stream(
        self,
        function: Callable[..., Iterator[Any]],
        *arguments: Any,
        functions: Sequence[Callable[..., Any]] = (),
        timeout_seconds: float,
    ) -> Iterator[Any]:
        """Run a generator function in the child and yield what it yields.

        Args:
            function: The generator function; the child imports it.
            arguments: Arguments of the function.
            functions: Functions within the arguments, whose modules the child may be unable to import.
            timeout_seconds: Longest time between two items.

        If the caller stops early, by ``break`` or by an error, the child is ended: its remaining items could be taken
        for the answer to another request.

        Raises:
            DeclarationError: ``not_picklable``: the arguments cannot be sent.
            MeasurementError: The function's own error if it is one of this project, otherwise ``operation_failed``;
                ``operation_timeout``, ``child_killed``, ``child_exited``, ``cancelled``, ``unreadable_answer``.
        """
        request = pickled((function, arguments), functions)
        if self._ended:
            raise self._gone()
        complete = False
        try:
            self._send(request)
            while not complete:
                going, item = self._receive(timeout_seconds)
                complete = not going
                if going:
                    yield item
        finally:
            if not complete:
                self._end()
        if item is not None:
            raise item

    def _send(self, request: bytes) -> None:
        try:
            self._connection.send_bytes(request)
        except OSError as error:
            raise self._death() from error

    def _receive(self, timeout_seconds: float) -> tuple[bool, Any]:
        try:
            if not self._connection.poll(timeout_seconds):
                raise self._hang(timeout_seconds)
            answer = self._connection.recv_bytes()
        except TimeoutError:  # raised by a signal handler, not by this code
            raise
        except (EOFError, OSError) as error:
            raise self._death() from error
        try:
            going, item = pickle.loads(answer)  # noqa: S301 - from the process that this one started
        except Exception as error:  # unpickling runs the objects' own code, which may raise anything
            message = f"The answer of the operation's process cannot be read: {type(error).__name__}: {error}."
            raise ChildError("unreadable_answer", message) from error
        return going, item

    def _gone(self) -> MeasurementError:
        if self._cancelled:
            return cancelled(_CANCELLED)
        return ChildError("child_exited", "The process of the operation has already ended.", quotes_data=False)

    def _hang(self, timeout_seconds: float) -> MeasurementError:
        self._end()
        if self._cancelled:
            return cancelled(_CANCELLED)
        message = f"An iteration did not end within {timeout_seconds:g} s, so its process was killed."
        hint = "Find out what it was waiting for, or raise the timeout."
        return OperationTimeoutError("operation_timeout", message, hint=hint, quotes_data=False)

    def _death(self) -> MeasurementError:
        """Return the error that says how the child ended, with the last lines that it printed."""
        was_cancelled = self._cancelled
        code = self._end(kill=False)
        if was_cancelled:
            return cancelled(_CANCELLED)
        output = "\n".join(("", "Last lines of its output:", *self._tail)) if self._tail else ""
        if code >= 0:
            message = f"The process of the operation ended with exit code {code}.{output}"
            return ChildError("child_exited", message)
        name = signal.Signals(-code).name
        memory = ", as happens when memory runs out" if -code == signal.SIGKILL else ""
        message = f"The process of the operation was killed by signal {-code} ({name}){memory}.{output}"
        return ChildError("child_killed", message)

    def _end(self, *, kill: bool = True) -> int:
        if self._ended:
            return int(self._process.returncode)
        if not kill:
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("Process %s closed its connection but did not end; killing it.", self._process.pid)
        self._signal()
        code = self._process.wait()
        self._ended = True
        self._reader.join(_END_SECONDS)
        return code

    def _signal(self) -> None:
        if self._ended:  # its process id may have been reused
            return
        descendants = self._descendants()  # before their parent ends: orphans cannot be found
        with contextlib.suppress(ProcessLookupError):  # the whole group has ended
            os.killpg(self._process.pid, signal.SIGKILL)
        for process in descendants:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _descendants(self) -> list[psutil.Process]:
        """Return its descendants, including those in other sessions, which a signal to its group does not reach."""
        if self._process.returncode is None:  # otherwise its process id may have been reused
            with contextlib.suppress(psutil.Error):
                return psutil.Process(self._process.pid).children(recursive=True)
        return []

    def _close(self) -> None:
        self._connection.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _read(self, output: IO[str]) -> None:
        """Read all output, even beyond what is passed on: a process whose output nobody reads would block."""
        with output:
            for count, line in enumerate(iter(partial(output.readline, _MAX_CHARACTERS), ""), start=1):
                self._tail.append(line.rstrip("\n"))
                if count <= _MAX_LINES:
                    self._pass_on(line.rstrip("\n"))
                elif count == _MAX_LINES + 1:
                    self._pass_on(f"The operation printed more than {_MAX_LINES} lines; the rest is omitted.")

    def _pass_on(self, line: str) -> None:
        try:
            self._tell(line)
        except Exception:  # a failing listener must not stop the reading
            log.warning("Could not pass on a line of the operation's output.", exc_info=True)


class Cancellation:
    """Stops a measurement from outside, such as from a signal handler, by ending its child processes."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._cancelled = False

    def cancel(self) -> None:
        """End the current child processes and prevent new ones."""
        self._cancelled = True
        for child in tuple(self._children):
            child.kill()

    @contextlib.contextmanager
    def spawned(
        self, *, environment: Mapping[str, str] | None = None, path: Sequence[str] | None = None
    ) -> Iterator[Child]:
        """Yield a child that `cancel` ends; for the arguments see `Child`. Several children may run at a time.

        Raises:
            MeasurementError: ``cancelled``.
        """
        with Child(environment=environment, path=path) as child:
            self._children.append(child)
            try:
                if self._cancelled:
                    raise cancelled("The measurement was cancelled before it began.")
                yield child
            finally:
                self._children.remove(child)
