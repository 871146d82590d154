"""What load generators recorded as numbers that add up: the recording, decoded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.recording import Failure, Generator, Recording, Window
from airflow_provider_dpq.core.stats.histogram import Histogram

WINDOW_SECONDS: Final = 1.0
"""How long a window is, until there are too many of them."""

_SLACK: Final = 1e-6
"""By what share of a window a moment may miss its edge: what is rounded."""

Place: TypeAlias = tuple[str, int]
"""A scenario, and the number of a window, from 0."""


@dataclass(frozen=True, slots=True)
class Span:
    """What was due in a span of time; see `Window`."""

    due: int = 0
    completed: int = 0
    failed: int = 0
    dropped: int = 0
    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)

    @classmethod
    def total(cls, spans: Iterable[Span]) -> Span:
        """Return several as one."""
        parts = list(spans)
        if len(parts) == 1:
            return parts[0]
        return cls(
            due=sum(part.due for part in parts),
            completed=sum(part.completed for part in parts),
            failed=sum(part.failed for part in parts),
            dropped=sum(part.dropped for part in parts),
            response=Histogram.merged(part.response for part in parts),
            service=Histogram.merged(part.service for part in parts),
        )

    @property
    def ended(self) -> int:
        """How many of those due in it ended, however."""
        return self.due - self.dropped

    @property
    def successful(self) -> int:
        """How many of those due in it ended without a failure."""
        return self.ended - self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A recording with its histograms decoded.

    Attributes:
        length_seconds: How long each window is.
        spans: What was recorded in each window of each scenario; one without anything is not there.
        failures: What failed, by kind.
        generators: The processes that generated the load.
        started_at_seconds: The agreed start, in seconds since 1970.
        duration_seconds: How long it went on.
    """

    length_seconds: float = WINDOW_SECONDS
    spans: Mapping[Place, Span] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    generators: tuple[Generator, ...] = ()
    started_at_seconds: float = 0.0
    duration_seconds: float = 0.0

    @classmethod
    def of(cls, recording: Recording) -> Ledger:
        """Return what a recording holds.

        Raises:
            MeasurementError: ``unreadable_recording``: a histogram in it is none, or its windows do not fit together.
        """
        lengths = {window.length_seconds for window in recording.windows} or {WINDOW_SECONDS}
        if len(lengths) != 1 or min(lengths) <= 0:
            listed = ", ".join(f"{length:g} s" for length in sorted(lengths))
            message = f"The windows of the recording have different or invalid lengths: {listed}."
            hint = "Use an unchanged recording, whose windows all have the same length."
            raise MeasurementError("unreadable_recording", message, hint=hint, quotes_data=False)
        length = lengths.pop()
        try:
            found = [(_place(window), _span(window)) for window in recording.windows]
        except ValueError as error:
            message = "A histogram of the recording cannot be read."
            raise MeasurementError(
                "unreadable_recording", message, hint="Check whether it was truncated or changed.", quotes_data=False
            ) from error
        return cls(
            length_seconds=length,
            spans=_added(found),
            failures=recording.failures,
            generators=recording.generators,
            started_at_seconds=recording.started_at_seconds,
            duration_seconds=recording.duration_seconds,
        )

    def recording(self) -> Recording:
        """Return it as it is written down."""
        places = sorted(self.spans, key=lambda place: (place[1], place[0]))
        return Recording(
            windows=tuple(self._window(place) for place in places),
            failures=self.failures,
            generators=self.generators,
            started_at_seconds=self.started_at_seconds,
            duration_seconds=self.duration_seconds,
        )

    @property
    def scenarios(self) -> Sequence[str]:
        """Names of the scenarios that something was recorded of."""
        return sorted({scenario for scenario, _ in self.spans})

    @property
    def window_count(self) -> int:
        """How many windows there are from the start to the last one with anything in it."""
        return 1 + max((number for _, number in self.spans), default=-1)

    def total(self, scenario: str | None = None) -> Span:
        """Return all that was recorded, of one scenario or of all."""
        return Span.total(span for (name, _), span in self.spans.items() if scenario in (None, name))

    def by_window(self, scenario: str | None = None) -> Mapping[int, Span]:
        """Return what was recorded in each window, of one scenario or of all, in order of time."""
        found: dict[int, list[Span]] = defaultdict(list)
        for (name, number), span in self.spans.items():
            if scenario in (None, name):
                found[number].append(span)
        return {number: Span.total(found[number]) for number in sorted(found)}

    def between(self, begin_seconds: float, end_seconds: float, scenarios: Iterable[str]) -> tuple[Span, float] | None:
        """Return what was recorded in the windows that lie wholly between two moments.

        Args:
            begin_seconds: Begin, since the start of the load.
            end_seconds: End.
            scenarios: Names of the scenarios that count.

        Returns:
            All of it, and how many seconds these windows are; None where the load ended before, or there is no window.
        """
        first = math.ceil(begin_seconds / self.length_seconds - _SLACK)
        last = math.floor(min(end_seconds, self.duration_seconds) / self.length_seconds + _SLACK)
        if first >= last:
            return None
        names = set(scenarios)
        within = [span for (name, number), span in self.spans.items() if name in names and first <= number < last]
        return Span.total(within), (last - first) * self.length_seconds

    def coarsened(self, windows: int) -> Ledger:
        """Return the same with neighbours merged pairwise until there are at most so many windows."""
        length, count = self.length_seconds, self.window_count
        while count > windows:
            length, count = 2 * length, -(-count // 2)
        return self.at(length)

    def at(self, length_seconds: float) -> Ledger:
        """Return the same in windows of another length.

        Args:
            length_seconds: A multiple of what it is.

        Raises:
            MeasurementError: ``unreadable_recording``: it is no multiple.
        """
        factor = round(length_seconds / self.length_seconds)
        if factor < 1 or abs(factor * self.length_seconds - length_seconds) > 1e-9 * length_seconds:
            message = f"Windows of {self.length_seconds:g} s cannot be merged into windows of {length_seconds:g} s."
            raise MeasurementError("unreadable_recording", message, quotes_data=False)
        return self if factor == 1 else self._of_spans(length_seconds, widened(self.spans, factor))

    def _of_spans(self, length_seconds: float, spans: Mapping[Place, Span]) -> Ledger:
        return Ledger(
            length_seconds=length_seconds,
            spans=spans,
            failures=self.failures,
            generators=self.generators,
            started_at_seconds=self.started_at_seconds,
            duration_seconds=self.duration_seconds,
        )

    def _window(self, place: Place) -> Window:
        span = self.spans[place]
        return Window(
            scenario=place[0],
            start_seconds=place[1] * self.length_seconds,
            length_seconds=self.length_seconds,
            due=span.due,
            completed=span.completed,
            failed=span.failed,
            dropped=span.dropped,
            response=span.response.encode(),
            service=span.service.encode(),
        )


def widened(spans: Mapping[Place, Span], factor: int) -> dict[Place, Span]:
    """Return the same where so many neighbours are one."""
    return _added((((scenario, number // factor), span) for (scenario, number), span in spans.items()))


def _added(spans: Iterable[tuple[Place, Span]]) -> dict[Place, Span]:
    found: dict[Place, list[Span]] = defaultdict(list)
    for place, span in spans:
        found[place].append(span)
    return {place: Span.total(parts) for place, parts in found.items()}


def _place(window: Window) -> Place:
    number = round(window.start_seconds / window.length_seconds)
    if number < 0 or abs(number * window.length_seconds - window.start_seconds) > _SLACK * window.length_seconds:
        message = f"A window of {window.length_seconds:g} s cannot begin at {window.start_seconds:g} s."
        raise MeasurementError(
            "unreadable_recording", message, hint="Windows begin at multiples of their length.", quotes_data=False
        )
    return window.scenario, number


def _span(window: Window) -> Span:
    return Span(
        due=window.due,
        completed=window.completed,
        failed=window.failed,
        dropped=window.dropped,
        response=Histogram.decode(window.response),
        service=Histogram.decode(window.service),
    )
