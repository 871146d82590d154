"""What is being done right now, on one line of a terminal."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_CLEARED_LINE = "\r\x1b[K"


@contextmanager
def progress_on(stream: TextIO) -> Iterator[Callable[[str], None] | None]:
    """Give a function that shows the stage of some work on a terminal; None where nobody watches.

    Args:
        stream: Where to draw, if it is a terminal.
    """
    if not stream.isatty():
        yield None
        return
    line = ProgressLine(stream)
    line.start()
    try:
        yield line.say
    finally:
        line.end()


class ProgressLine:
    """The stage of some work and its seconds so far, redrawn until it ends, cleared then.

    A thread draws it, because a scan does not come back to say that it is still running.

    Args:
        terminal: Where to draw.
        quiet_seconds: Work that ends before shows nothing.
        period_seconds: Time between two drawings.
    """

    def __init__(self, terminal: TextIO, *, quiet_seconds: float = 0.7, period_seconds: float = 0.5) -> None:
        self._terminal = terminal
        self._quiet_seconds = quiet_seconds
        self._period_seconds = period_seconds
        self._stage = "Starting"
        self._ended = threading.Event()
        self._start = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def say(self, stage: str) -> None:
        """Set what is being done."""
        self._stage = stage

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def end(self) -> None:
        """Stop drawing and clear the line."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        pause = self._quiet_seconds
        while not self._ended.wait(pause):
            self._draw(f"{time.monotonic() - self._start:.0f} s  {self._stage}")
            pause = self._period_seconds
        if pause == self._period_seconds:
            self._draw("")

    def _draw(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1  # a full line would make some terminals scroll
        shown = "".join(char for char in text if char.isprintable())
        self._terminal.write(_CLEARED_LINE + shown[:room])
        self._terminal.flush()
