"""The recorder: raw times of the local generators, folded at once into windows, so that memory stays flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.gate.recording import Failure, Generator, Recording
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import WINDOW_SECONDS, Ledger, Place, Span, widened
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint
from airflow_provider_dpq.core.load.moment import MAX_SAMPLES, SUCCESS, Iterations, Moment, Outcome
from airflow_provider_dpq.core.stats.histogram import Histogram

if TYPE_CHECKING:
    from array import array

    from numpy.typing import NDArray

MAX_WINDOWS: Final = 600
"""Where there would be more, neighbours are merged: each window then is twice as long."""

MAX_KINDS: Final = 100
"""How many kinds of failures are told apart; further ones count as `OTHER`."""

OTHER: Final = "other"

_RECENT_SECONDS: Final = 5.0
_PEAK_SECONDS: Final = 2.0
_FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """How the load goes just now, over the last few seconds.

    Attributes:
        rate: Iterations that ended without a failure, per second.
        failed: How many failed.
        p95_seconds: 95th percentile of the response times of those that ended; None where none did.
        running: How many are under way.
    """

    rate: float
    failed: int
    p95_seconds: float | None
    running: int


@dataclass(slots=True)
class _Kind:
    count: int = 0
    samples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Process:
    """What is known of one generator. Seconds and processor time are of the levels before, and of this one."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    lateness: Histogram = field(default_factory=Histogram)
    before_seconds: float = 0.0
    before_cpu_seconds: float = 0.0
    until_seconds: float = 0.0
    cpu_seconds: float = 0.0
    cpu_peak_percent: float = 0.0
    cpu_points: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    on_loop: bool = False
    running: int = 0
    running_peak: int = 0
    blocked: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    first: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, moment: Moment) -> None:
        self.outcomes.update(moment.outcomes)
        self.lateness = Histogram.merged((self.lateness, Histogram.of(moment.lateness)))
        self.until_seconds = max(self.until_seconds, moment.until_seconds)
        self.cpu_seconds = max(self.cpu_seconds, moment.cpu_seconds)
        self._add_cpu(moment)
        self.on_loop |= moment.on_loop
        self.running = 0 if moment.final else moment.running
        self.running_peak = max(self.running_peak, moment.running)
        for place, seconds in moment.blocked.items():
            self.blocked[place] += seconds
        for scenario, iterations in moment.iterations.items():
            self._add_first(scenario, iterations)

    def _add_cpu(self, moment: Moment) -> None:
        """Look at the shortest stretch until now that is long enough."""
        self.cpu_points.append((moment.until_seconds, moment.cpu_seconds))
        while len(self.cpu_points) > 1 and self.cpu_points[1][0] <= moment.until_seconds - _PEAK_SECONDS:
            self.cpu_points.pop(0)
        begin_seconds, begin_cpu_seconds = self.cpu_points[0]
        seconds = moment.until_seconds - begin_seconds
        if seconds >= _PEAK_SECONDS:
            share = (moment.cpu_seconds - begin_cpu_seconds) / seconds
            self.cpu_peak_percent = max(self.cpu_peak_percent, 100 * share)

    def _add_first(self, scenario: str, iterations: Iterations) -> None:
        """Keep when those began that began first, and how long they took."""
        known = self.first[scenario]
        if len(known) < _FIRST or min(iterations.started, default=0.0) < known[-1][0]:
            columns = zip(iterations.started, iterations.ended, iterations.outcome, strict=True)
            known += ((started, ended - started) for started, ended, outcome in columns if outcome == SUCCESS)
            self.first[scenario] = sorted(known)[:_FIRST]

    def begin(self) -> None:
        self.before_seconds += self.until_seconds
        self.before_cpu_seconds += self.cpu_seconds
        self.until_seconds = self.cpu_seconds = 0.0
        self.cpu_points = [(0.0, 0.0)]

    @property
    def cpu_percent(self) -> float:
        seconds = self.before_seconds + self.until_seconds
        return 100 * (self.before_cpu_seconds + self.cpu_seconds) / seconds if seconds > 0 else 0.0


