"""Where in an operation's code something happened, as a report names it."""

from __future__ import annotations

import tracemalloc
from itertools import takewhile
from pathlib import Path

from airflow_provider_dpq.core.operation.child import OURS


def short(file: str) -> str:
    """Return a file's name with its folder: a whole path is long, and says where somebody installed it."""
    return "/".join(Path(file).parts[-2:])


def origin(trace: tracemalloc.Traceback) -> tuple[str, ...]:
    """Return the frames of an allocation as ``file:line``, the innermost first, up to where the operation was called.

    There is none of what this project, or tracemalloc, allocated itself.
    """
    frames = takewhile(
        lambda frame: not frame.filename.startswith(OURS) and frame.filename != tracemalloc.__file__, reversed(trace)
    )
    return tuple(f"{short(frame.filename)}:{frame.lineno}" for frame in frames)
