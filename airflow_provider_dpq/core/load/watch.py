"""Who blocks the event loop: code that keeps it, and so all other iterations, waiting."""

from __future__ import annotations

import asyncio
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

from airflow_provider_dpq.core.load.loop import LoopDriver
from airflow_provider_dpq.core.operation.child import OURS
from airflow_provider_dpq.core.operation.origin import short

BLOCKED_SECONDS: Final = 0.025
"""From when on a loop that shows no sign of life, which it does a hundred times a second, is blocked."""

LOOK_SECONDS: Final = 0.01
"""How often to look: an iteration that blocks for little longer is seen, and counted for most of its time."""

_LOOPS: Final = (f"{Path(asyncio.__file__).parent}/", threading.__file__, "/aiohttp/", "/uvloop/", f"{OURS}/")
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Watch:
    """Looks at a loop from another thread.

    Args:
        driver: The loop's.
    """

    def __init__(self, driver: LoopDriver) -> None:
        self._driver = driver
        self._counted = 0.0

    def look(self) -> None:
        """Add the time for which the loop has shown no sign of life, since the last look, to who keeps it."""
        now, alive = time.perf_counter(), self._driver.alive
        if now - alive <= BLOCKED_SECONDS or self._driver.ended.is_set():
            return
        place = culprit(self._driver.thread_number)
        if place is not None:
            blocked = self._driver.tally.blocked
            blocked[place] = blocked.get(place, 0.0) + now - max(alive, self._counted)
            self._counted = now


def culprit(thread_number: int | None) -> str | None:
    """Return the place in the user's code where a thread is, as ``folder/file.py:line in function``.

    That is the innermost one that is neither of a library nor of this project; where there is none, the innermost of
    a library. None where only the loop itself, or what belongs to it, runs.
    """
    frame = sys._current_frames().get(thread_number or 0)
    foreign = [frame for frame in _outwards(frame) if not _is_of(frame, _LOOPS)]
    own = [frame for frame in foreign if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    found = next(iter(own or foreign), None)
    if found is None:
        return None
    return f"{short(found.f_code.co_filename)}:{found.f_lineno} in {found.f_code.co_name}"


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of(frame: FrameType, parts: tuple[str, ...]) -> bool:
    return any(part in frame.f_code.co_filename for part in parts)
