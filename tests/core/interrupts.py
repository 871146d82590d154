"""An interrupt of the main thread once something holds, as Airflow's time limit of a task is one."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn


class TimeLimit(BaseException):
    """The time of a task is over."""


@contextmanager
def interrupted_once(condition: Callable[[], bool]) -> Iterator[None]:
    """Raise `TimeLimit` in the main thread, by a signal, as soon as something holds while the block runs."""

    def end(*_: object) -> NoReturn:
        raise TimeLimit

    def wait() -> None:
        deadline = time.monotonic() + 20
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, end)
    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
