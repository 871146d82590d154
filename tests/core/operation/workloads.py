"""What the tests have done in a child: it imports this module, and with it little else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from airflow_provider_dpq.core.operation.iteration import Operation


def iterated(operation: Operation, size: int | None, count: int) -> Iterator[Any]:
    """Run an operation so many times and yield the results."""
    with operation.opened(size) as iteration:
        for _ in range(count):
            call = iteration.call if iteration.set_up is None else iteration.set_up()
            result = call()
            if iteration.tear_down is not None:
                iteration.tear_down(result)
            yield result


class NameThatCannotBeTold(Exception):  # noqa: N818
    def __init__(self) -> None:
        super().__init__(threading.Lock())

    def __str__(self) -> str:
        message = "no words"
        raise RuntimeError(message)


class CannotBeReadBack:
    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return refuse_in, (os.getpid(),)


def refuse_in(pid: int) -> None:
    """Raise in any process but one."""
    if os.getpid() != pid:
        message = "not here"
        raise EOFError(message)


def numbers(count: int) -> Iterator[int]:
    """Yield the first numbers."""
    yield from range(count)


def calling(function: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """Yield what a call returns."""
    yield function(*arguments)


def failing_at_depth() -> None:
    """Fail two frames down."""
    failing()


def failing() -> None:
    """Fail."""
    message = "the sky fell"
    raise ValueError(message)


def throw(error: BaseException) -> None:
    """Raise an error."""
    raise error


def raise_the_untellable() -> None:
    """Raise what has no words and cannot be pickled."""
    raise NameThatCannotBeTold


def say(*words: str) -> None:
    """Print words as they are."""
    for word in words:
        sys.stdout.write(word)


def say_and_exit(words: str, code: int) -> None:
    """Print words and end the process at once."""
    sys.stdout.write(words)
    os._exit(code)


def signalled(number: int) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), number)
    signal.pause()


def segfault() -> None:
    """Read where there is no memory."""
    import ctypes

    ctypes.string_at(0)


def wait() -> None:
    """Wait for ever."""
    threading.Event().wait()


def begin_and_wait() -> Iterator[None]:
    """Yield once it runs, and wait for ever."""
    yield None
    wait()


def start_and_wait(note: str) -> None:
    """Start a process, note its number, and wait for ever."""
    Path(note).write_text(str(sleeper().pid), encoding="ascii")
    wait()


def start_apart_and_wait(note: str) -> None:
    """Start a process in a session of its own, note its number, and wait for ever."""
    started = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, start_new_session=True)
    Path(note).write_text(str(started.pid), encoding="ascii")
    wait()


def sleeper() -> subprocess.Popen[bytes]:
    """Start a process that sleeps."""
    return subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL)


def fork_and_exit() -> None:
    """Leave a forked process behind, and end this one."""
    if os.fork() == 0:
        signal.pause()
    os._exit(5)


def descriptors() -> int:
    """Count the open file descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


def close_output() -> None:
    """Close what is printed to."""
    sys.stdout.close()
    sys.stderr = None  # type: ignore[assignment]


def sent_in_parts(note: str) -> Iterator[int]:
    """Yield numbers, noting each, and stand still after the second."""
    for number in range(1000):
        Path(note).write_text(str(number), encoding="ascii")
        yield number
        if number == 1:
            wait()


def sleeper_id() -> int:
    """Start a process that sleeps, and return its number."""
    return sleeper().pid


def loaded() -> set[str]:
    """Name the packages that are loaded."""
    return {name.partition(".")[0] for name in sys.modules}


def of_given_module() -> Iterator[Any]:
    """Yield what a module yields that the path given holds."""
    import given_module  # type: ignore[import-not-found]

    yield from given_module.items()
