"""Progress of a long measurement: at most one line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """Passes a line on if the previous one is old enough.

    Args:
        tell: Called with the lines; None to discard them.
        period_seconds: Minimum time between two lines.
        clock: Monotonic clock, in seconds.
    """

    def __init__(
        self,
        tell: Callable[[str], None] | None,
        *,
        period_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._period_seconds = period_seconds
        self._clock = clock
        self._next = clock()

    def renew(self) -> None:
        """Pass the next line on at once, because a new phase begins."""
        self._next = self._clock()

    def beat(self, line: str) -> None:
        """Pass a line on, unless the previous one is too recent."""
        now = self._clock()
        if self._tell is not None and now >= self._next:
            self._tell(line)
            self._next = now + self._period_seconds
