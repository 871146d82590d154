"""SQLite's REGEXP, which is Python's ``re``: a text that may hang is searched in a process that can be ended."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table.backtracking import is_quick
from airflow_provider_dpq.core.table.predicate import LONGEST_SECONDS, Found, judge_texts
from airflow_provider_dpq.core.watch import limit_seconds

if TYPE_CHECKING:
    from airflow_provider_dpq.core.operation.isolation import Child


class Regexp:
    """The function that SQLite calls, on one connection.

    Inside of the database's call nothing else runs, neither a signal's handler nor the thread that would stop it.
    """

    def __init__(self) -> None:
        self._child: Child | None = None
        self._open = contextlib.ExitStack()
        self._slow: dict[str, MeasurementError] = {}
        self._refused: MeasurementError | None = None

    def install(self, connection: Any) -> None:
        """Let a connection of `sqlite3` search with it, which SQLAlchemy lets search with `re` alone."""
        if hasattr(connection, "create_function"):
            connection.create_function("regexp", 2, self, deterministic=True)

    def __call__(self, pattern: Any, text: Any) -> bool | None:
        """Return whether a pattern is found in a text."""
        if text is None:
            return None
        if not isinstance(pattern, str) or not isinstance(text, str) or is_quick(pattern, len(text)):
            return re.search(pattern, text) is not None
        if pattern not in self._slow:
            try:
                return self._searched(pattern, text)
            except MeasurementError as error:
                self.close()
                self._slow[pattern] = self._told(error)
        self._refused = self._slow[pattern]  # SQLite passes on no more than that there was an error
        raise self._refused

    def _searched(self, pattern: str, text: str) -> bool:
        from airflow_provider_dpq.core.operation.isolation import Child

        if self._child is None:
            self._child = self._open.enter_context(Child(tell=lambda _: None))  # what it prints may quote a value
        asked = (Found((pattern,), every=True, wanted=True), "", [text])
        pages = self._child.stream(judge_texts, *asked, timeout_seconds=_longest())
        ((found,),) = pages
        return bool(found)

    def _told(self, error: MeasurementError) -> MeasurementError:
        message = f"A search for a pattern, which Python does for SQLite, gave no answer within {_longest():g} s."
        hint = "Write a pattern that can match in one way only, or leave such rows out by a row condition."
        told = MeasurementError("value_too_slow", message, hint=hint, quotes_data=False)
        told.__cause__ = error
        return told

    def refused(self) -> MeasurementError | None:
        """Return why the last search found no answer, once."""
        error, self._refused = self._refused, None
        return error

    def close(self) -> None:
        """End the process that searches."""
        self._child = None
        self._open.close()


def _longest() -> float:
    limit = limit_seconds()
    return LONGEST_SECONDS if limit is None else min(LONGEST_SECONDS, limit)
