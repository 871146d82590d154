"""Locations in an operation's code, as shown in reports."""

from __future__ import annotations

import tracemalloc
from itertools import takewhile
from pathlib import Path

from airflow_provider_dpq.core.operation.child import OURS


def short(file: str) -> str:
    """Return a file's name with its directory: a full path is long and reveals where the code is installed."""
    return "/".join(Path(file).parts[-2:])


def origin(trace: tracemalloc.Traceback) -> tuple[str, ...]:
    """Return the frames of an allocation as ``file:line``, innermost first, up to the call of the operation.

    Allocations of this project and of tracemalloc itself have no frames.
    """
    frames = takewhile(
        lambda frame: not frame.filename.startswith(OURS) and frame.filename != tracemalloc.__file__, reversed(trace)
    )
    return tuple(f"{short(frame.filename)}:{frame.lineno}" for frame in frames)