class Recorder:
    """Records a load as its generators tell of it.

    A search records each of its levels in a recorder of its own, by which the level is judged, and all of them in one
    recorder for the report, with `begin` between them.

    Args:
        test: What is run.
        started_at_seconds: The agreed start, in seconds since 1970.
    """

    def __init__(self, test: LoadTest, *, started_at_seconds: float = 0.0) -> None:
        self.test = test
        self.started_at_seconds = started_at_seconds
        self._offset = 0.0
        self._length = WINDOW_SECONDS
        self._spans: dict[Place, Span] = {}
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self._processes: dict[int, _Process] = {}
        self._last_end = 0.0
        self._recent: list[tuple[float, Histogram, int]] = []

    def begin(self, offset_seconds: float) -> None:
        """Take the moments that follow as of a level that began so long after the start of the load.

        Args:
            offset_seconds: When it began; not before the level before it has ended.
        """
        self._offset = offset_seconds
        self._recent.clear()
        for process in self._processes.values():
            process.begin()

    def add(self, process: int, moment: Moment) -> None:
        """Record what a generator did in a moment.

        Args:
            process: Number of the generator's process on this machine, from 0.
            moment: What it did.
        """
        generator = self._processes.setdefault(process, _Process())
        generator.add(moment)
        ended, failed = [], 0
        for scenario, iterations in moment.iterations.items():
            if len(iterations.due):
                responses, outcomes = self._fold(scenario, iterations)
                self._count_failures(scenario, outcomes, generator.outcomes)
                ended.append(responses)
                failed += sum(outcomes.values())
        for scenario, due in moment.dropped.items():
            self._fold_dropped(scenario, due)
        self._remember(self._offset + moment.until_seconds, Histogram.merged(ended), failed)

    def pace(self) -> Pace:
        """Return how the load goes just now."""
        responses = Histogram.merged(histogram for _, histogram, _ in self._recent)
        failed = sum(count for _, _, count in self._recent)
        seconds = min(_RECENT_SECONDS, self._reached - self._offset)
        return Pace(
            rate=(responses.count - failed) / seconds if seconds > 0 else 0.0,
            failed=failed,
            p95_seconds=responses.percentile(95) if responses.count else None,
            running=sum(process.running for process in self._processes.values()),
        )

    def ledger(self) -> Ledger:
        """Return what is recorded until now, to be judged; cheaper than `recording`."""
        return Ledger(
            length_seconds=self._length,
            spans=dict(self._spans),
            failures=self._failures(),
            generators=tuple(self._generator(number) for number in sorted(self._processes)),
            started_at_seconds=self.started_at_seconds,
            duration_seconds=self._duration_seconds,
        )

    def recording(self) -> Recording:
        """Return what is recorded until now, to be kept."""
        return self.ledger().recording()

    def _fold(self, scenario: str, iterations: Iterations) -> tuple[Histogram, Mapping[int, int]]:
        """Fold iterations that ended; return their response times, and how often each failure happened."""
        import numpy as np

        due, started, ended = (np.asarray(times) for times in (iterations.due, iterations.started, iterations.ended))
        outcome = np.asarray(iterations.outcome)
        self._last_end = max(self._last_end, self._offset + float(ended.max()))
        # The latest of all comes first, as it may widen the windows.
        ended_in = self._numbers(ended)
        due_in = self._numbers(due)
        found: dict[int, Span] = {}
        for number in np.unique(due_in).tolist():
            within = due_in == number
            found[number] = Span(
                due=int(within.sum()),
                failed=int((outcome[within] != SUCCESS).sum()),
                response=Histogram.of(ended[within] - due[within]),
                service=Histogram.of(ended[within] - started[within]),
            )
        completed = zip(*np.unique(ended_in[outcome == SUCCESS], return_counts=True), strict=True)
        for number, count in completed:
            self._put(scenario, int(number), Span(completed=int(count)))
        for number, span in found.items():
            self._put(scenario, number, span)
        kinds, counts = np.unique(outcome[outcome != SUCCESS], return_counts=True)
        responses = Histogram.merged(span.response for span in found.values())
        return responses, dict(zip(kinds.tolist(), counts.tolist(), strict=True))

    def _fold_dropped(self, scenario: str, due: array[float]) -> None:
        import numpy as np

        for number, count in zip(*np.unique(self._numbers(np.asarray(due)), return_counts=True), strict=True):
            self._put(scenario, int(number), Span(due=int(count), dropped=int(count)))

    def _numbers(self, seconds: NDArray[Any]) -> NDArray[Any]:
        """Return the number of the window of each moment, with windows long enough that there are not too many."""
        import numpy as np

        if not len(seconds):
            return np.empty(0, dtype=np.int64)
        latest = self._offset + float(seconds.max())
        while latest >= MAX_WINDOWS * self._length:
            self._length *= 2
            self._spans = widened(self._spans, 2)
        return np.maximum(np.floor((seconds + self._offset) / self._length), 0).astype(np.int64)

    def _put(self, scenario: str, number: int, span: Span) -> None:
        before = self._spans.get((scenario, number))
        self._spans[scenario, number] = span if before is None else Span.total((before, span))

    def _count_failures(self, scenario: str, counts: Mapping[int, int], outcomes: Mapping[int, Outcome]) -> None:
        for number, count in counts.items():
            outcome = outcomes.get(number) or Outcome(OTHER, "")
            key = scenario, outcome.name
            if key not in self._kinds and len(self._kinds) >= MAX_KINDS:
                key = scenario, OTHER
            kind = self._kinds.setdefault(key, _Kind())
            kind.count += count
            said = outcome.message
            if said and said not in kind.samples and len(kind.samples) < MAX_SAMPLES:
                kind.samples.append(said)

    def _remember(self, until_seconds: float, responses: Histogram, failed: int) -> None:
        self._recent.append((until_seconds, responses, failed))
        oldest = self._reached - _RECENT_SECONDS
        self._recent = [entry for entry in self._recent if entry[0] > oldest]

    def _failures(self) -> tuple[Failure, ...]:
        found = [
            Failure(scenario=scenario, name=name, count=kind.count, samples=tuple(kind.samples))
            for (scenario, name), kind in self._kinds.items()
        ]
        return tuple(sorted(found, key=lambda failure: (-failure.count, failure.scenario, failure.name)))

    def _generator(self, number: int) -> Generator:
        process = self._processes[number]
        return Generator(
            part=self.test.part * self.test.processes + number,
            parts=self.test.parts * self.test.processes,
            lateness=process.lateness.encode(),
            cpu_percent=process.cpu_percent,
            cpu_peak_percent=max(process.cpu_peak_percent, process.cpu_percent),
            on_loop=process.on_loop,
            running_peak=process.running_peak,
            blocked=dict(process.blocked),
            first_seconds={
                name: median(seconds for _, seconds in first) for name, first in process.first.items() if first
            },
        )

    @property
    def _reached(self) -> float:
        return self._offset + max((process.until_seconds for process in self._processes.values()), default=0.0)

    @property
    def _duration_seconds(self) -> float:
        """How long it goes on: until the last iteration ended, and as long as time alone lets it go on."""
        bound = _bound_seconds(self.test)
        lasted = max(self._last_end, min(self._reached, bound))
        return lasted if lasted > 0 else self._reached


def _bound_seconds(test: LoadTest) -> float:
    """Return how long the load lasts where no number of iterations ends it: 0 where one does."""
    if isinstance(test.model, Breakpoint):
        return float("inf")
    models = [stream.model for stream in test.streams()]
    timed = [m for m in models if isinstance(m, ArrivalRate) or (m.iterations is None and m.iterations_each is None)]
    return max((model.schedule.duration_seconds for model in timed), default=0.0)
