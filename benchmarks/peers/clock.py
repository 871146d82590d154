"""What every measured program prints."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping

STARTED = time.perf_counter()


def report(work: Callable[[str, str, str], Mapping[str, object]]) -> None:
    """Time the work and print what it found; everything before the call counts as imports."""
    ready = time.perf_counter()
    found = work(*sys.argv[1:4])
    done = time.perf_counter()
    print(json.dumps({"imports": ready - STARTED, "work": done - ready, "found": dict(found)}))
