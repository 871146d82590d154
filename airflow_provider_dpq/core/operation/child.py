"""The program of the spawned interpreter: it runs the requests of its parent process, and ends with it."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NoReturn

from airflow_provider_dpq.core.errors import DpqError, MeasurementError

OURS: Final = str(Path(__file__).parents[1])
"""Directory of this project's core, whose frames are left out of tracebacks."""

_MAX_FRAMES: Final = 10
_MAX_CHARACTERS: Final = 4000


def serve(connection_number: int, lifeline_number: int) -> None:
    """Answer requests until the other side closes the connection.

    Args:
        connection_number: File descriptor of the connection.
        lifeline_number: File descriptor of a pipe that closes when the parent ends, whatever the reason.
    """
    threading.Thread(target=_end_with, args=(lifeline_number,), daemon=True).start()
    _prefer_for_oom_kill()
    connection: Connection[Any, Any] = Connection(connection_number)
    _keep_to_this_process(connection, lifeline_number)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what is printed before a crash is not lost
    while True:
        try:
            request = connection.recv_bytes()
        except (EOFError, OSError):
            _end_all()
        _answer(connection, request)


def _end_with(lifeline_number: int) -> None:
    os.read(lifeline_number, 1)
    _end_all()


def _end_all() -> NoReturn:
    os.killpg(0, signal.SIGKILL)  # includes whatever the operation started
    raise SystemExit  # not reached: the signal kills this process too


def _keep_to_this_process(connection: Connection[Any, Any], lifeline_number: int) -> None:
    """Keep the operation's processes from inheriting the connection: the parent would not notice this one's end."""
    os.set_inheritable(connection.fileno(), False)
    os.set_inheritable(lifeline_number, False)
    os.register_at_fork(after_in_child=connection.close)


def _prefer_for_oom_kill() -> None:
    """Let the kernel kill this process first if the machine runs out of memory."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _answer(connection: Connection[Any, Any], request: bytes) -> None:
    outcome: DpqError | None = None
    try:
        function, arguments = pickle.loads(request)  # noqa: S301 - from the process that started this one
        for item in function(*arguments):
            connection.send((True, item))
    except DpqError as error:
        outcome = error
    except BaseException as error:  # noqa: BLE001 - whatever an operation raises is its failure, SystemExit too
        outcome = _failure(error)
    for stream in (sys.stdout, sys.stderr):  # before the last answer, after which this process may be killed
        with contextlib.suppress(AttributeError, ValueError, OSError):  # the operation may have closed it
            stream.flush()
    connection.send((False, outcome))


def _failure(error: BaseException) -> MeasurementError:
    """Return the error for an exception that an operation raised, with the operation's own frames."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(OURS)] or list(frames)
    trace = "".join(traceback.format_list(own[-_MAX_FRAMES:]))
    summary = "".join(traceback.format_exception_only(error)).strip()[:_MAX_CHARACTERS]
    return MeasurementError("operation_failed", f"The operation raised {summary}\n{trace}".rstrip())
