"""Where pages read the store: in a few threads of their own, so that a store that hangs holds up nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from airflow_provider_dpq.core.errors import StoreError

T = TypeVar("T")

_MOST: Final = 4
"""So many pages read the store at a time."""

_WAIT_SECONDS: Final = 2.0
"""So long a page waits for its turn."""


class Reader:
    """Runs what reads the store; what finds no free thread in time is refused.

    The threads that a web server keeps for all routes are never waited for, nor held up.
    """

    def __init__(self, *, most: int = _MOST, wait_seconds: float = _WAIT_SECONDS) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="dpq-pages")
        self._wait_seconds = wait_seconds

    async def read(self, work: Callable[[], T]) -> T:
        """Run something that reads the store, and return what it returns.

        Raises:
            StoreError: ``pages_busy``: too many pages read it already; or what the work raises.
        """
        job = self._threads.submit(work)
        waiting = asyncio.wrap_future(job)
        await asyncio.wait([waiting], timeout=self._wait_seconds)
        if not waiting.done() and job.cancel():
            message = "Too many pages are waiting for the report store."
            raise StoreError("pages_busy", message, hint="Try again in a moment.", quotes_data=False)
        return await waiting
