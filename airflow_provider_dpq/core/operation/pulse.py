"""Signs of life of a long measurement: a line every few seconds, however often there is something new."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """Passes a line on where the last one is old enough.

    Args:
        tell: Gets the lines; None where nobody reads them.
        period_seconds: Least time between two lines.
        clock: Seconds, of any beginning.
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
        """Let the next line go by at once: something new begins."""
        self._next = self._clock()

    def beat(self, line: str) -> None:
        """Pass a line on, unless another one went by just now."""
        now = self._clock()
        if self._tell is not None and now >= self._next:
            self._tell(line)
            self._next = now + self._period_seconds
